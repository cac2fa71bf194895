"""Looks an installation over and says what is wrong with it, and what to do about it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

import psycopg
from psycopg import Connection, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from application.erp import ErpError
from application.webhooks import Webhook, WhyDisabled
from infrastructure.bootstrap import (
    ErpNotUsable,
    Logins,
    OidcNotUsable,
    issuer_of,
    open_database,
    open_erp,
    open_services,
)
from infrastructure.oidc.issuer import PATIENCE, IssuerFault
from infrastructure.operating import is_made
from infrastructure.postgres.errors import DatabaseNotReady, HistoryChanged
from infrastructure.postgres.migrating import applied_to, pending_on
from infrastructure.postgres.server_checks import findings
from infrastructure.postgres.tenants import DEFAULT, login_url, schema_of, tenants_in
from infrastructure.settings import Settings

NOBODYS_BLOCK: Final = UUID(int=0)
"""An ERP that answers that it never met this block is reachable and believes us."""


_OIDC_FIX: Final = (
    "set RECOURS_OIDC_ISSUER, RECOURS_OIDC_AUDIENCE and RECOURS_OIDC_PSEUDONYM_KEY "
    "to take an issuer's tokens too"
)


class Health(StrEnum):
    """How something is."""

    GOOD = "good"
    NOTE = "note"
    """Nothing is wrong, but somebody may want to know."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at."""

    subject: str
    health: Health
    found: str
    fix: str | None = None


def examine(settings: Settings) -> Iterator[Examined]:
    """Look at everything, as far as one fault does not hide the next."""
    yield _settings(settings)
    if is_made(settings):
        yield from _database(settings)
    else:
        yield _note(
            "database",
            f"none yet in {settings.recours_data}",
            "the first `recours serve`, `demo` or `import` makes it",
        )
    yield _issuer(settings)
    yield _erp(settings)


def _settings(settings: Settings) -> Examined:
    if settings.database_url is None:
        return _good("settings", f"embedded database in {settings.recours_data}")
    if settings.database_owner_url is None:
        return _note(
            "settings",
            "external database, without its owner's login",
            "set DATABASE_OWNER_URL where you run `recours migrate` or `projections rebuild`",
        )
    return _good("settings", "external database, with its owner's login")


def _database(settings: Settings) -> Iterator[Examined]:
    try:
        with open_database(settings) as logins:
            with psycopg.connect(logins.application_url, autocommit=True) as connection:
                faults = [*_server(connection, settings)]
                yield from faults
            yield from _tenants(logins, settings)
            yield from _owner(logins)
            if not any(fault.health is Health.FAULT for fault in faults):
                yield from _contents(settings)
    except (DatabaseNotReady, OperationalError, PoolTimeout) as error:
        yield _fault(
            "database",
            " ".join(str(error).split()),
            "start the server, or correct DATABASE_URL"
            if settings.database_url is not None
            else "see its server.log, or set RECOURS_DATA to another directory",
        )


def _server(connection: Connection[TupleRow], settings: Settings) -> Iterator[Examined]:
    version = connection.info.parameter_status("server_version")
    yield _good("database", f"PostgreSQL {version}, as {connection.info.user}")
    found = findings(connection, schema=settings.tenant_schema)
    for finding in found:
        yield _fault(finding.rule, finding.fault, finding.fix)
    if not found:
        yield _good("safety", "durable, and the login may not rewrite history")
    try:
        pending = pending_on(connection, schema=settings.tenant_schema)
        applied = applied_to(connection, schema=settings.tenant_schema)
    except HistoryChanged:
        return  # among the findings already
    if not pending:
        yield _good("migrations", f"{len(applied)} applied, none pending")


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
        yield _fault(subject, "its login has no password here", "set RECOURS_TENANTS_SECRET")
        return
    try:
        url = login_url(logins.application_url, schema=schema, secret=logins.tenants_secret)
        with psycopg.connect(url, autocommit=True) as connection:
            found = findings(connection, schema=schema)
    except OperationalError as error:
        yield _fault(subject, " ".join(str(error).split()), f"recours tenants add {name}")
        return
    for finding in found:
        yield _fault(subject, finding.fault, finding.fix)
    if not found:
        yield _good(subject, "migrated, and its login enters no other schema")


def _owner(logins: Logins) -> Iterator[Examined]:
    if logins.owner_url is None:
        return
    try:
        with psycopg.connect(logins.owner_url, autocommit=True) as connection:
            yield _good("owner", f"{connection.info.user} can log in")
    except OperationalError as error:
        yield _fault("owner", " ".join(str(error).split()), "correct DATABASE_OWNER_URL")


def _contents(settings: Settings) -> Iterator[Examined]:
    with open_services(settings) as wiring:
        statuses = wiring.services.questions.projections()
        failed = [status for status in statuses if status.failed_position is not None]
        behind = max((status.lag for status in statuses), default=0)
        for status in failed:
            yield _fault(
                f"projection {status.name}",
                f"stopped before position {status.failed_position}: {status.failure}",
                f"recours projections rebuild {status.name}",
            )
        if behind and not failed:
            yield _note("projections", f"up to {behind} events behind", "run `recours worker`")
        elif not failed:
            yield _good("projections", f"{len(statuses)} caught up")
        now = wiring.services.clock.now()
        usable = sum(key.is_usable(now) for key in wiring.services.keys.list())
        if usable:
            yield _good("keys", f"{usable} in use")
        else:
            fix = "recours keys issue --role agent --subject NAME"
            yield _note("keys", "nobody can use the API", fix)
        yield from _webhooks(wiring.services.webhooks.list())


def _webhooks(webhooks: Sequence[Webhook]) -> Iterator[Examined]:
    for webhook in webhooks:
        subject = f"webhook {webhook.webhook_id}"
        if webhook.disabled_because in {WhyDisabled.GONE, WhyDisabled.FAILING}:
            why = f"switched off, because it is {webhook.disabled_because}"
            yield _fault(subject, why, "mend the receiver, then enable it: PUT /v1/webhooks")
        elif webhook.enabled and webhook.failing_since is not None:
            yield _note(subject, f"nothing gets through since {webhook.failing_since}", None)


def _issuer(settings: Settings) -> Examined:
    try:
        issuer = issuer_of(settings)
        if issuer is None:
            return _note("issuer", "none named: API keys alone open the door", _OIDC_FIX)
        keys = asyncio.run(asyncio.wait_for(issuer.fetch_keys(), PATIENCE))
    except OidcNotUsable as error:
        return _fault("issuer", str(error), "correct RECOURS_OIDC_ISSUER or RECOURS_OIDC_JWKS_URL")
    except TimeoutError:
        found = f"{settings.recours_oidc_issuer} does not answer within {PATIENCE:g} s"
        return _fault("issuer", found, "let this machine reach it")
    except IssuerFault as error:
        fix = "let this machine reach it, or correct RECOURS_OIDC_ISSUER or RECOURS_OIDC_JWKS_URL"
        return _fault("issuer", str(error), fix)
    return _good("issuer", f"{len(keys)} usable keys of {issuer.name}")


def _erp(settings: Settings) -> Examined:
    try:
        with open_erp(settings) as erp:
            if erp is None:
                fix = "set RECOURS_ERP_URL and RECOURS_ERP_SECRET to have payments blocked"
                return _note("erp", "none named: blocks stay requested", fix)
            erp.look_up(NOBODYS_BLOCK)
    except ErpNotUsable as error:
        return _fault("erp", str(error), "correct RECOURS_ERP_URL or RECOURS_ERP_SECRET")
    except ErpError as error:
        return _fault("erp", str(error), f"start it, or correct {settings.recours_erp_url}")
    return _good("erp", f"answers at {settings.recours_erp_url}")


def _made(health: Health) -> Callable[[str, str, str | None], Examined]:
    return lambda subject, found, fix: Examined(
        subject=subject, health=health, found=found, fix=fix
    )


_note = _made(Health.NOTE)
_fault = _made(Health.FAULT)


def _good(subject: str, found: str) -> Examined:
    return Examined(subject=subject, health=Health.GOOD, found=found)
