"""How far somebody's right goes: whose objects they may see and touch."""

from dataclasses import dataclass
from typing import Final, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The legal entities and teams that somebody works for; None is no limit."""

    companies: frozenset[str] | None = None
    """Company codes, as the ERP names its legal entities."""

    teams: frozenset[str] | None = None
    """Work queues, as cases are routed to them."""

    def includes(self, other: Self) -> bool:
        """Whether another reach goes no further than this one."""
        return _includes(self.companies, other.companies) and _includes(self.teams, other.teams)


EVERYWHERE: Final = Reach()
"""No limit at all."""


def _includes(limit: frozenset[str] | None, named: frozenset[str] | None) -> bool:
    return limit is None or (named is not None and named <= limit)
