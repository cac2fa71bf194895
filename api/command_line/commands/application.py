"""All commands together. Nothing here may import what a command works with: see `--help` fly."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from api.command_line.commands import (
    cases,
    demonstration,
    developing,
    examining,
    exposures,
    imports,
    keys,
    migrations,
    projections,
    receivables,
    serving,
    simulating,
    tenants,
)

TENANT: Final = "RECOURS_TENANT"


def working_for(
    context: typer.Context,
    tenant: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The tenant to work for, as RECOURS_TENANT names it."),
    ] = None,
) -> None:
    """Customer complaints, disputes and payment blocks, from the first contact on."""
    if tenant is not None:
        context.with_resource(naming(tenant))


@contextmanager
def naming(tenant: str) -> Generator[None]:
    """Let the environment name a tenant while a command runs."""
    before = os.environ.get(TENANT)
    os.environ[TENANT] = tenant
    try:
        yield
    finally:
        if before is None:
            del os.environ[TENANT]
        else:
            os.environ[TENANT] = before


def make_command_line() -> typer.Typer:
    """Declare the command `recours`."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(working_for)
    app.command("demo")(demonstration.demo)
    app.command("serve")(serving.serve)
    app.command("worker")(serving.worker)
    app.command("migrate")(migrations.migrate)
    app.add_typer(tenants.app, name="tenants")
    app.add_typer(keys.app, name="keys")
    app.add_typer(imports.app, name="import")
    app.add_typer(cases.app, name="case")
    app.command("exposure")(exposures.exposure)
    app.command("late-payments")(receivables.late_payments)
    app.add_typer(projections.app, name="projections")
    app.command("listen")(developing.listen)
    app.command("trigger")(developing.trigger)
    app.command("erp-simulator")(simulating.erp_simulator)
    app.command("doctor")(examining.doctor)
    return app
