"""`recours tenants`: companies that share the installation, and nothing else."""

from typing import Annotated

import typer

from api.command_line.commands.options import AsJson

app = typer.Typer(help="Keep several companies apart, each in a schema of its own.")


@app.command("add")
def add(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Small letters and digits, a letter first.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Make a tenant's login and schema; repeat it to give the login its password anew."""
    from api.command_line.tenants import make_tenant

    make_tenant(name, as_json=as_json)


@app.command("list")
def list_tenants(*, as_json: AsJson = False) -> None:
    """List the tenants. RECOURS_TENANT says for which one a command works."""
    from api.command_line.tenants import show_tenants

    show_tenants(as_json=as_json)
