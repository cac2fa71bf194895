"""given(facts).when(decision).then(facts), or .refused(rule): a test of a rule as one sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

from application.case import Case
from domain.event import Envelope, Event
from domain.refusals import Refusal
from infrastructure.event_store.cases import BORN_AS
from tests import examples as an

C = TypeVar("C", bound=Case)
R = TypeVar("R", bound=Refusal)
Fact = Event | tuple[Event, Envelope]
"""What was recorded: in the usual circumstances, or in these."""


@dataclass(frozen=True)
class Given(Generic[C]):
    """A case as its history left it."""

    case: C

    def when(self, decision: Callable[[C], list[Event]]) -> "When[C]":
        """Decide something about it."""
        return When(self.case, decision)


@dataclass(frozen=True)
class When(Generic[C]):
    """A decision about a case."""

    case: C
    decision: Callable[[C], list[Event]]

    def then(self, *facts: Event) -> C:
        """Expect exactly these facts; answers with the case as it is after them."""
        decided = self.decision(self.case)
        assert decided == list(facts)
        case = self.case
        for event in decided:
            case = case.after(event, an.envelope())
        return case

    def refused(self, rule: type[R]) -> R:
        """Expect a refusal by this very rule."""
        with pytest.raises(rule) as refused:
            self.decision(self.case)
        assert type(refused.value) is rule
        return refused.value


def given(kind: type[C], *facts: Fact) -> Given[C]:
    """A case of this kind with this history."""
    case: Case | None = None
    for fact in facts:
        event, envelope = fact if isinstance(fact, tuple) else (fact, an.envelope())
        if case is None:
            case = BORN_AS[type(event)].born(an.numbered(0xA), event, envelope)
        else:
            case = case.after(event, envelope)
    assert isinstance(case, kind), f"the history does not begin a {kind.__name__}"
    return Given(case)
