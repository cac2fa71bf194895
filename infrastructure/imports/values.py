"""What the text of a field means. Repeated texts are read once: files repeat most of them.

Each reader below is a dictionary from text to value that fills itself, bounded, so that a row
costs look-ups in C and not calls. A text that has no meaning raises `BadValue` and is not kept.
"""

import re
import unicodedata
from abc import abstractmethod
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, Generic, TypeVar

V = TypeVar("V")

_MAX_KEPT: Final = 8_192
_MAX_KEPT_LENGTH: Final = 200
"""Narratives are not repeated often enough to be worth their memory."""

_BLANKS: Final = frozenset({"", "n/a", "na", "none", "nan", "null"})
_LONGEST_BLANK: Final = max(map(len, _BLANKS))

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_NEW_LINE: Final = re.compile(r"\r\n?")
_CONTROL: Final = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f]")

_TIME: Final = (
    r"[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
    r"(?:Z| ?UTC|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?"
)
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})([-/])(\d\d)\2(\d\d)(?:{_TIME})?", re.ASCII)
_MONTH_FIRST: Final = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}|\d\d)", re.ASCII)

_CENTURY: Final = 2000
_FIRST_YEAR: Final = 1900
"""Earlier years are the zero dates of some software, not days on which anybody complained."""

ANSWERS: Final = MappingProxyType({"yes": True, "true": True, "no": False, "false": False})


class BadValue(ValueError):
    """The text means nothing in its column; the message is the reason to give."""

    def __init__(self, column: str, *, problem: str) -> None:
        super().__init__(f"{column} {problem}")


class Values(dict[str, V], Generic[V]):
    """A column's values by their text."""

    def __init__(self, column: str, *, required: bool = False) -> None:
        super().__init__()
        self.column = column
        self.required = required

    def __missing__(self, raw: str) -> V:
        text = clean(raw, column=self.column)
        if text is None and self.required:
            raise BadValue(self.column, problem="is missing")
        value = self.meaning(text)
        if len(raw) <= _MAX_KEPT_LENGTH:
            if len(self) >= _MAX_KEPT:
                self.clear()
            self[raw] = value
        return value

    @abstractmethod
    def meaning(self, text: str | None) -> V:
        """Give the value of a text that is clean, or nothing where there is none."""
        raise NotImplementedError

    def refuse(self, text: str, *, problem: str) -> BadValue:
        """Say that the text is not what the column holds."""
        shown = text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - fits a line
        return BadValue(self.column, problem=f"{problem}: {shown!r}")


class Texts(Values[str | None]):
    """Texts as they were written; see `clean`."""

    def meaning(self, text: str | None) -> str | None:
        """Give the text itself."""
        return text


class Dates(Values[date | None]):
    """Days: `2014-07-09`, `2014/07/09`, `7/9/2014` and `07/09/14` (month first), or ISO timestamps.

    Of a timestamp the day counts as it is written, and a time zone is not applied: the sources
    state days and dress them up as midnight or noon, so a conversion could only move the day.
    Two digits of a year are of this century. A day after `today` is refused.
    """

    def __init__(self, column: str, *, today: date | None, required: bool = False) -> None:
        super().__init__(column, required=required)
        self._today = today

    def meaning(self, text: str | None) -> date | None:
        """Give the day."""
        if text is None:
            return None
        day = self._day(text)
        if day.year < _FIRST_YEAR:
            raise self.refuse(text, problem=f"lies before {_FIRST_YEAR}")
        if self._today is not None and day > self._today:
            raise self.refuse(text, problem=f"lies after {self._today}")
        return day

    def _day(self, text: str) -> date:
        if match := _YEAR_FIRST.fullmatch(text):
            year, month, day = int(match[1]), int(match[3]), int(match[4])
        elif match := _MONTH_FIRST.fullmatch(text):
            month, day, year = int(match[1]), int(match[2]), int(match[3])
            year += _CENTURY if len(match[3]) == len("yy") else 0
        else:
            raise self.refuse(text, problem="is not a date in a known form")
        try:
            return date(year, month, day)
        except ValueError as error:
            raise self.refuse(text, problem="is not a day of any calendar") from error


class Choices(Values[V]):
    """One of a few known texts, in any case."""

    def __init__(
        self,
        column: str,
        *,
        choices: Mapping[str, V],
        blank: V,
        required: bool = False,
    ) -> None:
        super().__init__(column, required=required)
        self._choices = choices
        self._blank = blank

    def meaning(self, text: str | None) -> V:
        """Give the choice, or the value for an empty field."""
        if text is None:
            return self._blank
        try:
            return self._choices[" ".join(text.casefold().split())]
        except KeyError:
            raise self.refuse(text, problem="has an unknown value") from None


def clean(raw: str, *, column: str) -> str | None:
    r"""Give the text in Unicode's composed form, or nothing where the field says that it is empty.

    Line ends become `\n`. Other control characters are shown as U+FFFD: what they meant is lost,
    and the loss stays visible, while the complaint around them is kept.

    Raises:
        BadValue: the field holds NUL, or bytes that are not UTF-8.
    """
    if "\0" in raw:
        raise BadValue(column, problem="holds a NUL character")
    text = raw
    if not text.isascii():
        if _SURROGATE.search(text):
            raise BadValue(column, problem="holds bytes that are not UTF-8")
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = _CONTROL.sub("\ufffd", _NEW_LINE.sub("\n", text))
    text = text.strip()
    if len(text) <= _LONGEST_BLANK and text.casefold() in _BLANKS:
        return None
    return text
