"""`recours late-payments`: what customers owe at the end of a financial year."""

from datetime import date, datetime
from typing import Annotated

import typer

from api.command_line.commands.options import AsJson, a_moment, day


def late_payments(
    *,
    first: Annotated[
        date, typer.Option("--from", help="The first day of the year.", parser=day, metavar="DATE")
    ],
    closing: Annotated[date, typer.Option(help="Its last day.", parser=day, metavar="DATE")],
    known_at: Annotated[
        datetime | None, a_moment("As far as was known then; as is known now, if not said.")
    ] = None,
    company: Annotated[str | None, typer.Option(help="Only this legal entity.")] = None,
    sales: Annotated[
        list[str] | None,
        typer.Option(
            help="Its sales of the year with VAT, as EUR:1250000.00; as mirrored, if not said.",
            metavar="CODE:AMOUNT",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the French table of late payments (D. 441-6), with disputed invoices apart, and DSO."""
    from api.command_line.owing import show_late_payments

    show_late_payments(
        first=first,
        closing=closing,
        known_at=known_at,
        company=company,
        sales=sales or [],
        as_json=as_json,
    )
