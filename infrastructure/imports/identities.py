"""Identities that the same row has in every import."""

from datetime import UTC, date, datetime, time
from hashlib import sha256
from uuid import UUID

from infrastructure.clock import uuid7


def identify(key: str, *, what: str, on: date) -> UUID:
    """Name `what` of the row with this key: the same for the same row, and sorted by its day."""
    midnight = datetime.combine(on, time.min, UTC).timestamp()
    # Before 1970 there are no milliseconds to sort by; the digest alone tells rows apart.
    milliseconds = max(0, int(midnight)) * 1_000
    return uuid7(milliseconds, sha256(f"{what}:{key}".encode()).digest()[:10])


def pseudonym(key: str) -> str:
    """Name the unnamed customer of a row."""
    return f"cfpb-{sha256(f'customer:{key}'.encode()).hexdigest()[:20]}"
