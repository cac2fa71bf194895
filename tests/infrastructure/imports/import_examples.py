"""Files to import, where they go, and what is found there afterwards."""

import csv
import io
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from domain.event import Envelope, Event
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.postgres.connections import open_pool

NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)

Streams = dict[UUID, list[tuple[int, Event, Envelope]]]


@dataclass(frozen=True)
class StoppedClock:
    """It is always noon of the same day."""

    def now(self) -> datetime:
        return NOW


@contextmanager
def open_cases(application_url: str, *, schema: str) -> Generator[RecordedCases]:
    """Open the product's cases on a database."""
    with open_pool(
        application_url, schema=schema, min_size=1, max_size=4, application_name="import"
    ) as pool:
        yield RecordedCases(
            EventRecorder(pool, schema=schema),
            event_types=product_event_types(),
            clock=StoppedClock(),
            remembered=100,
        )


def streams(cases: RecordedCases) -> Streams:
    """Everything that is recorded, by stream; positions and recording times differ by run."""
    found: Streams = {}
    for recorded in cases.everything():
        fact = (recorded.version, recorded.event, recorded.envelope)
        found.setdefault(recorded.stream_id, []).append(fact)
    return found


def facts(cases: RecordedCases) -> list[tuple[str, date, str | None]]:
    """Each event with the day on which it happened and the reason, in the order of recording."""
    return [
        (recorded.event.type, recorded.envelope.occurred_at.date(), recorded.envelope.reason)
        for recorded in cases.everything()
    ]


def complaint(**values: str) -> dict[str, str]:
    """One row of a complaint export."""
    return {
        "Complaint ID": "930149",
        "Date received": "2014-07-09",
        "Date sent to company": "2014-07-14",
        "Product": "Debt collection",
        "Issue": "Cont'd attempts collect debt not owed",
        "Submitted via": "Postal mail",
        "Company response to consumer": "Closed with explanation",
        "Consumer disputed?": "",
    } | {name.replace("_", " "): value for name, value in values.items()}


def invoice(**values: str) -> dict[str, str]:
    """One row of an invoice export."""
    return {
        "countryCode": "391",
        "customerID": "0379-NEVHP",
        "invoiceNumber": "0000611365",
        "InvoiceDate": "1/2/2013",
        "DueDate": "2/1/2013",
        "InvoiceAmount": "55.94",
        "Disputed": "No",
        "SettledDate": "1/15/2013",
    } | values


def csv_of(rows: Sequence[dict[str, str]]) -> str:
    """Write rows as a file."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def many_complaints(count: int) -> Iterable[dict[str, str]]:
    """Rows of all kinds, one a day and over again: every seventh is one that is rejected."""
    for number in range(count):
        day = (date(2012, 1, 1) + timedelta(days=number % 1_000)).isoformat()
        yield complaint() | {
            "Complaint ID": str(number),
            "Date received": "nonsense" if number % 7 == 6 else day,
            "Date sent to company": day,
            "Consumer disputed?": ("Yes", "No", "")[number % 3],
            "Company response to consumer": ("Closed", "In progress", "Untimely response")[
                number // 3 % 3
            ],
        }


def lines_of(path: Path) -> list[str]:
    """The lines in a reject file, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[0] for row in list(csv.reader(file))[1:]]
