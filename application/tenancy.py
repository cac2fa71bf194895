"""Whose product a request reaches, where several companies share one process.

The credential alone says so: a key by its text, a token by a claim. What a request says in a
header, a path or a body leads to no other tenant.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from application.errors import ApplicationError
from application.keys import DEFAULT_TENANT
from application.lookout import Lookout
from application.services import Services
from application.tokens import Tokens


class TenantsBusy(ApplicationError):
    """As many tenants as the process may have open are being served, and this is another one."""

    def __init__(self) -> None:
        super().__init__("too many tenants are being served at once; try again soon")


class Lease(NamedTuple):
    """A tenant's ports, which stay open until they are given back."""

    services: Services
    give_back: Callable[[], None]


class Tenants(Protocol):
    """The tenants that a process serves. May be used from any thread."""

    @property
    def is_shared(self) -> bool:
        """Whether this process serves whatever tenant there is, and not one alone."""
        ...

    @property
    def tokens(self) -> Tokens | None:
        """Of an issuer, for all tenants."""
        ...

    def at_hand(self, name: str) -> Lease | None:
        """Lease a tenant's ports that are open already; never waits."""
        ...

    def lease(self, name: str) -> Lease | None:
        """Lease a tenant's ports, opening them if need be; nothing when there is no such tenant.

        Raises:
            TenantsBusy: no room for another one now.
        """
        ...

    def lookouts(self) -> Mapping[str, Lookout]:
        """Who looks how each tenant is."""
        ...


class OneTenant:
    """The tenants of a process that serves one; see the port."""

    def __init__(self, services: Services, *, name: str = DEFAULT_TENANT) -> None:
        self._name = name
        self._services = services
        self._lease = Lease(services, _nothing)

    is_shared = False

    @property
    def tokens(self) -> Tokens | None:
        """Of an issuer; see the port."""
        return self._services.tokens

    def at_hand(self, name: str) -> Lease | None:
        """The one tenant's ports; see the port."""
        return self._lease if name == self._name else None

    lease = at_hand

    def lookouts(self) -> Mapping[str, Lookout]:
        """Who looks how the tenant is; see the port."""
        return {self._name: self._services.lookout}


def _nothing() -> None:
    """Give back what is never closed."""
