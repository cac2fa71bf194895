"""The served API under pressure: bounded, honest, and healthy again when the pressure is gone.

Whatever happens, only 2xx, 429 and 503 are answered, nothing that was answered with success is
lost, and nothing is there twice.
"""

import asyncio
import resource
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2
import psycopg
import pytest
from psycopg import sql

from infrastructure.postgres.embedded import EmbeddedServer, Login
from tests.faults.harness import until
from tests.faults.pressing import Client, Promises, Trickle, pressing
from tests.faults.served import COMPLAINT, Api, everything, needs_own_server, new_key

pytestmark = needs_own_server

ON_TWENTY_CONNECTIONS: Final = {
    "RECOURS_CONNECTIONS": "20",
    "RECOURS_RATE": "0",
    "RECOURS_STRANGER_RATE": "0",
}

MOST_MEMORY: Final = 400 * 1024 * 1024
"""Bytes that one process may ever have in memory, whatever presses on it: 100 MiB when idle."""

SLOWEST: Final = 30.0
"""Seconds in which everything is answered: three waits for locks, for a turn and a connection, and
much for a machine that others use too."""

STOPS: Final = 4
STOPPED_SECONDS: Final = 8

LOCK: Final = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")

HEALTHY_WITHIN: Final = 5.0
"""Seconds in which a command is promised again after the cause is gone."""

soak = pytest.mark.soak


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of an installation of these tests alone, whose server runs as long as they."""
    directory = tmp_path_factory.mktemp("pressed")
    with EmbeddedServer.start(directory):
        yield directory


@pytest.fixture(scope="module")
def secret(home: Path) -> str:
    """An agent's key."""
    return new_key(home)


@pytest.fixture
def api(home: Path, secret: str) -> Iterator[Api]:
    """The served product, with 20 connections and without limits of rate."""
    assert secret, "the installation is there"
    with Api.serving(home, **ON_TWENTY_CONNECTIONS) as served:
        yield served


@pytest.fixture
def promises(home: Path, secret: str) -> Promises:
    """What is promised from now on."""
    assert secret, "the installation is there"
    return Promises(since=len(everything(home)))


def wait_for_more(promises: Promises, more: int) -> None:
    kept = promises.kept
    until(lambda: promises.kept >= kept + more)


def wait_until_healthy(promises: Promises) -> None:
    since = time.monotonic()
    wait_for_more(promises, 1)
    took = time.monotonic() - since
    tell(f"healthy again after {took:.2f} s")
    assert took < HEALTHY_WITHIN


def tell(figures: str) -> None:
    """Tell figures to whoever asks for them with `-s`."""
    sys.stderr.write(f"\n{figures}\n")


def assert_bounded(api: Api, promises: Promises) -> None:
    memory = api.most_memory >> 20
    tell(f"{dict(promises.statuses)}, slowest {promises.slowest:.1f} s, {memory} MiB")
    assert promises.statuses.keys() <= {201, 429, 503}
    assert promises.without_retry == 0
    assert promises.slowest < SLOWEST
    assert api.most_memory < MOST_MEMORY


@pytest.mark.parametrize("sockets", [200, pytest.param(2_000, marks=soak)])
def test_sockets_that_trickle_stop_nobody_else(
    home: Path, secret: str, api: Api, promises: Promises, sockets: int
) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    trickle = Trickle(api.address, sockets=sockets)
    with Client(api.address, secret, promises) as client:
        for _ in range(5):
            trickle.drip()
            for _ in range(10):
                assert client.register(), promises.statuses
        if sockets > 200:
            until(trickle.is_over)
            assert client.register()
    trickle.close()

    assert_bounded(api, promises)
    promises.check(everything(home))


@pytest.mark.parametrize("requests", [150, pytest.param(500, marks=soak)])
def test_more_requests_at_once_than_can_be_served_are_told_to_come_again(
    home: Path, secret: str, api: Api, promises: Promises, requests: int
) -> None:
    asyncio.run(crowd(api.address, secret, promises, requests=requests))

    assert_bounded(api, promises)
    assert promises.kept == requests
    assert httpx2.get(f"{api.address}/readyz", trust_env=False).status_code == 200
    promises.check(everything(home))


async def crowd(address: str, secret: str, promises: Promises, *, requests: int) -> None:
    limits = httpx2.Limits(max_connections=requests, max_keepalive_connections=requests)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx2.AsyncClient(
        base_url=address, headers=headers, limits=limits, timeout=60, trust_env=False
    ) as client:

        async def register() -> None:
            key, promised = str(uuid4()), False
            while not promised:
                began = time.monotonic()
                answer = await client.post(
                    "/v1/complaints", json=COMPLAINT, headers={"Idempotency-Key": key}
                )
                promised = promises.take(key, answer, seconds=time.monotonic() - began)
                if not promised:
                    await asyncio.sleep(float(answer.headers["Retry-After"]))

        await asyncio.gather(*(register() for _ in range(requests)))


@pytest.mark.parametrize(
    ("table", "seconds"),
    [
        ("event", 4),
        pytest.param("event", 30, marks=soak),
        pytest.param("worklist", 30, marks=soak),
        pytest.param("api_key", 30, marks=soak),
    ],
)
def test_a_locked_table_is_told_in_bounded_time_and_forgotten_at_once(
    home: Path, secret: str, api: Api, promises: Promises, table: str, seconds: int
) -> None:
    with (
        EmbeddedServer.start(home) as server,
        psycopg.connect(server.url(Login.OWNER)) as owner,
        pressing(api.address, secret, promises, clients=24) as stop,
    ):
        wait_for_more(promises, 20)
        owner.execute(LOCK.format(sql.Identifier("recours", table)))
        until_passed(seconds)
        owner.rollback()
        wait_until_healthy(promises)
        stop()

    assert_bounded(api, promises)
    promises.check(everything(home))


def until_passed(seconds: float) -> None:
    threading.Event().wait(seconds)


@soak
def test_a_database_that_stops_and_starts_loses_and_doubles_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    secret = new_key(home)
    server = EmbeddedServer.start(home)
    url = server.url(Login.APPLICATION)
    api = Api.start(tmp_path, DATABASE_URL=url, **ON_TWENTY_CONNECTIONS)
    promises, readiness = Promises(), set[int]()
    try:
        with pressing(api.address, secret, promises, clients=24):
            for _ in range(STOPS):
                wait_for_more(promises, 20)
                server.close()
                until_passed(STOPPED_SECONDS)
                readiness.add(httpx2.get(f"{api.address}/readyz", trust_env=False).status_code)
                server = EmbeddedServer.start(home)
                wait_until_healthy(promises)
        assert_bounded(api, promises)
        assert readiness == {503}
    finally:
        api.kill()
        server.close()
    promises.check(everything(home))


def test_told_to_stop_it_answers_what_is_under_way_and_ends_well(
    home: Path, secret: str, api: Api
) -> None:
    answers: list[int] = []
    headers = {"Authorization": f"Bearer {secret}"}

    def ask() -> None:
        url = f"{api.address}/v1/cases"
        answers.append(httpx2.get(url, headers=headers, trust_env=False, timeout=60).status_code)

    with EmbeddedServer.start(home) as server, psycopg.connect(server.url(Login.OWNER)) as owner:
        owner.execute(LOCK.format(sql.Identifier("recours", "worklist")))
        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: waits_for_a_lock(server))
        api.tell_to_stop()
        until(lambda: not listens(api))
        owner.rollback()
        asking.join()

    assert answers == [200]
    assert api.ended_with() == 0


def waits_for_a_lock(server: EmbeddedServer) -> bool:
    with psycopg.connect(server.url(Login.ADMIN), autocommit=True) as admin:
        return admin.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount > 0


def listens(api: Api) -> bool:
    try:
        httpx2.get(f"{api.address}/healthz", trust_env=False)
    except httpx2.TransportError:
        return False
    return True
