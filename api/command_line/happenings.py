"""Events: when, who, what, why, and where each led."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.padding import Padding
from rich.text import Text

from api.command_line.output import Column, answers, instant, show, table

INDENT: Final = 18
"""The width of a time and what follows it."""

TOLD: Final = (
    "direction",
    "reached",
    "queue",
    "to_queue",
    "reason_code",
    "cause",
    "erp_reference",
    "erp_document",
    "root_cause",
    "mediator",
    "outcome",
    "court",
    "attempt",
    "field",
    "summary",
    "question",
    "answer",
    "response",
    "text",
)
"""The fields of an event that say the most about it, the short ones first."""

COLUMNS: Final = (
    Column("happened (UTC)"),
    Column("who", style="cyan"),
    Column("what", style="bold"),
    Column("status"),
    Column("details", squeezed=True),
)


def show_happenings(rows: Sequence[Sequence[object]]) -> None:
    """Show events: as a table, or where a terminal is too narrow for one, on two lines each."""
    if not answers().is_terminal:
        show(table(COLUMNS, rows))
        return
    width = max(len(str(row[1])) for row in rows)
    for at, who, what, status, more in rows:
        line = Text.assemble(f"{at}  ", (f"{who!s:{width}}  ", "cyan"), (str(what), "bold"))
        answers().print(line, no_wrap=True)
        second = Text(" · ").join(
            part if isinstance(part, Text) else Text(str(part), style="green")
            for part in (status, more)
            if part
        )
        answers().print(Padding(second, (0, 0, 0, INDENT)))


def row(
    *,
    at: datetime,
    actor: str,
    type: str,  # noqa: A002 - the event's own word
    before: str | None,
    after: str | None,
    channel: str,
    reason: str | None,
    facts: Mapping[str, Any],  # Any: a recorded fact, in the shape that it was recorded in
) -> tuple[object, ...]:
    """The cells of one event."""
    return instant(at), actor, type, led(before, after), details(channel, reason, facts)


def led(before: str | None, after: str | None) -> str:
    """Where an event led; nothing where the case stayed."""
    if after is None or before == after:
        return ""
    return f"→ {after}"


def details(channel: str, reason: str | None, facts: Mapping[str, Any]) -> Text:
    """What is worth telling of an event beside its name."""
    return Text(" · ".join(_told(channel, reason, facts)), style="dim")


def _told(channel: str, reason: str | None, facts: Mapping[str, Any]) -> Iterator[str]:
    yield str(facts.get("channel", channel))
    if reason:
        yield f"because {reason}"
    for name in TOLD:
        value = facts.get(name)
        if value is not None:
            yield " ".join(str(value).split())
