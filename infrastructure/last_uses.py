"""When each key was last used, to the minute, written beside the requests and never within one."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from threading import Event as Signal
from threading import Lock, Thread
from typing import Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from application.ports import Clock

EVERY: Final = 60.0
"""Seconds between two writings, which is how old a last use may be in the list."""

PATIENCE: Final = 1.0
"""Seconds that a writing waits for a connection: requests come first."""

# Another process that writes the same key just now says the same as we would: its row is skipped,
# and nobody waits for anybody.
_WRITE: Final[LiteralString] = """
UPDATE api_key AS k SET last_used_at = u.used_at
  FROM unnest(%s::uuid[], %s::timestamptz[]) AS u(key_id, used_at)
 WHERE k.key_id = u.key_id
   AND k.key_id IN (
         SELECT key_id FROM api_key WHERE key_id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED
       )
   AND (k.last_used_at IS NULL OR k.last_used_at <= u.used_at - interval '1 minute')
"""

_LOG: Final = logging.getLogger(__name__)


class LastUses:
    """Takes note of uses in memory, and writes them down from time to time."""

    def __init__(self, pool: ConnectionPool[Connection[TupleRow]], *, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._lock = Lock()
        self._noted: dict[UUID, datetime] = {}

    def note(self, key_id: UUID) -> None:
        """Take note that a key is used now."""
        now = self._clock.now()
        with self._lock:
            self._noted[key_id] = now

    def write(self) -> None:
        """Write down what was noted: of each key at most once a minute, by all processes together.

        While the database is away the notes are kept for the next time.
        """
        with self._lock:
            noted, self._noted = self._noted, {}
        if not noted:
            return
        keys = list(noted)
        try:
            with self._pool.connection(timeout=PATIENCE) as connection:
                connection.execute(_WRITE, (keys, list(noted.values()), keys))
        except psycopg.Error:
            _LOG.warning("the last uses of %d keys are not written yet", len(noted))
            with self._lock:
                self._noted = {**noted, **self._noted}


@contextmanager
def writing(uses: LastUses, *, every: float = EVERY) -> Generator[None]:
    """Write last uses down while this is open, and what is left at its end."""
    stop = Signal()

    def write_until_stopped() -> None:
        while not stop.wait(every):
            uses.write()

    writer = Thread(target=write_until_stopped, name="last uses of keys", daemon=True)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()
        uses.write()
