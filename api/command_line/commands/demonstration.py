"""`recours demo`: see it work."""

from typing import Annotated

import typer

from api.command_line.commands.options import AsJson


def demo(
    *,
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; another one is taken if it is busy.")
    ] = 8000,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End after the story instead of serving.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Write into a database that holds other cases, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load a story of a few hundred cases, play one live to the end, and serve it all."""
    from api.command_line.demo import demonstrate

    demonstrate(host=host, port=port, serving=not no_serve, anyway=anyway, as_json=as_json)
