"""The history for those outside. Only what a crash cannot take back is ever told."""

from collections.abc import Iterator
from threading import Event as Signal
from typing import NamedTuple, Protocol, Self

from application.reach import Reach
from application.recorded import RecordedEvent


class FeedPage(NamedTuple):
    """A part of the history, and where to go on."""

    events: tuple[RecordedEvent, ...]
    position: int
    """Everything up to here was looked at: the next part begins behind it."""

    more: bool
    """Whether there is something behind it already."""


class Feed(Protocol):
    """The durable part of the history."""

    def within(self, reach: Reach) -> Self:
        """The same history, in which nothing is told of cases that lie outside a reach.

        What lies within is judged when a page is read, as far as cases were judged by then; there
        the page ends.
        """
        ...

    def start(self, after: int | None) -> int:
        """The position to follow from: the one given, or the last one when there is none.

        Raises:
            BadCursor: the history does not go that far.
        """
        ...

    def page(self, *, after: int, limit: int, types: frozenset[str]) -> FeedPage:
        """Read on from behind a position: events of these stored names, of which none means all.

        Raises:
            BadCursor: the history does not go that far.
        """
        ...

    def follow(self, *, after: int, stop: Signal) -> Iterator[FeedPage]:
        """Wait for what is recorded behind a position, until told to stop.

        A database that went away is waited for.
        """
        ...
