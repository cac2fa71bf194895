"""A client that openapi-python-client writes from the document does the main job, as it is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx2
import pytest

from application.keys import GRANTABLE
from application.services import Services
from tests.api.served import served

GENERATOR: Final = "openapi-python-client==0.29.1"
"""It pins a typer that we do not use, and so lives in an environment of its own."""

MAIN_JOB: Final = Path(__file__).with_name("main_job.py")
PATIENCE: Final = 300.0


def run(*command: str | Path, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=said, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Where the generator is installed."""
    folder = tmp_path / "environment"
    made = run(sys.executable, "-m", "venv", folder)
    assert made.returncode == 0, made.stderr
    installed = run(folder / "bin" / "pip", "install", "--quiet", GENERATOR)
    if installed.returncode:
        pytest.skip(f"{GENERATOR} cannot be installed here: {installed.stderr[-300:]}")
    return folder / "bin"


@pytest.mark.soak
def test_a_generated_client_does_the_main_job(
    services: Services, programs: Path, tmp_path: Path
) -> None:
    with served(services) as running:
        document, client = tmp_path / "openapi.json", tmp_path / "recours_client"
        document.write_bytes(httpx2.get(f"{running.url}/openapi.json").content)
        generated = run(
            programs / "openapi-python-client",
            *("generate", "--meta", "none", "--path", document, "--output-path", client),
        )
        assert generated.returncode == 0, generated.stderr
        assert "WARNING" not in generated.stdout + generated.stderr, generated.stdout
        assert "Unable" not in generated.stdout + generated.stderr, generated.stdout

        keys = {str(role): running.key(role) for role in GRANTABLE}
        said = json.dumps({"url": running.url, "keys": keys})
        done = run(programs / "python", MAIN_JOB, tmp_path, said=said)

    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr
