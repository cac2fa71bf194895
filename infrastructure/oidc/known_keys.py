"""Keeps the issuer's keys at hand, and looks them up again without keeping requests waiting.

- A request whose key is known never waits, whatever the issuer does.
- Keys older than `FRESH` are looked up again beside the requests.
- A key that is not known makes a look-up, at most one every `PAUSE` however many tokens ask for
  one; whoever needs it waits for that look-up, without holding a thread.
- While the issuer is away the keys are believed until they are `STALE`.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Final

from application.tokens import IssuerAway
from infrastructure.oidc.issuer import PATIENCE
from infrastructure.oidc.issuer_keys import IssuerKey

FRESH: Final = 600.0
STALE: Final = 86_400.0
PAUSE: Final = 10.0
_LITTLE: Final = 1.0
"""Seconds beyond the look-up's own patience: it ends by itself."""

Keys = tuple[IssuerKey, ...]


class KnownKeys:
    """The issuer's keys as they were last seen."""

    def __init__(
        self, look_up: Callable[[], Future[Keys]], *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._look_up = look_up
        self._seconds = seconds
        self._lock = Lock()
        self._keys: Keys = ()
        self._seen_at: float | None = None
        self._begun_at: float | None = None
        self._under_way: Future[Keys] | None = None

    def fitting(self, kid: str | None, *, algorithm: str) -> Keys:
        """The keys that a token may mean; one without a name means the only one that fits."""
        keys = self._believed()
        fitting = tuple(key for key in keys if algorithm in key.algorithms)
        if kid is None:
            return fitting if len(fitting) == 1 else ()
        return tuple(key for key in fitting if key.kid == kid)

    def keep_fresh(self) -> None:
        """Begin to look the keys up again if they are old; waits for nothing."""
        if self._seen_at is None or self._seconds() - self._seen_at > FRESH:
            self._begin()

    async def look_again(self) -> None:
        """Look the keys up, unless that was done just now.

        Raises:
            IssuerAway: the last look-up failed, so that nothing can be said of a new key.
        """
        under_way = self._begin()
        if under_way is None:
            return
        try:
            waiting = asyncio.shield(asyncio.wrap_future(under_way))
            await asyncio.wait_for(waiting, PATIENCE + _LITTLE)
        except Exception as error:
            raise IssuerAway from error

    def _begin(self) -> Future[Keys] | None:
        """The look-up that is under way, or failed just now; none if the keys are new."""
        with self._lock:
            now = self._seconds()
            if self._begun_at is not None and now - self._begun_at < PAUSE:
                under_way = self._under_way
                seen = under_way is not None and under_way.done() and not _failed(under_way)
                return None if seen else under_way
            if self._under_way is not None and not self._under_way.done():
                return self._under_way
            self._begun_at = now
            self._under_way = begun = self._look_up()
        begun.add_done_callback(self._take)
        return begun

    def _take(self, ended: Future[Keys]) -> None:
        if not _failed(ended):
            with self._lock:
                self._keys, self._seen_at = ended.result(), self._seconds()

    def _believed(self) -> Keys:
        with self._lock:
            seen_at = self._seen_at
            if seen_at is None or self._seconds() - seen_at > STALE:
                return ()
            return self._keys


def _failed(ended: Future[Keys]) -> bool:
    return ended.cancelled() or ended.exception() is not None
