"""Identities that the same row has in every import."""

from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Final
from uuid import UUID

from infrastructure.clock import uuid7

_MOST_DIGITS: Final = 14
"""48 bits hold every number of so many digits."""


def identify(key: str, *, what: str, place: int) -> UUID:
    """Name `what` of the row with this key; rows of a lower place sort first.

    The same key needs the same place in every file: a place is derived from the key alone.
    """
    return uuid7(place, sha256(f"{what}:{key}".encode()).digest()[:10])


def place_of_day(day: date) -> int:
    """Sort by a day that the key is made of."""
    midnight = datetime.combine(day, time.min, UTC).timestamp()
    # Before 1970 there are no milliseconds to sort by; the digest alone tells rows apart.
    return max(0, int(midnight)) * 1_000


def place_of_number(number: str) -> int:
    """Sort by the source's own number, which grows with time; other names sort nowhere."""
    is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    return int(number) if is_number else 0


def pseudonym(key: str) -> str:
    """Name the unnamed customer of a row."""
    return f"cfpb-{sha256(f'customer:{key}'.encode()).hexdigest()[:20]}"
