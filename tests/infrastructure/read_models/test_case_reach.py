"""The read model that lists and sums are filtered by says what the cases themselves say."""

from typing import Final, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from application.belonging import belonging_of
from application.case import Case
from application.queries import WorkFilter, WorkOrder
from application.reach import EVERYWHERE, Reach
from domain.complaints.complaint import Complaint
from infrastructure.event_store.cases import fold
from infrastructure.postgres.connections import open_pool
from infrastructure.read_models.questions import PostgresQuestions
from tests import examples as an
from tests.databases import Database, Server
from tests.infrastructure.read_models.histories import facts_of, write_history
from tests.infrastructure.read_models.office import Office
from tests.infrastructure.read_models.stories import tell
from tests.infrastructure.read_models.test_rebuilding_gives_equal_rows import project

C = TypeVar("C", bound=Case)

FRANCE: Final = Reach(companies=frozenset({"FR01"}))
GERMANY: Final = Reach(companies=frozenset({"DE01"}))
CLAIMS: Final = Reach(teams=frozenset({"claims"}))
REACHES: Final = (
    EVERYWHERE,
    FRANCE,
    GERMANY,
    CLAIMS,
    Reach(companies=frozenset({"FR01", "DE01"})),
    Reach(teams=frozenset({"transport", "nobody"})),
    Reach(companies=frozenset({"FR01"}), teams=frozenset({"claims"})),
    Reach(companies=frozenset(), teams=frozenset()),
)


class Folded(dict[UUID, Case]):
    """Cases folded from a story."""

    def find(self, kind: type[C], case_id: UUID) -> C | None:
        case = self.get(case_id)
        return case if isinstance(case, kind) else None


@settings(
    max_examples=10,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_a_case_is_within_a_reach_exactly_when_it_belongs_there(
    server: Server, template: Database, data: st.DataObject
) -> None:
    story = tell(data, steps=40)
    cases = Folded()
    for case_id in {recorded.stream_id for recorded in story}:
        case = fold([recorded for recorded in story if recorded.stream_id == case_id])
        assert case is not None, "a stream has a first event"
        cases[case_id] = case
    with server.copy(template) as database:
        write_history(database, facts_of(story))
        project(database, page=7)
        with open_pool(
            database.application_url,
            schema=database.schema,
            min_size=1,
            max_size=1,
            application_name="tests",
        ) as pool:
            for reach in REACHES:
                questions = PostgresQuestions(pool).within(reach)
                for case in cases.values():
                    belongs = belonging_of(case, finder=cases)
                    covered = reach.covers(belongs.companies, teams=belongs.teams)
                    assert questions.sees(case.id) == covered, f"{reach} {case}"


def test_no_read_model_knows_a_case_that_there_is_not(office: Office) -> None:
    office.project()

    assert not office.questions.sees(an.numbered(0xDEAD))


@pytest.mark.parametrize("order", WorkOrder)
def test_the_pages_of_a_list_are_full_of_what_lies_within(office: Office, order: WorkOrder) -> None:
    french = [office.dispute(office.claim(company="FR01")) for _ in range(3)]
    german = [office.dispute(office.claim(company="DE01")) for _ in range(5)]
    office.dispute(office.claim(company="FR01"), office.claim(company="DE01"))
    office.project()

    for reach, within in ((FRANCE, french), (GERMANY, german)):
        questions, listed, cursor = office.questions.within(reach), list[UUID](), None
        while True:
            page = questions.worklist(WorkFilter(), order=order, limit=2, cursor=cursor)
            listed += [item.case_id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
            assert len(page.items) == 2
        assert sorted(listed) == sorted(within)


def test_sums_over_every_reach_add_up_what_lies_within(office: Office) -> None:
    for company, amount in (("FR01", "100.00"), ("DE01", "30.00"), ("DE01", "7.00")):
        office.block(office.dispute(office.claim(amount, company=company)))
    office.block(office.dispute(office.claim("5.00"), office.claim("2.00", company="DE01")))
    office.project()

    sums = {}
    for name, reach in (("all", EVERYWHERE), ("fr", FRANCE), ("de", GERMANY), ("team", CLAIMS)):
        exposures = office.exposures.within(reach)
        total = exposures.exposure(valid_at=an.NEXT_YEAR, known_at=None, by=None)
        lines = exposures.lines(valid_at=an.NEXT_YEAR, known_at=None, limit=100)
        sums[name] = [str(row.amount) for row in total]
        assert sum(line.amount for line in lines) == sum(row.amount for row in total)

    assert sums == {"all": ["144.00"], "fr": ["100.00"], "de": ["37.00"], "team": []}


def test_a_family_moves_together(office: Office) -> None:
    complaint_id = office.register()
    dispute_id = office.convert(complaint_id, office.claim(company="DE01"))
    (block,) = office.block(dispute_id)
    office.project()

    for case_id in (complaint_id, dispute_id, block.block_id):
        assert office.questions.within(GERMANY).sees(case_id)
        assert not office.questions.within(FRANCE).sees(case_id)
    assert office.cases.load(Complaint, complaint_id).dispute_ids == (dispute_id,)
    assert office.questions.within(FRANCE).timeline(complaint_id) == ()
    assert office.questions.within(GERMANY).timeline(complaint_id) != ()
