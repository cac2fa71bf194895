"""A case's life as one table: what may happen when, by whom, and what it is recorded as.

The table is data. Guards, allowed actions, the diagram and the exhaustive tests are read from it.
One `transitions.Machine` is built per table and compiled into look-ups (7.5 µs a trigger through
the machine, 0.1 µs through the look-up).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final, Generic, TypeVar

from transitions import Machine

from domain.event import Event
from domain.parties import ACTS_FOR, Actor, Party, Role
from domain.refusals import ActionNotAllowed

S = TypeVar("S", bound=StrEnum)


class Stay(Enum):
    """The step records something and leaves the case where it is."""

    STAY = "stays"


STAY: Final = Stay.STAY


@dataclass(frozen=True, slots=True)
class Back(Generic[S]):
    """The step leads back to where the case stood before it was interrupted."""

    possible: tuple[S, ...]


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One row: `action` leads from any of `sources` to `to`, recorded as `event`, done by `who`.

    `resume` overrides where a later `Back` leads; without it, that is the status left here. With
    `STAY` the same interruption goes on: a later `Back` leads where it would have led before.
    """

    action: str
    sources: tuple[S, ...]
    to: "S | Back[S] | Stay"
    event: type[Event]
    who: tuple[Party, ...]
    resume: "S | Stay | None" = None


@dataclass(frozen=True, slots=True)
class Standing(Generic[S]):
    """Where a case stands, and where interruptions of it lead back to (innermost last)."""

    status: S
    resume: tuple[S, ...] = ()


class Lifecycle(Generic[S]):
    """The compiled table of one kind of case.

    `ends` are the statuses from which nothing needs to happen any more.
    """

    def __init__(
        self,
        name: str,
        *,
        birth: type[Event],
        initial: S,
        steps: Iterable[Step[S]],
        ends: tuple[S, ...] = (),
    ) -> None:
        self.name = name
        self.birth = birth
        self.initial = initial
        self.steps = tuple(steps)
        self.ends = ends
        self.statuses: tuple[S, ...] = tuple(type(initial))
        self.machine = self._build_machine()
        self._interrupted = frozenset(
            source for step in self.steps if isinstance(step.to, Back) for source in step.sources
        )
        self._step_of = self._index_steps()
        self._any_step_of: Mapping[type[Event], Step[S]] = {s.event: s for s in self.steps}
        self._actions = {
            (status, role): self._find_actions(status, role)
            for status in self.statuses
            for role in Role
        }
        self._permitted = {
            (status, role): frozenset(actions) for (status, role), actions in self._actions.items()
        }

    def require(self, action: str, status: S, *, by: Actor) -> None:
        """Let the action pass, or refuse it with what is allowed instead.

        Raises:
            ActionNotAllowed: the table has no such step from this status for the actor's role.
        """
        if action not in self._permitted[status, by.role]:
            raise ActionNotAllowed(
                action,
                kind=self.name,
                status=status,
                role=by.role,
                allowed=self._actions[status, by.role],
            )

    def named(self, status: str) -> S:
        """The status of this name.

        Raises:
            ValueError: there is none.
        """
        return type(self.initial)(status)

    def actions(self, status: S, *, role: Role) -> tuple[str, ...]:
        """What this role may do while the case has this status, in the order of the table."""
        return self._actions[status, role]

    def next_steps(self, status: S) -> dict[Party, tuple[str, ...]]:
        """What is next for whom: the actions that move the case on, by party."""
        moves = [step for step in self.steps if status in step.sources and step.to is not STAY]
        parties = [party for party in Party if any(party in step.who for step in moves)]
        return {
            party: tuple(step.action for step in moves if party in step.who) for party in parties
        }

    def move(self, standing: Standing[S], event: type[Event]) -> Standing[S]:
        """Where the case stands after the event. Never refuses a recorded fact.

        A fact that the table would no longer allow from here (the table was tightened after it
        was recorded) leads where its step leads from anywhere else.
        """
        step = self._step_of.get((event, standing.status)) or self._any_step_of.get(event)
        if step is None:
            return standing
        return self._take(step, standing)

    def destinations(self, step: Step[S], source: S) -> tuple[S, ...]:
        """Where a step may lead from this status."""
        if isinstance(step.to, Back):
            return step.to.possible
        return (source,) if isinstance(step.to, Stay) else (step.to,)

    def to_mermaid(self) -> str:
        """Draw the table as a Mermaid state diagram; steps that move nothing are left out."""
        arrows: dict[tuple[S, S], list[str]] = {}
        for step in self.steps:
            if step.to is STAY:
                continue
            label = f"{step.action} ({', '.join(step.who)})"
            for source in step.sources:
                for target in self.destinations(step, source):
                    arrows.setdefault((source, target), []).append(label)
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}: {self.birth.type}"]
        lines += [
            f"    {source} --> {target}: {', '.join(labels)}"
            for (source, target), labels in arrows.items()
        ]
        lines += [f"    {end} --> [*]" for end in self.ends]
        return "\n".join(lines)

    def _take(self, step: Step[S], standing: Standing[S]) -> Standing[S]:
        status, resume = standing.status, standing.resume
        if isinstance(step.to, Stay):
            if resume and not isinstance(step.resume, Stay | None):
                resume = (*resume[:-1], step.resume)
            return Standing(status, resume)
        if isinstance(step.to, Back):
            if resume:
                return Standing(resume[-1], resume[:-1])
            return Standing(step.to.possible[0])
        if step.to not in self._interrupted:
            return Standing(step.to)
        if isinstance(step.resume, Stay):
            return Standing(step.to, resume)
        kept = resume if status in self._interrupted else ()
        return Standing(step.to, (*kept, step.resume or status))

    def _find_actions(self, status: S, role: Role) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(
                step.action
                for step in self.steps
                if status in step.sources and not ACTS_FOR[role].isdisjoint(step.who)
            ),
        )

    def _index_steps(self) -> dict[tuple[type[Event], S], Step[S]]:
        index: dict[tuple[type[Event], S], Step[S]] = {}
        for step in self.steps:
            for source in step.sources:
                twin = index.setdefault((step.event, source), step)
                if twin is not step:
                    raise ValueError(f"{self.name}: two rows for {step.action} from {source}")
        return index

    def _build_machine(self) -> Machine:
        # An enum's member would be taken for its name, which is not the status's.
        rows: list[dict[str, Any]] = [  # Any: transitions types its rows as loose dictionaries
            {"trigger": step.action, "source": str(source), "dest": str(target)}
            for step in self.steps
            for source in step.sources
            for target in self.destinations(step, source)
        ]
        return Machine(
            model=None,
            states=[str(status) for status in self.statuses],
            transitions=rows,
            initial=str(self.initial),
            auto_transitions=False,
        )
