"""How much was blocked at an instant, as far as was known at another: two independent times."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from application.queries import ExposureGroup
from application.recorded import RecordedEvent
from domain.blocks.events import BlockOrdered
from domain.disputes import events
from domain.event import Event
from infrastructure.postgres.connections import open_pool
from infrastructure.read_models.blocked_payments import BLOCKED_PAYMENTS
from tests import examples as an
from tests.databases import Database, Server
from tests.infrastructure.read_models.histories import Fact, write_history
from tests.infrastructure.read_models.office import Office

HUNDRED = Decimal("100.00")
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
INSTANT: Final = timedelta(microseconds=1)
MIDNIGHT: Final = datetime(2027, 3, 3, tzinfo=UTC)


def march(day: int) -> datetime:
    return datetime(2027, 3, day, 9, 30, tzinfo=UTC)


def fact(
    event: Event, occurred_at: datetime, recorded_at: datetime, *, of: UUID = an.DISPUTE_ID
) -> Fact:
    return Fact(of, event, an.envelope(occurred_at=occurred_at), recorded_at)


def blocked_from(occurred_at: datetime, recorded_at: datetime) -> list[Fact]:
    """A block that was ordered long ago and stands from an instant on."""
    opened = an.opened(complaint_id=None)
    blocked = events.PaymentBlocked(line_id=an.LINE_ID, block_id=an.BLOCK_ID)
    return [
        fact(opened, march(1), march(1)),
        fact(an.ordered(), march(1), march(1), of=an.BLOCK_ID),
        fact(blocked, occurred_at, recorded_at),
    ]


def released_from(occurred_at: datetime, recorded_at: datetime) -> Fact:
    released = events.PaymentReleased(line_id=an.LINE_ID, block_id=an.BLOCK_ID)
    return fact(released, occurred_at, recorded_at)


def total(office: Office, valid_at: datetime, known_at: datetime | None = None) -> Decimal:
    found = office.exposure(valid_at=valid_at, known_at=known_at)
    grouped = office.exposure(valid_at=valid_at, known_at=known_at, by=ExposureGroup.CUSTOMER)
    assert sum(grouped.values()) == sum(found.values())
    return found.get(("EUR", None), Decimal(0))


def test_what_was_learnt_later_was_not_known_before(office: Office, database: Database) -> None:
    write_history(database, blocked_from(march(3), march(10)))
    assert total(office, march(5), march(6)) == 0
    assert total(office, march(5), march(11)) == HUNDRED
    assert total(office, march(5)) == HUNDRED
    assert total(office, march(2), march(11)) == 0


def test_a_release_learnt_later_does_not_change_what_was_believed(
    office: Office, database: Database
) -> None:
    released = released_from(march(8), march(20))
    write_history(database, [*blocked_from(march(3), march(3)), released])
    assert total(office, march(9), march(19)) == HUNDRED
    assert total(office, march(9), march(21)) == 0
    assert total(office, march(7), march(21)) == HUNDRED


@pytest.mark.parametrize("hours", [0, 12])
def test_a_block_counts_from_its_very_instant_on(
    hours: int, office: Office, database: Database
) -> None:
    at = MIDNIGHT + timedelta(hours=hours)
    write_history(database, blocked_from(at, at + DAY))
    assert total(office, at - INSTANT) == 0
    assert total(office, at) == HUNDRED
    assert total(office, at, at + DAY - INSTANT) == 0
    assert total(office, at, at + DAY) == HUNDRED


@pytest.mark.parametrize("at", [MIDNIGHT - INSTANT, MIDNIGHT, MIDNIGHT + 12 * HOUR])
def test_a_line_blocked_and_released_at_the_same_instant_was_never_blocked(
    at: datetime, office: Office, database: Database
) -> None:
    write_history(database, [*blocked_from(at, at), released_from(at, at)])
    for moment in (at - INSTANT, at, at + INSTANT, at + DAY):
        assert total(office, moment) == 0
        assert total(office, moment, moment) == 0


def test_an_instant_in_another_zone_is_the_same_instant(office: Office, database: Database) -> None:
    write_history(database, blocked_from(MIDNIGHT, MIDNIGHT))
    ahead = MIDNIGHT.astimezone(timezone(14 * HOUR))
    behind = (MIDNIGHT - INSTANT).astimezone(timezone(-11 * HOUR))
    assert total(office, ahead, ahead) == HUNDRED
    assert total(office, behind, ahead) == 0
    assert total(office, ahead, behind) == 0


class Happening(NamedTuple):
    """Something that happens to a line, so long after the last, and known so much later."""

    dispute: int
    line: int
    what: str
    amount: int
    gap: timedelta
    lag: timedelta


CURRENCIES: Final = (("EUR", "JPY"), ("EUR", "EUR"), ("USD", "EUR"))
"""Of the lines of three disputes."""

HAPPENINGS = st.builds(
    Happening,
    dispute=st.integers(0, 2),
    line=st.integers(0, 1),
    # A block is ordered and confirmed more often than anything else.
    what=st.sampled_from(
        ["order", "order", "confirm", "confirm", "drift", "fail", "release", "reduce", "people"]
    ),
    amount=st.integers(1, 9),
    gap=st.sampled_from([timedelta(0), INSTANT, HOUR, 12 * HOUR, DAY]),
    lag=st.sampled_from([timedelta(0), INSTANT, 12 * HOUR, DAY, 3 * DAY, 40 * DAY]),
)


@settings(
    max_examples=120,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(happenings=st.lists(HAPPENINGS, min_size=4, max_size=30), data=st.data())
def test_day_sums_grouped_sums_and_the_history_itself_agree_at_any_two_times(
    server: Server, template: Database, happenings: list[Happening], data: st.DataObject
) -> None:
    with server.copy(template) as database:
        write_history(database, list(history_of(happenings)))
        with open_pool(
            database.application_url,
            schema=database.schema,
            min_size=1,
            max_size=1,
            application_name="tests",
        ) as pool:
            office = Office.open(pool)
            office.project(BLOCKED_PAYMENTS)
            changes = list(changes_in(office.cases.everything()))
            instants = st.sampled_from([change.occurred_at for change in changes] or [MIDNIGHT])
            recordings = st.sampled_from([change.recorded_at for change in changes] or [MIDNIGHT])
            shifts = st.sampled_from([-12 * HOUR, -INSTANT, timedelta(0), INSTANT, HOUR])
            for _ in range(4):
                valid_at = data.draw(instants) + data.draw(shifts)
                known_at = data.draw(st.none() | recordings)
                if known_at is not None:
                    known_at += data.draw(shifts)
                check(office, changes, valid_at, known_at)


class Change(NamedTuple):
    """How much more, or less, of a line is held from an instant on."""

    line_id: UUID
    currency: str
    amount: Decimal
    occurred_at: datetime
    recorded_at: datetime


def check(
    office: Office, changes: list[Change], valid_at: datetime, known_at: datetime | None
) -> None:
    held: defaultdict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    for change in changes:
        if change.occurred_at <= valid_at and (known_at is None or change.recorded_at <= known_at):
            held[change.line_id, change.currency] += change.amount
    held_lines = {key: amount for key, amount in held.items() if amount}
    totals = sums((currency, amount) for (_, currency), amount in held_lines.items())
    ways: list[ExposureGroup | None] = [None, *ExposureGroup]
    for by in ways:
        found = office.questions.exposure(valid_at=valid_at, known_at=known_at, by=by)
        assert sums((each.currency, each.amount) for each in found) == totals
    lines = office.questions.blocked_lines(
        valid_at=valid_at, known_at=known_at, customer_id=None, limit=100
    )
    assert {(each.line_id, each.currency): each.amount for each in lines} == held_lines


def sums(amounts: Iterator[tuple[str, Decimal]]) -> dict[str, Decimal]:
    added: defaultdict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        added[currency] += amount
    return {currency: amount for currency, amount in added.items() if amount}


def changes_in(history: Iterator[RecordedEvent]) -> Iterator[Change]:
    """What the ERP holds of each line, told once more and plainly."""
    currencies: dict[UUID, str] = {}
    ordered: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    held: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for recorded in history:
        event = recorded.event
        if isinstance(event, events.DisputeOpened):
            currencies |= {line.line_id: line.currency for line in event.lines}
            continue
        line_id, now = held_after(event, ordered, held)
        if now != held[line_id]:
            at = recorded.envelope.occurred_at, recorded.recorded_at
            yield Change(line_id, currencies[line_id], now - held[line_id], *at)
            held[line_id] = now


def held_after(
    event: Event,
    ordered: dict[UUID, Decimal],
    held: dict[UUID, Decimal],
) -> tuple[UUID, Decimal]:
    match event:
        case BlockOrdered(line_id=line_id, amount=amount):
            ordered[line_id] = amount
            return line_id, held[line_id]
        case events.LineReduced(line_id=line_id, amount=amount):
            ordered[line_id] = max(ordered[line_id] - amount, Decimal(0))
            return line_id, ordered[line_id] if held[line_id] else held[line_id]
        case events.BlockConfirmedManually(blocks=(block,)):
            return block.line_id, ordered[block.line_id]
        case events.LineBlockConfirmed(line_id=line_id):
            return line_id, ordered[line_id]
        case (
            events.BlockDrifted(line_id=line_id)
            | events.BlockFailed(line_id=line_id)
            | events.LineReleased(line_id=line_id)
        ):
            return line_id, Decimal(0)
        case _:
            raise AssertionError(f"no history of this test holds {event.type}")


def history_of(happenings: list[Happening]) -> Iterator[Fact]:
    now = MIDNIGHT
    for dispute, currencies in enumerate(CURRENCIES):
        lines = tuple(
            an.line(line_id=line_of(dispute, line), currency=currency, reason_code=currency)
            for line, currency in enumerate(currencies)
        )
        opened = an.opened(customer_id=f"C-{dispute % 2}", complaint_id=None, lines=lines)
        yield fact(opened, now, now, of=an.numbered(0xD00 + dispute))
    for number, happening in enumerate(happenings):
        now += happening.gap
        dispute_id, block_id = an.numbered(0xD00 + happening.dispute), an.numbered(0xB000 + number)
        line_id = line_of(happening.dispute, happening.line)
        event = event_of(happening, dispute_id, line_id, block_id)
        of = block_id if happening.what == "order" else dispute_id
        yield fact(event, now - happening.lag, now, of=of)


def line_of(dispute: int, line: int) -> UUID:
    return an.numbered(0x1000 + 16 * dispute + line)


def event_of(happening: Happening, dispute_id: UUID, line_id: UUID, block_id: UUID) -> Event:
    amount, both = Decimal(happening.amount), {"line_id": line_id, "block_id": block_id}
    currency = CURRENCIES[happening.dispute][happening.line]
    made: dict[str, Event] = {
        "order": an.ordered(
            dispute_id=dispute_id, line_id=line_id, amount=amount, currency=currency
        ),
        "confirm": events.LineBlockConfirmed(**both),
        "people": events.BlockConfirmedManually(blocks=(events.LineBlock(**both),)),
        "drift": events.BlockDrifted(**both),
        "fail": events.BlockFailed(**both, refused=True, cause="document_locked"),
        "release": events.LineReleased(**both),
        "reduce": events.LineReduced(line_id=line_id, amount=amount),
    }
    return made[happening.what]
