"""`./run` on a machine with nothing but Python, proved with a stand-in for that Python.

The stand-in makes environments whose pip only notes that it was called: nothing is downloaded.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
SHELL: Final = shutil.which("dash") or "/bin/sh"
PATIENCE: Final = 20.0

PYTHON: Final = """#!/bin/sh
# Only `-m venv FOLDER` is played; everything else is answered by the real Python.
case "$1 $2" in
'-m venv')
    mkdir -p "$3/bin"
    touch "$3/pyvenv.cfg"
    cp "$STAGE/environment-python" "$3/bin/python"
    cp "$STAGE/recours" "$3/bin/recours"
    ;;
*) exec "$REAL_PYTHON" "$@" ;;
esac
"""
ENVIRONMENT_PYTHON: Final = """#!/bin/sh
case "$1 ${2-}" in
'-V ') echo 'Python 3.11.0' ;;
'-c '*) ;;
'-m pip')
    for last; do :; done
    echo "$last" >>"$STAGE/pip-calls"
    if [ -e "$STAGE/pip-hangs" ]; then exec sleep 60; fi
    if [ -e "$STAGE/pip-fails" ]; then echo 'no matching distribution'; exit 1; fi
    ;;
'-m pytest') echo "pytest in $PWD"; exit 3 ;;
esac
"""
RECOURS: Final = """#!/bin/sh
echo "recours $* in $PWD"
exit 7
"""


@dataclass(frozen=True)
class Stage:
    """A checkout of its own, and a PATH on which only the stand-in is called python3."""

    folder: Path

    @property
    def venv(self) -> Path:
        return self.folder / "checkout" / ".venv"

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        environment = {"PATH": path, "STAGE": str(self.folder), "REAL_PYTHON": sys.executable}
        return subprocess.Popen(
            [SHELL, str(self.folder / "checkout" / "run"), *arguments],
            cwd=self.folder,
            env={**environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def installations(self) -> list[str]:
        calls = self.folder / "pip-calls"
        if not calls.exists():
            return []
        root = str(self.folder / "checkout")
        return [line.removeprefix(root) for line in calls.read_text(encoding="utf-8").splitlines()]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    for name in ("bin", "checkout"):
        (tmp_path / name).mkdir()
    for name in ("run", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / "checkout" / name)
    stage.write("bin/python3", PYTHON)
    stage.write("environment-python", ENVIRONMENT_PYTHON)
    stage.write("recours", RECOURS)
    return stage


def test_the_first_run_installs_the_product_and_the_second_installs_nothing(stage: Stage) -> None:
    first, second = stage.run("demo"), stage.run("demo")

    assert "installing" in first.stderr
    assert second.stderr == ""
    assert stage.installations() == [""]


def test_a_command_runs_where_the_caller_stands_and_its_exit_code_is_kept(stage: Stage) -> None:
    result = stage.run("case", "show", "a b")

    assert result.stdout == f"recours case show a b in {stage.folder}\n"
    assert result.returncode == 7


def test_the_tests_run_in_the_checkout_with_what_development_needs(stage: Stage) -> None:
    result = stage.run("test")

    assert result.stdout == f"pytest in {stage.folder / 'checkout'}\n"
    assert result.returncode == 3
    assert stage.installations() == ["[dev]"]


def test_an_environment_for_development_serves_the_product_too(stage: Stage) -> None:
    stage.run("test")
    stage.run("demo")

    assert stage.installations() == ["[dev]"]


def test_a_changed_pyproject_is_installed_again_with_the_extras_it_had(stage: Stage) -> None:
    stage.run("test")
    with (stage.folder / "checkout" / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write("# changed\n")
    stage.run("demo")

    assert stage.installations() == ["[dev]", "[dev]"]


def test_a_killed_installation_is_not_believed_whole(stage: Stage) -> None:
    hangs = stage.folder / "pip-hangs"
    hangs.touch()
    with stage.start("demo") as process:
        wait_until(lambda: stage.installations() == [""])
        os.killpg(process.pid, signal.SIGKILL)
    hangs.unlink()
    left_over = stage.venv / "left-over"
    left_over.touch()

    result = stage.run("demo")

    assert result.returncode == 7
    assert stage.installations() == ["", ""]
    assert not left_over.exists()


def test_a_failed_installation_says_why_and_is_tried_again(stage: Stage) -> None:
    fails = stage.folder / "pip-fails"
    fails.touch()
    failed = stage.run("demo")
    fails.unlink()

    assert failed.returncode == 1
    assert "no matching distribution" in failed.stderr
    assert stage.run("demo").returncode == 7


def test_two_first_runs_at_once_install_once(stage: Stage) -> None:
    with stage.start("demo") as one, stage.start("demo") as other:
        for process in (one, other):
            process.communicate(timeout=PATIENCE)

    assert (one.returncode, other.returncode) == (7, 7)
    assert stage.installations() == [""]


def test_an_environment_that_was_moved_is_made_afresh(stage: Stage) -> None:
    stage.run("demo")
    left_over = stage.venv / "left-over"
    left_over.touch()
    moved = (stage.folder / "checkout").rename(stage.folder / "elsewhere")
    (stage.folder / "checkout").symlink_to(moved)

    stage.run("demo")

    assert not left_over.exists()
    assert len(stage.installations()) == 2


def test_an_environment_made_by_hand_is_kept_and_brought_up_to_date(stage: Stage) -> None:
    stage.run("demo")
    (stage.venv / "recours-installed").unlink()
    by_hand = stage.venv / "by-hand"
    by_hand.touch()

    assert stage.run("demo").returncode == 7
    assert by_hand.exists()


def test_recours_venv_names_another_folder(stage: Stage) -> None:
    stage.run("demo", RECOURS_VENV="elsewhere")

    assert (stage.folder / "elsewhere" / "recours-installed").exists()
    assert not stage.venv.exists()


def test_a_folder_that_is_no_environment_is_never_cleared(stage: Stage) -> None:
    precious = stage.folder / "precious"
    precious.mkdir()
    (precious / "letter").touch()

    result = stage.run("demo", RECOURS_VENV=str(precious))

    assert result.returncode == 1
    assert "is no Python environment" in result.stderr
    assert [path.name for path in precious.iterdir()] == ["letter"]


def test_without_venv_the_one_command_that_installs_it_is_named(stage: Stage) -> None:
    stage.write(
        "bin/python3",
        '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec "$REAL_PYTHON" "$@"\n',
    )
    stage.write("bin/apt-get", "#!/bin/sh\n")

    result = stage.run("demo")

    assert result.returncode == 1
    assert "apt-get install -y python3-venv\n" in result.stderr


def test_a_python_that_is_too_old_is_named_with_the_version_needed(stage: Stage) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        stage.write(f"bin/{name}", '#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')

    result = stage.run("demo")

    assert result.returncode == 1
    assert "needs Python 3.11 or later; python3 here is Python 3.9.2" in result.stderr


def test_a_signal_reaches_the_product(stage: Stage) -> None:
    stage.write("recours", "#!/bin/sh\ntrap 'exit 42' TERM\necho ready\nwhile :; do :; done\n")

    with stage.start("serve") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.communicate(timeout=PATIENCE)

    assert process.returncode == 42


def test_an_unknown_step_of_the_check_is_refused_with_the_known_ones(stage: Stage) -> None:
    result = stage.run("check", "speling")

    assert result.returncode == 1
    assert "the steps are: format lint security imports mypy pyright tests" in result.stderr
