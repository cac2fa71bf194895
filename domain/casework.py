"""Rules that every kind of case shares: evidence names documents, corrections name events."""

from collections.abc import Sequence

from domain.event import Evidence
from domain.refusals import RuleBroken


class UnknownVersionCorrected(RuleBroken):
    """A correction names an event of this case."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the case has no event {version} to correct")
        self.version = version


class EvidenceMissing(RuleBroken):
    """Adding evidence needs the evidence."""

    def __init__(self) -> None:
        super().__init__("name at least one document in evidence")


def check_evidence(evidence: Sequence[Evidence]) -> None:
    """Refuse to add nothing.

    Raises:
        EvidenceMissing: no document is named.
    """
    if not evidence:
        raise EvidenceMissing


def check_corrected(version: int, *, of: int) -> None:
    """Refuse to correct an event that a case of this many events does not have.

    Raises:
        UnknownVersionCorrected: there is no such event.
    """
    if not 1 <= version <= of:
        raise UnknownVersionCorrected(version)
