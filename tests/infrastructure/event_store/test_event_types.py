"""What a row decodes to: the closed registry of stored names, and what becomes of older shapes."""

import sys
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from pydantic import ValidationError

from domain.complaints.events import ComplaintAcknowledged, ComplaintNoteAdded
from domain.event import Event
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import (
    MODULES,
    EventTypes,
    TextNotStorable,
    UnknownEvent,
    events_in,
    product_event_types,
)
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.event_store.rows import Append, Row
from infrastructure.postgres.connections import session_conninfo
from tests.databases import Database
from tests.infrastructure.event_store.store_examples import (
    FIRST,
    MONDAY,
    envelope,
    register_example,
)


class Weighed(Event):
    """An example whose shape has changed twice: grams, then kilograms, then with a scale."""

    type: ClassVar[str] = "example.weighed"
    schema_version: ClassVar[int] = 3

    kilograms: int
    scale: str


def to_kilograms(state: dict[str, Any]) -> dict[str, Any]:
    return {"kilograms": state["grams"] // 1000}


def add_scale(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "scale": "unknown"}


UPCASTERS = {("example.weighed", 1): to_kilograms, ("example.weighed", 2): add_scale}


def row(name: str, *, shape: int = 1, state: str = "{}") -> Row:
    return Row(
        position=17,
        recorded_at=MONDAY,
        stream_id=FIRST,
        version=1,
        schema_version=shape,
        type=name,
        state=state,
        metadata=envelope().model_dump_json(),
    )


@pytest.mark.parametrize(
    ("shape", "state", "expected"),
    [
        (1, '{"grams": 2000}', Weighed(kilograms=2, scale="unknown")),
        (2, '{"kilograms": 2}', Weighed(kilograms=2, scale="unknown")),
        (3, '{"kilograms": 2, "scale": "A"}', Weighed(kilograms=2, scale="A")),
    ],
)
def test_an_older_shape_goes_through_every_upcaster_up_to_ours(
    shape: int, state: str, expected: Weighed
) -> None:
    types = EventTypes([Weighed], upcasters=UPCASTERS)
    decoded = types.decode(row("example.weighed", shape=shape, state=state))
    assert decoded.event == expected
    assert (decoded.position, decoded.envelope) == (17, envelope())


@pytest.mark.parametrize("shape", [0, 4])
def test_a_shape_that_no_upcaster_leads_from_is_unknown(shape: int) -> None:
    types = EventTypes([Weighed], upcasters=UPCASTERS)
    with pytest.raises(UnknownEvent, match=rf"position 17: .*weighed in shape {shape}") as unknown:
        types.decode(row("example.weighed", shape=shape))
    assert unknown.value.position == 17


@pytest.mark.parametrize("name", ["os:system", "os.system", "antigravity:Weighed", "builtins:eval"])
def test_a_name_that_is_not_in_the_registry_is_unknown_and_nothing_is_imported(name: str) -> None:
    with pytest.raises(UnknownEvent, match="position 17: unknown event"):
        product_event_types().decode(row(name))
    assert "antigravity" not in sys.modules


def test_an_upcast_state_is_checked_where_a_stored_one_is_trusted() -> None:
    types = EventTypes([Weighed], upcasters={("example.weighed", 2): lambda state: state})
    with pytest.raises(ValidationError):
        types.decode(row("example.weighed", shape=2, state='{"kilograms": 2}'))


def test_two_events_never_share_a_stored_name() -> None:
    class Twin(Event):
        type: ClassVar[str] = "example.weighed"

    with pytest.raises(ValueError, match=r"two events are stored as example\.weighed"):
        EventTypes([Weighed, Twin])


def test_every_event_of_the_domain_is_in_the_registry_under_its_own_name() -> None:
    types = product_event_types().types
    found = [event_type for module in MODULES for event_type in events_in(module)]
    assert set(types.values()) == set(found)
    assert all(name == event_type.type for name, event_type in types.items())
    # A stored name is of the trade: never the path of a module or a class.
    assert all(name.replace("_", "").replace(".", "").islower() for name in types)


def test_an_unknown_event_in_the_table_stops_its_reader_at_its_position(
    cases: RecordedCases, recorder: EventRecorder, database: Database
) -> None:
    register_example(cases, case_id=FIRST)
    with psycopg.connect(
        session_conninfo(database.owner_url, schema=database.schema, application_name="tests")
    ) as owner:
        owner.execute(
            "INSERT INTO event"
            " (recorded_at, stream_id, version, schema_version, type, state, metadata)"
            " VALUES (now(), %s, 2, 1, 'antigravity:Weighed', '{}', '{}')",
            [FIRST],
        )
    position = recorder.max_notification_id()
    for read in (cases.find, cases.history):
        with pytest.raises(UnknownEvent) as unknown:
            read(FIRST)
        assert unknown.value.position == position
    everything = cases.everything()
    assert next(everything).event.type == "complaint.registered"
    with pytest.raises(UnknownEvent):
        next(everything)


def test_the_events_of_one_command_share_its_envelope_and_no_other_does() -> None:
    types = product_event_types()
    monday, tuesday = (
        envelope().model_copy(update={"occurred_at": day}).model_dump_json()
        for day in (MONDAY, MONDAY + timedelta(days=1))
    )
    rows = [
        row("complaint.acknowledged")._replace(metadata=metadata)
        for metadata in (monday, monday, tuesday, monday)
    ]

    decoded = list(types.decode_all(rows))

    assert decoded == [types.decode(each) for each in rows]
    assert decoded[0].envelope is decoded[1].envelope


def test_what_is_encoded_decodes_to_the_same_event_and_envelope(recorder: EventRecorder) -> None:
    types = product_event_types()
    metadata = types.encode_envelope(envelope())
    entry = types.encode(UUID(int=5), 1, ComplaintAcknowledged(), metadata)
    receipt = recorder.append(Append((entry,)))
    decoded = types.decode(recorder.read_stream(UUID(int=5))[0])
    assert decoded.event == ComplaintAcknowledged()
    assert decoded.envelope == envelope()
    assert (decoded.position, decoded.recorded_at) == receipt


@pytest.mark.parametrize("text", ["\0", "a customer pasted \0", "\\\0"])
def test_a_text_that_the_table_cannot_keep_is_refused_before_it_is_sent(text: str) -> None:
    with pytest.raises(TextNotStorable):
        product_event_types().encode(FIRST, 1, ComplaintNoteAdded(text=text), b"{}")


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "\u0001"])
def test_a_text_that_only_looks_like_it_is_kept(recorder: EventRecorder, *, text: str) -> None:
    types, note = product_event_types(), ComplaintNoteAdded(text=text)
    metadata = types.encode_envelope(envelope())
    recorder.append(Append((types.encode(FIRST, 1, note, metadata),)))

    assert types.decode(recorder.read_stream(FIRST)[0]).event == note
