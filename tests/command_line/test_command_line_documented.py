"""The document of the command line tells of every command, option and setting, and of no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from api.command_line.commands.application import make_command_line
from infrastructure.erp.simulator_faults import Faults
from infrastructure.settings import Settings

TEXT: Final = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text(
    encoding="utf-8"
)
SECTIONS: Final = dict(
    re.findall(r"^### `recours ([^`]+)`\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
)

Command = Any  # Any: typer keeps the type of its commands to itself


def leaves(command: Command, *path: str) -> Iterator[tuple[str, Command]]:
    """Every command that does something, with its whole name."""
    for name, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from leaves(child, *path, name)
        else:
            yield " ".join([*path, name]), child


COMMANDS: Final = dict(leaves(get_command(make_command_line())))


def options_of(command: Command) -> set[str]:
    """The options of a command, `--no-…` twins and `--help` aside."""
    return {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--") and option != "--help"
    }


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    assert list(SECTIONS) != []
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_nothing_else_is(name: str) -> None:
    rows = [line for line in SECTIONS[name].splitlines() if line.startswith("| `--")]
    documented = {
        option for row in rows for option in re.findall(r"`(--[a-z-]+)`", row.split(" | ")[0])
    }

    assert documented == options_of(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    command = COMMANDS[name]

    assert command.help
    assert [p.name for p in command.params if not p.help] == []


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    assert f"| `{field.upper()}` |" in TEXT


def test_every_fault_of_the_simulator_can_be_asked_for() -> None:
    asked = {f"--{field.replace('_', '-')}" for field in Faults.model_fields}

    assert asked <= options_of(COMMANDS["erp-simulator"])


def test_what_answers_something_answers_in_json_too() -> None:
    silent = {"serve", "worker", "erp-simulator"}

    assert {n for n, c in COMMANDS.items() if "--json" not in options_of(c)} == silent
