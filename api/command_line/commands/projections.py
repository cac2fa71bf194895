"""`recours projections`: the read models."""

from typing import Annotated

import typer

from api.command_line.commands.options import AsJson

app = typer.Typer(help="Look at the read models, or build them anew from the history.")


@app.command("status")
def status(*, as_json: AsJson = False) -> None:
    """Show how far each read model has come; exits with 1 when one has stopped."""
    from api.command_line.projecting import show_projections

    show_projections(as_json=as_json)


@app.command("rebuild")
def rebuild(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which ones; all, if none is named."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Build read models anew beside the live ones and swap; exits with 1 when one failed."""
    from api.command_line.projecting import rebuild_projections

    rebuild_projections(names or (), as_json=as_json)
