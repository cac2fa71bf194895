"""Contacts with the customer. An internal note is not a contact; neither is an unanswered call."""

from enum import StrEnum

from pydantic import AwareDatetime

from domain.event import Channel, Event
from domain.refusals import RuleBroken


class Direction(StrEnum):
    """Who turned to whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Reached(StrEnum):
    """Whether the other side was reached. Only `yes` ends the customer's waiting."""

    YES = "yes"
    NO = "no"
    VOICEMAIL = "voicemail"
    BOUNCED = "bounced"


class ContactRecorded(Event):
    """A contact with the customer, or an attempt at one."""

    direction: Direction
    channel: Channel
    reached: Reached
    summary: str | None = None
    promised_next_contact: AwareDatetime | None = None


class InboundAlwaysReaches(RuleBroken):
    """A customer who turned to us has reached us."""

    def __init__(self) -> None:
        super().__init__("an inbound contact has reached us by definition; say reached: yes")


def check_contact(*, direction: Direction, reached: Reached) -> None:
    """Refuse a contact that contradicts itself.

    Raises:
        InboundAlwaysReaches: inbound, but not reached.
    """
    if direction is Direction.INBOUND and reached is not Reached.YES:
        raise InboundAlwaysReaches
