"""Rows that could not be taken in, and the file that tells why."""

import csv
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

COLUMNS: Final = ("line", "reason", "record")

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula when it opens a CSV file."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A record that is left out of the import, with the reason."""

    line: int
    """The physical line in the file on which the record begins; the header is on line 1."""
    reason: str
    record: tuple[str, ...]
    """The fields as they stand in the file; the bare lines where no fields could be told apart."""


class RejectFile:
    """A CSV file of rejected rows that appears, whole, when the import has ended well.

    With no rejected row there is no file, and one that an earlier run left at the path is removed.
    After an error nothing changes: whoever resumes reads every row again and meets the same
    rejects. The file is readable for its owner only, because records hold personal text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._draft: TextIO | None = None
        self._draft_path = path

    def __enter__(self) -> Self:
        return self

    def add(self, row: RejectedRow) -> None:
        """Take down one rejected row."""
        if self._draft is None:
            self._draft = self._begin()
        record = json.dumps(row.record, ensure_ascii=not _encodable(row.record))
        csv.writer(self._draft).writerow((row.line, _neutral(row.reason), _neutral(record)))
        self.count += 1

    def __exit__(
        self,
        error: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            self._finish(draft, keep=error is None)
        elif error is None:
            self.path.unlink(missing_ok=True)

    def _begin(self) -> TextIO:
        descriptor, name = tempfile.mkstemp(
            prefix=f".{self.path.name}.",
            suffix=".part",
            dir=self.path.parent,
        )
        self._draft_path = Path(name)
        draft = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        csv.writer(draft).writerow(COLUMNS)
        return draft

    def _finish(self, draft: TextIO, *, keep: bool) -> None:
        try:
            with draft:
                draft.flush()
                os.fsync(draft.fileno())
            if keep:
                self._draft_path.replace(self.path)
        finally:
            # Once renamed it is gone; in every other case it must go.
            self._draft_path.unlink(missing_ok=True)


def _encodable(fields: tuple[str, ...]) -> bool:
    """Whether UTF-8 can hold the fields: bytes that were not UTF-8 are lone surrogates here."""
    try:
        "".join(fields).encode()
    except UnicodeEncodeError:
        return False
    return True


def _neutral(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
