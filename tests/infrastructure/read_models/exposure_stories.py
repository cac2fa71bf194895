"""Histories of blocked lines that nobody wrote down beforehand, told late and out of turn."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from domain.disputes import events
from domain.disputes.lines import Line
from domain.event import Event
from tests import examples as an
from tests.infrastructure.read_models.histories import Fact

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
INSTANT: Final = timedelta(microseconds=1)
BEGINNING: Final = datetime(2027, 3, 3, tzinfo=UTC)


class Happening(NamedTuple):
    """Something that happens to a line, so long after the last, and known so much later."""

    dispute: int
    line: int
    what: str
    amount: int
    gap: timedelta
    lag: timedelta


CURRENCIES: Final = (("EUR", "JPY", "EUR"), ("EUR", "EUR", "USD"), ("USD", "EUR", "JPY"))
"""Of the lines of three disputes; the last line of each is split off, if ever."""

HAPPENINGS: Final = st.builds(
    Happening,
    dispute=st.integers(0, 2),
    line=st.integers(0, 2),
    # A block is ordered and confirmed more often than anything else.
    what=st.sampled_from(
        """order order order confirm confirm confirm drift fail release reduce reduce people split
        correct correct_all confirm_scope release_scope withdraw settle pay order_release end reopen
        void""".split()
    ),
    amount=st.integers(1, 9),
    gap=st.sampled_from([timedelta(0), INSTANT, HOUR, 12 * HOUR, DAY, 40 * DAY]),
    lag=st.sampled_from([timedelta(0), INSTANT, 12 * HOUR, DAY, 3 * DAY, 40 * DAY]),
)


def history_of(happenings: list[Happening]) -> Iterator[Fact]:
    """Three disputes over two lines each, and what happens to them."""
    now = BEGINNING
    for dispute in range(len(CURRENCIES)):
        first, second, _ = (line_of(dispute, line) for line in range(3))
        mirrored = an.mirrored(document=first.document, invoiced_on=date(2027, 1, 1))
        yield _fact(mirrored, now, now, of=first.invoice_id)
        lines = (first, second)
        opened = an.opened(customer_id=f"C-{dispute % 2}", complaint_id=None, lines=lines)
        yield _fact(opened, now, now, of=_dispute(dispute))
    split = set[int]()
    for number, happening in enumerate(happenings):
        now += happening.gap
        event = _event_of(happening, number=number, split=split)
        of = an.numbered(0xB000 + number) if happening.what == "order" else None
        yield _fact(event, now - happening.lag, now, of=of or _dispute(happening.dispute))


def line_of(dispute: int, line: int) -> Line:
    """A line of a dispute."""
    number = 16 * dispute + line
    company = f"FR0{1 + line % 2}"
    return an.line(
        line_id=an.numbered(0x1000 + number),
        invoice_id=an.numbered(0x9000 + number),
        document=an.document(number=f"90{number}", company_code=company),
        currency=CURRENCIES[dispute][line],
        reason_code=("price", "quantity")[line % 2],
    )


def _fact(event: Event, occurred_at: datetime, recorded_at: datetime, *, of: UUID) -> Fact:
    return Fact(of, event, an.envelope(occurred_at=occurred_at), recorded_at)


def _dispute(number: int) -> UUID:
    return an.numbered(0xD00 + number)


def _event_of(happening: Happening, *, number: int, split: set[int]) -> Event:
    dispute, amount = happening.dispute, Decimal(happening.amount)
    if happening.what == "split":
        return _split(dispute, split)
    # A line that is not there yet stands for the first one.
    there = 3 if dispute in split else 2
    line = line_of(dispute, happening.line % there)
    both: dict[str, Any] = {  # Any: two of the members of an event
        "line_id": line.line_id,
        "block_id": an.numbered(0xB000 + number),
    }
    made: dict[str, Event] = {
        "order": an.ordered(
            dispute_id=_dispute(dispute),
            line_id=line.line_id,
            amount=amount,
            currency=line.currency,
        ),
        "confirm": events.LineBlockConfirmed(**both),
        "confirm_scope": events.LineBlockConfirmed(**both, partly=True),
        "release_scope": events.LineReleased(**both, partly=True),
        "people": events.BlockConfirmedManually(blocks=(events.LineBlock(**both),)),
        "drift": events.BlockDrifted(**both),
        "fail": events.BlockFailed(**both, refused=True, cause="document_locked"),
        "release": events.LineReleased(**both),
        "reduce": events.LineReduced(line_id=line.line_id, amount=amount),
        "correct": _corrected(line.line_id, number),
        "correct_all": _corrected(None, number),
        "withdraw": events.DisputeWithdrawn(),
        "settle": events.SettlementExecuted(settlement_id=an.SETTLEMENT_ID),
        "pay": events.ClearedInErp(payments=()),
        "order_release": events.ReleaseOrdered(),
        "end": events.PaymentReleased(**both),
        "reopen": events.DisputeReopened(),
        "void": events.DisputeVoided(),
    }
    return made[happening.what]


def _corrected(line_id: UUID | None, number: int) -> Event:
    return events.DisputeCorrected(
        corrects_version=1,
        line_id=line_id,
        field=events.CorrectableDisputeField.REASON_CODE,
        now=f"reason_{number % 3}",
    )


def _split(dispute: int, split: set[int]) -> Event:
    if dispute in split:
        return events.DisputeNoteAdded(text="split already")
    split.add(dispute)
    return events.LineSplit(line_id=line_of(dispute, 0).line_id, part=line_of(dispute, 2))
