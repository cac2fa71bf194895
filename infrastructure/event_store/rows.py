"""What passes between the product and the event table."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent


class Entry(NamedTuple):
    """One event to append; `state` and `metadata` are JSON texts."""

    stream_id: UUID
    version: int
    schema_version: int
    type: str
    state: bytes
    metadata: bytes


class StreamVersion(NamedTuple):
    """A stream as it was read for a decision."""

    stream_id: UUID
    version: int


class Signature(NamedTuple):
    """What makes two commands the same: two SHA-256 digests."""

    key_digest: bytes
    """Of whose idempotency key it is, and of the key."""
    fingerprint: bytes
    """Of what the command says."""


class CommandKey(NamedTuple):
    """The signature of a command, with the case in the version that it is answered with."""

    signature: Signature
    answer: StreamVersion


class Append(NamedTuple):
    """Events that are appended all or none, if nothing that was read has changed since."""

    entries: tuple[Entry, ...]
    reads: tuple[StreamVersion, ...] = ()
    key: CommandKey | None = None
    """Under which key the events are recorded, if nothing was recorded under it before."""


class Receipt(NamedTuple):
    """Where an append landed: its last position, and when it was recorded."""

    last_position: int
    recorded_at: datetime


class Repeated(NamedTuple):
    """What was recorded under an idempotency key."""

    fingerprint: bytes
    case_id: UUID
    version: int
    last_position: int
    recorded_at: datetime
    types: list[str]
    """The stored names of the events, in order."""


class Row(NamedTuple):
    """One event as it stands in the table; `state` and `metadata` are JSON texts."""

    position: int
    recorded_at: datetime
    stream_id: UUID
    version: int
    schema_version: int
    type: str
    state: str
    metadata: str


@dataclass(frozen=True)
class EnvelopedEvent(StoredEvent):
    """The library's stored event, with what our table knows beyond it."""

    metadata: bytes = b"{}"
    schema_version: int = 1


@dataclass(frozen=True)
class EnvelopedNotification(Notification):
    """The library's notification, with what our table knows beyond it."""

    metadata: bytes = b"{}"
    schema_version: int = 1
    recorded_at: datetime | None = None
