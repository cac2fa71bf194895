"""`recours serve` and `recours worker`: the product at work."""

from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")]


def serve(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Leave the background work to other processes.")
    ] = False,
) -> None:
    """Serve the HTTP API, with the background work in the same process, until told to stop."""
    from api.command_line.serving import serve as work

    work(host=host, port=port, with_worker=not no_worker)


def worker() -> None:
    """Do the background work only: read models, and the talk with the ERP; until told to stop."""
    from api.command_line.working import work_alone

    work_alone()
