"""What goes where: answers to the standard output, everything else to the standard error."""

import logging
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple, cast

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from domain.money import EXPONENTS
from infrastructure.logs import is_machine_read

UNLIMITED: Final = 100_000
"""Columns of an output that is no terminal: whoever reads it breaks no lines."""

_LOG: Final = logging.getLogger("recours")


def answers() -> Console:
    """The console for answers; plain and as wide as needed where it is no terminal."""
    return _console(stderr=False)


def messages() -> Console:
    """The console for messages and progress."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    # Made anew each time: the streams may have been replaced since.
    console = Console(stderr=stderr, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = UNLIMITED
    return console


def say(message: str, *values: object) -> None:
    """Tell a message; the values are no markup, whatever they hold."""
    text = message.format(*(escape(str(value)) for value in values)) if values else message
    if is_machine_read():
        _LOG.info(Text.from_markup(text).plain)
    else:
        messages().print(text, soft_wrap=True)


def show(renderable: object = "") -> None:
    """Print a part of an answer for people."""
    console = answers()
    if console.is_terminal:
        console.print(renderable, soft_wrap=isinstance(renderable, str))
        return
    with console.capture() as captured:
        console.print(renderable)
    # A table pads its last column; whoever reads the lines has no use for that.
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def answer_json(document: object) -> None:
    """Print the answer as one JSON document."""
    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    text = orjson.dumps(document, default=_plain, option=option | orjson.OPT_UTC_Z)
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()


def _plain(value: object) -> str | list[object]:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple | frozenset | set):
        return [*cast("Iterable[object]", value)]
    raise TypeError(f"JSON has no {type(value).__name__}")


class Column(NamedTuple):
    """A column of a table."""

    title: str
    align: Literal["left", "right"] = "left"
    style: str = ""
    squeezed: bool = False
    """Gives way first where the terminal is narrow."""


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Table:
    """Make a table: ruled on a terminal, plain columns elsewhere, one line a row in both."""
    terminal = answers().is_terminal
    made = Table(
        box=SIMPLE_HEAD if terminal else None,
        pad_edge=False,
        padding=(0, 1 if terminal else 2, 0, 0),
        header_style="bold",
    )
    cells = [[_text(cell) for cell in row] for row in rows]
    for place, column in enumerate(columns):
        widest = max([len(column.title), *(row[place].cell_len for row in cells)])
        made.add_column(
            column.title,
            justify=column.align,
            style=column.style,
            no_wrap=True,
            overflow="ellipsis",
            min_width=None if column.squeezed else widest,
        )
    for row in cells:
        made.add_row(*row)
    return made


def _text(value: object) -> Text:
    if isinstance(value, Text):
        return value
    # A line break would make two lines of one row.
    return Text("" if value is None else " ".join(str(value).split()))


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency, at the currency's precision, in groups of three."""
    return f"{amount:,.{EXPONENTS.get(currency, 2)}f} {currency}"


def plain_amount(amount: Decimal, currency: str) -> str:
    """An amount at its currency's precision, for machines."""
    return f"{amount:.{EXPONENTS.get(currency, 2)}f}"


def instant(at: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def day(on: date | None) -> str:
    """A date."""
    return "" if on is None else on.isoformat()


def span(since: datetime | None, *, now: datetime) -> str:
    """How long something has lasted, in its largest unit."""
    if since is None:
        return ""
    lasted = max(now - since, timedelta())
    if lasted >= timedelta(days=1):
        return f"{lasted.days} d"
    hours, minutes = divmod(int(lasted.total_seconds()) // 60, 60)
    return f"{hours} h" if hours else f"{minutes} min"
