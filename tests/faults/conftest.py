"""What the fault tests may ask for: programs that are gone when the test is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.postgres.connections import open_pool
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.postgres.migrating import migrate
from tests.databases import SCHEMA
from tests.faults.harness import Program
from tests.faults.writer import begin, open_cases


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """Everything that a test has started; whatever still lives at its end is killed."""
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The directory of a server of this test alone, migrated, with one complaint in it."""
    directory = tmp_path / "home"
    with EmbeddedServer.start(directory) as server:
        migrate(server.url(Login.OWNER), schema=SCHEMA, application_login=Login.APPLICATION)
        with open_pool(
            server.url(Login.APPLICATION),
            schema=SCHEMA,
            min_size=1,
            max_size=1,
            application_name="tests",
        ) as pool:
            begin(open_cases(pool), record=tmp_path / "ours")
        yield directory
