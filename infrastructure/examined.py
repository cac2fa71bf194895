"""What an examination says: one thing that was looked at, how it is, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something is."""

    GOOD = "good"
    NOTE = "note"
    """Nothing is wrong, but somebody may want to know."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at."""

    subject: str
    health: Health
    found: str
    fix: str | None = None


def _made(health: Health) -> Callable[[str, str, str | None], Examined]:
    return lambda subject, found, fix: Examined(
        subject=subject, health=health, found=found, fix=fix
    )


note = _made(Health.NOTE)
fault = _made(Health.FAULT)


def good(subject: str, found: str) -> Examined:
    """Say that something is well."""
    return Examined(subject=subject, health=Health.GOOD, found=found)
