"""What of an event is told outside: facts, and nothing that people wrote."""

import json
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast, get_args, get_type_hints

import pytest
from pydantic import BaseModel

from application.feed.cloud_events import cloud_event
from application.feed.telling import CODES, EVENT_TYPES, WORDS, expand, facts, is_type
from application.recorded import RecordedEvent
from domain.event import Event
from infrastructure.event_store.event_types import product_event_types
from tests import examples as an

HISTORY: Final = Path(__file__).resolve().parents[1] / "history"
PAGE: Final = (HISTORY.parents[1] / "docs" / "events.md").read_text(encoding="utf-8")


def text_fields(model: type[BaseModel]) -> Iterator[str]:
    """The fields of a model, and of the models in it, that can hold any text."""
    for name, hint in get_type_hints(model).items():
        if name in model.model_fields:
            for kind in parts(hint):
                if issubclass(kind, BaseModel):
                    yield from text_fields(kind)
                elif issubclass(kind, str) and not issubclass(kind, Enum):
                    yield name


def parts(hint: Any) -> Iterator[type]:  # noqa: ANN401 - any annotation
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for part in get_args(hint):
        yield from parts(part)


def example(event_type: type[Event]) -> Event:
    (path,) = HISTORY.glob(f"{event_type.type}.{event_type.schema_version}.json")
    held = json.loads(path.read_text(encoding="utf-8"))
    return event_type.model_validate_json(json.dumps(held.get("state", held)))


def recorded(event: Event, **changes: Any) -> RecordedEvent:  # noqa: ANN401 - any field
    return RecordedEvent(
        position=2**40,
        recorded_at=an.TUESDAY,
        stream_id=an.COMPLAINT_ID,
        version=3,
        event=event,
        envelope=an.envelope(**changes),
    )


def test_everything_that_is_recorded_can_be_told() -> None:
    assert product_event_types().types == EVENT_TYPES


@pytest.mark.parametrize("event_type", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_somebody_has_decided_on_every_field_of_text(event_type: type[Event]) -> None:
    assert set(text_fields(event_type)) <= CODES | WORDS


def test_no_decision_is_made_twice_or_for_a_field_that_is_not_there() -> None:
    held = {name for event_type in EVENT_TYPES.values() for name in text_fields(event_type)}

    assert CODES.isdisjoint(WORDS)
    assert held == CODES | WORDS


@pytest.mark.parametrize("event_type", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_what_people_wrote_is_not_told(event_type: type[Event]) -> None:
    event = example(event_type)
    told = facts(event)

    written = event.model_dump(mode="json", exclude_none=True)
    assert told.keys() == written.keys() - WORDS
    assert {name: written[name] for name in told} == told


def test_a_field_that_nobody_thought_of_is_not_told() -> None:
    class Remarked(BaseModel):
        amount: int
        remark: str

    assert facts(Remarked(amount=1, remark="Mrs Martin called")) == {"amount": 1}


def test_a_text_in_a_part_of_an_event_is_not_told_either() -> None:
    class Part(BaseModel):
        currency: str
        text: str

    class Whole(BaseModel):
        parts: tuple[Part, ...]

    told = facts(Whole(parts=(Part(currency="EUR", text="Mrs Martin called"),)))

    assert told == {"parts": [{"currency": "EUR"}]}


@pytest.mark.parametrize("event_type", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_every_event_makes_a_cloud_event(event_type: type[Event]) -> None:
    written = cloud_event(recorded(example(event_type)))

    # CloudEvents 1.0: what is required, what a name may be, and what fits into an integer.
    assert written["specversion"] == "1.0"
    assert all(written[name] for name in ("id", "source", "type"))
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in written)
    assert all(
        isinstance(value, str) or (isinstance(value, int) and value < 2**31)
        for name, value in written.items()
        if name != "data"
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", written["time"])
    assert json.loads(json.dumps(written)) == written


def test_the_circumstances_go_with_it_but_the_reason_stays() -> None:
    written = cloud_event(
        recorded(an.registered(), reason="she is angry", causation_id="request:1")
    )

    assert "angry" not in json.dumps(written)
    assert written["actorid"] == an.envelope().actor.subject_id
    assert written["position"] == str(2**40)
    assert written["causationid"] == "request:1"


def test_all_of_a_kind_are_named_at_once() -> None:
    wanted = expand(frozenset({"block.*", "dispute.opened"}))

    assert wanted == {n for n in EVENT_TYPES if n.startswith("block.")} | {"dispute.opened"}
    assert expand(frozenset()) == set(EVENT_TYPES)


@pytest.mark.parametrize("name", ["", "*", "dispute", "dispute.", ".*", "dispute.o*", "paid.*"])
def test_what_is_no_event_is_recognised(name: str) -> None:
    assert not is_type(name)


def test_the_page_says_what_is_told_and_what_is_not() -> None:
    for title, names in (("told", CODES), ("not told", WORDS)):
        found = re.search(rf"^\| {title} \| (.+) \|$", PAGE, flags=re.MULTILINE)
        assert found is not None
        assert set(cast("list[str]", re.findall(r"`(\w+)`", found[1]))) == names
