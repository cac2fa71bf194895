"""Running the product's commands: in this process where that says the same, else in their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from api.command_line.main import obey
from infrastructure.settings import Settings

RECOURS: Final = (sys.executable, "-m", "api.command_line")
ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 120.0


@dataclass(frozen=True)
class Outcome:
    """What a command answered, said, and ended with."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever a command answers in JSON
        """The one JSON document on the standard output."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Installation:
    """An embedded database of the tests' own, kept running between commands."""

    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment that names it, and nothing of the caller's installation."""
        settings = {name.upper() for name in Settings.model_fields}
        ours = {name: value for name, value in os.environ.items() if name not in settings}
        return {**ours, "RECOURS_DATA": str(self.directory), "COLUMNS": "80", "NO_COLOR": "1"}

    def run(self, *arguments: str, **settings: str) -> Outcome:
        """Run a command in a process of its own."""
        done = subprocess.run(
            [*RECOURS, *arguments],
            env={**self.environment, **settings},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command that runs until it is told to stop."""
        return subprocess.Popen(
            [*RECOURS, *arguments],
            env={**self.environment, **settings},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@dataclass(frozen=True)
class Here:
    """Commands run in the test's own process, on an installation."""

    installation: Installation
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, **settings: str) -> Outcome:
        """Run a command."""
        with self.monkeypatch.context() as patch:
            for name in Settings.model_fields:
                patch.delenv(name.upper(), raising=False)
            for name, value in {**self.installation.environment, **settings}.items():
                patch.setenv(name, value)
            code = obey(arguments)
        said = self.capsys.readouterr()
        return Outcome(code, said.out, said.err)


def await_line(process: subprocess.Popen[str], *, beginning: str) -> str:
    """Read what a process logs until a line says something that begins like this."""
    assert process.stderr is not None, "the process was started with a pipe"
    for line in process.stderr:
        said = json.loads(line)["message"] if line.startswith("{") else line.strip()
        if said.startswith(beginning):
            return str(said)
    raise AssertionError(f"it ended with {process.wait()} and never said {beginning}")


def end(process: subprocess.Popen[str], *, signal: int) -> int:
    """Send a signal, and wait until the process has ended; answers with its exit code."""
    process.send_signal(signal)
    with process:
        process.communicate(timeout=PATIENCE)
    return process.returncode
