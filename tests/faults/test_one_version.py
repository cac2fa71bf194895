"""Agents who act on one version of a case, through two processes: one of them succeeds."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import Final, NamedTuple

import pytest

from application.keys import KeyTerms
from benchmarks.http_clients import Knocking
from domain.parties import Role
from infrastructure.bootstrap import open_services
from infrastructure.settings import Settings
from tests.faults.served import COMPLAINT, Api, assert_dense, everything, needs_own_server

pytestmark = [needs_own_server, pytest.mark.soak]

TOGETHER: Final = ((16, 500), (8, 1_000), (4, 2_500), (3, 3_000), (2, 3_000))
"""How many agents act on each version, and in how many rounds: 10 000 in all."""

ROUNDS_OF_A_CASE: Final = 25
"""Then the next case begins: those who come too late are told all that they missed."""


class Office(NamedTuple):
    """Two processes that serve one installation, and an agent's key."""

    addresses: Sequence[str]
    secret: str


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The directory of an installation of this test alone."""
    return tmp_path / "home"


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    """Both processes at work."""
    with (
        open_services(Settings(recours_data=home)) as wiring,
        Api.serving(home, "--no-worker") as one,
        Api.serving(home, "--no-worker") as other,
    ):
        secret = wiring.services.keys.issue(KeyTerms(subject_id="anna", role=Role.AGENT)).secret
        yield Office((one.address, other.address), secret)


class Team:
    """Agents, each with a connection, who start into each round together."""

    def __init__(self, agents: Sequence[Knocking]) -> None:
        self._agents = agents
        self._together = Barrier(len(agents))

    def compete(self, threads: ThreadPoolExecutor, *, rounds: int) -> None:
        """Act on one version after the other; exactly one of each round succeeds."""
        for first in range(0, rounds, ROUNDS_OF_A_CASE):
            case = self._begin(f"{len(self._agents)}-{first}")
            tried = [
                threads.submit(self._act, number, case, min(ROUNDS_OF_A_CASE, rounds - first))
                for number in range(len(self._agents))
            ]
            for answers in zip(*(agent.result() for agent in tried), strict=True):
                assert Counter(answers) == Counter({200: 1, 412: len(answers) - 1})

    def _begin(self, key: str) -> str:
        said, headers = json.dumps(COMPLAINT).encode(), f"Idempotency-Key: {key}\r\n"
        begun = json.loads(self._agents[0].post("/v1/complaints", said, headers=headers))
        return f"/v1/complaints/{begun['id']}/notes"

    def _act(self, number: int, notes: str, rounds: int) -> list[int]:
        said = json.dumps({"text": f"agent {number}"}).encode()
        answers: list[int] = []
        for version in range(1, rounds + 1):
            self._together.wait()
            seen = f'If-Match: "{version}"\r\n'
            answers.append(self._agents[number].try_to_post(notes, said, headers=seen)[0])
        return answers


def test_of_agents_who_act_on_one_version_exactly_one_succeeds(home: Path, office: Office) -> None:
    for agents, rounds in TOGETHER:
        with ExitStack() as stack, ThreadPoolExecutor(agents) as threads:
            connections = [
                stack.enter_context(Knocking(office.addresses[n % 2], secret=office.secret))
                for n in range(agents)
            ]
            Team(connections).compete(threads, rounds=rounds)

    history = everything(home)
    cases = {event.stream_id for event in history}
    assert len(history) - len(cases) == sum(rounds for _, rounds in TOGETHER)
    assert_dense(history)
