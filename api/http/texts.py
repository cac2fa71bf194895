r"""The one type of text that crosses the border.

Text is kept in Unicode's normalisation form C, and otherwise as it was written: nothing is
trimmed, nothing is replaced. Refused is what a database cannot keep (NUL), what a screen obeys
instead of showing (the other control characters; in one line also line separators and the marks
that turn the direction of writing), and what no writing needs: more than thirty combining marks
in a row (the limit of Unicode's stream-safe text format, UAX #15).
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import groupby
from typing import Final, NamedTuple

MOST_MARKS: Final = 30
"""Combining marks in a row. Putting more of them into their order takes time squared."""


class Shape(NamedTuple):
    """Which characters a text may hold."""

    never: str
    """Characters that it may not hold."""
    blank: str
    """Characters that it may hold, but not them alone."""

    @property
    def pattern(self) -> str:
        """The shape as a regular expression, the same to Python and to JSON Schema.

        Its parts have no character in common, so that it never goes back to try again.
        """
        return rf"^[{self.blank}]*[^\s{self.never}][^{self.never}]*$"


_BLANK: Final = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"

ONE_LINE: Final = Shape(
    never=r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069",
    blank=_BLANK,
)
SOME_LINES: Final = Shape(
    never=r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f",
    blank=rf"\t\n\r\u2028\u2029{_BLANK}",
)


def reads(shape: Shape, *, most: int) -> Callable[[str], str]:
    """Make a reader of texts of a shape, which have at most so many characters."""
    whole = re.compile(shape.pattern[1:-1])

    def read(written: str) -> str:
        text = written if written.isascii() else _normalised(written)
        if len(text) > most:
            raise ValueError(f"write at most {most} characters, in normalisation form C")
        if whole.fullmatch(text) is None:
            raise ValueError("write something visible, and no control characters")
        return text

    return read


def _normalised(written: str) -> str:
    for are_marks, row in groupby(map(unicodedata.combining, written), key=bool):
        if are_marks and sum(1 for _ in row) > MOST_MARKS:
            raise ValueError(f"write at most {MOST_MARKS} combining marks in a row")
    return unicodedata.normalize("NFC", written)
