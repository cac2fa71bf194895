"""Commands that are recorded once, however often they are sent; see the port `RepeatableCases`."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Final, Protocol
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from application.case import Case
from application.errors import CaseChanged, CaseContended, CaseNotFound
from application.once import CommandUnderWay, IdempotencyKeyReused, Once
from application.ports import C, Cases, Work
from application.recorded import Recorded, RecordedEvent
from domain.event import Envelope
from domain.refusals import Refusal
from infrastructure.event_store.recorder import KeyTaken
from infrastructure.event_store.rows import Repeated, Signature
from infrastructure.postgres.durability import make_durable

Commands = Sequence[tuple[Envelope, Callable[[Work], UUID]]]

_FIND: Final = """
    SELECT fingerprint, key.case_id, key.version, last.position AS last_position, last.recorded_at
         , ARRAY(SELECT type FROM event
                  WHERE position > last.position - key.events AND position <= last.position
                  ORDER BY position) AS types
      FROM command_key AS key
      JOIN event AS last ON last.stream_id = last_stream_id AND last.version = last_version
     WHERE key_digest = %s
"""
# Few at a time: what is deleted is written to the log, and nobody is in a hurry.
_FORGET: Final = """
    DELETE FROM command_key WHERE key_digest = ANY(ARRAY(
        SELECT key_digest FROM command_key WHERE recorded_at < %s LIMIT %s))
"""
_FORGOTTEN_AT_ONCE: Final = 1_000


class KeyedCases(Cases, Protocol):
    """Cases that record a key with the events of a command."""

    def record(self, commands: Commands, *, signature: Signature) -> Recorded:
        """Run commands that become durable all or none, and their key with them.

        Raises:
            KeyTaken: something was recorded under the key before.
        """
        ...

    def fold(self, case_id: UUID, *, until: int) -> Case | None:
        """Read a case as it was in a version."""
        ...


class CommandKeys:
    """The keys of recorded commands, and those of the commands that are at work here."""

    def __init__(self, pool: ConnectionPool[Connection[TupleRow]]) -> None:
        self._pool = pool
        self._lock = Lock()
        self._at_work: set[bytes] = set()

    @contextmanager
    def working_under(self, key_digest: bytes) -> Generator[None]:
        """Keep the key to one command at a time.

        Raises:
            CommandUnderWay: another one is at work under it.
        """
        with self._lock:
            if key_digest in self._at_work:
                raise CommandUnderWay
            self._at_work.add(key_digest)
        try:
            yield
        finally:
            with self._lock:
                self._at_work.remove(key_digest)

    def find(self, key_digest: bytes) -> Repeated | None:
        """What was recorded under a key, durably, if anything was."""
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Repeated))
            found = cursor.execute(_FIND, [key_digest]).fetchone()
            if found is not None:
                # It may be as young as another process's unflushed commit.
                make_durable(connection)
        return found

    def forget(self, *, before: datetime) -> int:
        """Forget the keys that were recorded before; answers how many there were."""
        forgotten, more = 0, True
        while more:
            with self._pool.connection() as connection:
                deleted = connection.execute(_FORGET, [before, _FORGOTTEN_AT_ONCE]).rowcount
            forgotten, more = forgotten + deleted, deleted == _FORGOTTEN_AT_ONCE
        return forgotten


class CasesOnce:
    """The cases for one command with a key."""

    def __init__(self, cases: KeyedCases, *, keys: CommandKeys, once: Once) -> None:
        self._cases = cases
        self._keys = keys
        whose = sha256(once.subject_id.encode()).digest()  # of one length: nothing runs together
        digest = sha256(whose + once.key.encode()).digest()
        self._signature = Signature(digest, once.fingerprint)

    def transact(self, envelope: Envelope, decide: Callable[[Work], UUID]) -> Recorded:
        """Run the command, or answer it as it was answered; see the port."""
        return self.transact_all([(envelope, decide)])

    def transact_all(self, commands: Commands) -> Recorded:
        """Run several commands under the one key; see the port."""
        with self._keys.working_under(self._signature.key_digest):
            try:
                return self._cases.record(commands, signature=self._signature)
            except (KeyTaken, Refusal, CaseNotFound, CaseChanged, CaseContended):
                # What was recorded under the key may be the very reason why it is refused now. To
                # look first would cost every new command a round trip.
                repeated = self._repeat()
                if repeated is None:
                    raise
                return repeated

    def load(self, kind: type[C], case_id: UUID) -> C:
        """Read a case; see the port."""
        return self._cases.load(kind, case_id)

    def find(self, case_id: UUID) -> Case | None:
        """Read a case of whatever kind it is; see the port."""
        return self._cases.find(case_id)

    def history(self, case_id: UUID) -> Sequence[RecordedEvent]:
        """Read everything recorded of a case; see the port."""
        return self._cases.history(case_id)

    def everything(self, *, after: int = 0) -> Iterator[RecordedEvent]:
        """Read the whole history in order; see the port."""
        return self._cases.everything(after=after)

    def _repeat(self) -> Recorded | None:
        found = self._keys.find(self._signature.key_digest)
        if found is None:
            return None
        if found.fingerprint != self._signature.fingerprint:
            raise IdempotencyKeyReused
        return Recorded(
            case_id=found.case_id,
            version=found.version,
            position=found.last_position,
            recorded_at=found.recorded_at,
            types=tuple(found.types),
            case=self._cases.fold(found.case_id, until=found.version),
            is_repeated=True,
        )
