"""What is wrong with this installation."""

import os
from collections.abc import Iterator

import typer
from rich.text import Text

from api.command_line.faults import SettingsWrong, read_settings
from api.command_line.output import answer_json, answers, say, show
from infrastructure.examined import Examined, Health, fault
from infrastructure.examining import examine

MARKS = {
    Health.GOOD: ("ok", "green"),
    Health.NOTE: ("note", "yellow"),
    Health.FAULT: ("FAULT", "bold red"),
}
INDENT = 7


def examine_installation(*, as_json: bool) -> None:
    """Tell what was found, each fault with its fix."""
    examined: list[Examined] = []
    for one in _examined():
        examined.append(one)
        if not as_json:
            _show(one)
    faults = sum(one.health is Health.FAULT for one in examined)
    if as_json:
        answer_json({"healthy": not faults, "examined": examined})
    elif not faults:
        say("nothing is wrong")
    if faults:
        say("[red]{}[/red]", "1 fault" if faults == 1 else f"{faults} faults")
        raise typer.Exit(1)


def _examined() -> Iterator[Examined]:
    try:
        settings = read_settings()
    except SettingsWrong as error:
        yield fault("settings", str(error), "correct them, as docs/command-line.md says")
        return
    yield from examine(settings, environment=os.environ)


def _show(one: Examined) -> None:
    mark, style = MARKS[one.health]
    _show_wrapped(Text(mark.ljust(INDENT), style=style), f"{one.subject}: {one.found}")
    if one.fix is not None:
        _show_wrapped(Text(" " * INDENT), f"→ {one.fix}")


def _show_wrapped(label: Text, text: str) -> None:
    console = answers()
    lines = Text(text).wrap(console, max(console.width - INDENT, 20))
    for number, line in enumerate(lines):
        line.rstrip()
        show(Text.assemble(label if number == 0 else " " * INDENT, line))
