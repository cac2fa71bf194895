"""What happened to a case and to what belongs to it, and what each event found and left."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from application import complaints, dispute_file
from application.commands import OnCase
from domain.complaints.events import CorrectableField
from infrastructure.event_store.cases import fold
from infrastructure.postgres.connections import open_pool
from tests import examples as an
from tests.databases import Database, Server
from tests.infrastructure.read_models.histories import facts_of, write_history
from tests.infrastructure.read_models.office import Office
from tests.infrastructure.read_models.stories import tell


def test_the_timeline_of_a_complaint_holds_its_dispute_and_its_blocks_in_order(
    office: Office,
) -> None:
    complaint_id = office.register()
    other = office.register()
    dispute_id = office.convert(complaint_id)
    (block,) = office.block(dispute_id)
    office.contact(complaint_id)
    office.project()
    timeline = office.questions.timeline(complaint_id)
    assert [(entry.case_id, entry.case_kind, entry.type) for entry in timeline] == [
        (complaint_id, "complaint", "complaint.registered"),
        (complaint_id, "complaint", "complaint.escalated"),
        (complaint_id, "complaint", "complaint.dispute_opened"),
        (dispute_id, "dispute", "dispute.opened"),
        (dispute_id, "dispute", "dispute.block_requested"),
        (block.block_id, "block", "block.ordered"),
        (block.block_id, "block", "block.sent"),
        (block.block_id, "block", "block.confirmed"),
        (dispute_id, "dispute", "dispute.payment_blocked"),
        (complaint_id, "complaint", "complaint.contact_recorded"),
    ]
    assert office.questions.timeline(dispute_id) == timeline
    assert office.questions.timeline(block.block_id) == timeline
    assert [entry.type for entry in office.questions.timeline(other)] == ["complaint.registered"]


def test_the_timeline_of_a_dispute_that_no_complaint_preceded_is_its_own(office: Office) -> None:
    dispute_id = office.dispute()
    (block,) = office.block(dispute_id)
    office.project()
    cases = {entry.case_id for entry in office.questions.timeline(dispute_id)}
    assert cases == {dispute_id, block.block_id}


def test_an_unknown_case_has_no_timeline_and_no_audit_trail(office: Office) -> None:
    office.register()
    office.project()
    assert office.questions.timeline(an.numbered(1)) == ()
    assert office.questions.audit_trail(an.numbered(1)) == ()


def test_a_timeline_tells_who_when_how_and_why(office: Office) -> None:
    complaint_id = office.register()
    told = an.envelope(actor=an.MARC, reason="no_answer_for_weeks", occurred_at=an.FRIDAY)
    complaints.escalate(OnCase(case_id=complaint_id, envelope=told), cases=office.cases)
    office.project()
    entry = office.questions.timeline(complaint_id)[-1]
    assert (entry.actor_kind, entry.actor_id, entry.actor_role) == ("agent", "marc", "manager")
    assert (entry.occurred_at, entry.reason, entry.channel) == (
        an.FRIDAY,
        "no_answer_for_weeks",
        "phone",
    )
    assert abs(entry.recorded_at - entry.occurred_at) > timedelta(0)
    assert (entry.version, entry.facts) == (2, {})


def test_the_audit_trail_of_a_case_is_about_that_case_alone(office: Office) -> None:
    complaint_id = office.register()
    dispute_id = office.convert(complaint_id)
    dispute_file.add_note(office.on(dispute_id), text="Call the carrier.", cases=office.cases)
    office.project()
    trail = office.questions.audit_trail(dispute_id)
    assert [(e.type, e.status_before, e.status_after) for e in trail] == [
        ("dispute.opened", None, "opened"),
        ("dispute.note_added", "opened", "opened"),
    ]
    assert trail[-1].changes == {"text": "Call the carrier."}
    assert trail[-1].correlation_id == an.CORRELATION_ID


def test_a_correction_shows_what_was_and_what_is(office: Office) -> None:
    complaint_id = office.register(category="billing")
    complaints.correct(
        office.on(complaint_id),
        corrects_version=1,
        field=CorrectableField.CATEGORY,
        was="billing",
        now="delivery",
        cases=office.cases,
    )
    office.project()
    changes = office.questions.audit_trail(complaint_id)[-1].changes
    assert (changes["was"], changes["now"]) == ("billing", "delivery")


@settings(
    max_examples=20,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_every_step_of_every_story_is_audited_with_the_status_before_and_after(
    server: Server, template: Database, data: st.DataObject
) -> None:
    story = tell(data, steps=60)
    with server.copy(template) as database:
        write_history(database, facts_of(story))
        with open_pool(
            database.application_url,
            schema=database.schema,
            min_size=1,
            max_size=2,
            application_name="tests",
        ) as pool:
            office = Office.open(pool)
            office.project()
            streams = {recorded.stream_id for recorded in story}
            for stream_id in streams:
                history = [recorded for recorded in story if recorded.stream_id == stream_id]
                trail = office.questions.audit_trail(stream_id)
                if history[0].event.type.startswith("invoice."):
                    assert trail == ()  # an invoice has no life cycle
                    continue
                statuses = [status_of(fold(history[: n + 1])) for n in range(len(history))]
                assert [entry.status_after for entry in trail] == statuses
                assert [entry.status_before for entry in trail] == [None, *statuses[:-1]]
                assert [entry.version for entry in trail] == list(range(1, len(history) + 1))


def status_of(case: object) -> str:
    standing = getattr(case, "standing", None)
    if standing is None:
        pytest.fail(f"{case} has no status")
    return str(standing.status)
