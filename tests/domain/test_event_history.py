"""Whatever was once released can be read for ever, and means the same."""

import json
from pathlib import Path
from typing import Final

import pytest

from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.rows import Row
from tests import examples as an
from tests.domain.event_examples import HISTORY, example, file_of

EVENT_TYPES: Final = product_event_types()
RELEASED: Final = sorted(HISTORY.glob("*.json"))
HOW: Final = "run: python -m tests.domain.event_examples"


def shape_of(path: Path) -> tuple[str, int]:
    name, _, version = path.stem.rpartition(".")
    return name, int(version)


def row_of(path: Path) -> Row:
    name, schema_version = shape_of(path)
    recorded = json.loads(path.read_text(encoding="utf-8"))
    return Row(
        position=1,
        recorded_at=an.MONDAY,
        stream_id=an.COMPLAINT_ID,
        version=1,
        schema_version=schema_version,
        type=name,
        state=json.dumps(recorded["state"]),
        metadata=json.dumps(recorded["metadata"]),
    )


@pytest.mark.parametrize("name", sorted(EVENT_TYPES.types))
def test_every_shape_of_every_event_has_a_file(name: str) -> None:
    for schema_version in range(1, EVENT_TYPES.types[name].schema_version + 1):
        assert file_of(name, schema_version).exists(), HOW


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_no_file_tells_of_an_event_that_does_not_exist(path: Path) -> None:
    name, schema_version = shape_of(path)

    assert name in EVENT_TYPES.types, "a stored name is for ever; bring its event back"
    assert 1 <= schema_version <= EVENT_TYPES.types[name].schema_version


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_released_shape_is_read_for_ever(path: Path) -> None:
    name, schema_version = shape_of(path)
    read = EVENT_TYPES.decode(row_of(path))

    assert read.event.type == name
    if schema_version == read.event.schema_version:
        written = json.loads(read.event.model_dump_json(exclude_none=True))
        assert written == json.loads(path.read_text(encoding="utf-8"))["state"]


@pytest.mark.parametrize("name", sorted(EVENT_TYPES.types))
def test_an_event_is_written_and_read_without_loss(name: str) -> None:
    event = example(EVENT_TYPES.types[name])
    envelope = an.envelope(reason="customer_called", evidence=(an.evidence(),))
    entry = EVENT_TYPES.encode(an.COMPLAINT_ID, 1, event, EVENT_TYPES.encode_envelope(envelope))
    row = Row(
        position=1,
        recorded_at=an.MONDAY,
        stream_id=entry.stream_id,
        version=entry.version,
        schema_version=entry.schema_version,
        type=entry.type,
        state=entry.state.decode(),
        metadata=entry.metadata.decode(),
    )

    read = EVENT_TYPES.decode(row)

    assert read.event == event
    assert read.envelope == envelope


@pytest.mark.parametrize("name", sorted(EVENT_TYPES.types))
def test_an_event_without_anything_optional_is_read_too(name: str) -> None:
    event_type = EVENT_TYPES.types[name]
    told = example(event_type).model_dump()
    required = {f: told[f] for f, field in event_type.model_fields.items() if field.is_required()}
    spare = event_type(**required)

    # What is nothing is not written, so it must not be missed when it is read.
    written = spare.model_dump_json(exclude_none=True)
    assert event_type.model_validate_json(written) == spare
