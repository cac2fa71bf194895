"""What the use cases need from the outside, in the trade's words."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from application.case import Case
from application.once import Once, RememberedKeys
from application.recorded import Recorded, RecordedEvent
from domain.event import Envelope, Event

C = TypeVar("C", bound=Case)
R = TypeVar("R")


class Clock(Protocol):
    """The time, for those who may ask."""

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        ...


class Identities(Protocol):
    """New identities for cases, lines, blocks and settlements."""

    def new(self) -> UUID:
        """Make an identity that sorts by time (UUIDv7)."""
        ...


class Work(Protocol):
    """One command at work: what it reads, and what it will record all or none."""

    @property
    def envelope(self) -> Envelope:
        """The circumstances of the command."""
        ...

    def load(self, kind: type[C], case_id: UUID, *, expected_version: int | None = None) -> C:
        """Read a case.

        Raises:
            CaseNotFound: there is no such case of that kind.
            CaseChanged: it has another version than expected.
        """
        ...

    def find(self, kind: type[C], case_id: UUID) -> C | None:
        """Read a case if there is one of that kind."""
        ...

    def begin(self, kind: type[C], case_id: UUID, events: Sequence[Event]) -> C:
        """Record the first events of a new case.

        Raises:
            AlreadyBorn: a case of this identity exists.
        """
        ...

    def record(self, case: C, events: Sequence[Event]) -> C:
        """Record what was decided; answers with the case as it is then."""
        ...

    def react(self, case: C, events: Sequence[Event], *, cause: Case) -> C:
        """Record what the system decides because of what was just recorded of `cause`."""
        ...


class Cases(Protocol):
    """Where cases live."""

    def transact(self, envelope: Envelope, decide: Callable[[Work], UUID]) -> Recorded:
        """Run a command: `decide` reads and records, and answers with the case it is about.

        What it recorded becomes durable all or none, or not at all when it refuses. `decide` may
        be run several times, because somebody else wrote in between; it changes nothing itself.

        Raises:
            Refusal: the rules say no.
            OccurredInTheFuture: the envelope says that it happened after now.
            CaseNotFound: there is no such case.
            CaseChanged: a case has another version than expected.
            CaseContended: too many write to the case at once.
            OutcomeUnknown: the answer was lost; it may have been recorded.
        """
        ...

    def transact_all(
        self,
        commands: Sequence[tuple[Envelope, Callable[[Work], UUID]]],
    ) -> Recorded:
        """Run several commands, one after the other, that become durable all or none."""
        ...

    def load(self, kind: type[C], case_id: UUID) -> C:
        """Read a case.

        Raises:
            CaseNotFound: there is no such case of that kind.
        """
        ...

    def find(self, case_id: UUID) -> Case | None:
        """Read a case of whatever kind it is, if there is one."""
        ...

    def history(self, case_id: UUID) -> Sequence[RecordedEvent]:
        """Read everything recorded of a case, oldest first; nothing when there is none."""
        ...

    def everything(self, *, after: int = 0) -> Iterator[RecordedEvent]:
        """Read the whole history in order, from behind a position, in constant memory."""
        ...


class RepeatableCases(Cases, RememberedKeys, Protocol):
    """Cases whose commands may be sent again by who does not know what became of them."""

    def once(self, once: Once) -> Cases:
        """Give the same cases for one command, which is recorded once however often it is sent.

        The key becomes durable with the events. Sent again, the command decides nothing: it is
        answered as it was the first time, with the case as it was then, and the answer says so. A
        command that is refused, or finds nothing to do, uses up no key. Beside what they raise for
        every command, `transact` and `transact_all` then raise:

        Raises:
            CommandUnderWay: the same command is at work in this process. In another process the
                later one waits, and is answered as the earlier one.
            IdempotencyKeyReused: the caller used the key for another command.
        """
        ...
