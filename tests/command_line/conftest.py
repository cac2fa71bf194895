"""Installations to run commands on: one that holds the demo's story, and a bare one."""

from collections.abc import Iterator

import pytest

from infrastructure.postgres.embedded import EmbeddedServer
from tests.command_line.commands import Here, Installation, Outcome


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation without any case, for commands that do not mind what others did there."""
    directory = tmp_path_factory.mktemp("bare")
    with EmbeddedServer.start(directory):
        yield Installation(directory)


@pytest.fixture(scope="session")
def storied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that the demo was run on."""
    directory = tmp_path_factory.mktemp("storied")
    with EmbeddedServer.start(directory):
        yield Installation(directory)


@pytest.fixture(scope="session")
def first_demo(storied: Installation) -> Outcome:
    """What the first run of the demo answered."""
    return storied.run("demo", "--no-serve", "--json")


@pytest.fixture
def recours(
    bare: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    """Commands on the bare installation."""
    return Here(bare, monkeypatch, capsys)


@pytest.fixture
def told(
    storied: Installation,
    first_demo: Outcome,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Here:
    """Commands on the installation with the story."""
    assert first_demo.code == 0, first_demo.err
    return Here(storied, monkeypatch, capsys)
