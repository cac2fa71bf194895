"""When each customer was in contact with us, and since when they have been waiting."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from application import complaints, dispute_file
from application.queries import Waiting
from domain.contacts import Direction, Reached
from tests import examples as an
from tests.infrastructure.read_models.office import Office

UNREACHED = [Reached.NO, Reached.VOICEMAIL, Reached.BOUNCED]


def waiting(office: Office) -> Waiting:
    office.project()
    (found,) = office.questions.customer_waiting(an.CUSTOMER)
    return found


def respond(office: Office, complaint_id: UUID) -> None:
    complaints.send_final_response(
        office.on(complaint_id),
        response="We credit the damaged pallet.",
        how_to_contest="Write to us, or go to the mediator.",
        cases=office.cases,
    )


def test_a_customer_waits_from_the_first_reception_on(office: Office) -> None:
    office.register(received=an.MONDAY - timedelta(days=3))
    assert waiting(office).waiting_since == an.MONDAY - timedelta(days=3)


def test_an_internal_note_is_not_a_contact(office: Office) -> None:
    complaint_id = office.register()
    complaints.add_note(office.on(complaint_id), text="Ask transport.", cases=office.cases)
    before = waiting(office).waiting_since
    assert before is not None
    dispute_id = office.convert(complaint_id)
    dispute_file.add_note(office.on(dispute_id), text="Ask transport.", cases=office.cases)
    assert waiting(office).waiting_since == before
    assert office.questions.contacts(complaint_id) == ()


@pytest.mark.parametrize("reached", UNREACHED)
def test_an_attempt_that_reaches_nobody_does_not_end_the_waiting(
    reached: Reached, office: Office
) -> None:
    complaint_id = office.register()
    since = waiting(office).waiting_since
    office.contact(complaint_id, reached=reached, promised=an.FRIDAY)
    found = waiting(office)
    assert (found.waiting_since, found.last_reached_at) == (since, None)
    assert found.promised_next_contact is None  # nobody heard the promise
    (attempt,) = office.questions.contacts(complaint_id)
    assert (attempt.reached, attempt.waiting_since) == (reached, since)


def test_reaching_the_customer_ends_the_waiting_and_keeps_the_promise(office: Office) -> None:
    complaint_id = office.register()
    since = waiting(office).waiting_since
    office.contact(complaint_id, promised=an.FRIDAY, at=an.TUESDAY)
    found = waiting(office)
    assert (found.waiting_since, found.last_reached_at, found.promised_next_contact) == (
        None,
        an.TUESDAY,
        an.FRIDAY,
    )
    (contact,) = office.questions.contacts(complaint_id)
    assert (contact.waiting_since, contact.promised_next_contact) == (since, an.FRIDAY)
    office.contact(complaint_id)
    assert waiting(office).promised_next_contact is None  # the promise was kept, no other made


def test_a_customer_who_calls_again_waits_since_the_first_of_the_calls(office: Office) -> None:
    complaint_id = office.register()
    office.contact(complaint_id)
    office.contact(complaint_id, direction=Direction.INBOUND, at=an.TUESDAY)
    office.contact(complaint_id, direction=Direction.INBOUND, at=an.FRIDAY)
    found = waiting(office)
    assert (found.waiting_since, found.last_reached_at) == (an.TUESDAY, an.FRIDAY)


def test_the_waiting_survives_the_conversion_to_a_dispute(office: Office) -> None:
    complaint_id = office.register(received=an.MONDAY - timedelta(days=9))
    office.convert(complaint_id)
    assert waiting(office).waiting_since == an.MONDAY - timedelta(days=9)


def test_a_contact_recorded_on_the_dispute_ends_the_waiting_of_the_complaint(
    office: Office,
) -> None:
    complaint_id = office.register()
    dispute_id = office.convert(complaint_id)
    office.contact(dispute_id, of_dispute=True, at=an.TUESDAY)
    found = waiting(office)
    assert (found.case_id, found.waiting_since) == (complaint_id, None)
    assert found.last_reached_at == an.TUESDAY
    assert office.questions.contacts(complaint_id) == office.questions.contacts(dispute_id)
    for case_id in (complaint_id, dispute_id):
        item = office.questions.work_item(case_id)
        assert item is not None
        assert item.waiting_since is None


def test_a_customer_who_disputes_without_a_complaint_waits_from_then_on(office: Office) -> None:
    office.dispute(at=an.TUESDAY)
    assert waiting(office).waiting_since == an.TUESDAY


def test_a_final_response_ends_the_waiting_until_it_is_contested(office: Office) -> None:
    complaint_id = office.register()
    respond(office, complaint_id)
    assert waiting(office).waiting_since is None
    complaints.contest_response(office.on(complaint_id, at=an.FRIDAY), cases=office.cases)
    assert waiting(office).waiting_since == an.FRIDAY


def test_nobody_waits_on_a_closed_case(office: Office) -> None:
    complaint_id = office.register()
    complaints.withdraw(office.on(complaint_id), cases=office.cases)
    found = waiting(office)
    assert (found.is_open, found.waiting_since) == (False, None)


def test_the_contacts_of_a_customer_cover_all_cases_and_no_other_customer(office: Office) -> None:
    first, second = office.register(), office.register()
    strange = office.register(customer_id=an.OTHER_CUSTOMER)
    times: list[datetime] = [an.TUESDAY, an.FRIDAY]
    for case_id, at in zip((second, first), times, strict=True):
        office.contact(case_id, at=at, summary="We look into it.")
    office.contact(strange)
    office.project()
    found = office.questions.customer_contacts(an.CUSTOMER)
    assert [(c.case_id, c.occurred_at) for c in found] == [(second, times[0]), (first, times[1])]
    assert {(c.summary, c.channel, c.actor_id) for c in found} == {
        ("We look into it.", "phone", "anna")
    }
    assert len(office.questions.customer_waiting(an.CUSTOMER)) == 2
