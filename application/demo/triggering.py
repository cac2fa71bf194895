"""Making a named event happen: the shortest plot of the story in which it does, played anew."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from application.demo import plots
from application.demo.chapters import COMPLAINT, DISPUTE
from application.demo.telling import Identify, Telling
from application.errors import ApplicationError
from application.invoices import identify_invoice
from application.ports import Cases
from application.recorded import RecordedEvent
from domain.complaints.events import Language

LONGEST: Final = timedelta(days=60)
"""No plot lasts so long; what it tells has happened by today."""

_CASES: Final = (COMPLAINT, "repetition", DISPUTE, "block 1", "block 2")
"""What plots call the cases that they are about."""

_BY_PLOT: Final[tuple[tuple[Callable[[Telling], None], str], ...]] = (
    (plots.unanswered, "complaint.registered complaint.routed"),
    (plots.chased, "complaint.contact_recorded"),
    (plots.acknowledged, "complaint.acknowledged"),
    (plots.worked_on, "complaint.review_started complaint.claimed"),
    (plots.awaiting_customer, "complaint.information_requested"),
    (plots.handed_over, "complaint.handed_over"),
    (plots.answered_by_another_service, "complaint.handover_answered"),
    (plots.escalated, "complaint.escalated"),
    (plots.responded, "complaint.final_response_sent"),
    (plots.silently_closed, "complaint.response_window_elapsed"),
    (plots.contested, "complaint.response_contested"),
    (plots.withdrawn, "complaint.withdrawn"),
    (plots.told_twice, "complaint.merged"),
    (plots.in_mediation, "complaint.referred_to_mediator"),
    (plots.mediated, "complaint.mediation_concluded"),
    (
        plots.answered_after_a_question,
        "complaint.information_provided complaint.response_accepted complaint.root_cause_linked",
    ),
    (
        plots.two_lines_blocked,
        (
            "dispute.opened dispute.block_requested dispute.line_block_confirmed"
            " dispute.payment_blocked block.ordered block.sent block.confirmed invoice.mirrored"
            " invoice.disputed"
        ),
    ),
    (plots.block_refused, "complaint.dispute_opened dispute.block_failed block.rejected"),
    (plots.block_unanswered, "block.unconfirmed"),
    (plots.block_lost, "dispute.block_drifted block.drifted"),
    (plots.more_asked, "dispute.information_requested"),
    (plots.awaiting_approval, "dispute.settlement_proposed"),
    (plots.settlement_offered, "dispute.settlement_approved"),
    (plots.offer_refused, "dispute.settlement_refused"),
    (
        plots.release_failed,
        (
            "dispute.settlement_accepted dispute.settlement_executed dispute.release_failed"
            " block.release_requested block.release_unconfirmed invoice.dispute_ended"
        ),
    ),
    (plots.rejection_contested, "dispute.rejected dispute.rejection_contested"),
    (
        plots.unfounded,
        (
            "complaint.dispute_concluded dispute.release_ordered dispute.payment_released"
            " dispute.closed block.released"
        ),
    ),
    (plots.dispute_in_mediation, "dispute.referred_to_mediator"),
    (plots.in_court, "dispute.litigation_started"),
    (plots.paid_after_all, "dispute.cleared_in_erp"),
)

TRIGGERS: Final[Mapping[str, Callable[[Telling], None]]] = MappingProxyType(
    {name: plot for plot, names in _BY_PLOT for name in names.split()}
)
"""What can be made to happen, and by which plot."""


class NotTriggered(ApplicationError):
    """No plot makes this event happen."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no story makes {name} happen; `recours trigger` lists what can be made")


def trigger(
    name: str, *, key: str, today: date, identify: Identify, cases: Cases
) -> tuple[RecordedEvent, ...]:
    """Play a small story in which the event happens; another key plays it about another case.

    Raises:
        NotTriggered: no plot makes it happen.
    """
    plot = TRIGGERS.get(name)
    if plot is None:
        raise NotTriggered(name)
    telling = Telling(
        number=1,
        plot=f"{name}:{key}",
        begins=today - LONGEST,
        language=Language.ENGLISH,
        identify=identify,
        cases=cases,
    )
    plot(telling)
    told = [telling.name(what) for what in _CASES]
    told += [identify_invoice(telling.claim(line).document) for line in (1, 2)]
    events = [event for case_id in dict.fromkeys(told) for event in cases.history(case_id)]
    return tuple(sorted(events, key=lambda event: event.position))
