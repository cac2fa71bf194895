"""The closed registry of stored names: what a row's type and schema version decode to."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any, Final, cast
from uuid import UUID

import orjson

import domain.approvals.events
import domain.blocks.events
import domain.compensations.events
import domain.complaints.events
import domain.disputes.events
import domain.invoices.events
from application.recorded import RecordedEvent
from domain.event import Envelope, Event
from domain.refusals import RuleBroken
from infrastructure.event_store.rows import Entry, Row

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]  # Any: a JSON object of an older shape

_ESCAPE: Final = rb"\u0000"
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escaped character itself, and not a backslash that somebody wrote before `u0000`."""

MODULES: Final = (
    domain.complaints.events,
    domain.disputes.events,
    domain.blocks.events,
    domain.invoices.events,
    domain.approvals.events,
    domain.compensations.events,
)


class UnknownEvent(Exception):
    """A row names an event, or a shape of it, that this version of the product does not know."""

    def __init__(self, row: Row) -> None:
        super().__init__(
            f"position {row.position}: unknown event {row.type} in shape {row.schema_version};"
            " a newer version of the product wrote it",
        )
        self.position = row.position


class TextNotStorable(RuleBroken):
    """No text holds the character U+0000: PostgreSQL cannot keep it."""

    def __init__(self) -> None:
        super().__init__("a text holds the character U+0000, which cannot be stored; remove it")


class EventTypes:
    """Encodes events for the table and decodes rows into typed events.

    Stored events are trusted: decoding parses JSON straight into the model (0.8 µs), and runs
    upcasters only for rows of an older shape.
    """

    def __init__(
        self,
        types: Iterable[type[Event]],
        *,
        upcasters: Mapping[tuple[str, int], Upcaster] = MappingProxyType({}),
    ) -> None:
        self.types: Mapping[str, type[Event]] = {}
        for event_type in types:
            twin = self.types.setdefault(event_type.type, event_type)
            if twin is not event_type:
                raise ValueError(f"two events are stored as {event_type.type}")
        self._upcasters = upcasters
        self._decoders = {
            (name, event_type.schema_version): event_type.__pydantic_validator__.validate_json
            for name, event_type in self.types.items()
        }
        self._decode_envelope: Callable[[str], Envelope] = (
            Envelope.__pydantic_validator__.validate_json
        )
        self._encode_envelope = Envelope.__pydantic_serializer__.to_json

    def decode(self, row: Row) -> RecordedEvent:
        """Read a row as a typed event.

        Raises:
            UnknownEvent: the registry does not know its name or its shape.
        """
        return next(self.decode_all((row,)))

    def decode_all(self, rows: Iterable[Row]) -> Iterator[RecordedEvent]:
        """Read rows as typed events, each when it is asked for.

        The events of one command stand side by side with the same envelope, letter for letter:
        it is decoded once for all of them.

        Raises:
            UnknownEvent: the registry does not know the name or the shape of the next row.
        """
        decoders, told, envelope = self._decoders, "", None
        for row in rows:
            position, recorded_at, stream_id, version, schema_version, name, state, metadata = row
            decoder = decoders.get((name, schema_version))
            event: Event = decoder(state) if decoder is not None else self._upcast(row)
            if envelope is None or metadata != told:
                told, envelope = metadata, self._decode_envelope(metadata)
            # By place: by name this would cost as much as a fifth of the decoding.
            yield RecordedEvent(position, recorded_at, stream_id, version, event, envelope)

    def encode(self, stream_id: UUID, version: int, event: Event, metadata: bytes) -> Entry:
        """Write an event for the table.

        Raises:
            TextNotStorable: a text holds the character U+0000.
        """
        return Entry(
            stream_id=stream_id,
            version=version,
            schema_version=event.schema_version,
            type=event.type,
            state=_storable(event.__pydantic_serializer__.to_json(event, exclude_none=True)),
            metadata=metadata,
        )

    def encode_envelope(self, envelope: Envelope) -> bytes:
        """Write the circumstances that a command's events share; refuses as `encode` does."""
        return _storable(self._encode_envelope(envelope, exclude_defaults=True))

    def _upcast(self, row: Row) -> Event:
        event_type = self.types.get(row.type)
        if event_type is None:
            raise UnknownEvent(row)
        state, shape = cast("dict[str, Any]", orjson.loads(row.state)), row.schema_version
        while shape != event_type.schema_version:
            upcaster = self._upcasters.get((row.type, shape))
            if upcaster is None:
                raise UnknownEvent(row)
            state, shape = upcaster(state), shape + 1
        return event_type.model_validate_json(orjson.dumps(state))


def _storable(text: bytes) -> bytes:
    if _ESCAPE in text and _NUL.search(text):
        raise TextNotStorable
    return text


def events_in(module: ModuleType) -> list[type[Event]]:
    """Find the events that a module defines: those with a stored name of their own."""
    return [
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Event) and "type" in vars(found)
    ]


def product_event_types() -> EventTypes:
    """Make the registry of everything that the product records."""
    return EventTypes(event for module in MODULES for event in events_in(module))
