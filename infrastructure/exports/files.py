"""Tables as files; see the port `application.exports`."""

from collections.abc import Callable, Iterator
from tempfile import TemporaryFile
from typing import IO, Final

from application.exports import FileFormat, FormatUnavailable, Sheet
from infrastructure.exports.csv_files import FRENCH, RFC_4180, write_csv
from infrastructure.exports.xlsx_files import write_xlsx

PIECE: Final = 64 * 1024

Write = Callable[[Sheet, IO[bytes]], None]


class FileExports:
    """Writes tables as files."""

    def write(self, sheet: Sheet, *, file_format: FileFormat) -> Iterator[bytes]:
        """The file, piece by piece, in memory that does not grow with it."""
        match file_format:
            case FileFormat.CSV:
                return write_csv(sheet, dialect=RFC_4180)
            case FileFormat.CSV_FR:
                return write_csv(sheet, dialect=FRENCH)
            case FileFormat.XLSX:
                return _pieces(sheet, lambda told, into: write_xlsx(told, into=into))
            case FileFormat.PARQUET:
                return _pieces(sheet, _parquet_writer())


def _parquet_writer() -> Write:
    try:
        from infrastructure.exports.parquet_files import write_parquet  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise FormatUnavailable(FileFormat.PARQUET, extra="parquet") from error
    return lambda sheet, into: write_parquet(sheet, into=into)


def _pieces(sheet: Sheet, write: Write) -> Iterator[bytes]:
    # A zip's directory comes last, so that the file must be whole before it leaves.
    with TemporaryFile() as file:
        write(sheet, file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
