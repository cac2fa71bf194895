"""What can be made to happen does happen, by the shortest story there is."""

from collections.abc import Callable
from datetime import date

import pytest

from api.command_line.demo import name_in_story
from application.demo.plots import PLOTS
from application.demo.telling import Telling
from application.demo.triggering import LONGEST, TRIGGERS, NotTriggered, trigger
from application.recorded import RecordedEvent
from tests.domain.remembered_cases import RememberedCases

TODAY = date(2027, 3, 1)


def played(name: str, key: str = "one") -> tuple[RecordedEvent, ...]:
    cases = RememberedCases()
    return trigger(name, key=key, today=TODAY, identify=name_in_story, cases=cases)


@pytest.mark.parametrize("name", TRIGGERS)
def test_the_event_happens_and_everything_has_happened_by_now(name: str) -> None:
    events = played(name)

    assert name in {recorded.event.type for recorded in events}
    assert all(recorded.envelope.occurred_at.date() <= TODAY for recorded in events)


@pytest.mark.parametrize("plot", [plot.tell for plot in PLOTS])
def test_what_a_plot_makes_happen_can_be_triggered(
    plot: Callable[[Telling], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    any_name = next(iter(TRIGGERS))
    monkeypatch.setattr("application.demo.triggering.TRIGGERS", {any_name: plot})
    types = {recorded.event.type for recorded in played(any_name)}
    monkeypatch.undo()

    assert types <= TRIGGERS.keys()


def test_another_key_is_about_another_case() -> None:
    cases = [{e.stream_id for e in played("dispute.closed", key)} for key in ("one", "two")]

    assert cases[0].isdisjoint(cases[1])


def test_what_no_story_makes_happen_is_refused() -> None:
    with pytest.raises(NotTriggered, match=r"dispute\.reopened"):
        played("dispute.reopened")


def test_no_story_is_longer_than_the_time_it_is_given() -> None:
    for name in TRIGGERS:
        events = played(name)
        lasted = events[-1].envelope.occurred_at - events[0].envelope.occurred_at
        assert lasted < LONGEST
