"""Making sure that what was read is on the disk, before it leaves the house.

An append is visible a moment before it is durable. A synchronous commit that begins after the read
flushes the log up to everything that was visible, and waits for the synchronous standby if there
is one. It has to come over **the very connection** of the read: over another one it would succeed
on a server that has crashed in between, started anew, and lost what was read.
"""

from typing import Final

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

STANDBY_WAIT_CANCELLED: Final = "01000"

_FLUSH: Final = "SELECT pg_logical_emit_message(true, 'durable', '')"


class NotDurable(psycopg.OperationalError):
    """A standby did not confirm: what was read may yet be lost."""


def make_durable(connection: Connection[TupleRow]) -> None:
    """Wait until everything that this connection has seen so far is durable.

    Raises:
        NotDurable: the synchronous standby has not confirmed it.
    """
    notices: list[str | None] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        notices.append(diagnostic.sqlstate)

    connection.add_notice_handler(note)
    try:
        connection.execute(_FLUSH)
    finally:
        connection.remove_notice_handler(note)
    if STANDBY_WAIT_CANCELLED in notices:
        raise NotDurable("the synchronous standby has not confirmed the commit")
