"""Complaints as the US Consumer Financial Protection Bureau publishes them.

Three dialects, recognised by their columns and not by their names: the official CSV export, the
outcomes files without an identifier, and the names of the Bureau's search API.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from operator import getitem
from types import MappingProxyType
from typing import Final, Literal, cast

from infrastructure.imports.columns import Column, pick_columns
from infrastructure.imports.files import Table
from infrastructure.imports.occurrences import Occurrences
from infrastructure.imports.rejects import RejectedRow
from infrastructure.imports.values import ANSWERS, BadValue, Choices, Dates, Texts, Values

ChannelCode = Literal["phone", "email", "letter", "portal", "import"]
"""The channels of an envelope that a published complaint can have come through."""


class Response(StrEnum):
    """How the company answered."""

    NONE = "none"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"
    CLOSED_WITH_EXPLANATION = "closed_with_explanation"
    CLOSED_WITH_RELIEF = "closed_with_relief"
    CLOSED_WITH_MONETARY_RELIEF = "closed_with_monetary_relief"
    CLOSED_WITH_NON_MONETARY_RELIEF = "closed_with_non_monetary_relief"
    CLOSED_WITHOUT_RELIEF = "closed_without_relief"
    UNTIMELY_RESPONSE = "untimely_response"


@dataclass(frozen=True, slots=True)
class CfpbRow:
    """One published complaint."""

    line: int
    key: str
    """The same for the same complaint in every file: its identifier or, where the file has none,
    its content and how many rows of the same content came before it in the file."""
    source_id: str | None
    received_on: date
    sent_on: date | None
    sent_before_received: bool
    """Some rows say so. The dates are kept as they are; both cannot be true."""
    product: str | None
    sub_product: str | None
    issue: str | None
    sub_issue: str | None
    narrative: str | None
    public_response: str | None
    company: str | None
    state: str | None
    zip_code: str | None
    tags: str | None
    consent: str | None
    channel: ChannelCode
    submitted_via: str | None
    response: Response
    timely: bool | None
    disputed: bool | None


# fmt: off
_COLUMNS: Final = (
    Column(name="Date received", required=True),
    Column(name="Date sent to company"),
    Column(name="Product"),
    Column(name="Sub-product"),
    Column(name="Issue", required=True),
    Column(name="Sub-issue"),
    Column(name="Consumer complaint narrative", aliases=("complaint_what_happened",)),
    Column(name="Company public response"),
    Column(name="Company"),
    Column(name="State"),
    Column(name="ZIP code"),
    Column(name="Tags"),
    Column(name="Consumer consent provided?"),
    Column(name="Submitted via"),
    Column(name="Company response to consumer", aliases=("company_response",)),
    Column(name="Timely response?", aliases=("timely",)),
    Column(name="Consumer disputed?"),
    Column(name="Complaint ID"),
)

_DIALECTS: Final = MappingProxyType({
    "official export": tuple(column.name for column in _COLUMNS),
    "outcomes": (
        "Date received", "Date sent to company", "Issue", "Submitted via",
        "Consumer consent provided?", "Company response to consumer", "Consumer disputed?",
    ),
    "search API": (
        "date_received", "date_sent_to_company", "product", "sub_product", "issue", "sub_issue",
        "complaint_what_happened", "company_public_response", "company", "state", "zip_code",
        "tags", "consumer_consent_provided", "submitted_via", "company_response", "timely",
        "consumer_disputed", "complaint_id",
    ),
})

_CHANNELS: Final[MappingProxyType[str, ChannelCode]] = MappingProxyType({
    "web":          "portal",
    "phone":        "phone",
    "email":        "email",
    "postal mail":  "letter",
    "fax":          "letter",
    # Another authority sent these on; what the consumer used is not known.
    "referral":     "import",
    "web referral": "import",
})

_RESPONSES: Final = MappingProxyType({
    "in progress":                     Response.IN_PROGRESS,
    "closed":                          Response.CLOSED,
    "closed with explanation":         Response.CLOSED_WITH_EXPLANATION,
    "closed with relief":              Response.CLOSED_WITH_RELIEF,
    "closed with monetary relief":     Response.CLOSED_WITH_MONETARY_RELIEF,
    "closed with non-monetary relief": Response.CLOSED_WITH_NON_MONETARY_RELIEF,
    "closed without relief":           Response.CLOSED_WITHOUT_RELIEF,
    "untimely response":               Response.UNTIMELY_RESPONSE,
})
# fmt: on

_T = str | None
_Texts = tuple[_T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T]
_Outcome = tuple[Response, bool | None, bool | None]
_Cells = tuple[date, date | None, *_Texts, _T, *_Outcome, _T]
"""What the readers of the columns give, in the columns' order."""

_IDENTIFIER: Final = re.compile(r"([0-9A-Za-z][0-9A-Za-z._-]{0,63}?)(?:\.0)?", re.ASCII)
"""Tools that take identifiers for numbers write `930149.0`; it is the same complaint."""


class _Identifiers(Values[str | None]):
    """Identifiers, without the decimals that they never had."""

    def meaning(self, text: str | None) -> str | None:
        if text is None:
            return None
        match = _IDENTIFIER.fullmatch(text)
        if match is None:
            raise self.refuse(text, problem="is no identifier")
        return match[1]


def read_cfpb(table: Table, *, today: date) -> Iterator[CfpbRow | RejectedRow]:
    """Give every row of the file as a complaint, or say why it is none.

    Duplicates are passed on; they have the same key. Days are the days as written (see `Dates`).
    A complaint may be older than the Bureau, but not younger than `today`.

    Raises:
        UnknownHeader: at once, when the file holds no published complaints.
        UnreadableFile: while reading, when the file ends too early.
    """
    pick = pick_columns(table, columns=_COLUMNS, known=_DIALECTS)
    return _read(table, pick=pick, readers=_readers(today))


def _readers(today: date) -> list[Values[object]]:
    return [_reader(column.name, today=today) for column in _COLUMNS]


def _reader(column: str, *, today: date) -> Values[object]:
    reader: object
    match column:
        case "Date received":
            reader = Dates(column, today=today, required=True)
        case "Date sent to company":
            reader = Dates(column, today=today)
        case "Company response to consumer":
            reader = Choices(column, choices=_RESPONSES, blank=Response.NONE)
        case "Timely response?" | "Consumer disputed?":
            reader = Choices(column, choices=ANSWERS, blank=None)
        case "Complaint ID":
            reader = _Identifiers(column)
        case _:
            reader = Texts(column)
    return cast("Values[object]", reader)


def _read(
    table: Table,
    *,
    pick: Callable[[list[str]], tuple[str, ...]],
    readers: list[Values[object]],
) -> Iterator[CfpbRow | RejectedRow]:
    with Occurrences() as occurrences:
        for record in table.records():
            if isinstance(record, RejectedRow):
                yield record
                continue
            line, fields = record
            try:
                # The readers stand in the columns' order, which no type checker can follow.
                cells = cast("_Cells", tuple(map(getitem, readers, pick(fields))))
            except BadValue as problem:
                yield RejectedRow(line, str(problem), tuple(fields))
            else:
                yield _row(line, cells, occurrences=occurrences)


def _row(line: int, cells: _Cells, *, occurrences: Occurrences) -> CfpbRow:
    received_on, sent_on = cells[0], cells[1]
    submitted_via, source_id = cells[13], cells[17]
    return CfpbRow(
        line,
        f"cfpb:{source_id}" if source_id else _content_key(cells, occurrences=occurrences),
        source_id,
        received_on,
        sent_on,
        sent_on is not None and sent_on < received_on,
        *cells[2:13],
        _channel(submitted_via),
        submitted_via,
        *cells[14:17],
    )


def _channel(submitted_via: str | None) -> ChannelCode:
    if submitted_via is None:
        return "import"
    return _CHANNELS.get(submitted_via.casefold(), "import")


def _content_key(cells: _Cells, *, occurrences: Occurrences) -> str:
    """Name a complaint by what is published about it, and by its number among identical ones."""
    received_on, sent_on = cells[0], cells[1]
    # No cleaned text holds NUL, so the content is unambiguous. Days go in as numbers and blanks as
    # empty texts because that halves the time of writing the values out: 1.8 to 0.8 µs a row.
    content = "\0".join(
        (
            str(received_on.toordinal()),
            "" if sent_on is None else str(sent_on.toordinal()),
            *[text or "" for text in cells[2:14]],
            cells[14],
            str(cells[15]),
            str(cells[16]),
        ),
    )
    digest = sha256(content.encode()).digest()
    return f"cfpb:{digest.hex()}:{occurrences.nth(digest)}"
