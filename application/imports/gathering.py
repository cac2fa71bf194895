"""Gathering the commands of several calls, so that they become durable together."""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from application.case import Case
from application.ports import C, Cases, Work
from application.recorded import Recorded, RecordedEvent
from domain.event import Envelope

Command = tuple[Envelope, Callable[[Work], UUID]]


class GatheredCommands:
    """Cases whose commands are kept for later; what is read are the cases as they stand now.

    Give it to use cases in place of `cases`, then run all of `commands` in one `transact_all`:
    the decisions are taken there, each on what the earlier ones recorded.
    """

    def __init__(self, cases: Cases) -> None:
        self._cases = cases
        self.commands: list[Command] = []

    def transact(self, envelope: Envelope, decide: Callable[[Work], UUID]) -> Recorded:
        """Keep a command; nothing is decided or recorded yet, and the answer says so."""
        self.commands.append((envelope, decide))
        return Recorded(
            case_id=envelope.correlation_id,
            version=0,
            position=0,
            recorded_at=envelope.occurred_at,
            types=(),
        )

    def transact_all(self, commands: Sequence[Command]) -> Recorded:
        """Keep several commands; see `transact`."""
        return [self.transact(envelope, decide) for envelope, decide in commands][-1]

    def load(self, kind: type[C], case_id: UUID) -> C:
        """Read a case as it is recorded; see the port."""
        return self._cases.load(kind, case_id)

    def find(self, case_id: UUID) -> Case | None:
        """Read a case of whatever kind as it is recorded; see the port."""
        return self._cases.find(case_id)

    def history(self, case_id: UUID) -> Sequence[RecordedEvent]:
        """Read everything recorded of a case; see the port."""
        return self._cases.history(case_id)

    def everything(self, *, after: int = 0) -> Iterator[RecordedEvent]:
        """Read the whole history in order; see the port."""
        return self._cases.everything(after=after)
