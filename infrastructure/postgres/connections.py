"""Connections for the product at work, each ready for its statements without another round trip."""

import select
from datetime import timedelta
from functools import cached_property
from typing import Final

import orjson
from psycopg import Connection, Cursor, OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ConnStatus
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

STATEMENT_TIMEOUT: Final = timedelta(seconds=30)
"""No statement of a request takes that long; a rebuild asks for its own limit."""

WAIT_SECONDS: Final = 5.0
"""So long a request waits for a connection. A server that is away is tried anew as often: the
pool's own pauses between tries would grow to minutes."""

LOCK_TIMEOUT: Final = timedelta(seconds=3)
"""So long a statement waits for a lock: what nobody gives up must not hold every request up."""

UNACKNOWLEDGED_SECONDS: Final = 30
"""A server that acknowledges nothing for so long is gone, though nobody has closed the line."""

CONNECT_TIMEOUT: Final = 10
"""Seconds until an unreachable server counts as such."""


class ServingConnection(Connection[TupleRow]):
    """A connection that keeps one cursor: to make one costs 5 µs, as much as to read five rows."""

    @cached_property
    def standing_cursor(self) -> Cursor[TupleRow]:
        """The cursor for whoever holds the connection and reads an answer at once."""
        return self.cursor()


class ServingPool(ConnectionPool[Connection[TupleRow]]):
    """A pool that never hands out a connection whose server has gone.

    The pool's own `check` pauses 1, 2, 4, … seconds after each dead connection: with 8 of them the
    first answer after a restart came after 30 s. Here they are dropped at once, in 0.02 s.
    """

    def getconn(self, timeout: float | None = None) -> Connection[TupleRow]:
        """Take a living connection."""
        while True:
            connection = super().getconn(timeout)
            try:
                refuse_closed(connection)
            except OperationalError:
                connection.close()
                self.putconn(connection)
            else:
                return connection


def open_pool(
    conninfo: str,
    *,
    schema: str,
    min_size: int,
    max_size: int,
    application_name: str,
    statement_timeout: timedelta = STATEMENT_TIMEOUT,
) -> ConnectionPool[Connection[TupleRow]]:
    """Open a pool of autocommit connections that see the schema; the caller closes it.

    Raises:
        PoolTimeout: the first `min_size` connections were not there in time.
    """
    pool = ServingPool(
        session_conninfo(
            conninfo,
            schema=schema,
            application_name=application_name,
            statement_timeout=statement_timeout,
            lock_timeout=LOCK_TIMEOUT,
        ),
        connection_class=ServingConnection,
        # Prepared at the first use: the product has few statements and sends each of them often.
        kwargs={"autocommit": True, "prepare_threshold": 0},
        min_size=min_size,
        max_size=max_size,
        timeout=WAIT_SECONDS,
        reconnect_timeout=WAIT_SECONDS,
        configure=configure,
        name=application_name,
        open=False,
    )
    try:
        pool.open(wait=True)
    except BaseException:
        pool.close()
        raise
    return pool


class LentCursor:
    """The standing cursor of a pool's connection, for one statement outside a transaction.

    What the pool's own `connection` does beyond this, to commit or to roll back, such a statement
    has no use for; it costs 5 µs.
    """

    def __init__(self, pool: ConnectionPool[Connection[TupleRow]]) -> None:
        self._pool = pool

    def __enter__(self) -> Cursor[TupleRow]:
        """Take a connection from the pool."""
        self._connection = self._pool.getconn()
        assert isinstance(self._connection, ServingConnection), "`open_pool` makes no others"
        return self._connection.standing_cursor

    def __exit__(self, *failure: object) -> None:
        """Give it back; a broken one is replaced there."""
        self._pool.putconn(self._connection)


def session_conninfo(
    conninfo: str,
    *,
    schema: str,
    application_name: str,
    statement_timeout: timedelta = STATEMENT_TIMEOUT,
    lock_timeout: timedelta | None = None,
) -> str:
    """Add what every session of the product has: said while connecting, it costs no round trip."""
    given = conninfo_to_dict(conninfo)
    milliseconds = int(statement_timeout / timedelta(milliseconds=1))
    settings = {
        "search_path": '"' + schema.replace('"', '""') + '"',
        "TimeZone": "UTC",
        "statement_timeout": str(milliseconds),
        "idle_in_transaction_session_timeout": str(2 * milliseconds),
    }
    ours = [f"-c {name}={_escaped(setting)}" for name, setting in settings.items()]
    theirs = [str(given["options"])] if given.get("options") else []
    if lock_timeout is not None:  # the first, so that the caller's own counts
        theirs.insert(0, f"-c lock_timeout={int(lock_timeout / timedelta(milliseconds=1))}")
    return make_conninfo(
        conninfo,
        options=" ".join([*theirs, *ours]),
        application_name=application_name,
        connect_timeout=given.get("connect_timeout", CONNECT_TIMEOUT),
        tcp_user_timeout=given.get("tcp_user_timeout", UNACKNOWLEDGED_SECONDS * 1_000),
    )


def configure(connection: Connection[TupleRow]) -> None:
    """Read and write JSON with orjson: decoding is a large part of reading a history back."""
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)


def refuse_closed(connection: Connection[TupleRow]) -> None:
    """Refuse a pooled connection whose server has gone, without asking the server.

    A server that ends a connection says so on its socket, where it waits to be read. The look
    costs microseconds, the pool's own check a round trip.

    Raises:
        OperationalError: the connection has ended; the pool replaces it.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    # Until nothing is left to read: the last words come before the end itself. A live connection
    # may have a notification to read, which is kept.
    while waiting.poll(0):
        connection.pgconn.consume_input()
        if connection.pgconn.status != ConnStatus.OK:
            raise OperationalError("the server has ended this connection")


def _escaped(setting: str) -> str:
    # The server splits `options` at spaces; a backslash keeps a character as it is.
    return setting.replace("\\", "\\\\").replace(" ", "\\ ")
