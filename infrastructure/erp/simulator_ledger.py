"""What the simulated ERP knows, kept in one SQLite file so that it outlives the process.

Two tables: every message that ever arrived, and every block once. A block's row says how it
stands; the messages say how often it was asked for and how often that had an effect, so that a
block set twice would show even though its row is unique.
"""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, LiteralString
from uuid import UUID

from application.erp import ErpBlockState, ErpReply
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.wire import RELEASE, REQUEST, BlockRequest

_SET: Final = "set"
_LIFTED: Final = "lifted"

_TABLES: Final[LiteralString] = """
CREATE TABLE IF NOT EXISTS message
     ( number      INTEGER PRIMARY KEY AUTOINCREMENT
     , block_id    TEXT NOT NULL
     , operation   TEXT NOT NULL
     , message_id  TEXT NOT NULL
     , digest      TEXT NOT NULL
     , received_at TEXT NOT NULL
     , effect      TEXT -- set | lifted | NULL: it changed nothing
     ) STRICT;
CREATE INDEX IF NOT EXISTS message_by_block ON message (block_id);
CREATE INDEX IF NOT EXISTS message_by_id ON message (message_id);
CREATE TABLE IF NOT EXISTS block
     ( number      INTEGER PRIMARY KEY AUTOINCREMENT
     , block_id    TEXT NOT NULL UNIQUE
     , content     TEXT -- NULL: released before any request for it arrived
     , state       TEXT NOT NULL
     , reason      TEXT
     , decided_at  TEXT
     , verdict     TEXT -- what a pending block becomes
     , verdict_reason TEXT
     , deciding    TEXT -- request | release: what the pending verdict is about
     , looks_left  INTEGER NOT NULL
     ) STRICT;
"""
_ADD_MESSAGE: Final[LiteralString] = """
INSERT INTO message (block_id, operation, message_id, digest, received_at) VALUES (?, ?, ?, ?, ?)
"""
_COUNT_MESSAGES: Final[LiteralString] = "SELECT count(*) AS n FROM message WHERE block_id = ?"
_SAME_ID: Final[LiteralString] = "SELECT digest FROM message WHERE message_id = ? LIMIT 1"
_NOTE_EFFECT: Final[LiteralString] = "UPDATE message SET effect = ? WHERE number = ?"
_READ_BLOCK: Final[LiteralString] = "SELECT * FROM block WHERE block_id = ?"
_COUNT_SET: Final[LiteralString] = "SELECT count(*) AS n FROM message WHERE effect = 'set'"
_ADD_BLOCK: Final[LiteralString] = """
INSERT INTO block (block_id, content, state, verdict, verdict_reason, deciding, looks_left)
VALUES (?, ?, 'pending', ?, ?, ?, ?)
"""
_SEND_TO_DECISION: Final[LiteralString] = """
UPDATE block
   SET state = 'pending', reason = NULL, decided_at = NULL
     , verdict = ?, verdict_reason = ?, deciding = 'release', looks_left = ?
 WHERE block_id = ?
"""
_DECIDE: Final[LiteralString] = """
UPDATE block
   SET state = verdict, reason = verdict_reason, decided_at = ?
     , verdict = NULL, verdict_reason = NULL, deciding = NULL
 WHERE block_id = ?
"""
_LOOKED: Final[LiteralString] = "UPDATE block SET looks_left = looks_left - 1 WHERE block_id = ?"
_FORGET: Final[LiteralString] = "DELETE FROM block WHERE block_id = ?"
_ALL_BLOCKS: Final[LiteralString] = """
  SELECT b.block_id, b.content, b.state, b.reason
       , count(*) FILTER (WHERE m.operation = 'request') AS requested
       , count(*) FILTER (WHERE m.effect = 'set') AS effected
       , count(*) FILTER (WHERE m.operation = 'release') AS release_requested
       , count(*) FILTER (WHERE m.effect = 'lifted') AS release_effected
       , count(*) FILTER (WHERE m.operation = 'look-up') AS looked_up
    FROM block AS b
    JOIN message AS m USING (block_id)
GROUP BY b.number
ORDER BY b.number
"""
# Two standing blocks of one holder on one line and scope: the same block under two ids.
_STANDING_TWICE: Final[LiteralString] = """
  SELECT group_concat(block_id, ' ') AS block_ids
    FROM block
   WHERE state IN ('pending', 'confirmed') AND content IS NOT NULL
GROUP BY content ->> 'holder', content ->> 'document', content ->> 'scope'
  HAVING count(*) > 1
ORDER BY min(number)
"""


class BlockDiffers(Exception):
    """The id was given before to a block with other content."""


class MessageIdReused(Exception):
    """The message id was given before to another message."""


class BlockUnknown(Exception):
    """No message ever told of this block."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One block, and how often it was asked for."""

    block_id: UUID
    order: BlockRequest | None
    state: ErpBlockState
    reason: str | None
    requested: int
    effected: int
    release_requested: int
    release_effected: int
    looked_up: int


class Ledger:
    """The simulated ERP's books. Not for several threads: the simulator handles in one loop."""

    def __init__(
        self,
        state_file: Path | None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Open the file, or keep everything in memory when there is none."""
        self._now = now
        self._connection = sqlite3.connect(
            ":memory:" if state_file is None else state_file,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {_TABLES}"
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def receive(
        self, block_id: UUID, *, operation: str, message_id: str, digest: str
    ) -> tuple[int, int]:
        """Count a message in; return its number and the how manieth about this block it is.

        Raises:
            MessageIdReused: another message had this id; this one is not counted.
        """
        with self._transaction() as sql:
            known = sql.execute(_SAME_ID, (message_id,)).fetchone()
            if known is not None and known["digest"] != digest:
                raise MessageIdReused
            moment = self._now().isoformat()
            cursor = sql.execute(
                _ADD_MESSAGE, (str(block_id), operation, message_id, digest, moment)
            )
            number = cursor.lastrowid
            if number is None:
                raise sqlite3.DatabaseError("the message got no number")
            return number, int(sql.execute(_COUNT_MESSAGES, (str(block_id),)).fetchone()["n"])

    def request(
        self, block_id: UUID, *, order: BlockRequest, number: int, faults: Faults
    ) -> ErpReply:
        """Set a block once; a repeated request is answered with how it stands.

        Raises:
            BlockDiffers: the id was given before to a block with other content.
        """
        with self._transaction() as sql:
            row = self._row(block_id)
            if row is None:
                ordinal = int(sql.execute(_COUNT_SET).fetchone()["n"]) + 1
                reason = faults.rejection(order, block_id=block_id, ordinal=ordinal)
                verdict = ErpBlockState.REJECTED if reason else ErpBlockState.CONFIRMED
                looks = faults.pending_looks
                sql.execute(
                    _ADD_BLOCK, (str(block_id), order.content(), verdict, reason, REQUEST, looks)
                )
                sql.execute(_NOTE_EFFECT, (_SET, number))
                self._decide_when_due(block_id)
            elif row["content"] is not None and row["content"] != order.content():
                raise BlockDiffers
            return self._reply(block_id)

    def release(self, block_id: UUID, *, number: int, faults: Faults) -> ErpReply:
        """Lift a block once; an unknown id is remembered, so that a late request sets nothing."""
        with self._transaction() as sql:
            row = self._row(block_id)
            if row is None:
                reason = "released before any request for it arrived"
                released = ErpBlockState.RELEASED
                sql.execute(_ADD_BLOCK, (str(block_id), None, released, reason, RELEASE, 0))
                self._decide_when_due(block_id)
            elif _can_be_lifted(row):
                denial = faults.denial(block_id)
                verdict = ErpBlockState.CONFIRMED if denial else ErpBlockState.RELEASED
                sql.execute(
                    _SEND_TO_DECISION, (verdict, denial, faults.pending_looks, str(block_id))
                )
                if denial is None:
                    sql.execute(_NOTE_EFFECT, (_LIFTED, number))
                self._decide_when_due(block_id)
            return self._reply(block_id)

    def look_up(self, block_id: UUID) -> ErpReply | None:
        """Return how a block stands; looking often enough brings a pending one to its decision."""
        with self._transaction() as sql:
            row = self._row(block_id)
            if row is None:
                return None
            if row["state"] == ErpBlockState.PENDING:
                if row["looks_left"] == 0:
                    self._decide(block_id)
                else:
                    sql.execute(_LOOKED, (str(block_id),))
            return self._reply(block_id)

    def drop(self, block_id: UUID, *, forget: bool) -> None:
        """Remove a block as by hand; forget it wholly, as after a restored backup, if asked.

        Raises:
            BlockUnknown: there is no such block.
        """
        with self._transaction() as sql:
            if self._row(block_id) is None:
                raise BlockUnknown
            if forget:
                sql.execute(_FORGET, (str(block_id),))
            else:
                reason = "removed by hand in the ERP"
                sql.execute(_SEND_TO_DECISION, (ErpBlockState.RELEASED, reason, 0, str(block_id)))
                self._decide(block_id)

    def entries(self) -> list[LedgerEntry]:
        """List every block in the order of arrival."""
        return [_entry(row) for row in self._connection.execute(_ALL_BLOCKS)]

    def standing_twice(self) -> list[list[UUID]]:
        """List the blocks that one holder holds twice on the same line and scope."""
        rows = self._connection.execute(_STANDING_TWICE)
        return [[UUID(text) for text in row["block_ids"].split(" ")] for row in rows]

    def message_count(self) -> int:
        """Count all messages that were ever received."""
        return int(self._connection.execute("SELECT count(*) AS n FROM message").fetchone()["n"])

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _row(self, block_id: UUID) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(_READ_BLOCK, (str(block_id),)).fetchone()
        return row

    def _decide_when_due(self, block_id: UUID) -> None:
        row = self._row(block_id)
        if row is not None and row["looks_left"] == 0:
            self._decide(block_id)

    def _decide(self, block_id: UUID) -> None:
        self._connection.execute(_DECIDE, (self._now().isoformat(), str(block_id)))

    def _reply(self, block_id: UUID) -> ErpReply:
        row = self._row(block_id)
        if row is None:
            raise BlockUnknown
        decided_at = row["decided_at"]
        return ErpReply(
            state=ErpBlockState(row["state"]),
            reference=f"SIM-{row['number']:08d}",
            reason=row["reason"],
            decided_at=None if decided_at is None else datetime.fromisoformat(decided_at),
        )


def _can_be_lifted(row: sqlite3.Row) -> bool:
    """Tell whether a release changes anything: not when there is no block, or one is on its way."""
    if row["state"] == ErpBlockState.PENDING:
        return bool(row["deciding"] == REQUEST and row["verdict"] == ErpBlockState.CONFIRMED)
    return bool(row["state"] == ErpBlockState.CONFIRMED)


def _entry(row: sqlite3.Row) -> LedgerEntry:
    content = row["content"]
    return LedgerEntry(
        block_id=UUID(row["block_id"]),
        order=None if content is None else BlockRequest.model_validate_json(content),
        state=ErpBlockState(row["state"]),
        reason=row["reason"],
        requested=row["requested"],
        effected=row["effected"],
        release_requested=row["release_requested"],
        release_effected=row["release_effected"],
        looked_up=row["looked_up"],
    )
