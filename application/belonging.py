"""To which legal entities and teams a case belongs.

A complaint, its disputes and their blocks are one family and belong together, so that nobody sees
a part of what happened: to every company that the complaint or a disputed document names, and to
the teams that work on the complaint. It is read from the cases themselves, as they are now.
"""

from dataclasses import dataclass
from typing import Final, Protocol, TypeVar
from uuid import UUID

from application.case import Case
from domain.approvals.policy import ApprovalPolicy
from domain.blocks.block import PaymentBlock
from domain.compensations.compensations import Compensations
from domain.complaints.complaint import Complaint
from domain.disputes.dispute import Dispute
from domain.invoices.invoice import Invoice

C = TypeVar("C", bound=Case)


class Finder(Protocol):
    """Where the rest of the family is found."""

    def find(self, kind: type[C], case_id: UUID) -> C | None:
        """Read a case if there is one of that kind."""
        ...


RULES: Final = (ApprovalPolicy, Compensations)
"""What the rules rest on for all: no company's own, and so no case that anybody is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """The legal entities and the teams of a case."""

    companies: frozenset[str]
    teams: frozenset[str]


NOWHERE: Final = Belonging(companies=frozenset(), teams=frozenset())


def belonging_of(case: Case, *, finder: Finder) -> Belonging:
    """Where a case belongs."""
    match case:
        case Complaint():
            return _of_family(case, None, finder)
        case Dispute(complaint_id=None):
            return Belonging(companies=_companies(case), teams=frozenset())
        case Dispute(complaint_id=UUID() as complaint_id):
            return _of_family(finder.find(Complaint, complaint_id), case, finder)
        case PaymentBlock():
            dispute = finder.find(Dispute, case.dispute_id)
            return NOWHERE if dispute is None else belonging_of(dispute, finder=finder)
        case Invoice():
            # An invoice is of no team: it is there before anybody disputes it.
            companies = frozenset({case.document.company_code})
            return Belonging(companies=companies, teams=frozenset())
        case _:
            return NOWHERE


def _of_family(complaint: Complaint | None, known: Dispute | None, finder: Finder) -> Belonging:
    disputes = [] if known is None else [known]
    for dispute_id in () if complaint is None else complaint.dispute_ids:
        # One that is about to be opened is not there yet.
        found = None if known and known.id == dispute_id else finder.find(Dispute, dispute_id)
        disputes += [] if found is None else [found]
    own = complaint.company_code if complaint is not None else None
    return Belonging(
        companies=frozenset[str]().union(*map(_companies, disputes), [own] if own else []),
        teams=frozenset() if complaint is None else complaint.queues,
    )


def _companies(dispute: Dispute) -> frozenset[str]:
    return frozenset(account.line.document.company_code for account in dispute.accounts.values())
