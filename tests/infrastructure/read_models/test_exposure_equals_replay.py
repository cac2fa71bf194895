"""Random histories: every figure is what reading all events again gives, to the cent."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import sql

from application.exposures import BlockState, Exposure, ExposureGroup, Selection, Window
from application.recorded import RecordedEvent
from infrastructure.read_models.blocked_payments import BLOCKED_PAYMENTS
from tests.databases import Database
from tests.infrastructure.read_models.exposure_replay import Replayed, replay
from tests.infrastructure.read_models.exposure_stories import (
    DAY,
    HAPPENINGS,
    HOUR,
    INSTANT,
    Happening,
    history_of,
)
from tests.infrastructure.read_models.histories import owner_session, write_history
from tests.infrastructure.read_models.office import Office, Pool

# What a failing history is cut down to costs minutes and tells little more.
NO_SHRINKING: Final = (Phase.explicit, Phase.reuse, Phase.generate)
SLOW: Final = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,  # each history begins with an empty database
]
HAPPENED: Final = st.lists(HAPPENINGS, min_size=4, max_size=40)

Known = datetime | None


@settings(max_examples=60, phases=NO_SHRINKING, suppress_health_check=SLOW)
@given(happenings=HAPPENED, data=st.data())
def test_every_figure_is_what_a_replay_of_the_events_gives(
    database: Database, pool: Pool, happenings: list[Happening], data: st.DataObject
) -> None:
    check(database, pool, happenings, data)


@pytest.mark.soak
@settings(max_examples=1_000, phases=NO_SHRINKING, suppress_health_check=SLOW)
@given(happenings=HAPPENED, data=st.data())
def test_a_thousand_histories_give_the_figures_of_their_replay(
    database: Database, pool: Pool, happenings: list[Happening], data: st.DataObject
) -> None:
    check(database, pool, happenings, data)


def check(database: Database, pool: Pool, happenings: list[Happening], data: st.DataObject) -> None:
    forget(database)
    write_history(database, list(history_of(happenings)))
    office = Office.open(pool)
    office.project(BLOCKED_PAYMENTS)
    history = list(office.cases.everything())
    for _ in range(3):
        first, second = sorted(moment(data, history, happened=True) for _ in range(2))
        known: Known = None
        if data.draw(st.booleans()):
            known = moment(data, history, happened=False)
        check_figures(office, history, first, known)
        check_bridges(office, history, (first, second), known)


def forget(database: Database) -> None:
    """Begin anew: a fresh database for each of a thousand histories would take minutes more."""
    with owner_session(database) as owner, owner.transaction():
        owner.execute("ALTER TABLE event DISABLE TRIGGER event_is_append_only")
        owner.execute("TRUNCATE event, tracking")
        for table in BLOCKED_PAYMENTS.tables:
            owner.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table.name)))
        owner.execute("ALTER TABLE event ENABLE TRIGGER event_is_append_only")


def moment(data: st.DataObject, history: list[RecordedEvent], *, happened: bool) -> datetime:
    """An instant at which something happened, or was recorded, or just before or after."""
    recorded = data.draw(st.sampled_from(history))
    shift = data.draw(st.sampled_from([-12 * HOUR, -INSTANT, timedelta(0), INSTANT, HOUR, DAY]))
    return (recorded.envelope.occurred_at if happened else recorded.recorded_at) + shift


def check_figures(
    office: Office, history: list[RecordedEvent], valid_at: datetime, known_at: Known
) -> None:
    lines = replay(history, valid_at, known_at)
    for by in (None, *ExposureGroup):
        found = office.exposures.exposure(valid_at=valid_at, known_at=known_at, by=by)
        expected = summed(lines, by=by, valid_at=valid_at)
        assert {(e.currency, e.group): amounts_of(e) for e in found} == expected
    told = office.exposures.lines(valid_at=valid_at, known_at=known_at, limit=None)
    assert {line.line_id: (line.amount, line.reason_code) for line in told} == {
        line.line_id: (line.confirmed, line.reason_code) for line in lines if line.confirmed
    }
    window = Window(valid_until=valid_at, known_until=known_at)
    for state in BlockState:
        entries = office.exposures.entries(window, state=state, limit=1_000)
        behind: defaultdict[object, Decimal] = defaultdict(Decimal)
        for entry in entries:
            behind[entry.line_id, entry.reason_code] += entry.amount
        assert {key: amount for key, amount in behind.items() if amount} == {
            (line.line_id, line.reason_code): amount
            for line in lines
            if (amount := getattr(line, state))
        }


def check_bridges(
    office: Office,
    history: list[RecordedEvent],
    between: tuple[datetime, datetime],
    known_at: Known,
) -> None:
    first, second = between
    totals = [blocked(replay(history, at, known_at)) for at in between]
    bridges = office.exposures.bridge(valid_from=first, valid_until=second, known_at=known_at)
    for bridge in bridges:
        ends = tuple(total.get(bridge.currency, Decimal(0)) for total in totals)
        assert (bridge.opening, bridge.closing) == ends
        assert bridge.opening + sum(m.amount for m in bridge.movements) == bridge.closing
    learnt = office.exposures.learnt(valid_at=first, known_from=first, known_until=known_at)
    if known_at is None or known_at >= first:
        for bridge in learnt:
            assert bridge.opening + sum(m.amount for m in bridge.movements) == bridge.closing
    ends_of_steps = [first, first + (second - first) / 2, second]
    if len(set(ends_of_steps)) == len(ends_of_steps):
        points = office.exposures.series(ends_of_steps, known_at=known_at)
        for at in ends_of_steps:
            told = {p.currency: p.amount for p in points if p.valid_at == at and p.amount}
            assert told == blocked(replay(history, at, known_at))
    for company in ("FR01", "FR02"):
        among = Selection(companies=frozenset({company}))
        found = office.exposures.exposure(valid_at=first, known_at=known_at, by=None, among=among)
        ours = [r for r in replay(history, first, known_at) if r.company_code == company]
        assert {e.currency: e.amount for e in found if e.amount} == blocked(ours)


Amounts = tuple[Decimal, Decimal, Decimal, int]


def amounts_of(exposure: Exposure) -> Amounts:
    return exposure.amount, exposure.requested, exposure.failed, exposure.lines


def blocked(lines: Iterable[Replayed]) -> dict[str, Decimal]:
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        totals[line.currency] += line.confirmed
    return {currency: total for currency, total in totals.items() if total}


def summed(
    lines: Iterable[Replayed], *, by: ExposureGroup | None, valid_at: datetime
) -> dict[tuple[str, str | None], Amounts]:
    sums: dict[tuple[str, str | None], Amounts] = {}
    for line in lines:
        if line.requested or line.confirmed or line.failed:
            key = line.currency, group_of(line, by=by, valid_at=valid_at)
            amount, requested, failed, number = sums.get(key, (Decimal(0),) * 3 + (0,))
            sums[key] = (
                amount + line.confirmed,
                requested + line.requested,
                failed + line.failed,
                number + bool(line.confirmed),
            )
    return sums


def group_of(line: Replayed, *, by: ExposureGroup | None, valid_at: datetime) -> str | None:
    match by:
        case None:
            return None
        case ExposureGroup.CUSTOMER:
            return line.customer_id
        case ExposureGroup.COMPANY:
            return line.company_code
        case ExposureGroup.REASON:
            return line.reason_code
        case ExposureGroup.AGE:
            return bucket((valid_at - line.opened_at).days)
        case ExposureGroup.INVOICE_AGE:
            if line.invoiced_on is None:
                return "unknown"
            return bucket((valid_at.date() - line.invoiced_on).days)


def bucket(days: int) -> str:
    for last, name in ((30, "0-30"), (60, "31-60"), (90, "61-90"), (180, "91-180")):
        if days <= last:
            return name
    return "181+"
