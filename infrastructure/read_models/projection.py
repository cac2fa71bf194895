"""What a projection is, and how it reads and writes its rows.

Rows travel as one JSON text a page and table: one round trip, whatever their number.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, LiteralString, cast

import orjson
from psycopg import Cursor, sql
from psycopg.rows import DictRow
from psycopg.types.range import Range

from application.recorded import RecordedEvent

Row = dict[str, Any]  # Any: columns of every type the database knows
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a read model and its primary key."""

    name: LiteralString
    key: tuple[LiteralString, ...]
    columns: tuple[LiteralString, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """A read model: its tables, and how a page of events changes them.

    `project` is a function of its own rows, the events and their positions: no clock, no random,
    no other read model.
    """

    name: str
    tables: tuple[Table, ...]
    project: Callable[[Cursor[DictRow], Sequence[RecordedEvent]], None]


def insert(cursor: Cursor[DictRow], table: Table, rows: Sequence[Row]) -> None:
    """Add rows."""
    if rows:
        cursor.execute(_insert(table), [_dump(rows)])


def upsert(cursor: Cursor[DictRow], table: Table, rows: Sequence[Row]) -> None:
    """Add rows, or replace those of the same key."""
    if not rows:
        return
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    others = [column for column in table.columns if column not in table.key]
    changes = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column)) for column in others
    )
    statement = sql.SQL("{} ON CONFLICT ({}) DO UPDATE SET {}").format(_insert(table), key, changes)
    cursor.execute(statement, [_dump(rows)])


def delete(cursor: Cursor[DictRow], table: Table, rows: Sequence[Row]) -> None:
    """Take the rows of these keys away, where they are there."""
    if rows:
        same = sql.SQL(" AND ").join(
            sql.SQL("kept.{0} = gone.{0}").format(sql.Identifier(column)) for column in table.key
        )
        statement = sql.SQL(
            "DELETE FROM {0} AS kept USING json_populate_recordset(NULL::{0}, %s) AS gone WHERE {1}"
        ).format(sql.Identifier(table.name), same)
        cursor.execute(statement, [_dump(rows)])


class KeyedRows:
    """The rows of one table that a page of events is about: read once, written once."""

    def __init__(self, cursor: Cursor[DictRow], table: Table, keys: Iterable[object]) -> None:
        self._cursor = cursor
        self._table = table
        self._rows: defaultdict[object, dict[_Key, Row]] = defaultdict(dict)
        """By the first column of their key, then by the whole of it."""
        self._changed: dict[_Key, Row] = {}
        self._removed: dict[_Key, Row] = {}
        wanted = list(dict.fromkeys(keys))
        query = sql.SQL("SELECT * FROM {} WHERE {} = ANY(%s)").format(
            sql.Identifier(table.name), sql.Identifier(table.key[0])
        )
        for row in cursor.execute(query, [wanted]).fetchall() if wanted else []:
            key = self._key(row)
            self._rows[key[0]][key] = row

    def get(self, *key: object) -> Row | None:
        """The row as it is after the events so far."""
        return self._rows[key[0]].get(key)

    def __getitem__(self, key: object) -> Row:
        """The row of a one-column key, which must be there."""
        return self._rows[key][key,]

    def all_of(self, first: object) -> list[Row]:
        """The rows whose key begins with this value."""
        return list(self._rows[first].values())

    def put(self, row: Row) -> None:
        """Add the row, or replace the one of the same key."""
        key = self._key(row)
        self._rows[key[0]][key] = self._changed[key] = row
        self._removed.pop(key, None)

    def remove(self, row: Row) -> None:
        """Take the row of this key away."""
        key = self._key(row)
        self._removed[key] = self._rows[key[0]].pop(key)
        self._changed.pop(key, None)

    def save(self) -> None:
        """Write what changed."""
        delete(self._cursor, self._table, list(self._removed.values()))
        upsert(self._cursor, self._table, list(self._changed.values()))

    def _key(self, row: Mapping[str, Any]) -> _Key:
        return tuple(row[column] for column in self._table.key)


def kind_of(recorded: RecordedEvent) -> str:
    """Which kind of case an event belongs to: the first word of its stored name."""
    return recorded.event.type.partition(".")[0]


def _insert(table: Table) -> sql.Composed:
    return sql.SQL("INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, %s)").format(
        sql.Identifier(table.name)
    )


def _dump(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows, default=_dump_other, option=_OPTIONS).decode()


def _dump_other(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Range):
        return _dump_span(cast("Range[datetime]", value))
    raise TypeError(f"a column cannot hold {type(value).__name__}")


def _dump_span(span: Range[datetime]) -> str:
    lower, upper = ("" if at is None else at.isoformat() for at in (span.lower, span.upper))
    return f"[{lower},{upper})"


_OPTIONS: Final = orjson.OPT_UTC_Z
