"""The cases as somebody sees them whose right does not go everywhere.

What lies outside is not there: it is refused as a missing case is, before anything else is looked
at. What somebody begins, or makes of a case, lies within their own companies.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from application.belonging import RULES, Belonging, belonging_of
from application.case import Case
from application.errors import ApplicationError, CaseNotFound
from application.once import Once
from application.ports import Cases, RepeatableCases, Work
from application.reach import EVERYWHERE, Reach
from application.recorded import Recorded, RecordedEvent
from domain.event import Envelope, Event
from domain.invoices.invoice import Invoice

C = TypeVar("C", bound=Case)


class OutOfReach(ApplicationError):
    """What would be recorded belongs to a legal entity or a team that the principal does not."""

    def __init__(self, reach: Reach) -> None:
        limits = {"companies": reach.companies, "teams": reach.teams}
        told = "; ".join(
            f"{what} {', '.join(sorted(names))}"
            for what, names in limits.items()
            if names is not None
        )
        super().__init__(f"name the company and the team that this belongs to; you reach: {told}")


def cases_within(cases: RepeatableCases, reach: Reach) -> RepeatableCases:
    """The cases that a reach covers."""
    return cases if reach == EVERYWHERE else CasesWithin(cases, reach)


class CasesWithin:
    """Cases seen through a reach, for one request: what it found out once holds to its end."""

    def __init__(self, cases: RepeatableCases, reach: Reach, *, once: Once | None = None) -> None:
        self._cases = cases
        self._commands: Cases = cases if once is None else cases.once(once)
        self._reach = reach
        self._seen: dict[UUID, bool] = {}

    def transact(self, envelope: Envelope, decide: Callable[[Work], UUID]) -> Recorded:
        """Run a command; see the port."""
        return self.transact_all([(envelope, decide)])

    def transact_all(self, commands: Sequence[tuple[Envelope, Callable[[Work], UUID]]]) -> Recorded:
        """Run several commands that become durable all or none; see the port."""
        limited = [(envelope, self._limit(decide)) for envelope, decide in commands]
        recorded = self._commands.transact_all(limited)
        # A command that was recorded before decides nothing, and so looks at nothing either.
        if recorded.is_repeated and self.find(recorded.case_id) is None:
            raise CaseNotFound(type(recorded.case).__name__, recorded.case_id)
        return recorded

    def once(self, once: Once) -> Cases:
        """Give the same cases for one command, which is recorded once; see the port."""
        return CasesWithin(self._cases, self._reach, once=once)

    def forget_keys(self, *, before: datetime) -> int:
        """Forget the keys of commands that were recorded before; see the port."""
        return self._cases.forget_keys(before=before)

    def load(self, kind: type[C], case_id: UUID) -> C:
        """Read a case; see the port."""
        case = self._cases.find(case_id)
        if not isinstance(case, kind) or not (issubclass(kind, RULES) or self._sees(case)):
            raise CaseNotFound(kind.__name__, case_id)
        return case

    def find(self, case_id: UUID) -> Case | None:
        """Read a case of whatever kind; see the port."""
        case = self._cases.find(case_id)
        return case if case is not None and self._sees(case) else None

    def history(self, case_id: UUID) -> Sequence[RecordedEvent]:
        """Read everything recorded of a case; see the port."""
        return [] if self.find(case_id) is None else self._cases.history(case_id)

    def everything(self, *, after: int = 0) -> Iterator[RecordedEvent]:
        """Read the history of the cases within; see the port."""
        for recorded in self._cases.everything(after=after):
            if self.find(recorded.stream_id) is not None:
                yield recorded

    def _sees(self, case: Case) -> bool:
        if case.id not in self._seen:
            belonging = belonging_of(case, finder=_Reading(self._cases))
            self._seen[case.id] = _covers(self._reach, belonging)
        return self._seen[case.id]

    def _limit(self, decide: Callable[[Work], UUID]) -> Callable[[Work], UUID]:
        return lambda work: decide(WorkWithin(work, self._reach))


class WorkWithin:
    """One command at work within a reach; it decides on what the command itself has read.

    The first case of a command is its subject. An invoice that comes later is a consequence of
    what is disputed, and its company was looked at with the disputed line. What a rule rests on
    is of no company, and follows its subject too.
    """

    def __init__(self, work: Work, reach: Reach) -> None:
        self._work = work
        self._reach = reach
        self._subject: type[Case] | None = None

    @property
    def envelope(self) -> Envelope:
        """The circumstances of the command."""
        return self._work.envelope

    def load(self, kind: type[C], case_id: UUID, *, expected_version: int | None = None) -> C:
        """Read a case; see the port. Its version is told only to those who see it."""
        if self.find(kind, case_id) is None:
            raise CaseNotFound(kind.__name__, case_id)
        return self._work.load(kind, case_id, expected_version=expected_version)

    def find(self, kind: type[C], case_id: UUID) -> C | None:
        """Read a case if there is one of that kind; see the port."""
        case = self._work.find(kind, case_id)
        follows = self._follows(kind)
        return case if case is not None and (follows or self._sees(case)) else None

    def begin(self, kind: type[C], case_id: UUID, events: Sequence[Event]) -> C:
        """Record the first events of a new case within; see the port.

        Raises:
            OutOfReach: it would belong elsewhere; whether it exists there is not looked at.
        """
        case = kind.born(case_id, events[0], self.envelope)
        if not self._follows(kind) and not self._sees(case):
            raise OutOfReach(self._reach)
        return self._work.begin(kind, case_id, events)

    def record(self, case: C, events: Sequence[Event]) -> C:
        """Record what was decided; see the port.

        Raises:
            OutOfReach: the case would belong to another company then.
        """
        recorded = self._work.record(case, events)
        if isinstance(case, RULES) and self._follows(type(case)):
            return recorded
        # A case may be given to another team; it may not be given to another company.
        belonging = belonging_of(recorded, finder=self._work)
        if not self._reach.covers_companies(belonging.companies):
            raise OutOfReach(self._reach)
        return recorded

    def react(self, case: C, events: Sequence[Event], *, cause: Case) -> C:
        """Record what the system decides because of `cause`; see the port."""
        return self._work.react(case, events, cause=cause)

    def _follows(self, kind: type[Case]) -> bool:
        self._subject = self._subject or kind
        return kind is not self._subject and issubclass(kind, (Invoice, *RULES))

    def _sees(self, case: Case) -> bool:
        return _covers(self._reach, belonging_of(case, finder=self._work))


class _Reading:
    """The cases as they are now, by kind."""

    def __init__(self, cases: Cases) -> None:
        self._cases: Final = cases

    def find(self, kind: type[C], case_id: UUID) -> C | None:
        case = self._cases.find(case_id)
        return case if isinstance(case, kind) else None


def _covers(reach: Reach, belonging: Belonging) -> bool:
    return reach.covers(belonging.companies, teams=belonging.teams)
