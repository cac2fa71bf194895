"""What a reach covers, and to whom a case belongs."""

import pytest

from application.belonging import Belonging, belonging_of
from application.reach import EVERYWHERE, Reach
from domain.complaints import events
from domain.complaints.complaint import Complaint
from domain.event import Event
from tests import examples as an
from tests.domain.given import given
from tests.domain.remembered_cases import RememberedCases, StagedWork

FRANCE = Reach(companies=frozenset({"FR01"}))
LYON = Reach(teams=frozenset({"lyon"}))
LYON_OF_FRANCE = Reach(companies=frozenset({"FR01"}), teams=frozenset({"lyon"}))
NOWHERE = Reach(companies=frozenset(), teams=frozenset())


def covers(reach: Reach, companies: str, teams: str) -> bool:
    return reach.covers(frozenset(companies.split()), teams=frozenset(teams.split()))


@pytest.mark.parametrize(
    ("companies", "teams", "everywhere", "france", "lyon", "lyon_of_france"),
    [
        ("", "", True, False, False, False),
        ("FR01", "", True, True, False, False),
        ("DE01", "", True, False, False, False),
        ("FR01 DE01", "", True, False, False, False),
        ("", "lyon", True, False, True, True),
        ("", "paris", True, False, False, False),
        ("FR01", "lyon", True, True, True, True),
        ("FR01", "lyon paris", True, True, True, True),
        ("FR01", "paris", True, True, False, False),
        ("DE01", "lyon", True, False, True, False),
    ],
)
def test_every_company_must_be_within_and_one_team(
    companies: str,
    teams: str,
    *,
    everywhere: bool,
    france: bool,
    lyon: bool,
    lyon_of_france: bool,
) -> None:
    assert covers(EVERYWHERE, companies, teams) is everywhere
    assert covers(FRANCE, companies, teams) is france
    assert covers(LYON, companies, teams) is lyon
    assert covers(LYON_OF_FRANCE, companies, teams) is lyon_of_france
    assert not covers(NOWHERE, companies, teams)


def test_who_has_one_company_and_one_team_chooses_no_other() -> None:
    several = Reach(companies=frozenset({"FR01", "DE01"}), teams=frozenset({"lyon", "paris"}))

    assert (LYON_OF_FRANCE.only_company, LYON_OF_FRANCE.only_team) == ("FR01", "lyon")
    assert (several.only_company, several.only_team) == (None, None)
    assert (EVERYWHERE.only_company, EVERYWHERE.only_team) == (None, None)


ROUTED = (an.registered(), events.ReviewStarted(), events.ComplaintRouted(queue="lyon"))
ASKED = events.HandedOver(to_queue="transport", question="Where is it?")


@pytest.mark.parametrize(
    ("history", "queues"),
    [
        ((an.registered(),), set[str]()),
        ((an.registered(queue="lyon"),), {"lyon"}),
        (ROUTED, {"lyon"}),
        ((*ROUTED, ASKED), {"lyon", "transport"}),
        ((*ROUTED, ASKED, events.HandoverAnswered(answer="Here.")), {"lyon"}),
        ((*ROUTED, ASKED, events.WaitExpired()), {"lyon"}),
        ((*ROUTED, ASKED, events.ComplaintEscalated()), {"lyon"}),
        ((*ROUTED, ASKED, events.ComplaintRouted(queue="paris")), {"paris", "transport"}),
    ],
)
def test_a_complaint_stays_with_its_team_while_another_one_is_asked(
    history: tuple[Event, ...], queues: set[str]
) -> None:
    assert given(Complaint, *history).case.queues == queues


def test_the_company_of_a_complaint_can_be_corrected() -> None:
    corrected = events.ComplaintCorrected(
        corrects_version=1, field=events.CorrectableField.COMPANY_CODE, now="DE01"
    )

    assert given(Complaint, an.registered(company_code="FR01")).case.company_code == "FR01"
    assert given(Complaint, an.registered(), corrected).case.company_code == "DE01"


def test_a_family_belongs_to_every_company_that_one_of_it_names() -> None:
    work = StagedWork(RememberedCases(), an.envelope())
    dispute = work.begin(type(an.dispute()), an.DISPUTE_ID, [an.opened()])
    complaint = an.complaint(
        dispute_ids=(dispute.id,), company_code="DE01", queue="lyon", asked_queue="transport"
    )
    work.cases[complaint.id] = complaint
    block = work.begin(type(an.block()), an.BLOCK_ID, [an.ordered()])

    family = Belonging(
        companies=frozenset({"DE01", "FR01"}), teams=frozenset({"lyon", "transport"})
    )
    for case in (complaint, dispute, block):
        assert belonging_of(case, finder=work) == family


def test_an_invoice_is_of_its_company_and_of_no_team() -> None:
    work = StagedWork(RememberedCases(), an.envelope())

    assert belonging_of(an.invoice(), finder=work) == Belonging(
        companies=frozenset({"FR01"}), teams=frozenset()
    )
