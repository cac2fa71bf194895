"""`recours listen` and `recours trigger`: for those who build something that follows events."""

from typing import Annotated

import typer

from api.command_line.commands.options import AsJson


def listen(
    *,
    url: Annotated[str, typer.Option(help="Where the API is served.")] = "http://127.0.0.1:8000",
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only these: a name, or KIND.*; may be repeated."),
    ] = None,
    after: Annotated[
        int | None, typer.Option(min=0, help="Begin behind this position; now, if not said.")
    ] = None,
    forward: Annotated[
        str | None, typer.Option(help="Pass each event on to this address, signed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow what happens, live, and pass it on to a program of yours."""
    from api.command_line.listening_in import listen as follow

    follow(url=url, types=types or (), after=after, forward=forward, as_json=as_json)


def trigger(
    name: Annotated[
        str | None, typer.Argument(help="The event, such as dispute.opened; lists all, if absent.")
    ] = None,
    *,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Write into a database that holds other cases, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an event happen by playing a small story; without a name, list what can be made."""
    from api.command_line.triggering import show_triggers, trigger_event

    if name is None:
        show_triggers(as_json=as_json)
    else:
        trigger_event(name, anyway=anyway, as_json=as_json)
