"""Which column of a file holds which value, however its header is spelled and ordered."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Final

from infrastructure.imports.files import InputError, Table

_NOT_IN_NAMES: Final = re.compile(r"[\W_]+")


class UnknownHeader(InputError):
    """The columns are not those of any known dialect."""

    def __init__(self, path: Path, *, problem: str, known: Mapping[str, Sequence[str]]) -> None:
        dialects = "".join(f"\n  {name}: {', '.join(columns)}" for name, columns in known.items())
        super().__init__(f"{path.name} is not recognised: {problem}. Known headers are:{dialects}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A value that a row may have."""

    name: str
    """The official name in a header."""
    aliases: tuple[str, ...] = ()
    """Names that other exports use; case, spaces and punctuation never matter."""
    required: bool = False

    def names(self) -> Iterator[str]:
        """Every way to write the name, reduced to letters and digits."""
        yield _plain(self.name)
        yield from map(_plain, self.aliases)


def pick_columns(
    table: Table,
    *,
    columns: Sequence[Column],
    known: Mapping[str, Sequence[str]],
) -> Callable[[list[str]], tuple[str, ...]]:
    """Give a function that takes the columns' values, in their order, out of a record.

    A column that the file lacks gives an empty text. Columns that nobody asked for, like the
    row numbers that some tools put first, are left aside.

    Raises:
        UnknownHeader: a required column is missing, or two columns claim to be the same one.
    """
    wanted = {name: column for column in columns for name in column.names()}
    found: dict[str, int] = {}
    for position, title in enumerate(table.header):
        column = wanted.get(_plain(title))
        if column is None:
            continue
        if column.name in found:
            problem = f"two columns are {column.name}"
            raise UnknownHeader(table.path, problem=problem, known=known)
        found[column.name] = position
    missing = [column.name for column in columns if column.required and column.name not in found]
    if missing:
        problem = f"no column for {', '.join(missing)}"
        raise UnknownHeader(table.path, problem=problem, known=known)
    absent = len(table.header)
    positions = [found.get(column.name, absent) for column in columns]
    take: Callable[[list[str]], tuple[str, ...]] = itemgetter(*positions)

    def pick(fields: list[str]) -> tuple[str, ...]:
        return take([*fields, ""])

    return pick


def _plain(title: str) -> str:
    return _NOT_IN_NAMES.sub("", title.casefold())
