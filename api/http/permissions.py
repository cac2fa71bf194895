"""Which role may do what, as one table. The lifecycles decide the rest: which step, and when."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from api.http.errors import NotPermitted
from domain.parties import Role


class Operation(StrEnum):
    """Something that a request can be for."""

    REGISTER_COMPLAINTS = "register_complaints"
    OPEN_DISPUTES = "open_disputes"
    MIRROR_INVOICES = "mirror_invoices"
    TAKE_STEPS = "take_steps"
    READ_CASES_BY_ID = "read_cases_by_id"
    READ_HISTORIES = "read_histories"
    LIST_CASES = "list_cases"
    READ_CUSTOMERS = "read_customers"
    READ_EXPOSURE = "read_exposure"
    READ_PROJECTIONS = "read_projections"
    READ_METRICS = "read_metrics"
    MANAGE_KEYS = "manage_keys"


_READERS: Final = frozenset({Role.AGENT, Role.MANAGER, Role.FINANCE, Role.AUDITOR, Role.ADMIN})

PERMITTED: Final = MappingProxyType(
    {
        Operation.REGISTER_COMPLAINTS: frozenset(
            {Role.AGENT, Role.MANAGER, Role.FINANCE, Role.CONNECTOR},
        ),
        Operation.OPEN_DISPUTES: frozenset({Role.AGENT, Role.MANAGER, Role.FINANCE}),
        Operation.MIRROR_INVOICES: frozenset({Role.FINANCE, Role.CONNECTOR}),
        Operation.TAKE_STEPS: frozenset(
            {Role.AGENT, Role.MANAGER, Role.FINANCE, Role.CONNECTOR, Role.ADMIN},
        ),
        Operation.READ_CASES_BY_ID: _READERS | {Role.CONNECTOR},
        Operation.READ_HISTORIES: _READERS,
        Operation.LIST_CASES: _READERS,
        Operation.READ_CUSTOMERS: _READERS,
        Operation.READ_EXPOSURE: _READERS,
        Operation.READ_PROJECTIONS: frozenset({Role.AUDITOR, Role.ADMIN}),
        Operation.READ_METRICS: frozenset({Role.AUDITOR, Role.ADMIN}),
        Operation.MANAGE_KEYS: frozenset({Role.ADMIN}),
    },
)


def require(operation: Operation, *, role: Role) -> None:
    """Let the role pass, or refuse it.

    Raises:
        NotPermitted: the table does not name the role.
    """
    if role not in PERMITTED[operation]:
        raise NotPermitted(operation, role=role)
