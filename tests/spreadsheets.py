"""What stands in the XLSX files that the tests have written."""

from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Final

openpyxl: Final[Any] = import_module("openpyxl")  # Any: it ships no types


def book_of(content: bytes) -> Any:  # noqa: ANN401 - the same
    """The workbook."""
    return openpyxl.load_workbook(BytesIO(content))


def rows_of(content: bytes) -> list[tuple[Any, ...]]:  # Any: cells of any kind
    """The rows of the first worksheet, titles first."""
    return list(book_of(content).worksheets[0].iter_rows(values_only=True))


def rows_in(path: Path) -> list[tuple[Any, ...]]:  # Any: cells of any kind
    """The rows of a file's first worksheet, titles first."""
    return rows_of(path.read_bytes())
