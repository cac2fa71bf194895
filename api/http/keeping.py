"""What is said when the file of a case is kept."""

from api.http.calls import Circumstances
from api.http.values import Code, Instant, OneOf, Prose, Version
from domain.contacts import Direction, Reached
from domain.event import Channel


class ContactMade(Circumstances):
    """A contact with the customer, or an attempt; the way it was made is the event's channel."""

    channel: OneOf[Channel]  # pyright: ignore[reportGeneralTypeIssues] - here it must be said
    direction: OneOf[Direction]
    reached: OneOf[Reached]
    summary: Prose | None = None
    promised_next_contact: Instant | None = None


class Note(Circumstances):
    """A note that the customer does not see. It is no contact."""

    text: Prose


class Correction(Circumstances):
    """Which recorded event was wrong, and what it should have said."""

    corrects_version: Version
    was: Code | None = None
    now: Code | None = None
