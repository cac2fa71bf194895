"""Handing keys out and taking them back, within the reach of whoever does it."""

from datetime import timedelta
from uuid import UUID

from application.keys import (
    GRACE,
    ExpiryPassed,
    IssuedKey,
    Key,
    KeyNotFound,
    Keys,
    KeyTerms,
    ReachExceeded,
    ScopesMisplaced,
)
from application.ports import Clock
from application.reach import EVERYWHERE, Reach
from domain.parties import Role


def issue_key(
    terms: KeyTerms, *, keys: Keys, clock: Clock, within: Reach = EVERYWHERE
) -> IssuedKey:
    """Make a key.

    Raises:
        ScopesMisplaced: a connector's key without a scope, or another one with any.
        ExpiryPassed: it would be over already.
        ReachExceeded: it would reach further than whoever hands it out.
    """
    if (terms.role is Role.CONNECTOR) != bool(terms.scopes):
        raise ScopesMisplaced
    if terms.expires_at is not None and terms.expires_at <= clock.now():
        raise ExpiryPassed(terms.expires_at)
    if not within.includes(terms.reach):
        raise ReachExceeded
    return keys.issue(terms)


def rotate_key(
    key_id: UUID, *, keys: Keys, grace: timedelta = GRACE, within: Reach = EVERYWHERE
) -> IssuedKey:
    """Make another key for the same holder; the old one goes on working for the grace.

    Raises:
        KeyNotFound: there is no such key within that reach.
        KeyOver: it opens nothing any more, or was replaced before.
    """
    _find(key_id, keys=keys, within=within)
    return keys.rotate(key_id, grace=grace)


def revoke_key(key_id: UUID, *, keys: Keys, within: Reach = EVERYWHERE) -> Key:
    """Let a key open nothing any more.

    Raises:
        KeyNotFound: there is no such key within that reach.
    """
    _find(key_id, keys=keys, within=within)
    return keys.revoke(key_id)


def list_keys(*, keys: Keys, within: Reach = EVERYWHERE) -> tuple[Key, ...]:
    """Every key within a reach, oldest first."""
    return tuple(key for key in keys.list() if within.includes(key.terms.reach))


def _find(key_id: UUID, *, keys: Keys, within: Reach) -> None:
    if not within.includes(keys.find(key_id).terms.reach):
        raise KeyNotFound(key_id)
