"""The sender: fills the outbox and tries what is due, many at once in one event loop."""

import asyncio
import logging
from threading import Event as Signal
from typing import Final

import orjson

from application.feed.cloud_events import MEDIA_TYPE, cloud_event
from infrastructure.erp.signatures import Signatures
from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.outbox import Attempt, Outbox
from infrastructure.webhooks.posting import Poster

MOST_AT_ONCE: Final = 32
IDLE_SECONDS: Final = 0.2
GRACE_SECONDS: Final = 2.0
"""So long a stop waits for attempts under way; what is cut off is made again by another worker."""

FORGET_EVERY: Final = 600.0
USER_AGENT: Final = "Recours-Webhooks/1"

_LOG: Final = logging.getLogger(__name__)


class Sender:
    """Sends events to webhooks; several may run at once, in any processes."""

    def __init__(self, outbox: Outbox, *, guard: Guard, poster: Poster | None = None) -> None:
        self._outbox = outbox
        self._guard = guard
        self._poster = poster

    def run(self, stop: Signal) -> None:
        """Send until told to stop."""
        asyncio.run(self._run(stop))

    def work_through(self) -> int:
        """Try everything that is due now, once; answers how many attempts were made."""
        return asyncio.run(self._work_through())

    async def _run(self, stop: Signal) -> None:
        loop = asyncio.get_running_loop()
        under_way, forget_at = set[asyncio.Task[None]](), loop.time()
        async with self._opened() as poster:
            try:
                while not stop.is_set():
                    moved = await self._take_up(poster, under_way)
                    if loop.time() >= forget_at:
                        await asyncio.to_thread(self._outbox.forget)
                        forget_at = loop.time() + FORGET_EVERY
                    if not moved:
                        await asyncio.sleep(IDLE_SECONDS)
                    _raise_failures(under_way)
            finally:
                if under_way:
                    await asyncio.wait(under_way, timeout=GRACE_SECONDS)
                for attempt in under_way:
                    attempt.cancel()

    async def _work_through(self) -> int:
        made = 0
        async with self._opened() as poster:
            while True:
                under_way = set[asyncio.Task[None]]()
                if not await self._take_up(poster, under_way):
                    return made
                made += len(under_way)
                await asyncio.gather(*under_way)

    async def _take_up(self, poster: Poster, under_way: set[asyncio.Task[None]]) -> bool:
        moved = await asyncio.to_thread(self._outbox.fill)
        free = MOST_AT_ONCE - len(under_way)
        claimed = await asyncio.to_thread(self._outbox.claim, free) if free else []
        under_way |= {asyncio.create_task(self._try(poster, attempt)) for attempt in claimed}
        return bool(moved or claimed)

    async def _try(self, poster: Poster, attempt: Attempt) -> None:
        body = orjson.dumps(cloud_event(attempt.recorded))
        outcome = await poster.post(attempt.url, body, headers=headers_of(attempt, body))
        disabled = await asyncio.to_thread(self._outbox.settle, attempt, outcome)
        if disabled is not None:
            _LOG.critical("webhook %s was switched off: %s", attempt.webhook_id, disabled)

    def _opened(self) -> Poster:
        return self._poster or Poster(self._guard)


def headers_of(attempt: Attempt, body: bytes) -> dict[str, str]:
    """The headers of an attempt: signed anew each time, with every secret that counts."""
    signed = [
        Signatures(secret).sign(body, message_id=attempt.message_id, at=attempt.at)
        for secret in attempt.secrets
    ]
    return {
        **signed[0],
        "webhook-signature": " ".join(one["webhook-signature"] for one in signed),
        "content-type": MEDIA_TYPE,
        "user-agent": USER_AGENT,
    }


def _raise_failures(under_way: set[asyncio.Task[None]]) -> None:
    for done in [task for task in under_way if task.done()]:
        under_way.discard(done)
        done.result()
