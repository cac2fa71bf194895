"""All tenants of an installation in one process: each in its own pool, under its own login.

The default tenant is open as long as the process. Every other one is opened by the first request
with its credential; when there are as many as may be open, the one that was idle for longest is
closed. Whoever holds a lease keeps theirs open.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import Final

from psycopg import Connection, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from application.keys import DEFAULT_TENANT
from application.lookout import Lookout
from application.services import Services
from application.tenancy import Lease, TenantsBusy
from application.tokens import Tokens
from infrastructure.bootstrap import (
    Logins,
    Wiring,
    login_of_tenant,
    open_services_at,
    open_usable_database,
)
from infrastructure.lookout import PostgresLookout
from infrastructure.oidc.opening import open_tokens
from infrastructure.postgres.tenants import tenants_in
from infrastructure.settings import Settings

LOOK_SECONDS: Final = 5.0
"""So late at most a tenant that was added is served; keys that name none ask no more often."""

WORK_CONNECTIONS: Final = 6
"""Of the background work of one tenant that is not the default one."""

_LOG: Final = logging.getLogger(__name__)


@contextmanager
def open_tenants(settings: Settings) -> "Generator[ManyTenants]":
    """Open the product for every tenant of the installation; see `open_services`.

    Raises:
        DatabaseNotReady: the server does not start, is unsafe, or is not migrated.
    """
    with ExitStack() as stack:
        logins = stack.enter_context(open_usable_database(settings))
        tokens = stack.enter_context(open_tokens(settings))
        default = stack.enter_context(open_services_at(logins, settings, tokens=tokens))
        tenants = ManyTenants(default, logins=logins, settings=settings)
        stack.callback(tenants.close)
        yield tenants


class ManyTenants:
    """The tenants of a process that serves all; see the port `application.tenancy.Tenants`."""

    is_shared = True

    def __init__(
        self,
        default: Wiring,
        *,
        logins: Logins,
        settings: Settings,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.default = default
        self._lease = Lease(default.services, _nothing)
        self._logins = logins
        self._settings = settings
        self._seconds = seconds
        self._lock = Lock()
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._lookouts: dict[str, Lookout] = {DEFAULT_TENANT: default.services.lookout}
        self._looking = Lock()
        self._known = self._look()
        self._looked_at = seconds()
        self._warn_of_missing_secret()

    @property
    def tokens(self) -> Tokens | None:
        """Of an issuer, for all tenants; see the port."""
        return self.default.services.tokens

    def names(self) -> tuple[str, ...]:
        """Name every tenant, the default one first; at most `LOOK_SECONDS` late."""
        with self._looking:
            if self._seconds() - self._looked_at >= LOOK_SECONDS:
                with suppress(OperationalError, PoolTimeout):  # those that were known still count
                    self._known = self._look()
                self._looked_at = self._seconds()
            return (DEFAULT_TENANT, *self._known)

    def at_hand(self, name: str) -> Lease | None:
        """Lease a tenant's ports that are open already; see the port."""
        if name == DEFAULT_TENANT:
            return self._lease
        with self._lock:
            place = self._places.get(name)
            if place is None or place.wiring is None:
                return None
            self._places.move_to_end(name)
            place.users += 1
            return Lease(place.wiring.services, partial(self._leave, place))

    def lease(self, name: str) -> Lease | None:
        """Lease a tenant's ports, opening them if need be; see the port."""
        if name == DEFAULT_TENANT:
            return self._lease
        if name not in self.names():
            return None
        place = self._take_place(name)
        try:
            services = place.open(self._opened(name, self._settings.recours_tenant_connections))
        except BaseException:
            self._leave(place)
            raise
        return Lease(services, partial(self._leave, place))

    def lookouts(self) -> Mapping[str, Lookout]:
        """Who looks how each tenant is, without opening it; see the port."""
        names = self.names()
        for name in names:
            if name not in self._lookouts:
                self._lookouts[name] = self._lookout(name)
        return {name: self._lookouts[name] for name in names}

    def settings_of(self, name: str) -> Settings:
        """What the settings say for one tenant."""
        return self._settings.of_tenant(name)

    @contextmanager
    def at_work(self, name: str) -> Generator[Wiring]:
        """Wire a tenant's background work, apart from its doors; that of the default one is one.

        Raises:
            DatabaseNotReady: its schema is unsafe, or is not migrated.
        """
        if name == DEFAULT_TENANT:
            yield self.default
            return
        with self._opened(name, WORK_CONNECTIONS) as wiring:
            yield wiring

    def close(self) -> None:
        """Close every tenant but the default one."""
        with self._lock:
            places, self._places = [*self._places.values()], OrderedDict()
        for place in places:
            place.close()

    def _look(self) -> tuple[str, ...]:
        if self._logins.tenants_secret is None:
            return ()
        with self.default.pool.connection() as connection:
            return tuple(tenants_in(connection, base=self._settings.recours_schema))

    def _warn_of_missing_secret(self) -> None:
        if self._logins.tenants_secret is None:
            with self.default.pool.connection() as connection:
                if tenants_in(connection, base=self._settings.recours_schema):
                    _LOG.warning("the tenants are not served: set RECOURS_TENANTS_SECRET")

    def _take_place(self, name: str) -> "_Place":
        idle = None
        with self._lock:
            place = self._places.get(name)
            if place is None:
                if len(self._places) >= self._settings.recours_open_tenants:
                    idle = self._take_idle()
                place = self._places[name] = _Place()
            self._places.move_to_end(name)
            place.users += 1
        if idle is not None:
            idle.close()
        return place

    def _take_idle(self) -> "_Place":
        for name, place in self._places.items():
            if not place.users:
                return self._places.pop(name)
        raise TenantsBusy

    def _leave(self, place: "_Place") -> None:
        with self._lock:
            place.users -= 1

    @contextmanager
    def _opened(self, name: str, connections: int) -> Generator[Wiring]:
        settings = self.settings_of(name)
        with open_services_at(
            login_of_tenant(self._logins, settings),
            settings,
            tokens=self.tokens,
            connections=connections,
        ) as wiring:
            yield wiring

    def _lookout(self, name: str) -> PostgresLookout:
        settings = self.settings_of(name)
        return PostgresLookout(
            partial(self._pool_of, name),
            conninfo=login_of_tenant(self._logins, settings).application_url,
            schema=settings.tenant_schema,
            most_lag=timedelta(seconds=settings.recours_most_lag),
        )

    def _pool_of(self, name: str) -> ConnectionPool[Connection[TupleRow]] | None:
        with self._lock:
            place = self._places.get(name)
            return None if place is None or place.wiring is None else place.wiring.pool


class _Place:
    """One of the tenants that are open, or about to be."""

    def __init__(self) -> None:
        self.users = 0
        self.wiring: Wiring | None = None
        self._opening = Lock()
        self._stack = ExitStack()

    def open(self, opened: AbstractContextManager[Wiring]) -> Services:
        """Open it, unless it is; answers with its ports."""
        with self._opening:
            if self.wiring is None:
                self.wiring = self._stack.enter_context(opened)
            return self.wiring.services

    def close(self) -> None:
        """Close it; nobody holds it any more."""
        with self._opening:
            self._stack.close()


def _nothing() -> None:
    """Give back what is never closed."""
