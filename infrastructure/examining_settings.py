"""Whether what the environment says agrees with itself, and is read by anybody."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Final

from psycopg.conninfo import conninfo_to_dict

from infrastructure.examined import Examined, fault, good, note
from infrastructure.postgres.tenants import DEFAULT
from infrastructure.settings import Settings

ELSEWHERE: Final = frozenset({"RECOURS_KEY", "RECOURS_VENV"})
"""Read by a command or by `./run`, and no settings of an installation."""

_OF_TOKENS: Final = tuple(
    name
    for name in Settings.model_fields
    if name.startswith("recours_oidc_") and name != "recours_oidc_issuer"
)


def examine_settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Examined]:
    """Say what was set, and what of it cannot be meant so."""
    found = [*_unread(environment), *_contradictions(settings)]
    yield _database_of(settings)
    yield from found
    yield from _open_doors(settings)


def _database_of(settings: Settings) -> Examined:
    if settings.database_url is None:
        return good("settings", f"embedded database in {settings.recours_data}")
    if settings.database_owner_url is None:
        return note(
            "settings",
            "external database, without its owner's login",
            "set DATABASE_OWNER_URL where you run `recours migrate` or `projections rebuild`",
        )
    return good("settings", "external database, with its owner's login")


def _unread(environment: Mapping[str, str]) -> Iterator[Examined]:
    known = {name.upper() for name in Settings.model_fields} | ELSEWHERE
    for name in sorted(environment):
        if name.upper().startswith("RECOURS_") and name.upper() not in known:
            near = get_close_matches(name.upper(), sorted(known), n=1)
            fix = f"did you mean {near[0]}?" if near else "see docs/command-line.md"
            yield fault("settings", f"{name} is read by nothing", fix)


def _contradictions(settings: Settings) -> Iterator[Examined]:
    if _without_limit_or(settings.recours_stranger_rate) > _without_limit_or(settings.recours_rate):
        found = "RECOURS_STRANGER_RATE allows an address without a key more than a principal"
        yield fault("settings", found, "lower it below RECOURS_RATE")
    if settings.recours_oidc_issuer is None:
        for name in _OF_TOKENS:
            if name in settings.model_fields_set:
                found = f"{name.upper()} means nothing without an issuer"
                yield fault("settings", found, "set RECOURS_OIDC_ISSUER, or remove it")
    if settings.recours_tenants_secret is not None and settings.database_url is None:
        found = "RECOURS_TENANTS_SECRET is not used: the embedded database has a secret of its own"
        yield fault("settings", found, "set DATABASE_URL, or remove it")
    if _tenant_cannot_log_in(settings):
        found = f"tenant {settings.recours_tenant} has a login, and nothing says its password"
        yield fault("settings", found, "set RECOURS_TENANTS_SECRET")
    if _lead_apart(settings):
        found = "DATABASE_URL and DATABASE_OWNER_URL lead to different databases"
        yield fault("settings", found, "name the same host, port and database in both")


def _without_limit_or(rate: int) -> float:
    return rate or float("inf")


def _tenant_cannot_log_in(settings: Settings) -> bool:
    return (
        settings.recours_tenant != DEFAULT
        and settings.database_url is not None
        and settings.recours_tenants_secret is None
    )


def _lead_apart(settings: Settings) -> bool:
    if settings.database_url is None or settings.database_owner_url is None:
        return False
    ours, owners = (
        conninfo_to_dict(url.get_secret_value())
        for url in (settings.database_url, settings.database_owner_url)
    )
    # A port that is not named is the usual one; a host may well have two names for two purposes.
    return (ours.get("dbname"), str(ours.get("port", 5432))) != (
        owners.get("dbname"),
        str(owners.get("port", 5432)),
    )


def _open_doors(settings: Settings) -> Iterator[Examined]:
    if settings.recours_metrics is not None and not _is_here(settings.recours_metrics):
        found = f"metrics are told to whoever reaches {settings.recours_metrics}"
        yield note("settings", found, "keep RECOURS_METRICS to 127.0.0.1 or the monitoring network")
    if settings.recours_webhooks_loopback and settings.database_url is not None:
        found = "webhooks may lead to this machine's own addresses"
        yield note("settings", found, "unset RECOURS_WEBHOOKS_LOOPBACK where others use this")


def _is_here(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
