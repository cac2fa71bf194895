"""Back-pressure: so many requests are served at once, a few wait a moment, the others go at once.

A request counts from when its body is whole until its answer begins: a caller who writes or reads
slowly keeps nobody out, and a stream that goes on for hours holds no place.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import BodyCutOff, ServerBusy
from api.http.measuring import Metrics

ALWAYS: Final = frozenset({"/healthz", "/readyz"})
"""What is asked to learn how we are is answered however we are."""

_NO_BODY: Final = frozenset({b"", b"0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one process takes on."""

    at_once: int = 16
    waiting: int = 128
    wait_seconds: float = 2.0
    most_held: int = 64 * 1024 * 1024
    """Bytes of bodies, over all requests that are being read or served."""
    rate: int = 0
    """Requests a minute of one principal; 0 is no limit."""
    stranger_rate: int = 0
    """Requests a minute of one address that shows no key that opens anything."""


class Admission:
    """Lets requests in, in the order in which they came, as many as the limits say."""

    def __init__(self, app: ASGIApp, *, limits: Limits, metrics: Metrics) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics
        self._served = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        metrics.gauge(
            "recours_http_requests_waiting",
            "Requests that wait to be taken up",
            lambda: len(self._waiting),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request when there is room.

        Raises:
            ServerBusy: there is none, and none soon.
        """
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        if self._served < self._limits.at_once:
            self._served += 1
        else:
            await self._wait()
        place = _Place(self, send)
        try:
            await self._app(scope, receive, place.send)
        finally:
            place.leave()

    def leave(self) -> None:
        """Give a place to whoever waits longest."""
        while self._waiting:
            next_one = self._waiting.popleft()
            if not next_one.done():
                next_one.set_result(None)
                return
        self._served -= 1

    async def _wait(self) -> None:
        if len(self._waiting) >= self._limits.waiting:
            self._refuse()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait_for(turn, self._limits.wait_seconds)
        except TimeoutError:
            if turn.done() and not turn.cancelled():
                return  # the turn came in the same instant
            self._forget(turn)
            self._refuse()
        except BaseException:  # the caller has left, perhaps just when the turn came
            self._forget(turn)
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def _forget(self, turn: asyncio.Future[None]) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)

    def _refuse(self) -> None:
        self._metrics.refused("busy")
        raise ServerBusy


class _Place:
    """A place among those that are served, given up when the answer begins."""

    __slots__ = ("_admission", "_held", "_send")

    def __init__(self, admission: Admission, send: Send) -> None:
        self._admission = admission
        self._send = send
        self._held = True

    async def send(self, message: Message) -> None:
        self.leave()
        await self._send(message)

    def leave(self) -> None:
        if self._held:
            self._held = False
            self._admission.leave()


class HeldBodies:
    """Bounds what all bodies together take of the memory, and refuses one that was cut off."""

    def __init__(self, app: ASGIApp, *, most: int, metrics: Metrics) -> None:
        self._app = app
        self._most = most
        self._metrics = metrics
        self._held = 0
        metrics.gauge(
            "recours_http_body_bytes_held",
            "Bytes of bodies, over all requests that are being read or served",
            lambda: self._held,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what one request holds, until it is over."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(self, receive)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._held -= body.size

    def take(self, size: int) -> None:
        """Count bytes that have come.

        Raises:
            ServerBusy: more than can be held.
        """
        self._held += size
        if self._held > self._most:
            self._metrics.refused("busy")
            raise ServerBusy


class _Body:
    __slots__ = ("_held", "_receive", "_whole", "size")

    def __init__(self, held: HeldBodies, receive: Receive) -> None:
        self._held = held
        self._receive = receive
        self._whole = False
        self.size = 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self.size += size
            self._whole = not message.get("more_body", False)
            self._held.take(size)
        elif not self._whole:
            raise BodyCutOff
        return message


def _has_body(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value not in _NO_BODY):
            return True
    return False
