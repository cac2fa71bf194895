"""How the running product is, as far as it can be seen from inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingFault:
    """Why the product should be asked nothing now; without anybody's words."""

    name: str
    """A short stable name for scripts, such as `database` or `projection worklist`."""
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far a read model is behind the history."""

    name: str
    events: int
    """At most so many; positions are dense but for refused appends."""
    seconds: float
    """How long the oldest event that it lacks has been recorded; 0 when it lacks none."""
    stopped_before: int | None
    """The position of the event that it could not take in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the product is."""

    faults: tuple[OperatingFault, ...] = ()
    position: int | None = None
    """Of the last event; nothing when the database does not answer."""
    lags: tuple[Lag, ...] = ()
    blocks: Mapping[str, int] = field(default_factory=dict[str, int])
    """Payment blocks that wait for the ERP or for a person, by their status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionUse:
    """What the pool of database connections is doing."""

    open: int
    idle: int
    waiting: int
    """Requests that wait for a connection."""


class Lookout(Protocol):
    """Looks how the product is, in bounded time, and without the connections that requests need."""

    def look(self) -> Condition:
        """Look, or tell what was seen a moment ago."""
        ...

    def connections(self) -> ConnectionUse:
        """Tell what the pool is doing, without asking the database."""
        ...
