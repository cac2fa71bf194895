"""Who acts: the parties of a case, and the roles that may record what a party does."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict


class Party(StrEnum):
    """A side of the case, as the transition tables name it."""

    AGENT = "agent"
    MANAGER = "manager"
    FINANCE = "finance"
    CUSTOMER = "customer"
    SYSTEM = "system"
    ERP = "erp"
    MEDIATOR = "mediator"
    COURT = "court"


class Role(StrEnum):
    """What a principal is trusted with."""

    AGENT = "agent"
    MANAGER = "manager"
    FINANCE = "finance"
    AUDITOR = "auditor"
    CONNECTOR = "connector"
    ADMIN = "admin"
    SYSTEM = "system"
    IMPORTER = "importer"


class ActorKind(StrEnum):
    """What kind of actor stands behind an event."""

    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"
    ERP = "erp"
    MEDIATOR = "mediator"
    AUDITOR = "auditor"


ACTS_FOR: Final = MappingProxyType(
    {
        Role.AGENT: frozenset({Party.AGENT, Party.CUSTOMER}),
        Role.MANAGER: frozenset(
            {Party.MANAGER, Party.AGENT, Party.CUSTOMER, Party.MEDIATOR, Party.COURT},
        ),
        Role.FINANCE: frozenset({Party.FINANCE, Party.CUSTOMER, Party.COURT}),
        Role.AUDITOR: frozenset[Party](),
        Role.CONNECTOR: frozenset({Party.ERP, Party.CUSTOMER, Party.MEDIATOR}),
        Role.ADMIN: frozenset({Party.SYSTEM}),
        Role.SYSTEM: frozenset({Party.SYSTEM}),
        Role.IMPORTER: frozenset(Party),
    },
)
"""Whose steps a role may record: an agent writes down what the customer said on the phone, a
manager what the mediator decided. The event keeps the principal as its actor; the step says whose
word it was. An importer writes down what everybody did in another system; no key has that role."""


class Actor(BaseModel):
    """The principal behind an event, by a pseudonymous subject id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ActorKind
    subject_id: str
    role: Role


SYSTEM: Final = Actor(kind=ActorKind.SYSTEM, subject_id="system", role=Role.SYSTEM)
"""Who acts when a rule does: on a clock, or because of what was just recorded."""
