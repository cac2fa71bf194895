"""How much was blocked at an instant, as far as was known at another: two independent times."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final
from uuid import UUID

import pytest

from application.exposures import BlockState, ExposureGroup, Movement, Selection, Window
from domain.disputes import events
from domain.event import Event
from tests import examples as an
from tests.databases import Database
from tests.infrastructure.read_models.histories import Fact, write_history
from tests.infrastructure.read_models.office import Office

HUNDRED = Decimal("100.00")
NOTHING = Decimal(0)
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


def test_a_fact_told_late_does_not_count_before_those_it_was_decided_on(
    office: Office, database: Database
) -> None:
    reduced = events.LineReduced(line_id=an.LINE_ID, amount=Decimal(30))
    before = fact(reduced, march(2), march(20))
    write_history(database, [*blocked_from(march(3), march(3)), before])
    assert total(office, march(2)) == 0
    assert total(office, march(3)) == Decimal(70)
    assert total(office, march(3), march(19)) == HUNDRED


def test_another_reason_is_the_reason_all_along_once_it_is_known(
    office: Office, database: Database
) -> None:
    corrected = events.DisputeCorrected(
        corrects_version=1,
        line_id=an.LINE_ID,
        field=events.CorrectableDisputeField.REASON_CODE,
        was="goods_damaged",
        now="price",
    )
    late = fact(corrected, march(20), march(20))
    write_history(database, [*blocked_from(march(3), march(3)), late])
    reason = ExposureGroup.REASON
    believed = office.exposure(valid_at=march(5), known_at=march(19), by=reason)
    assert believed == {("EUR", "goods_damaged"): HUNDRED}
    assert office.exposure(valid_at=march(5), by=reason) == {("EUR", "price"): HUNDRED}
    (bridge,) = office.exposures.learnt(
        valid_at=march(5),
        known_from=march(19),
        known_until=None,
        among=Selection(by=reason, group="price"),
    )
    told = [(moved.movement, moved.amount) for moved in bridge.movements]
    assert (bridge.opening, told, bridge.closing) == (
        NOTHING,
        [(Movement.CORRECTED, HUNDRED)],
        HUNDRED,
    )


def test_what_the_erp_was_asked_and_what_it_refused_stand_beside_and_are_not_blocked(
    office: Office, database: Database
) -> None:
    failed = events.BlockFailed(
        line_id=an.LINE_ID, block_id=an.BLOCK_ID, refused=True, cause="document_locked"
    )
    history = [*blocked_from(march(9), march(9))[:2], fact(failed, march(4), march(4))]
    write_history(database, history)
    office.project()
    asked, refused = (
        office.exposures.exposure(valid_at=march(day), known_at=None, by=None)[0] for day in (3, 5)
    )
    assert (asked.amount, asked.requested, asked.failed) == (NOTHING, HUNDRED, NOTHING)
    assert (refused.amount, refused.requested, refused.failed) == (NOTHING, NOTHING, HUNDRED)
    assert asked.lines == refused.lines == 0


def test_what_happens_in_the_last_instant_of_a_step_belongs_to_it(
    office: Office, database: Database
) -> None:
    ends = [MIDNIGHT - INSTANT, MIDNIGHT - INSTANT + DAY, MIDNIGHT - INSTANT + 2 * DAY]
    write_history(database, [*blocked_from(ends[1], ends[1]), released_from(ends[2], ends[2])])
    office.project()
    points = office.exposures.series(ends, known_at=None)
    assert [(point.valid_at, point.amount) for point in points] == [
        (ends[0], 0),
        (ends[1], HUNDRED),
        (ends[2], 0),
    ]


def test_a_bridge_says_why_a_figure_became_another(office: Office, database: Database) -> None:
    withdrawn = fact(events.DisputeWithdrawn(), march(8), march(8))
    reduced = fact(events.LineReduced(line_id=an.LINE_ID, amount=Decimal(30)), march(6), march(6))
    story = [*blocked_from(march(3), march(3)), reduced, withdrawn]
    write_history(database, [*story, released_from(march(9), march(9))])
    office.project()
    (bridge,) = office.exposures.bridge(
        valid_from=march(2), valid_until=march(10), known_at=march(11)
    )
    told = [(moved.movement, moved.amount, moved.entries) for moved in bridge.movements]
    assert (bridge.opening, bridge.closing) == (NOTHING, NOTHING)
    assert told == [
        (Movement.NEW, HUNDRED, 1),
        (Movement.REDUCED, Decimal(-30), 1),
        (Movement.WITHDRAWN, Decimal(-70), 1),
    ]


def test_the_rows_behind_a_figure_tell_who_did_it_when_and_why(
    office: Office, database: Database
) -> None:
    write_history(database, blocked_from(march(3), march(10)))
    office.project()
    window = Window(valid_until=march(5))
    (entry,) = office.exposures.entries(window, limit=9)
    assert (entry.amount, entry.movement, entry.type) == (HUNDRED, "new", "dispute.payment_blocked")
    assert (entry.actor_id, entry.occurred_at, entry.recorded_at) == ("anna", march(3), march(10))
    behind = (entry.position, entry.entry)
    assert office.exposures.entries(window, after=behind, limit=9) == ()
    (asked, answered) = office.exposures.entries(window, state=BlockState.REQUESTED, limit=9)
    assert (asked.amount, answered.amount) == (HUNDRED, -HUNDRED)


def test_only_the_lines_of_the_named_companies_count(office: Office, database: Database) -> None:
    write_history(database, blocked_from(march(3), march(3)))
    office.project()
    for companies, expected in ((["FR01"], HUNDRED), (["FR02"], 0), ([], 0)):
        among = Selection(companies=frozenset(companies))
        found = office.exposures.exposure(valid_at=march(5), known_at=None, by=None, among=among)
        assert sum(each.amount for each in found) == expected
