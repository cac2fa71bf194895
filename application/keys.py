"""API keys: who may come in, and as whom they act."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from application.errors import ApplicationError
from application.reach import EVERYWHERE, Reach
from application.scopes import ConnectorScope
from domain.parties import Actor, ActorKind, Role

KINDS: Final = {
    Role.AUDITOR: ActorKind.AUDITOR,
    Role.CONNECTOR: ActorKind.ERP,
    Role.SYSTEM: ActorKind.SYSTEM,
    Role.IMPORTER: ActorKind.SYSTEM,
}
"""What kind of actor stands behind a role; every other one is an agent."""

GRANTABLE: Final = (
    Role.AGENT,
    Role.MANAGER,
    Role.FINANCE,
    Role.AUDITOR,
    Role.CONNECTOR,
    Role.ADMIN,
)
"""The roles that a key can have; the others belong to the product itself."""

KEY_PREFIX: Final = "rcs_"
"""How every secret begins, so that scanners of sources and logs recognise a leaked one."""

DEFAULT_TENANT: Final = "default"
"""The tenant that there always is."""

TENANT_NAME: Final = "[a-z][a-z0-9]{0,19}"
"""What a tenant is called, as a regular expression."""

_OF_TENANT: Final = re.compile(
    rf"{KEY_PREFIX}(?P<tenant>{TENANT_NAME})_[0-9a-f]{{8}}_[A-Za-z0-9_-]{{43}}"
)

GRACE: Final = timedelta(hours=24)
"""How long a key that was replaced goes on working, if nothing else is said."""

LONGEST_GRACE: Final = timedelta(days=30)


def key_prefix(tenant: str) -> str:
    """How the secrets of a tenant's keys begin."""
    return KEY_PREFIX if tenant == DEFAULT_TENANT else f"{KEY_PREFIX}{tenant}_"


def tenant_named(secret: str) -> str:
    """The tenant that a secret names, whether or not it opens anything; else the default one."""
    named = _OF_TENANT.fullmatch(secret)
    return DEFAULT_TENANT if named is None else named["tenant"]


def every_scope(role: Role) -> frozenset[ConnectorScope]:
    """The most that a role can be given: all jobs for a connector, none for anybody else."""
    return frozenset(ConnectorScope) if role is Role.CONNECTOR else frozenset()


class KeyRefused(ApplicationError):
    """The key opens nothing: unknown, revoked or over, which is nobody's business."""

    def __init__(self) -> None:
        super().__init__("the key opens nothing; ask an admin for a new one")


class ScopesMisplaced(ApplicationError):
    """A connector's key says what it is for; no other one does."""

    def __init__(self) -> None:
        super().__init__(
            f"a connector's key has one scope or more of {', '.join(ConnectorScope)}; "
            "a key of another role has none"
        )


class ExpiryPassed(ApplicationError):
    """A key is not issued for a time that is over."""

    def __init__(self, expires_at: datetime) -> None:
        super().__init__("the key would be over already; let it expire later")
        self.expires_at = expires_at


class ReachExceeded(ApplicationError):
    """Nobody hands out more than they have."""

    def __init__(self) -> None:
        super().__init__("name only companies and teams that your own key reaches")


class KeyOver(ApplicationError):
    """A key that was revoked, replaced or is expired is not replaced."""

    def __init__(self, key_id: UUID) -> None:
        super().__init__(f"key {key_id} is over or was replaced already; issue a new one")
        self.key_id = key_id


class KeyNotFound(ApplicationError):
    """There is no such key."""

    def __init__(self, key_id: UUID) -> None:
        super().__init__(f"there is no key {key_id}")
        self.key_id = key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody, or something, that was let in."""

    subject_id: str
    """Who it is; two keys of one subject are one person."""

    role: Role
    reach: Reach = EVERYWHERE
    scopes: frozenset[ConnectorScope] = frozenset()
    """The jobs of a connector; nobody else has any."""

    tenant: str = DEFAULT_TENANT
    """Whose product they work with."""

    @property
    def actor(self) -> Actor:
        """How events name this principal."""
        kind = KINDS.get(self.role, ActorKind.AGENT)
        return Actor(kind=kind, subject_id=self.subject_id, role=self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What a key is to be: whose, what for, how far, how long."""

    subject_id: str
    role: Role
    scopes: frozenset[ConnectorScope] = frozenset()
    reach: Reach = EVERYWHERE
    expires_at: datetime | None = None
    """When it ends by itself; never, if nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it can be listed: never its secret."""

    key_id: UUID
    prefix: str
    """How its secret begins."""

    terms: KeyTerms
    created_at: datetime
    revoked_at: datetime | None = None
    retires_at: datetime | None = None
    """When it ends because another one replaced it."""

    replaces: UUID | None = None
    """The key whose holder got this one instead."""

    last_used_at: datetime | None = None
    """To the minute."""

    def is_usable(self, now: datetime) -> bool:
        """Whether it opens anything."""
        ends = (self.terms.expires_at, self.retires_at)
        return self.revoked_at is None and all(end is None or end > now for end in ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key with its secret, which is shown this once."""

    key: Key
    secret: str = field(repr=False)


class Keys(Protocol):
    """Where keys are kept, hashed."""

    def issue(self, terms: KeyTerms) -> IssuedKey:
        """Make a key; its secret is random and shown once."""
        ...

    def rotate(self, key_id: UUID, *, grace: timedelta) -> IssuedKey:
        """Make a key on the same terms and for as long; the old one retires after the grace.

        Raises:
            KeyOver: the old one opens nothing any more, or was replaced before.
        """
        ...

    def find(self, key_id: UUID) -> Key:
        """Look a key up.

        Raises:
            KeyNotFound: there is no such key.
        """
        ...

    def recall(self, secret: str) -> Principal | None:
        """Say who holds the secret, where that is remembered; asks no store, and never waits."""
        ...

    def has_opened(self, secret: str) -> bool:
        """Whether the secret opened something here lately; asks no store, and never waits."""
        ...

    def authenticate(self, secret: str) -> Principal:
        """Find out who holds the secret.

        Raises:
            KeyRefused: nobody does, or the key is over.
        """
        ...

    def revoke(self, key_id: UUID) -> Key:
        """Let the key open nothing any more.

        Raises:
            KeyNotFound: there is no such key.
        """
        ...

    def list(self) -> tuple[Key, ...]:
        """Every key, oldest first."""
        ...
