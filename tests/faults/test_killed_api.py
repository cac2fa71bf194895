"""The served API that is killed under load: what it answered with success is there afterwards."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import httpx2
import pytest

from application.keys import KeyTerms
from domain.parties import Role
from infrastructure.bootstrap import open_services
from infrastructure.settings import Settings
from tests.faults.harness import kill_server, until
from tests.faults.served import (
    COMPLAINT,
    Api,
    assert_dense,
    everything,
    knocking,
    needs_own_server,
)

pytestmark = needs_own_server

KILLS = 4
ANSWERS_BETWEEN_KILLS = 120
CLIENTS = 4
ROUNDS = 40
AGENTS = 6


class Answered(NamedTuple):
    """A command that the API answered with success."""

    case_id: UUID
    version: int


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The directory of an installation of this test alone."""
    return tmp_path / "home"


@pytest.fixture
def secret(home: Path) -> Iterator[str]:
    """An agent's key; the installation's server runs as long as the test."""
    with open_services(Settings(recours_data=home)) as wiring:
        yield wiring.services.keys.issue(KeyTerms(subject_id="anna", role=Role.AGENT)).secret


def test_a_killed_api_keeps_every_command_that_it_answered(home: Path, secret: str) -> None:
    answered: list[Answered] = []
    for _ in range(KILLS):
        api, enough = Api.start(home), len(answered) + ANSWERS_BETWEEN_KILLS
        clients = [
            threading.Thread(target=register_and_go_on, args=(api.address, secret, answered))
            for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        until(partial(have, answered, enough))
        api.kill()
        for client in clients:
            client.join()

    history = everything(home)
    recorded = {(event.stream_id, event.version) for event in history}
    assert len(answered) >= KILLS * ANSWERS_BETWEEN_KILLS
    assert len(set(answered)) == len(answered)
    assert set(answered) <= recorded
    assert len(recorded) == len(history)
    assert_dense(history)


def test_an_api_goes_on_after_its_database_was_killed(home: Path, secret: str) -> None:
    api = Api.start(home)
    try:
        with knocking(api.address, secret) as client:
            for _ in range(KILLS):
                kept = read(client.post("/v1/complaints", json=COMPLAINT).raise_for_status())
                kill_server(home)
                until(partial(is_served, client, kept))
    finally:
        api.kill()


def test_of_agents_that_act_on_one_version_exactly_one_succeeds(home: Path, secret: str) -> None:
    api = Api.start(home)
    try:
        with ThreadPoolExecutor(AGENTS) as agents, knocking(api.address, secret) as client:
            case = client.post("/v1/complaints", json=COMPLAINT).raise_for_status()
            for version in range(1, ROUNDS + 1):
                note = partial(write_note, client, case.headers["Location"], version)
                tried = agents.map(note, range(AGENTS))
                assert sorted(tried) == [200] + [412] * (AGENTS - 1)
    finally:
        api.kill()
    assert len(everything(home)) == ROUNDS + 1


def is_served(client: httpx2.Client, kept: Answered) -> bool:
    answer = client.get(f"/v1/complaints/{kept.case_id}")
    assert answer.status_code in {200, 503}, "a database that is away is said to be away"
    return answer.status_code == 200


def have(answered: list[Answered], enough: int) -> bool:
    return len(answered) >= enough


def write_note(client: httpx2.Client, address: str, version: int, agent: int) -> int:
    said = {"text": f"agent {agent}"}
    headers = {"If-Match": f'"{version}"'}
    return client.post(f"{address}/notes", headers=headers, json=said).status_code


def register_and_go_on(address: str, secret: str, answered: list[Answered]) -> None:
    # The transport fails when the API is killed: that command's outcome is unknown, and no promise.
    with knocking(address, secret) as client:
        try:
            while True:
                begun = client.post("/v1/complaints", json=COMPLAINT).raise_for_status()
                answered.append(read(begun))
                address_of_case = begun.headers["Location"]
                for step in ("acknowledgement", "review", "escalation"):
                    done = client.post(
                        f"{address_of_case}/{step}", headers={"If-Match": "*"}, json={}
                    ).raise_for_status()
                    answered.append(read(done))
        except httpx2.TransportError:
            return


def read(answer: httpx2.Response) -> Answered:
    case = answer.json()
    return Answered(UUID(case["id"]), case["version"])
