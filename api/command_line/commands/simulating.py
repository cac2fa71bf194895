"""`recours erp-simulator`: an ERP to try against."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer


def _rate(text: str) -> typer.models.OptionInfo:
    made: typer.models.OptionInfo = typer.Option(
        min=0, max=1, metavar="RATE", help=text, rich_help_panel="Faults (rates from 0 to 1)"
    )
    return made


def _fault(text: str, *, least: int | None = None) -> typer.models.OptionInfo:
    made: typer.models.OptionInfo = typer.Option(
        min=least, help=text, rich_help_panel="Faults (rates from 0 to 1)"
    )
    return made


def erp_simulator(  # noqa: PLR0913 - each fault is an option
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")
    ] = 8090,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep its books there; in memory, if not said."),
    ] = None,
    lose_before: Annotated[float, _rate("Drop the connection before doing anything.")] = 0,
    lose: Annotated[float, _rate("Do the work, then drop the connection unanswered.")] = 0,
    error: Annotated[float, _rate("Answer 500 before doing anything.")] = 0,
    repeat: Annotated[float, _rate("Receive the message twice.")] = 0,
    stale: Annotated[float, _rate("Do the work, then send an earlier answer again.")] = 0,
    garble: Annotated[float, _rate("Do the work, then sign the answer wrongly.")] = 0,
    delay: Annotated[float, _rate("Do the work, then wait before answering.")] = 0,
    delay_ms: Annotated[int, _fault("How long to wait, in milliseconds.", least=0)] = 0,
    first_messages: Annotated[
        int | None, _fault("Strike only this many first messages about a block.", least=1)
    ] = None,
    pending_looks: Annotated[
        int, _fault("Decide only after so many look-ups were answered `pending`.", least=0)
    ] = 0,
    reject: Annotated[float, _rate("Reject blocks.")] = 0,
    reject_every: Annotated[int | None, _fault("Reject every nth new block.", least=1)] = None,
    reject_above: Annotated[
        Decimal | None,
        typer.Option(
            parser=Decimal,
            metavar="AMOUNT",
            help="Reject blocks over more than this amount.",
            rich_help_panel="Faults (rates from 0 to 1)",
        ),
    ] = None,
    reject_number_suffix: Annotated[
        str | None, _fault("Reject blocks on documents whose number ends like this.")
    ] = None,
    deny_release: Annotated[float, _rate("Deny the release of blocks.")] = 0,
    seed: Annotated[str, _fault("Another seed, other victims.")] = "",
) -> None:
    """Be an ERP that holds payments back, and that fails as told; until told to stop."""
    from api.command_line.simulating import simulate_erp
    from infrastructure.erp.simulator_faults import Faults

    faults = Faults(
        lose_before=lose_before,
        lose=lose,
        error=error,
        repeat=repeat,
        stale=stale,
        garble=garble,
        delay=delay,
        delay_ms=delay_ms,
        first_messages=first_messages,
        pending_looks=pending_looks,
        reject=reject,
        reject_every=reject_every,
        reject_above=reject_above,
        reject_number_suffix=reject_number_suffix,
        deny_release=deny_release,
        seed=seed,
    )
    simulate_erp(host=host, port=port, state_file=state, faults=faults)
