"""What every recorded event is, and the envelope that travels with it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from domain.parties import Actor

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""


class Channel(StrEnum):
    """The way by which something reached us, or by which we reached the customer."""

    PHONE = "phone"
    EMAIL = "email"
    LETTER = "letter"
    PORTAL = "portal"
    COUNTER = "counter"
    FIELD = "field"
    API = "api"
    IMPORT = "import"


class Evidence(BaseModel):
    """A document that supports a fact, identified by its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: Sha256
    media_type: str
    name: str


class Envelope(BaseModel):
    """The circumstances of an event: who, how, when it happened, why, on what grounds.

    `occurred_at` is when the fact happened; when we learnt it (`recorded_at`) is the store's to
    say. `correlation_id` joins everything that one request or one import set off; `causation_id`
    is what made it act: the request that carried the command (`request:<uuid>`), the event that the
    system reacts to (`stream:version`), or nothing where neither is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: Actor
    channel: Channel
    occurred_at: AwareDatetime
    correlation_id: UUID
    causation_id: str | None = None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def by(self) -> Actor:
        """Who acted."""
        return self.actor

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.occurred_at


class Event(BaseModel):
    """An immutable fact of the trade.

    `type` is the stored name, `schema_version` the shape's number: both are for ever once
    released. A changed shape gets the next number and an upcaster.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1
