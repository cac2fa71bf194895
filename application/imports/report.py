"""What became of an import, in numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The end of an import: `read` is the sum of accepted, already known and rejected rows."""

    read: int
    accepted: int
    """Rows that told something new."""
    already_known: int
    rejected: int
    complaints: int
    """Complaints begun by this run."""
    disputes: int
    """Disputes begun by this run."""
    events: int
    """Events appended by this run."""
