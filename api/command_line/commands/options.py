"""Options that several commands share, and how their texts are read."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Final

import typer

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def moment(text: str) -> datetime:
    """Read an instant with its zone, or a date, which means the end of that day in UTC."""
    try:
        if _DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date or instant: {error}") from error
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text} names no zone; write for example {text}Z")
    return at.astimezone(UTC)


def day(text: str) -> date:
    """Read a date."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date such as 2027-03-01: {error}") from error


def a_moment(text: str) -> typer.models.OptionInfo:
    """Declare an option that takes a date or an instant."""
    made: typer.models.OptionInfo = typer.Option(help=text, parser=moment, metavar="DATE|INSTANT")
    return made


AsJson = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON document on the standard output.")
]
CaseName = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The identity of a case, or a beginning or end of it that no other case has.",
    ),
]
