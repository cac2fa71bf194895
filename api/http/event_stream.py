"""One live stream of events, as an answer: Server-Sent Events.

The place in the history is the stream's own, and moves only when the event was handed to the
connection, so that a client that comes back with its `Last-Event-ID` misses nothing and is told
nothing twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.http.broadcasting import Broadcast, Frame
from api.http.problems import UNAVAILABLE, row_of
from application.feed.following import Feed, FeedPage

MEDIA_TYPE: Final = "text/event-stream"

BEAT_SECONDS: Final = 15.0
"""So long nothing is sent at most; and so often it is looked whether the caller is still let in."""

PATIENCE_SECONDS: Final = 30.0
"""A client that takes nothing for so long is let go: nothing is kept for it beyond the socket."""

JUDGING_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Pauses until the history is asked again, while it is not judged yet whose the news is."""

OUTAGE_SECONDS: Final = 1.0
"""So long a stream from the past waits before it asks a database again that is away."""

PAGE: Final = 200
_OPENING: Final = b"retry: 2000\n\n"


class ClientTooSlow(Exception):
    """A client has not taken anything for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who listens, from where, and to what."""

    subject_id: str
    after: int
    types: frozenset[str]
    is_limited: bool
    """Whether some events are not told, by whose they are: then the history is asked each time."""
    is_let_in: Callable[[], Awaitable[bool]]
    """Looks again whether the caller may listen."""


class EventStream(Response):
    """Sends events until the client goes, is too slow, is no longer let in, or the server stops."""

    media_type = MEDIA_TYPE

    def __init__(self, broadcast: Broadcast, *, feed: Feed, listener: Listener) -> None:
        super().__init__()
        self._broadcast = broadcast
        self._feed = feed
        self._listener = listener
        self._position = listener.after
        self._waits = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; see Starlette."""
        with self._broadcast.place_for(self._listener.subject_id):
            await self._broadcast.begin()
            gone = asyncio.ensure_future(_until_gone(receive))
            try:
                await _within_patience(send(self._start()))
                await _within_patience(send(_body(_OPENING)))
                await self._send_events(send, gone)
                await _within_patience(send(_body(b"", more=False)))
            except ClientTooSlow:
                pass  # the unfinished answer makes the server close the connection
            finally:
                gone.cancel()

    def _start(self) -> Message:
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        # The last header asks proxies not to collect the events.
        headers += [(b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
        return {"type": "http.response.start", "status": self.status_code, "headers": headers}

    async def _send_events(self, send: Send, gone: asyncio.Future[None]) -> None:
        beat = asyncio.get_running_loop().time() + BEAT_SECONDS
        while not self._broadcast.is_over and not gone.done():
            # Taken before the look, so that nothing comes between the two.
            news = self._broadcast.news()
            for text in await self._take():
                await _within_patience(send(_body(text)))
            left = beat - asyncio.get_running_loop().time()
            if left <= 0:
                beat += BEAT_SECONDS - left
                if not await self._listener.is_let_in():
                    return
                # The id lets a client that is told of few events come back where it was.
                await _within_patience(send(_body(b": beat\nid: %d\n\n" % self._position)))
            elif self._is_at_the_end():
                await asyncio.wait({news, gone}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            elif self._waits:
                pause = min(left, self._pause())
                await asyncio.wait({news, gone}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)

    def _is_at_the_end(self) -> bool:
        if self._listener.is_limited:
            return self._broadcast.has_nothing_behind(self._position)
        return self._broadcast.reaches(self._position)

    def _pause(self) -> float:
        return JUDGING_SECONDS[min(self._waits, len(JUDGING_SECONDS)) - 1]

    async def _take(self) -> list[bytes]:
        if not self._listener.is_limited and self._broadcast.reaches(self._position):
            texts, self._position = self._broadcast.behind(
                self._position, types=self._listener.types
            )
            return texts
        try:
            page = await asyncio.to_thread(self._read_page)
        except Exception as error:
            if row_of(type(error)) is not UNAVAILABLE:
                raise
            # An outage: whoever listens stays, because a browser does not come back from a 503.
            await asyncio.sleep(OUTAGE_SECONDS)
            return []
        self._waits = self._waits + 1 if page.position == self._position else 0
        self._position = page.position
        return [Frame.of(recorded).text for recorded in page.events]

    def _read_page(self) -> FeedPage:
        return self._feed.page(after=self._position, limit=PAGE, types=self._listener.types)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _within_patience(sending: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await sending
    except TimeoutError as error:
        raise ClientTooSlow from error


def _body(text: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": text, "more_body": more}
