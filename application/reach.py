"""How far somebody's right goes: whose objects they may see and touch."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The legal entities and teams that somebody works for; None is no limit."""

    companies: frozenset[str] | None = None
    """Company codes, as the ERP names its legal entities."""

    teams: frozenset[str] | None = None
    """Work queues, as cases are routed to them."""


EVERYWHERE: Final = Reach()
"""No limit at all."""
