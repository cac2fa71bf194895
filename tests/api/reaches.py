"""How far the rights of the tests' people go."""

from typing import Final
from uuid import UUID

from application.reach import Reach

FRANCE: Final = Reach(companies=frozenset({"FR01"}))
GERMANY: Final = Reach(companies=frozenset({"DE01"}))
BOTH: Final = Reach(companies=frozenset({"FR01", "DE01"}))
LYON: Final = Reach(teams=frozenset({"lyon"}))
PARIS: Final = Reach(teams=frozenset({"paris"}))


def missing(case: str) -> str:
    """The address of a case that there is not, as long as the address of one that there is."""
    kind, _, case_id = case.rpartition("/")
    return f"{kind}/{UUID(int=UUID(case_id).int ^ 1)}"
