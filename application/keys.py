"""API keys: who may come in, and as whom they act."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.errors import ApplicationError
from application.reach import EVERYWHERE, Reach
from application.scopes import ConnectorScope
from domain.parties import Actor, ActorKind, Role

KINDS = {
    Role.AUDITOR: ActorKind.AUDITOR,
    Role.CONNECTOR: ActorKind.ERP,
    Role.SYSTEM: ActorKind.SYSTEM,
    Role.IMPORTER: ActorKind.SYSTEM,
}
"""What kind of actor stands behind a role; every other one is an agent."""

GRANTABLE = (
    Role.AGENT,
    Role.MANAGER,
    Role.FINANCE,
    Role.AUDITOR,
    Role.CONNECTOR,
    Role.ADMIN,
)
"""The roles that a key can have; the others belong to the product itself."""


def every_scope(role: Role) -> frozenset[ConnectorScope]:
    """The most that a role can be given: all jobs for a connector, none for anybody else."""
    return frozenset(ConnectorScope) if role is Role.CONNECTOR else frozenset()


class KeyRefused(ApplicationError):
    """The key is unknown, or was revoked."""

    def __init__(self) -> None:
        super().__init__("the key is unknown or was revoked; ask an admin for a new one")


class ScopesMisplaced(ApplicationError):
    """A connector's key says what it is for; no other one does."""

    def __init__(self) -> None:
        super().__init__(
            f"a connector's key has one scope or more of {', '.join(ConnectorScope)}; "
            "a key of another role has none"
        )


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

    @property
    def actor(self) -> Actor:
        """How events name this principal."""
        kind = KINDS.get(self.role, ActorKind.AGENT)
        return Actor(kind=kind, subject_id=self.subject_id, role=self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it can be listed: never its secret."""

    key_id: UUID
    subject_id: str
    role: Role
    scopes: frozenset[ConnectorScope]
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key with its secret, which is shown this once."""

    key: Key
    secret: str


class Keys(Protocol):
    """Where keys are kept, hashed."""

    def issue(
        self, *, subject_id: str, role: Role, scopes: frozenset[ConnectorScope] = frozenset()
    ) -> IssuedKey:
        """Make a key; its secret is random and shown once.

        Raises:
            ScopesMisplaced: a connector's key without a scope, or another one with any.
        """
        ...

    def recall(self, secret: str) -> Principal | None:
        """Say who holds the secret, where that is remembered; asks no store, and never waits."""
        ...

    def authenticate(self, secret: str) -> Principal:
        """Find out who holds the secret.

        Raises:
            KeyRefused: nobody does, or the key was revoked.
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
