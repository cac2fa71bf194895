"""Counting how often each row has been met, in constant memory."""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, LiteralString, Self

_IN_MEMORY: Final = 250_000
"""Digests held at once, some 30 MB; the largest file we know has 197 757 distinct rows."""

_CREATE: Final[LiteralString] = (
    "create table met (digest blob primary key, times integer not null) without rowid"
)
_REMEMBER: Final[LiteralString] = "insert or replace into met values (?, ?)"
_RECALL: Final[LiteralString] = "select times from met where digest = ?"


class Occurrences:
    """Tells the first of some identical rows from the second.

    Counts live in memory until there are too many, then move to a temporary file as a whole: a
    file with few distinct rows never pays for the disk, and one with many never fills the memory.
    """

    def __init__(self, *, in_memory: int = _IN_MEMORY) -> None:
        self._limit = in_memory
        self._times: dict[bytes, int] = {}
        self._folder: TemporaryDirectory[str] | None = None
        self._older: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._older is not None:
            self._older.close()
        if self._folder is not None:
            self._folder.cleanup()

    def nth(self, digest: bytes) -> int:
        """Count a row in: 1 when it is the first with this digest, 2 for the second, and so on."""
        times = self._times.get(digest)
        if times is None:
            times = 0 if self._older is None else self._recall(self._older, digest)
            if len(self._times) >= self._limit:
                self._move_to_disk()
        self._times[digest] = times + 1
        return times + 1

    def _recall(self, older: sqlite3.Connection, digest: bytes) -> int:
        row: tuple[int] | None = older.execute(_RECALL, (digest,)).fetchone()
        return 0 if row is None else row[0]

    def _move_to_disk(self) -> None:
        if self._older is None:
            self._older = self._open()
        with self._older:
            # In the order of the key, or every insert lands on another page of the file.
            self._older.executemany(_REMEMBER, sorted(self._times.items()))
        self._times.clear()

    def _open(self) -> sqlite3.Connection:
        self._folder = TemporaryDirectory(prefix="recours-")
        older = sqlite3.connect(Path(self._folder.name) / "occurrences")
        # Scratch: a crash makes the import start over, so nothing here needs to survive one.
        older.execute("pragma journal_mode = off")
        older.execute("pragma synchronous = off")
        older.execute(_CREATE)
        return older
