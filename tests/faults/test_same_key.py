"""One command under one key, sent by many to two processes, over their deaths and restarts."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Final, NamedTuple

import httpx2
import pytest

from application.keys import KeyTerms
from domain.parties import Role
from infrastructure.bootstrap import open_services
from infrastructure.settings import Settings
from tests.faults.harness import until
from tests.faults.served import COMPLAINT, Api, everything, knocking, needs_own_server

pytestmark = [needs_own_server, pytest.mark.soak]

CALLERS: Final = 16
ROUNDS: Final = 20
KILLS: Final = 4
ANSWERS_BETWEEN_KILLS: Final = 60


class People(NamedTuple):
    """The secrets of two people."""

    anna: str
    marc: str


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The directory of an installation of this test alone."""
    return tmp_path / "home"


@pytest.fixture
def people(home: Path) -> Iterator[People]:
    """Two agents; the installation's database runs as long as the test."""
    with open_services(Settings(recours_data=home)) as wiring:
        issue = wiring.services.keys.issue
        yield People(
            *(issue(KeyTerms(subject_id=who, role=Role.AGENT)).secret for who in ("anna", "marc"))
        )


def send(client: httpx2.Client, key: str, *, category: str = "billing") -> httpx2.Response:
    said = {**COMPLAINT, "category": category}
    return client.post("/v1/complaints", json=said, headers={"Idempotency-Key": key})


def have(answered: dict[str, str], enough: int) -> bool:
    return len(answered) >= enough


def send_together(clients: Sequence[httpx2.Client], key: str) -> list[httpx2.Response]:
    together = Barrier(len(clients))

    def send_one(client: httpx2.Client) -> httpx2.Response:
        together.wait()
        return send(client, key)

    with ThreadPoolExecutor(len(clients)) as callers:
        return list(callers.map(send_one, clients))


def test_of_many_that_send_one_command_to_two_processes_one_records_it(
    home: Path, people: People
) -> None:
    with (
        ExitStack() as stack,
        Api.serving(home) as one,
        Api.serving(home, "--no-worker") as other,
    ):
        addresses = [(one, other)[n % 2].address for n in range(CALLERS)]
        clients = [stack.enter_context(knocking(each, people.anna)) for each in addresses]
        for number in range(ROUNDS):
            answers = send_together(clients, f"key-{number}")

            recorded = [answer for answer in answers if answer.is_success]
            replayed = Counter("Idempotency-Replayed" in answer.headers for answer in recorded)
            assert {answer.status_code for answer in answers} <= {201, 409}
            assert replayed[False] == 1
            assert len({answer.content for answer in recorded}) == 1
        first = send(clients[0], key := "key-0")
    with Api.serving(home) as again, knocking(again.address, people.anna) as anna:
        assert send(anna, key).content == first.content
        assert send(anna, key, category="other").status_code == 422
        with knocking(again.address, people.marc) as marc:
            others = send(marc, key)
    assert (others.status_code, "Idempotency-Replayed" in others.headers) == (201, False)
    assert len(everything(home)) == ROUNDS + 1


def test_who_sends_a_command_again_until_it_is_answered_has_it_recorded_once(
    home: Path, people: People
) -> None:
    answered: dict[str, str] = {}
    keys = count(1)
    unanswered: list[str] = []
    for _ in range(KILLS):
        enough = len(answered) + ANSWERS_BETWEEN_KILLS
        api = Api.start(home)

        def work(address: str = api.address) -> None:
            key = unanswered.pop() if unanswered else f"key-{next(keys)}"
            with knocking(address, people.anna) as client:
                try:
                    while True:
                        answered[key] = send(client, key).raise_for_status().json()["id"]
                        key = f"key-{next(keys)}"
                except httpx2.TransportError:
                    unanswered.append(key)

        senders = [threading.Thread(target=work) for _ in range(4)]
        for sender in senders:
            sender.start()
        until(partial(have, answered, enough))
        api.kill()
        for sender in senders:
            sender.join()
    with Api.serving(home) as api, knocking(api.address, people.anna) as client:
        for key in unanswered:
            answered[key] = send(client, key).raise_for_status().json()["id"]

    recorded = [str(event.stream_id) for event in everything(home)]
    assert len(set(recorded)) == len(recorded)
    assert set(recorded) == set(answered.values())
    assert len(recorded) == len(answered)
