"""The recorder: the library's application recorder over our table, with ordered group commit."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import accumulate
from typing import Any, Final, LiteralString, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
    Subscription,
    Tracking,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresSubscription,
)
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, TupleRow
from psycopg_pool import ConnectionPool

from infrastructure.event_store.group_commit import GroupCommit
from infrastructure.event_store.rows import (
    Append,
    Entry,
    EnvelopedEvent,
    EnvelopedNotification,
    Receipt,
    Row,
    StreamVersion,
)
from infrastructure.event_store.writing import write_entries, write_keys, write_reads
from infrastructure.postgres.connections import LentCursor
from infrastructure.postgres.durability import STANDBY_WAIT_CANCELLED

CHANNEL: Final = "event"
MOST_PER_COMMIT: Final = 64
"""Appends joined in one commit; beyond this the time in the lock grows without saving more."""

MOST_LEADERS: Final = 8
"""Commits of one process under way at once: more would leave no connection to read with."""

PATIENCE: Final = 0.0005
"""Seconds after which a commit under way counts as waiting for the disk; on a fast one it is back
before. Measured in `docs/benchmarks.md`."""

POLL_SECONDS: Final = 0.2
"""A subscriber that no notification reaches looks by itself after this."""

_APPEND: Final = "CALL append(%s, %s, %s, %s)"
_APPEND_ONCE: Final = "CALL append_once(%s, %s, %s)"
_KEY: Final = "command_key_pkey"
# As texts, the JSON goes to the decoder as it is, and the connection needs no loader for it.
_SELECT: Final[LiteralString] = (
    "SELECT position, recorded_at, stream_id, version, schema_version, type, state::text"
    "     , metadata::text FROM event "
)
_READ_STREAM: Final[LiteralString] = _SELECT + "WHERE stream_id = %s ORDER BY version"
_READ_SINCE: Final[LiteralString] = (
    _SELECT + "WHERE stream_id = %s AND version >= %s ORDER BY version"
)
_READ_STREAMS: Final[LiteralString] = (
    _SELECT + "WHERE stream_id = ANY(%s::uuid[]) ORDER BY stream_id, version"
)
_READ_AFTER: Final[LiteralString] = _SELECT + "WHERE position > %s ORDER BY position LIMIT %s"
_READ_PART: Final[LiteralString] = _SELECT + (
    "WHERE stream_id = %s"
    " AND (%s::integer IS NULL OR version > %s) AND (%s::integer IS NULL OR version <= %s)"
    " ORDER BY version * %s LIMIT %s"
)
_READ_NOTIFICATIONS: Final[LiteralString] = _SELECT + (
    "WHERE position > %s AND (%s::bigint IS NULL OR position <= %s)"
    " AND (%s::text[] IS NULL OR type = ANY(%s)) ORDER BY position LIMIT %s"
)


class OutcomeUnknown(OperationalError):
    """The append may or may not be there: the answer was lost, or a standby did not confirm it."""


class KeyTaken(Exception):
    """Something was recorded under the append's idempotency key before; nothing was appended."""


class PooledDatastore(PostgresDatastore):
    """The library's datastore over a pool that the product opened itself."""

    def __init__(self, pool: ConnectionPool[Connection[TupleRow]], *, schema: str) -> None:  # pyright: ignore[reportMissingSuperCall] - the library's would open a second pool
        self.schema = schema
        self.originator_id_type = "uuid"
        self.lock_timeout = 0
        self.enable_db_functions = False
        self.single_row_tracking = True
        self.pool_open_timeout = None
        self.db_type_names = set[str]()
        self.psycopg_type_adapters = {}
        self.psycopg_python_types = {}
        # The library declares rows as dictionaries; its code that reads them so is not used here.
        self.pool = cast("Any", pool)

    @contextmanager
    def get_connection(self) -> Generator[Connection[DictRow]]:
        """Lend a connection to the library, which only asks for one to listen."""
        with super().get_connection() as connection:
            yield connection
            # Back in the pool, it would collect every later notification for ever.
            connection.execute("UNLISTEN *")

    def close(self) -> None:
        """Leave the pool to whoever opened it."""


class HistorySubscription(PostgresSubscription):
    """The library's subscription, with a look after LISTEN and a bounded poll behind it.

    Without them an event that is recorded between the first look and LISTEN is not met before the
    next one: under load a follower waited for ever.
    """

    def _listen(self) -> None:
        try:
            with self._recorder.datastore.get_connection() as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                while not self._has_been_stopped and not self._thread_error:
                    self._has_been_notified.set()
                    for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                        pass
        except BaseException as error:  # noqa: BLE001 - the subscriber's own thread raises it
            if self._thread_error is None:
                self._thread_error = error
            self.stop()


class EventRecorder(PostgresApplicationRecorder):
    """Appends in one strict global order, at the disk's speed for all writers together.

    The library's interface is kept (`insert_events`, `select_events`, `select_notifications`,
    `subscribe`, tracking); the product itself uses `append`, `read_stream` and `read_after`, which
    make no objects on the way.
    """

    def __init__(self, pool: ConnectionPool[Connection[TupleRow]], *, schema: str) -> None:
        super().__init__(PooledDatastore(pool, schema=schema), events_table_name="event")
        self.sql_create_statements.clear()  # our migrations own the schema
        self.channel_name = CHANNEL
        self._pool = pool
        self._group = GroupCommit(
            self._commit_all, most=MOST_PER_COMMIT, leaders=MOST_LEADERS, patience=PATIENCE
        )

    @property
    def pool(self) -> ConnectionPool[Connection[TupleRow]]:
        """Where whoever works beside the recorder reaches the same database."""
        return self._pool

    def append(self, append: Append) -> Receipt:
        """Append events durably, all or none.

        Raises:
            IntegrityError: a stream that is written or was read has changed; nothing was appended.
            KeyTaken: an append with this key was there before; nothing was appended.
            OutcomeUnknown: the connection broke before the answer; read before trying again.
        """
        return self._group.submit(append)

    def read_stream(self, stream_id: UUID) -> list[Row]:
        """Read a stream from its first event to its last."""
        with LentCursor(self._pool) as cursor:
            return _rows(cursor, _READ_STREAM, [stream_id])

    def read_since(self, stream_id: UUID, version: int) -> list[Row]:
        """Read a stream from a version on, that one included."""
        with LentCursor(self._pool) as cursor:
            return _rows(cursor, _READ_SINCE, [stream_id, version])

    def read_streams(self, stream_ids: Sequence[UUID]) -> list[Row]:
        """Read several streams in one round trip, each from its first event to its last."""
        with LentCursor(self._pool) as cursor:
            return _rows(cursor, _READ_STREAMS, [list(stream_ids)])

    def read_after(self, position: int, *, limit: int) -> list[Row]:
        """Read the history in order, from behind a position."""
        with LentCursor(self._pool) as cursor:
            return _rows(cursor, _READ_AFTER, [position, limit])

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        **kwargs: object,
    ) -> Sequence[int] | None:
        """Append in the library's terms, with the follower's position in the same transaction."""
        if kwargs:
            raise TypeError(f"unknown options: {', '.join(kwargs)}")
        if not stored_events:
            if tracking is not None:
                self.insert_tracking(tracking)
            return []
        append = Append(tuple(_entry(event) for event in stored_events))
        receipt = (
            self.append(append)
            if tracking is None
            else self._commit(append.entries, tracking=tracking)
        )
        first = receipt.last_position - len(stored_events) + 1
        return list(range(first, receipt.last_position + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Read a stream, or a part of it, in the library's terms."""
        with self._errors(), LentCursor(self._pool) as cursor:
            direction = -1 if desc else 1
            rows = _rows(
                cursor,
                _READ_PART,
                [originator_id, gt, gt, lte, lte, direction, limit],
            )
        return [
            EnvelopedEvent(
                originator_id=row.stream_id,
                originator_version=row.version,
                topic=row.type,
                state=row.state.encode(),
                metadata=row.metadata.encode(),
                schema_version=row.schema_version,
            )
            for row in rows
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Read the history, or a part of it, in the library's terms."""
        after = -1 if start is None else start - 1 if inclusive_of_start else start
        wanted = list(topics) or None
        with self._errors(), LentCursor(self._pool) as cursor:
            rows = _rows(
                cursor,
                _READ_NOTIFICATIONS,
                [after, stop, stop, wanted, wanted, limit],
            )
        return [
            EnvelopedNotification(
                id=row.position,
                originator_id=row.stream_id,
                originator_version=row.version,
                topic=row.type,
                state=row.state.encode(),
                metadata=row.metadata.encode(),
                schema_version=row.schema_version,
                recorded_at=row.recorded_at,
            )
            for row in rows
        ]

    def max_notification_id(self) -> int | None:
        """Find the last position, or nothing when nothing was recorded."""
        return self._one("SELECT max(position) FROM event", [])

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the history from behind a position."""
        return HistorySubscription(recorder=self, gt=gt, topics=topics)

    def insert_tracking(self, tracking: Tracking) -> None:
        """Note how far a follower has come.

        Raises:
            IntegrityError: it has been there before.
        """
        with self._errors(), LentCursor(self._pool) as cursor:
            noted = cursor.execute(
                "INSERT INTO tracking AS known VALUES (%s, %s) ON CONFLICT (application_name)"
                " DO UPDATE SET notification_id = excluded.notification_id"
                " WHERE known.notification_id < excluded.notification_id",
                [tracking.application_name, tracking.notification_id],
            )
        if noted.rowcount != 1:
            raise IntegrityError(f"{tracking.application_name} was there before")

    def max_tracking_id(self, application_name: str) -> int | None:
        """How far a follower has come."""
        query = "SELECT max(notification_id) FROM tracking WHERE application_name = %s"
        return self._one(query, [application_name])

    def _one(self, query: LiteralString, parameters: list[object]) -> int | None:
        with self._errors(), LentCursor(self._pool) as cursor:
            found = cursor.execute(query, parameters).fetchone()
        return None if found is None else found[0]

    def _commit_all(self, appends: Sequence[Append]) -> Sequence[Receipt | BaseException]:
        together = [append for append in appends if not append.reads]
        if len(together) > 1:
            try:
                receipts = self._commit_together(together)
            except (IntegrityError, KeyTaken, psycopg.DataError, psycopg.IntegrityError):
                pass  # one in the batch is too late or cannot be stored: one by one shows which
            else:
                alone = iter(self._one_by_one([append for append in appends if append.reads]))
                answers = iter(receipts)
                return [next(alone) if append.reads else next(answers) for append in appends]
        return self._one_by_one(appends)

    def _one_by_one(self, appends: Sequence[Append]) -> list[Receipt | BaseException]:
        answers: list[Receipt | BaseException] = []
        for append in appends:
            locked = answers and isinstance(answers[-1], psycopg.errors.LockNotAvailable)
            # Each would wait as long for the same lock, and the last for all of them.
            answers.append(answers[-1] if locked else self._answer(append))
        return answers

    def _answer(self, append: Append) -> Receipt | BaseException:
        try:
            return self._commit(append.entries, append.reads, keyed=[append] if append.key else ())
        except (psycopg.Error, IntegrityError, KeyTaken, OperationalError) as error:
            return error

    def _commit_together(self, appends: Sequence[Append]) -> list[Receipt]:
        entries = tuple(entry for append in appends for entry in append.entries)
        receipt = self._commit(entries, keyed=[append for append in appends if append.key])
        before = receipt.last_position - len(entries)
        lasts = accumulate((len(append.entries) for append in appends), initial=before)
        return [Receipt(last, receipt.recorded_at) for last in list(lasts)[1:]]

    def _commit(
        self,
        entries: Sequence[Entry],
        reads: Sequence[StreamVersion] = (),
        *,
        keyed: Sequence[Append] = (),
        tracking: Tracking | None = None,
    ) -> Receipt:
        told: tuple[object, ...] = (write_entries(entries), write_reads(reads))
        if keyed:
            statement, told = _APPEND_ONCE, (*told, write_keys(keyed))
        elif tracking is None:
            statement, told = _APPEND, (*told, None, None)
        else:
            statement, told = _APPEND, (*told, tracking.application_name, tracking.notification_id)
        with self._errors(), LentCursor(self._pool) as cursor:
            return _call(cursor, statement, told)

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except psycopg.errors.UniqueViolation as error:
            if error.diag.constraint_name == _KEY:
                raise KeyTaken from error
            raise IntegrityError(str(error)) from error


def _call(
    cursor: Cursor[TupleRow], statement: LiteralString, parameters: tuple[object, ...]
) -> Receipt:
    notices: list[str | None] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        notices.append(diagnostic.sqlstate)

    cursor.connection.add_notice_handler(note)
    try:
        found = cursor.execute(statement, parameters).fetchone()
    except psycopg.errors.LockNotAvailable:
        raise  # nothing was locked, so nothing was written
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise OutcomeUnknown(str(error)) from error
    finally:
        cursor.connection.remove_notice_handler(note)
    if STANDBY_WAIT_CANCELLED in notices:
        raise OutcomeUnknown("the synchronous standby has not confirmed the commit")
    assert found is not None, "CALL answers with its INOUT parameters"
    last_position, recorded_at = cast("tuple[int, datetime]", found)
    return Receipt(last_position, recorded_at)


def _rows(cursor: Cursor[TupleRow], query: LiteralString, parameters: list[object]) -> list[Row]:
    return list(map(Row._make, cursor.execute(query, parameters).fetchall()))


def _entry(event: StoredEvent) -> Entry:
    metadata, schema_version = b"{}", 1
    if isinstance(event, EnvelopedEvent):
        metadata, schema_version = event.metadata, event.schema_version
    return Entry(
        stream_id=UUID(str(event.originator_id)),
        version=event.originator_version,
        schema_version=schema_version,
        type=event.topic,
        state=event.state,
        metadata=metadata,
    )
