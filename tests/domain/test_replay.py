"""Memory refuses nothing: whatever was recorded, in whatever order, can be read."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.case import Case
from domain.event import Event
from infrastructure.event_store.cases import BORN_AS
from infrastructure.event_store.event_types import product_event_types
from tests import examples as an
from tests.domain.event_examples import example

EVENTS: Final = [example(event_type) for event_type in product_event_types().types.values()]
BIRTHS: Final = [event for event in EVENTS if type(event) in BORN_AS]
OTHER_IDS: Final = st.sampled_from([an.LINE_ID, an.OTHER_LINE_ID, an.PART_ID, an.BLOCK_ID])


def retold(event: Event, draw: st.DrawFn) -> Event:
    """The same fact, about a line or block that the case may never have heard of."""
    ids = [name for name in type(event).model_fields if name in {"line_id", "into_line_id"}]
    return event.model_copy(update={name: draw(OTHER_IDS) for name in ids})


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    return [retold(event, draw) for event in draw(st.lists(st.sampled_from(EVENTS), max_size=25))]


@pytest.mark.parametrize("birth", BIRTHS, ids=lambda event: event.type)
@given(history=histories())
def test_a_recorded_fact_is_never_refused(birth: Event, history: list[Event]) -> None:
    case: Case = BORN_AS[type(birth)].born(an.numbered(1), birth, an.envelope())
    for event in history:
        case = case.after(event, an.envelope())

    assert case.version == len(history) + 1


@given(history=histories(), cut=st.integers(0, 25))
def test_a_case_remembers_the_same_wherever_its_reading_was_interrupted(
    history: list[Event],
    cut: int,
) -> None:
    whole = _fold(an.dispute(), history)

    assert _fold(_fold(an.dispute(), history[:cut]), history[cut:]) == whole


def _fold(case: Case, history: list[Event]) -> Case:
    for event in history:
        case = case.after(event, an.envelope())
    return case
