"""Tables of text in files: opened, delimited and cut into records, whatever their origin.

InputError
├── UnreadableFile   the bytes are not a table of text, or end too early
└── UnknownHeader    the columns are not those of any known dialect (see columns.py)
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Final, TextIO

from infrastructure.imports.rejects import RejectedRow

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_RECORD: Final = 1_048_576
"""Characters in one record. A longer one is no row of a table and would fill the memory; the
longest narratives have some 32 000."""

Record = tuple[int, list[str]]
"""The physical line on which the record begins, and its fields. A bare tuple: one per row."""

_DELIMITERS: Final = (",", ";", "\t")

_STATED_DELIMITER: Final = re.compile(r"sep=([,;\t])\s*")
"""A first line with which spreadsheets state the delimiter; it is no header."""

_FOREIGN: Final = {
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
    b"PK\x03\x04": "is a ZIP archive or a workbook; extract it, or save it as CSV",
    b"%PDF": "is a PDF document; export it as CSV",
    b"PAR1": "is a Parquet file; export it as CSV",
}


class InputError(Exception):
    """A file cannot be imported at all."""


class UnreadableFile(InputError):
    """The bytes are not a table of text, or end too early."""

    def __init__(self, path: Path, *, reason: str) -> None:
        super().__init__(f"{path.name} {reason}")
        self.path = path
        self.reason = reason


class Table:
    """A file of records below one header. Made by `open_table`; read once, in constant memory."""

    def __init__(self, path: Path, *, source: "_CountedFile", text: TextIO) -> None:
        self.path = path
        self._source = source
        self._lines = _Lines(path, text=text)
        try:
            self.delimiter, self.header = self._read_header()
        except (csv.Error, _Overlong) as error:
            raise UnreadableFile(path, reason=f"has no readable header: {error}") from error

    @property
    def size(self) -> int | None:
        """Bytes of the file as stored, or nothing where it has no size, like a pipe."""
        return self._source.size

    @property
    def bytes_read(self) -> int:
        """How many of those bytes have been read; read ahead of the records by a buffer."""
        return self._source.count

    def records(self) -> Iterator[Record | RejectedRow]:
        """Give every record, or say why it is none. Blank lines are no records.

        Reading resumes on the next physical line after a quoting error, so that one stray
        quotation mark costs one line and not the rest of the file.

        Raises:
            UnreadableFile: the file ends in the middle of its compressed stream.
        """
        lines, width = self._lines, len(self.header)
        # Strict: text after a closing quotation mark is an error where the lenient reader guesses.
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            lines.taken.clear()
            try:
                fields = next(reader)
            except StopIteration:
                return
            except (csv.Error, _Overlong) as error:
                yield lines.reject(str(error))
                continue
            if len(fields) == width:
                yield lines.first, fields
            elif fields:
                reason = f"has {len(fields)} fields where the header has {width}"
                yield RejectedRow(lines.first, reason, tuple(fields))

    def _read_header(self) -> tuple[str, tuple[str, ...]]:
        stated: str | None = None
        for line in self._lines:
            if match := _STATED_DELIMITER.fullmatch(line):
                stated = match[1]
            elif line.strip():
                return self._split_header(line, stated=stated)
        raise UnreadableFile(self.path, reason="is empty: it has no header")

    def _split_header(self, line: str, *, stated: str | None) -> tuple[str, tuple[str, ...]]:
        if "\0" in line:
            raise UnreadableFile(self.path, reason="is no text: NUL bytes in its first line")

        def columns(delimiter: str) -> int:
            # Lenient: a header quoted for one delimiter is misquoted for the others.
            return len(next(csv.reader([line], delimiter=delimiter)))

        delimiter = stated or max(_DELIMITERS, key=columns)
        return delimiter, tuple(next(csv.reader([line], delimiter=delimiter, strict=True)))


@contextmanager
def open_table(path: Path) -> Generator[Table]:
    """Open a CSV file, compressed by gzip or not, whichever its content says.

    UTF-8, with or without a byte order mark. Bytes that are not UTF-8 arrive in the fields as lone
    surrogates, so that they cost their row and not the import.

    Raises:
        OSError: there is no such file, or it may not be read.
        UnreadableFile: it is empty, or not a table of text.
    """
    with _CountedFile(path) as source, io.BufferedReader(source, 1 << 16) as buffered:
        start = buffered.peek(4)
        for magic, reason in _FOREIGN.items():
            if start.startswith(magic):
                raise UnreadableFile(path, reason=reason)
        content: io.BufferedReader[_CountedFile] | gzip.GzipFile = buffered
        if start.startswith(b"\x1f\x8b"):
            content = gzip.GzipFile(fileobj=buffered)
        with io.TextIOWrapper(
            content,
            encoding="utf-8-sig",
            errors="surrogateescape",
            newline="",
        ) as text:
            yield Table(path, source=source, text=text)


class _CountedFile(io.RawIOBase):
    """A file that knows how much of it has been read, even where it cannot tell its position."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.count = 0
        self._file = path.open("rb", buffering=0)
        state = path.stat()
        self.size = state.st_size if S_ISREG(state.st_mode) else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        got = self._file.readinto(buffer)
        self.count += got or 0
        return got

    def close(self) -> None:
        self._file.close()
        super().close()


class _Overlong(Exception):
    """A line or a record is longer than any table has."""


class _Lines:
    """Physical lines, kept until their record is complete and given again after a quoting error."""

    def __init__(self, path: Path, *, text: TextIO) -> None:
        self._path = path
        self._text = text
        self._again: list[str] = []
        self._given_again = 0
        self._number = 0
        self._length = 0
        self.taken: list[str] = []
        """The lines of the current record; the reader empties it between records."""

    @property
    def first(self) -> int:
        """The number of the current record's first line."""
        return self._number - len(self.taken) + 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._read()
        self._number += 1
        self._length = self._length + len(line) if self.taken else len(line)
        self.taken.append(line)
        if self._length >= MAX_RECORD:
            raise _Overlong(f"it has more than {MAX_RECORD} characters")
        return line

    def reject(self, reason: str) -> RejectedRow:
        """Reject the current record's first line, and give the others again as fresh lines.

        Where quotation marks are so badly broken that lines would be read over and over, the
        whole record is rejected: reading stays linear in the size of the file.
        """
        first, lines = self.first, tuple(self.taken)
        if self._given_again + len(lines) <= 10_000 + 10 * self._number:
            self._again.extend(reversed(lines[1:]))
            self._given_again += len(lines) - 1
            self._number = first
            lines = lines[:1]
        return RejectedRow(first, f"is no CSV record: {reason}", lines)

    def _read(self) -> str:
        try:
            line = rest = self._text.readline(MAX_RECORD)
            while len(rest) == MAX_RECORD and not rest.endswith(("\n", "\r")):
                rest = self._text.readline(MAX_RECORD)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            reason = f"is damaged after line {self._number}: {error}"
            raise UnreadableFile(self._path, reason=reason) from error
        if not line:
            raise StopIteration
        return line
