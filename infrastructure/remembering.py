"""A small memory of what was just checked, so that it is not checked again for every request."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """Values under digests, for a time, the newest ones only. Shared between threads."""

    def __init__(self, *, most: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._lock = Lock()
        self._kept: OrderedDict[bytes, tuple[V, float]] = OrderedDict()
        self._forgettings = 0

    @property
    def forgettings(self) -> int:
        """How often something was forgotten on purpose; taken before what is kept is looked up."""
        return self._forgettings

    def recall(self, digest: bytes) -> V | None:
        """What is kept there, if its time is not over."""
        with self._lock:
            kept = self._kept.get(digest)
            return None if kept is None or kept[1] < self._seconds() else kept[0]

    def has_kept(self, digest: bytes) -> bool:
        """Whether something is kept there, even if its time is over."""
        with self._lock:
            return digest in self._kept

    def keep(self, digest: bytes, value: V, *, lifetime: float, forgettings: int) -> None:
        """Keep a value for some seconds, unless something was forgotten since it was looked up.

        Otherwise a look-up that overlaps a revocation would bring back what was just forgotten.
        """
        with self._lock:
            if forgettings != self._forgettings:
                return
            self._kept[digest] = (value, self._seconds() + lifetime)
            self._kept.move_to_end(digest)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, matches: Callable[[V], bool]) -> None:
        """Keep nothing that matches."""
        with self._lock:
            self._forgettings += 1
            for digest in [d for d, (value, _) in self._kept.items() if matches(value)]:
                del self._kept[digest]
