"""Clients that press on a served product, and remember what it promised them."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2

from application.recorded import RecordedEvent
from tests.faults.served import COMPLAINT

TOLD_TO_WAIT: Final = frozenset({429, 503})
CREATED: Final = 201

_BETWEEN_DRIPS: Final = 0.5
"""Seconds."""

LOST: Final = 0
"""The status of an answer that never came."""


@dataclass
class Promises:
    """What was answered to whom, over all clients."""

    since: int = 0
    """How many events there were before."""
    statuses: Counter[int] = field(default_factory=Counter[int])
    cases: dict[str, set[UUID]] = field(default_factory=dict[str, set[UUID]])
    """By the key of each command that was sent: the cases that were answered for it."""
    slowest: float = 0.0
    without_retry: int = 0
    """Refusals that say neither when to come again nor that reading comes first."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, answer: httpx2.Response | None, *, seconds: float) -> bool:
        """Remember an answer; tells whether the command was promised."""
        status = LOST if answer is None else answer.status_code
        with self._lock:
            self.statuses[status] += 1
            self.slowest = max(self.slowest, seconds)
            promised = self.cases.setdefault(key, set())
            if answer is not None and status == CREATED:
                promised.add(UUID(answer.json()["id"]))
            elif answer is not None and status in TOLD_TO_WAIT:
                unknown = answer.json()["type"].endswith("/outcome-unknown")
                self.without_retry += "Retry-After" not in answer.headers and not unknown
        return status == CREATED

    @property
    def kept(self) -> int:
        """How many commands were promised."""
        return sum(map(bool, self.cases.values()))

    def check(self, history: list[RecordedEvent]) -> None:
        """Nothing that was promised is lost, and nothing is there twice."""
        promised = [cases for cases in self.cases.values() if cases]
        assert promised, "something was promised"
        assert all(len(cases) == 1 for cases in promised), "a command has one case"
        recorded = Counter(event.stream_id for event in history[self.since :])
        assert set[UUID]().union(*promised) <= recorded.keys(), "what was promised is there"
        assert set(recorded.values()) == {1}, "each complaint is there once"
        assert len(recorded) <= len(self.cases), "no command made two"


class Client:
    """Registers complaints; sends what was not promised again under its key."""

    def __init__(self, address: str, secret: str, promises: Promises) -> None:
        self._client = httpx2.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {secret}"},
            trust_env=False,
            timeout=60,
        )
        self._promises = promises

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Hang up."""
        self._client.close()

    def register(self, *, key: str | None = None) -> bool:
        """Register a complaint once; tells whether it was promised."""
        chosen = key or str(uuid4())
        began, answer = monotonic(), None
        with suppress(httpx2.TransportError):
            answer = self._client.post(
                "/v1/complaints", json=COMPLAINT, headers={"Idempotency-Key": chosen}
            )
        return self._promises.take(chosen, answer, seconds=monotonic() - began)

    def register_until(self, stop: threading.Event) -> None:
        """Register one complaint after the other, each until it is promised."""
        while not stop.is_set():
            key = str(uuid4())
            while not self.register(key=key):
                if stop.wait(0.05):
                    return


@contextmanager
def pressing(
    address: str, secret: str, promises: Promises, *, clients: int
) -> Generator[Callable[[], None]]:
    """Let so many clients register complaints while the block runs."""
    stop = threading.Event()

    def press() -> None:
        with Client(address, secret, promises) as client:
            client.register_until(stop)

    threads = [threading.Thread(target=press) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield stop.set
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class Trickle:
    """Sockets that never finish what they begin: half of them a head, half of them a body."""

    def __init__(self, address: str, *, sockets: int) -> None:
        place = urlsplit(address)
        assert place.hostname is not None, "an address has a host"
        self._sockets: list[socket.socket] = []
        for number in range(sockets):
            opened = socket.create_connection((place.hostname, place.port or 80))
            opened.setblocking(False)
            self._sockets.append(opened)
            head = b"POST /v1/complaints HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
            if number % 2:
                head += b"1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
            with suppress(OSError):
                opened.send(head)

    def drip(self) -> int:
        """Send one more byte each; answers how many are still heard."""
        heard: list[socket.socket] = []
        for opened in self._sockets:
            try:
                opened.send(b" ")
                gone = opened.recv(1) == b""
            except BlockingIOError:
                gone = False
            except OSError:
                gone = True
            if gone:
                opened.close()
            else:
                heard.append(opened)
        self._sockets = heard
        return len(heard)

    def is_over(self) -> bool:
        """Send one more byte each; tells whether nobody is heard any more."""
        threading.Event().wait(_BETWEEN_DRIPS)
        return self.drip() == 0

    def close(self) -> None:
        """Give up."""
        for opened in self._sockets:
            opened.close()
