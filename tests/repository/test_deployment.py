"""What is there to deploy with names only commands, options and settings that exist."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from api.command_line.commands.application import make_command_line
from api.http.admission import ALWAYS
from infrastructure.settings import Settings

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
FILES: Final = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS: Final = [path for path in FILES if path.suffix == ".service"]
CONTAINERFILE: Final = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
SETTINGS: Final = {name.upper() for name in Settings.model_fields}


def options_of(arguments: list[str]) -> tuple[set[str], set[str]]:
    """The options that a command line uses, and those that its command takes."""
    command: Any = get_command(make_command_line())  # Any: typer keeps the type to itself
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    taken = {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    return {argument for argument in arguments if argument.startswith("-")}, taken


def value_of(directive: str, unit: Path) -> str:
    (value,) = re.findall(rf"^{directive}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    return str(value)


def instruction(name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", CONTAINERFILE, re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_to_deploy_with_names_only_settings_that_exist(path: Path) -> None:
    named = set(re.findall(r"\b(?:RECOURS|DATABASE)_[A-Z_]+\b", path.read_text(encoding="utf-8")))

    assert named <= SETTINGS


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists_and_lets_it_end(unit: Path) -> None:
    program, *arguments = shlex.split(value_of("ExecStart", unit))
    used, taken = options_of(arguments)

    assert program.endswith("/recours")
    assert used <= taken
    grace = Settings.model_fields["recours_grace"].default
    assert int(value_of("TimeoutStopSec", unit)) >= 2 * grace
    assert value_of("User", unit) != "root"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_a_unit_is_one_that_systemd_reads_without_complaint(unit: Path, tmp_path: Path) -> None:
    installed = tmp_path / unit.name.replace("@.", "@8000.")
    text = unit.read_text(encoding="utf-8").replace("/opt/recours/bin/recours", "/bin/true")
    installed.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", installed],  # noqa: S607 - wherever the system has it
        capture_output=True,
        text=True,
        check=False,
    )

    assert [line for line in done.stderr.splitlines() if unit.stem.partition("@")[0] in line] == []


def test_the_image_runs_a_command_that_exists_as_nobody_in_particular() -> None:
    (entry,), (command,) = instruction("ENTRYPOINT"), instruction("CMD")
    used, taken = options_of(json.loads(command))

    assert json.loads(entry) == ["recours"]
    assert used <= taken
    assert not instruction("USER")[-1].startswith(("0", "root"))


def test_the_image_holds_the_packages_of_the_wheel_and_nothing_that_is_not_there() -> None:
    copied = {
        name
        for line in instruction("COPY")
        if not line.startswith("--from")
        for name in line.split()[:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_image_is_asked_how_it_is_where_that_is_always_answered() -> None:
    (asked,) = instruction("HEALTHCHECK")
    address = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", asked)

    assert address is not None
    assert address.group(1) == instruction("EXPOSE")[0]
    assert f'"--port", "{address.group(1)}"' in instruction("CMD")[-1]
    assert address.group(2) in ALWAYS
