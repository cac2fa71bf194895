"""The composition root: the only place that wires."""

import logging
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event as Signal
from threading import Thread
from typing import Final, Literal

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from pydantic import SecretStr

from application.erp import Erp
from application.erp_desk import ErpDesk
from application.errors import ApplicationError
from application.imports.catching_up import CasesInBulk
from application.services import Services
from application.tokens import Tokens
from infrastructure.clock import SystemClock, TimeOrderedIdentities
from infrastructure.erp.http_connector import HttpErp, UnusableErpAddress
from infrastructure.erp.signatures import UnusableSecret
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.exports.files import FileExports
from infrastructure.feed.history import PostgresFeed
from infrastructure.keys import PostgresKeys
from infrastructure.last_uses import LastUses, writing
from infrastructure.lookout import PostgresLookout
from infrastructure.oidc.opening import open_tokens
from infrastructure.postgres.connections import open_pool
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.postgres.errors import DatabaseNotReady
from infrastructure.postgres.migrating import Applied, migrate
from infrastructure.postgres.migration_files import Phase
from infrastructure.postgres.server_checks import refuse_unsafe_server
from infrastructure.postgres.tenants import (
    DEFAULT,
    login_url,
    make_login,
    make_reader,
    schema_of,
    tenants_in,
)
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.exposures import PostgresExposures
from infrastructure.read_models.owed import PostgresReceivables
from infrastructure.read_models.projector import Projector
from infrastructure.read_models.questions import PostgresQuestions
from infrastructure.settings import Settings
from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.outbox import Outbox
from infrastructure.webhooks.registry import PostgresWebhooks
from infrastructure.webhooks.sending import Sender

REMEMBERED_CASES: Final = 10_000
LOOK_SECONDS: Final = 0.5
"""A killed embedded server is noticed after this at most."""

_LOG: Final = logging.getLogger(__name__)


class OwnerLoginMissing(DatabaseNotReady):
    """Migrations and rebuilds need the owner's login."""

    def __init__(self) -> None:
        super().__init__("set DATABASE_OWNER_URL to the login that owns the schema")


class TenantsSecretMissing(DatabaseNotReady):
    """The password of a tenant's login is made of a secret."""

    def __init__(self) -> None:
        super().__init__("set RECOURS_TENANTS_SECRET to a random text of 24 characters or more")


class ErpNotUsable(ApplicationError):
    """The settings name no ERP that can be talked to."""

    def __init__(self, cause: ValueError) -> None:
        super().__init__(f"{cause}; see RECOURS_ERP_URL and RECOURS_ERP_SECRET")


@dataclass(frozen=True, slots=True)
class Logins:
    """How the database is reached, and as whom."""

    application_url: str = field(repr=False)
    """The tenant's: it enters the tenant's schema and no other."""
    owner_url: str | None = field(repr=False)
    roles_url: str | None = field(repr=False)
    """Who may make roles."""
    tenants_secret: str | None = field(repr=False)


@contextmanager
def open_database(settings: Settings) -> Generator[Logins]:
    """Find the database of this installation, starting the embedded one where none is named.

    Raises:
        TenantsSecretMissing: an external database, a tenant, and nothing to make its password of.
    """
    if settings.database_url is not None:
        url, owner = settings.database_url.get_secret_value(), _told(settings.database_owner_url)
        yield login_of_tenant(
            Logins(url, owner, owner, _told(settings.recours_tenants_secret)), settings
        )
        return
    with EmbeddedServer.start(settings.recours_data) as server, keeping_alive(server):
        admin = server.url(Login.ADMIN)
        secret = str(conninfo_to_dict(admin)["password"])
        application, owner = server.url(Login.APPLICATION), server.url(Login.OWNER)
        yield login_of_tenant(Logins(application, owner, admin, secret), settings)


def _told(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def login_of_tenant(logins: Logins, settings: Settings) -> Logins:
    """The logins of a tenant, from those of the default one.

    Raises:
        TenantsSecretMissing: there is nothing to make its password of.
    """
    if settings.recours_tenant == DEFAULT:
        return logins
    if logins.tenants_secret is None:
        raise TenantsSecretMissing
    url = login_url(
        logins.application_url, schema=settings.tenant_schema, secret=logins.tenants_secret
    )
    return replace(logins, application_url=url)


@contextmanager
def keeping_alive(server: EmbeddedServer) -> Generator[None]:
    """Start the embedded server again whenever it dies while this process uses it."""
    stop = Signal()

    def watch() -> None:
        while not stop.wait(LOOK_SECONDS):
            try:
                if server.revive():
                    _LOG.warning("the embedded database had died and was started again")
            except DatabaseNotReady as error:
                _LOG.critical("the embedded database does not start again: %s", error)

    watchman = Thread(target=watch, name="database watch", daemon=True)
    watchman.start()
    try:
        yield
    finally:
        stop.set()
        watchman.join()


def migrate_database(
    logins: Logins, settings: Settings, *, phase: Phase | Literal["all"] = "all"
) -> list[Applied]:
    """Bring the schema up to date; for the default tenant, that of every other one too.

    Raises:
        OwnerLoginMissing: an external database without the owner's login.
    """
    if logins.owner_url is None:
        raise OwnerLoginMissing
    if settings.recours_tenant != DEFAULT:
        # The files are for a tenant that `recours tenants add` has made.
        return migrate(logins.owner_url, schema=settings.tenant_schema, phase=phase)
    application = conninfo_to_dict(logins.application_url).get("user")
    applied = migrate(
        logins.owner_url,
        schema=settings.recours_schema,
        phase=phase,
        application_login=None if application is None else str(application),
    )
    with psycopg.connect(logins.owner_url, autocommit=True) as connection:
        tenants = tenants_in(connection, base=settings.recours_schema)
    for tenant in tenants:
        schema = schema_of(tenant, base=settings.recours_schema)
        applied += migrate(logins.owner_url, schema=schema, phase=phase)
    return applied


def add_tenant(settings: Settings) -> list[Applied]:
    """Make the login and the schema of the settings' tenant; may be repeated.

    Raises:
        OwnerLoginMissing: an external database without the owner's login.
        RoleMissing: the owner's login may not make roles.
    """
    with open_database(settings) as logins:
        if logins.roles_url is None or logins.tenants_secret is None:
            raise OwnerLoginMissing
        schema = settings.tenant_schema
        make_login(logins.roles_url, schema=schema, secret=logins.tenants_secret)
        make_reader(logins.roles_url, schema=schema)
        return migrate_database(logins, settings)


def list_tenants(settings: Settings) -> list[str]:
    """Name every tenant, the default one first."""
    with (
        open_database(settings) as logins,
        psycopg.connect(logins.application_url, autocommit=True) as connection,
    ):
        return [DEFAULT, *tenants_in(connection, base=settings.recours_schema)]


@dataclass(frozen=True, slots=True)
class Wiring:
    """What runs besides the doors."""

    services: Services
    pool: ConnectionPool[Connection[TupleRow]]
    projector: Projector
    sender: Sender
    cases: CasesInBulk
    """The services' cases, for those who take in many at once."""
    last_uses: LastUses
    """Of keys, noted by the services; written down while they are open."""


@contextmanager
def open_services(settings: Settings, *, remembered: int = REMEMBERED_CASES) -> Generator[Wiring]:
    """Wire the product over its database, and refuse a database that would not keep its word.

    The embedded database is migrated here; an external one by `recours migrate`.

    Raises:
        DatabaseNotReady: the server does not start, is unsafe, or is not migrated.
    """
    with (
        open_usable_database(settings) as logins,
        open_tokens(settings) as tokens,
        open_services_at(logins, settings, remembered=remembered, tokens=tokens) as wiring,
    ):
        yield wiring


@contextmanager
def open_usable_database(settings: Settings) -> Generator[Logins]:
    """Find the database, and migrate it where it is the embedded one.

    Raises:
        DatabaseNotReady: the server does not start.
    """
    with open_database(settings) as logins:
        if settings.database_url is None:
            migrate_database(logins, settings)
        yield logins


@contextmanager
def open_services_at(
    logins: Logins,
    settings: Settings,
    *,
    remembered: int = REMEMBERED_CASES,
    tokens: Tokens | None = None,
    connections: int | None = None,
) -> Generator[Wiring]:
    """Wire the product for the settings' tenant over its own login.

    Raises:
        DatabaseNotReady: its schema is unsafe, or is not migrated.
    """
    with ExitStack() as stack:
        with psycopg.connect(logins.application_url, autocommit=True) as connection:
            refuse_unsafe_server(connection, schema=settings.tenant_schema)
        pool = stack.enter_context(
            open_pool(
                logins.application_url,
                schema=settings.tenant_schema,
                min_size=1,
                max_size=connections or settings.recours_connections,
                application_name="recours",
            )
        )
        wiring = wire(pool, settings=settings, remembered=remembered, tokens=tokens)
        stack.enter_context(writing(wiring.last_uses))
        yield wiring


def wire(
    pool: ConnectionPool[Connection[TupleRow]],
    *,
    settings: Settings,
    remembered: int = REMEMBERED_CASES,
    tokens: Tokens | None = None,
) -> Wiring:
    """Wire the product over a pool of the application's login."""
    clock, event_types = SystemClock(), product_event_types()
    guard = Guard(loopback=settings.recours_webhooks_loopback)
    cases = RecordedCases(
        EventRecorder(pool, schema=settings.tenant_schema),
        event_types=event_types,
        clock=clock,
        remembered=remembered,
    )
    keys = PostgresKeys(
        pool, identities=TimeOrderedIdentities(), clock=clock, tenant=settings.recours_tenant
    )
    services = Services(
        cases=cases,
        questions=PostgresQuestions(pool),
        exposures=PostgresExposures(pool),
        exports=FileExports(),
        receivables=PostgresReceivables(pool),
        keys=keys,
        feed=PostgresFeed(pool, event_types=event_types),
        webhooks=PostgresWebhooks(pool, identities=TimeOrderedIdentities(), guard=guard),
        tokens=tokens,
        clock=clock,
        identities=TimeOrderedIdentities(),
        lookout=PostgresLookout.over(
            pool,
            schema=settings.tenant_schema,
            most_lag=timedelta(seconds=settings.recours_most_lag),
        ),
    )
    projector = Projector(pool, projections=PROJECTIONS, event_types=event_types)
    sender = Sender(Outbox(pool, event_types=event_types), guard=guard)
    return Wiring(services, pool, projector, sender, cases, keys.last_uses)


@contextmanager
def open_erp(settings: Settings) -> Generator[HttpErp | None]:
    """Reach the ERP that the settings name, or nothing when they name none.

    Raises:
        ErpNotUsable: its address or its secret is none.
    """
    if settings.recours_erp_url is None or settings.recours_erp_secret is None:
        yield None
        return
    secret = settings.recours_erp_secret.get_secret_value()
    try:
        erp = HttpErp(settings.recours_erp_url, secret=secret)
    except (UnusableErpAddress, UnusableSecret) as error:
        raise ErpNotUsable(error) from error
    with erp:
        yield erp


@contextmanager
def open_desk(settings: Settings, services: Services) -> Generator[ErpDesk | None]:
    """Open the desk that talks to the ERP of the settings, or nothing when they name none.

    Raises:
        ErpNotUsable: its address or its secret is none.
    """
    with open_erp(settings) as erp:
        yield None if erp is None else desk_for(erp, services)


def desk_for(erp: Erp, services: Services) -> ErpDesk:
    """Make the desk that carries the orders of blocks to an ERP."""
    return ErpDesk(
        cases=services.cases,
        questions=services.questions,
        erp=erp,
        clock=services.clock,
        identities=services.identities,
    )
