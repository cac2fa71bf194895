"""What of an event leaves the house.

What people wrote stays inside: a text may name anybody, and what was sent to another system cannot
be erased there. So a field is told when its type cannot hold a sentence (an identity, an amount, a
date, one of a few words), or when it is a code or a number named here. A field that nobody thought
of is not told.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, cast

from pydantic import BaseModel

import domain.approvals.events
import domain.blocks.events
import domain.compensations.events
import domain.complaints.events
import domain.disputes.events
import domain.invoices.events
from domain.event import Event

Told = dict[str, Any]  # Any: JSON

CODES: Final = frozenset(
    {
        "category",
        "company_code",
        "contract",
        "currency",
        "customer_id",
        "erp_document",
        "erp_reference",
        "invoice",
        "number",
        "order",
        "product",
        "queue",
        "reason_code",
        "requested_action",
        "root_cause",
        "system",
        "to_queue",
    }
)
"""Fields of text that hold a code or a number, and are told."""

WORDS: Final = frozenset(
    {
        "answer",
        "cause",
        "conclusion",
        "contact_point",
        "court",
        "how_to_contest",
        "mediator",
        "now",
        "question",
        "response",
        "summary",
        "text",
        "wanted_outcome",
        "was",
    }
)
"""Fields of text that hold what somebody wrote or where somebody is reached, and are not told."""

EVENT_TYPES: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        found.type: found
        for module in (
            domain.complaints.events,
            domain.disputes.events,
            domain.blocks.events,
            domain.invoices.events,
            domain.approvals.events,
            domain.compensations.events,
        )
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Event) and "type" in vars(found)
    }
)
"""Everything that can be told, by its stored name."""

KINDS: Final = frozenset(name.partition(".")[0] for name in EVENT_TYPES)


def facts(event: BaseModel) -> Told:
    """Tell what happened, without what people wrote."""
    shown = event.model_dump(mode="json", exclude_none=True)
    return {
        name: _told(value, shown[name])
        for name, value in event
        if name in shown and _may(name, value)
    }


def is_type(name: str) -> bool:
    """Tell whether a name is an event's, or all of a kind's: `dispute.*`."""
    kind, _, rest = name.partition(".")
    return name in EVENT_TYPES or (rest == "*" and kind in KINDS)


def expand(names: frozenset[str]) -> frozenset[str]:
    """Name every event that is wanted; nothing named means all of them."""
    if not names:
        return frozenset(EVENT_TYPES)
    wanted_kinds = {name.partition(".")[0] for name in names if name.endswith(".*")}
    of_kinds = {name for name in EVENT_TYPES if name.partition(".")[0] in wanted_kinds}
    return frozenset(of_kinds | (names & EVENT_TYPES.keys()))


def _may(name: str, value: object) -> bool:
    return name in CODES or not isinstance(value, str) or isinstance(value, Enum)


def _told(value: object, shown: object) -> object:
    if isinstance(value, BaseModel):
        return facts(value)
    if isinstance(value, tuple):
        pairs = zip(cast("tuple[object, ...]", value), cast("list[object]", shown), strict=True)
        return [_told(one, its_json) for one, its_json in pairs]
    return shown
