"""`recours migrate`: bring the database to this version of the product."""

from typing import Annotated, Literal

import typer

from api.command_line.commands.options import AsJson


def migrate(
    *,
    phase: Annotated[
        Literal["pre", "post", "all"],
        typer.Option(
            help="`pre`: what is safe while the previous version still runs; `post`: the rest."
        ),
    ] = "all",
    status: Annotated[
        bool, typer.Option("--status", help="Change nothing; list what is applied and pending.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database to this version of the product."""
    from api.command_line.migrating import apply_migrations, show_migrations

    if status:
        show_migrations(as_json=as_json)
    else:
        apply_migrations(phase=phase, as_json=as_json)
