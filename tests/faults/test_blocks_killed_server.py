"""A database server that is killed while blocks are ordered, asked for and let go."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.postgres.connections import open_pool
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.postgres.migrating import migrate
from tests.databases import SCHEMA, Database
from tests.faults.blocking import Blocking, mischievous_erp
from tests.faults.harness import (
    Program,
    find_lost,
    kill_server,
    read_record,
    until_more_acknowledged,
)
from tests.faults.writer import begin, open_cases, start_writer
from tests.infrastructure.read_models.office import Office

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="the server of DATABASE_URL is not ours to kill"
)

KILLS = 4
ORDERS_BETWEEN_KILLS = 8
ANSWERS_BETWEEN_KILLS = 4
COMMANDS_BETWEEN_KILLS = 60


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The directory of a server of this test alone, migrated."""
    directory = tmp_path / "home"
    with EmbeddedServer.start(directory) as server:
        migrate(server.url(Login.OWNER), schema=SCHEMA, application_login=Login.APPLICATION)
        yield directory


def test_what_stood_before_the_kills_of_the_server_stands_after_them_here_and_at_the_erp(
    home: Path, programs: list[Program], tmp_path: Path
) -> None:
    record = tmp_path / "writer"
    with EmbeddedServer.start(home) as server:
        database = addressed(server)
    with (
        mischievous_erp(tmp_path) as address,
        open_pool(
            database.application_url,
            schema=SCHEMA,
            min_size=1,
            max_size=4,
            application_name="tests",
        ) as pool,
    ):
        blocking = Blocking(Office.open(pool), address)
        begin(open_cases(pool), record=tmp_path / "ours")
        programs += [
            start_writer(database.application_url, record=record, threads=2),
            blocking.start_worker(database),
        ]
        for number in range(KILLS):
            if number % 2:
                blocking.withdraw()
            blocking.order(ORDERS_BETWEEN_KILLS)
            blocking.until_answered(ANSWERS_BETWEEN_KILLS, programs=programs)
            until_more_acknowledged(COMMANDS_BETWEEN_KILLS, records=[record], programs=programs)
            kill_server(home)
            with EmbeddedServer.start(home):
                acknowledged = read_record(record)
                assert find_lost(acknowledged, list(blocking.office.cases.everything())) == []
        programs[0].end()
        blocking.settle(programs[1:])
        programs[1].end()
        blocking.check(database)
        history = list(blocking.office.cases.everything())
        assert find_lost(read_record(record), history) == []


def addressed(server: EmbeddedServer) -> Database:
    return Database(
        name="",
        admin_url=server.url(Login.ADMIN),
        owner_url=server.url(Login.OWNER),
        application_url=server.url(Login.APPLICATION),
        reader_url=server.url(Login.READER),
    )
