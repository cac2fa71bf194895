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

    @property
    def only_company(self) -> str | None:
        """The one legal entity that there is to choose from, if it is one."""
        return _only(self.companies)

    @property
    def only_team(self) -> str | None:
        """The one team that there is to choose from, if it is one."""
        return _only(self.teams)

    def covers(self, companies: frozenset[str], *, teams: frozenset[str]) -> bool:
        """Whether what belongs to these companies and teams lies within.

        Every company must be within: a case of two legal entities tells of both. One team is
        enough: the team that was asked sees what it is asked about. What names no company belongs
        to its team alone, and what names no team to nobody whom teams limit.
        """
        return self.covers_companies(companies) and (
            self.teams is None or not self.teams.isdisjoint(teams)
        )

    def covers_companies(self, companies: frozenset[str]) -> bool:
        """Whether what belongs to these companies lies within, as far as companies go."""
        if self.companies is None:
            return True
        return companies <= self.companies and (bool(companies) or self.teams is not None)


def _only(names: frozenset[str] | None) -> str | None:
    return next(iter(names)) if names is not None and len(names) == 1 else None


EVERYWHERE: Final = Reach()
"""No limit at all."""


def _includes(limit: frozenset[str] | None, named: frozenset[str] | None) -> bool:
    return limit is None or (named is not None and named <= limit)
