"""Looks an installation over and says what is wrong with it, and what to do about it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

import psycopg
from psycopg import Connection, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from application.erp import ErpError
from application.ports import Clock
from application.services import Services
from application.webhooks import Webhook, WhyDisabled
from infrastructure.bootstrap import (
    ErpNotUsable,
    Logins,
    open_database,
    open_erp,
    open_services,
)
from infrastructure.clock import SystemClock
from infrastructure.examined import Examined, Health, fault, good, note
from infrastructure.examining_running import (
    examine_clocks,
    examine_disk,
    examine_room,
    examine_work,
)
from infrastructure.examining_settings import examine_settings
from infrastructure.oidc.issuer import PATIENCE, IssuerFault
from infrastructure.oidc.opening import OidcNotUsable, issuer_of
from infrastructure.operating import is_made
from infrastructure.postgres.errors import DatabaseNotReady, HistoryChanged
from infrastructure.postgres.migrating import applied_to, pending_on
from infrastructure.postgres.migration_files import Phase
from infrastructure.postgres.server_checks import findings
from infrastructure.postgres.tenants import DEFAULT, login_url, schema_of, tenants_in
from infrastructure.settings import Settings

NOBODYS_BLOCK: Final = UUID(int=0)
"""An ERP that answers that it never met this block is reachable and believes us."""

SYSTEM_CLOCK: Final = SystemClock()
NO_ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType({})

_OIDC_FIX: Final = (
    "set RECOURS_OIDC_ISSUER, RECOURS_OIDC_AUDIENCE and RECOURS_OIDC_PSEUDONYM_KEY "
    "to take an issuer's tokens too"
)


def examine(
    settings: Settings,
    *,
    environment: Mapping[str, str] = NO_ENVIRONMENT,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Examined]:
    """Look at everything, as far as one fault does not hide the next."""
    yield from examine_settings(settings, environment)
    if settings.database_url is None:
        yield from examine_disk(settings.recours_data)
    if is_made(settings):
        yield from _database(settings, clock)
    else:
        yield note(
            "database",
            f"none yet in {settings.recours_data}",
            "the first `recours serve`, `demo` or `import` makes it",
        )
    yield _issuer(settings)
    yield _erp(settings)


def _database(settings: Settings, clock: Clock) -> Iterator[Examined]:
    try:
        with open_database(settings) as logins:
            with psycopg.connect(logins.application_url, autocommit=True) as connection:
                found = [*_server(connection, settings)]
                yield from found
                yield examine_clocks(connection, clock)
                yield examine_room(connection, settings)
                yield examine_work(connection, schema=settings.tenant_schema)
            yield from _tenants(logins, settings)
            yield from _owner(logins)
            if not any(one.health is Health.FAULT for one in found):
                yield from _contents(settings)
    except (DatabaseNotReady, OperationalError, PoolTimeout) as error:
        yield fault(
            "database",
            " ".join(str(error).split()),
            "start the server, or correct DATABASE_URL"
            if settings.database_url is not None
            else "see its server.log, or set RECOURS_DATA to another directory",
        )


def _server(connection: Connection[TupleRow], settings: Settings) -> Iterator[Examined]:
    version = connection.info.parameter_status("server_version")
    yield good("database", f"PostgreSQL {version}, as {connection.info.user}")
    found = findings(connection, schema=settings.tenant_schema)
    for finding in found:
        yield fault(finding.rule, finding.fault, finding.fix)
    if not found:
        yield good("safety", "durable, and the login may not rewrite history")
    try:
        pending = pending_on(connection, schema=settings.tenant_schema)
        applied = applied_to(connection, schema=settings.tenant_schema)
    except HistoryChanged:
        return  # among the findings already
    if not pending:
        yield good("migrations", f"{len(applied)} applied, none pending")
    elif all(one.phase is Phase.POST for one in pending):
        fix = "recours migrate --phase post, once no process of the previous version runs"
        yield note("migrations", f"{len(pending)} wait for the end of the previous version", fix)


def _tenants(logins: Logins, settings: Settings) -> Iterator[Examined]:
    if settings.recours_tenant != DEFAULT:
        return  # the others are not this one's to look at
    with psycopg.connect(logins.application_url, autocommit=True) as connection:
        names = tenants_in(connection, base=settings.recours_schema)
    for name in names:
        yield from _tenant(name, logins, settings)


def _tenant(name: str, logins: Logins, settings: Settings) -> Iterator[Examined]:
    subject, schema = f"tenant {name}", schema_of(name, base=settings.recours_schema)
    if logins.tenants_secret is None:
        yield fault(subject, "its login has no password here", "set RECOURS_TENANTS_SECRET")
        return
    try:
        url = login_url(logins.application_url, schema=schema, secret=logins.tenants_secret)
        with psycopg.connect(url, autocommit=True) as connection:
            found = findings(connection, schema=schema)
    except OperationalError as error:
        yield fault(subject, " ".join(str(error).split()), f"recours tenants add {name}")
        return
    for finding in found:
        yield fault(subject, finding.fault, finding.fix)
    if not found:
        yield good(subject, "migrated, and its login enters no other schema")


def _owner(logins: Logins) -> Iterator[Examined]:
    if logins.owner_url is None:
        return
    try:
        with psycopg.connect(logins.owner_url, autocommit=True) as connection:
            yield good("owner", f"{connection.info.user} can log in")
    except OperationalError as error:
        yield fault("owner", " ".join(str(error).split()), "correct DATABASE_OWNER_URL")


def _contents(settings: Settings) -> Iterator[Examined]:
    with open_services(settings) as wiring:
        services = wiring.services
        yield from _read_models(services)
        now = services.clock.now()
        usable = sum(key.is_usable(now) for key in services.keys.list())
        if usable:
            yield good("keys", f"{usable} in use")
        else:
            fix = "recours keys issue --role agent --subject NAME"
            yield note("keys", "nobody can use the API", fix)
        yield from _webhooks(services.webhooks.list())


def _read_models(services: Services) -> Iterator[Examined]:
    statuses = services.questions.projections()
    stopped = {status.name for status in statuses if status.failed_position is not None}
    for status in statuses:
        if status.name in stopped:
            yield fault(
                f"projection {status.name}",
                f"stopped before position {status.failed_position}: {status.failure}",
                f"recours projections rebuild {status.name}",
            )
    late = [
        one
        for one in services.lookout.look().faults
        if one.name.removeprefix("projection ") not in stopped
    ]
    for one in late:
        yield fault(one.name, one.found, "recours worker")
    behind = max((status.lag for status in statuses), default=0)
    if behind and not (stopped or late):
        yield note("projections", f"up to {behind} events behind", "recours worker")
    elif not (stopped or late):
        yield good("projections", f"{len(statuses)} caught up")


def _webhooks(webhooks: Sequence[Webhook]) -> Iterator[Examined]:
    for webhook in webhooks:
        subject = f"webhook {webhook.webhook_id}"
        if webhook.disabled_because in {WhyDisabled.GONE, WhyDisabled.FAILING}:
            why = f"switched off, because it is {webhook.disabled_because}"
            yield fault(subject, why, "mend the receiver, then enable it: PUT /v1/webhooks")
        elif webhook.enabled and webhook.failing_since is not None:
            yield note(subject, f"nothing gets through since {webhook.failing_since}", None)


def _issuer(settings: Settings) -> Examined:
    try:
        issuer = issuer_of(settings)
        if issuer is None:
            return note("issuer", "none named: API keys alone open the door", _OIDC_FIX)
        keys = asyncio.run(asyncio.wait_for(issuer.fetch_keys(), PATIENCE))
    except OidcNotUsable as error:
        return fault("issuer", str(error), "correct RECOURS_OIDC_ISSUER or RECOURS_OIDC_JWKS_URL")
    except TimeoutError:
        found = f"{settings.recours_oidc_issuer} does not answer within {PATIENCE:g} s"
        return fault("issuer", found, "let this machine reach it")
    except IssuerFault as error:
        fix = "let this machine reach it, or correct RECOURS_OIDC_ISSUER or RECOURS_OIDC_JWKS_URL"
        return fault("issuer", str(error), fix)
    return good("issuer", f"{len(keys)} usable keys of {issuer.name}")


def _erp(settings: Settings) -> Examined:
    try:
        with open_erp(settings) as erp:
            if erp is None:
                fix = "set RECOURS_ERP_URL and RECOURS_ERP_SECRET to have payments blocked"
                return note("erp", "none named: blocks stay requested", fix)
            erp.look_up(NOBODYS_BLOCK)
    except ErpNotUsable as error:
        return fault("erp", str(error), "correct RECOURS_ERP_URL or RECOURS_ERP_SECRET")
    except ErpError as error:
        return fault("erp", str(error), f"start it, or correct {settings.recours_erp_url}")
    return good("erp", f"answers at {settings.recours_erp_url}")
