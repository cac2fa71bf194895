"""Complaints that another system has handled, as far as it tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID

from application import complaints
from application.commands import OnCase
from application.imports.circumstances import Reason, on_imported
from application.ports import Cases
from application.recorded import RecordedEvent
from domain.complaints import events
from domain.complaints.events import Language, References
from domain.event import Channel, Event

_BEYOND_RECEPTION: Final = frozenset(
    {
        events.ReviewStarted,
        events.ComplaintEscalated,
        events.FinalResponseSent,
        events.ComplaintWithdrawn,
        events.ComplaintMerged,
    },
)
"""With one of these recorded, the beginning of the review is over, known or not."""

_ANSWER_STANDS: Final = frozenset({events.ResponseWindowElapsed, events.ResponseAccepted})

REASON_CODE: Final = "response_contested"
"""Why a customer disputes whose source says only that they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedComplaint:
    """What a source tells about one complaint. The identities are the same in every import."""

    case_id: UUID
    dispute_id: UUID
    customer_id: str
    channel: Channel
    """How the complaint came in."""
    received_on: date
    sent_on: date | None
    """When it went to those who work on it."""
    text: str
    category: str
    language: Language
    references: References
    response: str | None
    """How it was answered, or nothing as long as it was not."""
    how_to_contest: str
    untimely: bool
    """The answer did not come in time."""
    disputed: bool | None
    """Whether the customer contests; nothing where nobody asked."""

    def catch_up(self, history: Sequence[RecordedEvent], *, cases: Cases) -> None:
        """Run the commands for what the source tells beyond what is recorded.

        What is recorded beyond what the source tells stays: an older export says less. Where the
        two cannot both be true, the rules refuse the command.
        """
        known: set[type[Event]] = {type(recorded.event) for recorded in history}
        if not known:
            self._register(cases)
        if self.sent_on is not None and known.isdisjoint(_BEYOND_RECEPTION):
            self._start_review(self.sent_on, cases)
        answered = events.FinalResponseSent in known
        # What has no date of its own shares its circumstances, which are then written out once.
        last = self._at_last(Reason.DATE_NOT_STATED)
        if self.response is not None and not answered:
            self._answer(last, self.response, cases)
            answered = True
        if self.untimely and not answered and events.ComplaintEscalated not in known:
            on = self._at_last(Reason.UNTIMELY_RESPONSE, Reason.DATE_NOT_STATED)
            complaints.escalate(on, cases=cases)
        if self.disputed and events.DisputeOpenedForComplaint not in known:
            self._dispute(last, cases, contest=answered and events.ResponseContested not in known)
        if self.disputed is False and answered and known.isdisjoint(_ANSWER_STANDS):
            complaints.response_window_elapsed(last, cases=cases)

    def _register(self, cases: Cases) -> None:
        complaints.register(
            self._on(self.received_on, channel=self.channel),
            customer_id=self.customer_id,
            first_received_at=datetime.combine(self.received_on, time.min, UTC),
            text=self.text,
            category=self.category,
            language=self.language,
            wanted_outcome=None,
            contact_point=None,
            references=self.references,
            cases=cases,
        )

    def _start_review(self, sent_on: date, cases: Cases) -> None:
        reasons = (Reason.SENT_BEFORE_RECEIVED,) if sent_on < self.received_on else ()
        complaints.start_review(self._on(sent_on, *reasons), cases=cases)

    def _answer(self, on: OnCase, response: str, cases: Cases) -> None:
        complaints.send_final_response(
            on,
            response=response,
            how_to_contest=self.how_to_contest,
            cases=cases,
        )

    def _dispute(self, on: OnCase, cases: Cases, *, contest: bool) -> None:
        if contest:
            complaints.contest_response(on, cases=cases)
        complaints.convert_to_dispute(
            on,
            dispute_id=self.dispute_id,
            reason_code=REASON_CODE,
            requested_action=None,
            lines=(),
            cases=cases,
        )

    def _at_last(self, *reasons: Reason) -> OnCase:
        return self._on(max(self.received_on, self.sent_on or self.received_on), *reasons)

    def _on(self, day: date, *reasons: Reason, channel: Channel = Channel.IMPORT) -> OnCase:
        return on_imported(
            self.case_id,
            on=day,
            correlation_id=self.case_id,
            reasons=reasons,
            channel=channel,
        )
