"""`recours import`: take in what other systems have recorded."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.command_line.commands.options import AsJson, day

app = typer.Typer(help="Take in what other systems have recorded, each row exactly once.")

InputFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A CSV file, plain or gzipped.",
    ),
]
Rejects = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Where rejected rows are listed with their reasons; beside FILE, if not said.",
    ),
]
Today = Annotated[
    date | None,
    typer.Option(
        parser=day,
        metavar="DATE",
        help="Reject rows younger than this; today, if not said.",
    ),
]


@app.command("cfpb")
def import_cfpb(
    file: InputFile, *, rejects: Rejects = None, today: Today = None, as_json: AsJson = False
) -> None:
    """Import consumer complaints as the US Consumer Financial Protection Bureau publishes them."""
    from api.command_line.importing import take_complaints_in

    take_complaints_in(file, rejects=rejects, today=today, as_json=as_json)


@app.command("invoices")
def import_invoices(
    file: InputFile,
    *,
    currency: Annotated[
        str, typer.Option(help="The currency of all amounts, such as EUR; the file states none.")
    ],
    rejects: Rejects = None,
    today: Today = None,
    as_json: AsJson = False,
) -> None:
    """Import invoices with their disputes and settlement dates."""
    from api.command_line.importing import take_invoices_in

    take_invoices_in(file, currency=currency, rejects=rejects, today=today, as_json=as_json)
