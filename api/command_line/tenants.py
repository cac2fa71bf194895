"""Tenants: made and listed."""

from api.command_line.faults import read_settings
from api.command_line.output import answer_json, say, show
from infrastructure.bootstrap import add_tenant, list_tenants
from infrastructure.operating import naming_a_lost_database


def make_tenant(name: str, *, as_json: bool) -> None:
    """Make a tenant's login and schema."""
    with naming_a_lost_database():
        applied = add_tenant(read_settings(tenant=name))
    if as_json:
        answer_json({"tenant": name, "applied": list(map(str, applied))})
    else:
        say("tenant {} is ready; work for it with RECOURS_TENANT={}", name, name)


def show_tenants(*, as_json: bool) -> None:
    """List the tenants."""
    with naming_a_lost_database():
        tenants = list_tenants(read_settings())
    if as_json:
        answer_json({"tenants": tenants})
        return
    for tenant in tenants:
        show(tenant)
