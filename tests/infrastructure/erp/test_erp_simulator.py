"""The simulated ERP keeps the contract: each block once, whatever arrives how often."""

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import UUID

import anyio
import httpx2
import pytest

from application.erp import ErpBlockState, ErpDocument, ErpRefused, ErpReply, ErpUnavailable
from infrastructure.erp import wire
from infrastructure.erp.http_connector import HttpErp
from infrastructure.erp.signatures import Signatures, new_message_id
from infrastructure.erp.simulator import Books, create_simulator
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_ledger import Ledger
from infrastructure.erp.simulator_server import running_simulator
from tests.infrastructure.erp.erp_examples import OTHER_SECRET, SECRET, block_id, order

SERVE = """
import sys
from pathlib import Path
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_server import run_simulator
run_simulator(
    host="127.0.0.1", port=int(sys.argv[1]), state_file=Path(sys.argv[2]), secret=sys.argv[3],
    faults=Faults(), on_ready=lambda address: print(address, flush=True),
)
print("stopped", flush=True)
"""


@contextmanager
def process(state_file: Path, *, port: int = 0) -> Generator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", SERVE, str(port), str(state_file), SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def books(address: str) -> Books:
    found = httpx2.get(f"{address}/simulator/ledger", trust_env=False)
    return Books.model_validate_json(found.content)


def send(
    address: str,
    *,
    operation: str = wire.REQUEST,
    path: str | None = None,
    body: bytes | None = None,
    message_id: str | None = None,
    secret: str = SECRET,
) -> httpx2.Response:
    content = wire.BlockRequest.of(order()).model_dump_json().encode() if body is None else body
    signed = Signatures(secret).sign(
        content,
        message_id=message_id or new_message_id(operation, block_id=block_id(1)),
        at=datetime.now(UTC),
    )
    where = path or f"/v1/payment-blocks/{block_id(1)}"
    return httpx2.put(f"{address}{where}", content=content, headers=signed, trust_env=False)


def test_sixteen_equal_requests_at_once_set_one_block(erp: HttpErp, address: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = set(pool.map(erp.request_block, [order()] * 16))
    assert len(replies) == 1
    [found] = books(address).blocks
    assert (found.requested, found.effected) == (16, 1)


def test_the_same_id_for_another_block_is_refused(erp: HttpErp) -> None:
    confirmed = erp.request_block(order())
    with pytest.raises(ErpRefused) as refused:
        erp.request_block(order(amount="99"))
    assert refused.value.problem_type == wire.BLOCK_DIFFERS
    assert erp.look_up(block_id(1)) == confirmed


def test_an_amount_is_the_same_however_many_zeros_it_ends_in(erp: HttpErp) -> None:
    assert erp.request_block(order(amount="100")) == erp.request_block(order(amount="100.00"))


def test_a_block_the_erp_never_met_is_not_found(erp: HttpErp) -> None:
    assert erp.look_up(block_id(1)) is None


def test_a_release_that_overtakes_its_request_keeps_the_block_from_being_set(
    erp: HttpErp, address: str
) -> None:
    assert erp.release_block(block_id(1)).state is ErpBlockState.RELEASED
    assert erp.request_block(order()).state is ErpBlockState.RELEASED
    [found] = books(address).blocks
    assert (found.effected, found.release_effected) == (0, 0)


def test_a_released_block_is_not_set_again_by_a_late_repetition(erp: HttpErp) -> None:
    erp.request_block(order())
    erp.release_block(block_id(1))
    assert erp.request_block(order()).state is ErpBlockState.RELEASED


def test_a_block_removed_by_hand_is_seen_as_released_with_a_reason(
    erp: HttpErp, desk: httpx2.Client
) -> None:
    erp.request_block(order())
    assert desk.post(f"/blocks/{block_id(1)}/drop").status_code == 204
    seen = erp.look_up(block_id(1))
    assert seen is not None
    assert seen.state is ErpBlockState.RELEASED
    assert seen.reason


def test_a_forgotten_block_shows_in_the_books_when_it_is_set_again(
    erp: HttpErp, desk: httpx2.Client, address: str
) -> None:
    erp.request_block(order())
    desk.post(f"/blocks/{block_id(1)}/drop", json={"forget": True}).raise_for_status()
    assert erp.look_up(block_id(1)) is None
    erp.request_block(order())
    assert books(address).blocks[0].effected == 2


def test_a_block_that_never_was_cannot_be_dropped(desk: httpx2.Client) -> None:
    assert desk.post(f"/blocks/{block_id(1)}/drop").status_code == 404


def test_the_books_show_a_document_blocked_under_two_ids(erp: HttpErp, address: str) -> None:
    erp.request_block(order(1, document_number="77"))
    assert books(address).standing_twice == []
    erp.request_block(order(2, document_number="77"))
    assert books(address).standing_twice == [[block_id(1), block_id(2)]]


def test_a_message_by_another_secret_is_refused_and_changes_nothing(address: str) -> None:
    answer = send(address, secret=OTHER_SECRET)
    assert (answer.status_code, answer.json()["type"]) == (401, wire.BAD_SIGNATURE)
    assert books(address).blocks == []
    assert books(address).refused == 1


def test_a_connector_with_another_secret_learns_nothing(address: str) -> None:
    with (
        HttpErp(address, secret=OTHER_SECRET) as stranger,
        pytest.raises(ErpUnavailable, match="compare the secret"),
    ):
        stranger.request_block(order())


def test_a_signed_request_does_not_serve_for_another_block(address: str) -> None:
    answer = send(address, path=f"/v1/payment-blocks/{block_id(2)}")
    assert answer.status_code == 401


def test_a_signed_release_does_not_serve_as_a_request(address: str) -> None:
    assert send(address, operation=wire.RELEASE).status_code == 401


def test_a_message_id_used_for_other_content_is_refused(address: str) -> None:
    message_id = new_message_id(wire.REQUEST, block_id=block_id(1))
    assert send(address, message_id=message_id).status_code == 200
    assert send(address, message_id=message_id).status_code == 200
    other = wire.BlockRequest.of(order(amount="1")).model_dump_json().encode()
    answer = send(address, message_id=message_id, body=other)
    assert (answer.status_code, answer.json()["type"]) == (409, wire.MESSAGE_ID_REUSED)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"holder":"x"}',
        wire.BlockRequest.of(order()).model_dump_json().replace('"120.50"', "120.50").encode(),
        wire.BlockRequest.of(order()).model_dump_json().replace("120.50", "1e3").encode(),
        wire.BlockRequest.of(order()).model_dump_json().replace("120.50", "-1").encode(),
        wire.BlockRequest.of(order()).model_dump_json().replace("120.50", "0").encode(),
        wire.BlockRequest.of(order()).model_dump_json().replace("EUR", "eur").encode(),
        wire.BlockRequest.of(order()).model_dump_json().replace("{", '{"more":1,', 1).encode(),
    ],
)
def test_a_request_outside_the_contract_is_a_signed_problem(body: bytes, address: str) -> None:
    answer = send(address, body=body)
    assert (answer.status_code, answer.json()["type"]) == (422, wire.INVALID_REQUEST)
    assert answer.headers["content-type"] == "application/problem+json"
    Signatures(SECRET).verify(answer.content, headers=answer.headers)
    assert books(address).blocks == []


def test_a_body_without_end_is_not_read_to_the_end(address: str) -> None:
    assert send(address, body=b" " * (wire.LARGEST_BODY + 1)).status_code == 413


@pytest.mark.parametrize("path", ["/nowhere", "/v1/payment-blocks/not-an-id"])
def test_even_a_wrong_address_is_answered_with_a_signed_problem(path: str, address: str) -> None:
    answer = send(address, path=path)
    assert answer.status_code in {404, 422}
    Signatures(SECRET).verify(answer.content, headers=answer.headers)


def test_only_this_machine_may_steer_the_simulator() -> None:
    async def ask(client: str) -> int:
        app = create_simulator(ledger, secret=SECRET, faults=Faults())
        transport = httpx2.ASGITransport(app, client=(client, 4711))
        async with httpx2.AsyncClient(transport=transport, base_url="http://erp") as browser:
            return (await browser.get("/simulator/ledger")).status_code

    ledger = Ledger(None)
    try:
        assert anyio.run(ask, "10.0.0.9") == 403
        assert anyio.run(ask, "127.0.0.1") == 200
    finally:
        ledger.close()


def test_faults_with_a_wrong_name_or_rate_are_refused(desk: httpx2.Client) -> None:
    assert desk.put("/faults", json={"loose": 1}).status_code == 422
    assert desk.put("/faults", json={"lose": 1.5}).status_code == 422
    assert desk.get("/faults").json()["lose"] == 0


def test_a_restart_keeps_blocks_and_counts(tmp_path: Path) -> None:
    state_file = tmp_path / "erp.sqlite"
    replies: list[ErpReply] = []
    counts: list[tuple[int, int]] = []
    for _ in range(2):
        with (
            running_simulator(state_file=state_file, secret=SECRET, faults=Faults()) as address,
            HttpErp(address, secret=SECRET) as erp,
        ):
            replies.append(erp.request_block(order()))
            counts += [(found.requested, found.effected) for found in books(address).blocks]
    assert replies[0] == replies[1]
    assert counts == [(1, 1), (2, 1)]


def test_no_block_is_lost_or_set_twice_when_the_erp_is_killed_under_load(tmp_path: Path) -> None:
    state_file = tmp_path / "erp.sqlite"
    confirmed: dict[UUID, ErpReply] = {}

    def ask(erp: HttpErp, number: int) -> bool:
        try:
            confirmed[block_id(number)] = erp.request_block(order(number))
        except ErpUnavailable:
            return False
        return True

    missing = list(range(1, 201))
    kills = 0
    while missing:
        with (
            process(state_file) as (running, address),
            HttpErp(address, secret=SECRET) as erp,
            ThreadPoolExecutor(8) as pool,
        ):
            asked = [pool.submit(ask, erp, number) for number in missing]
            if kills < 3:
                # The kill falls between the answers, wherever the others are by then.
                asked[min(40, len(asked) - 1)].result()
                running.send_signal(signal.SIGKILL)
                kills += 1
            answers = [future.result() for future in asked]
        missing = [number for number, done in zip(missing, answers, strict=True) if not done]
    with process(state_file) as (_, address), HttpErp(address, secret=SECRET) as erp:
        found = books(address)
        assert {block.block_id for block in found.blocks} == set(confirmed)
        assert {block.effected for block in found.blocks} == {1}
        assert found.standing_twice == []
        assert all(erp.look_up(block) == reply for block, reply in confirmed.items())
    assert kills == 3


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_simulator_returns_soon_after_being_told_to_stop(
    stop: signal.Signals, tmp_path: Path
) -> None:
    with process(tmp_path / "erp.sqlite") as (running, address):
        assert running.stdout is not None
        with HttpErp(address, secret=SECRET) as erp:
            erp.request_block(order())
            began = time.monotonic()
            running.send_signal(stop)
            assert running.wait(timeout=10) == 0
        assert time.monotonic() - began < 3
        assert running.stdout.read() == "stopped\n"


class Impatient:
    """Asks and does not wait for the answer."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def leave_a_question_open(self, address: str) -> None:
        """Return once the simulator has the message."""

        def ask() -> None:
            with HttpErp(address, secret=SECRET) as erp, pytest.raises(ErpUnavailable):
                erp.request_block(order())

        asked = self._pool.submit(ask)
        while not books(address).blocks:
            assert not asked.done(), "the question was answered at once"


def test_a_delayed_answer_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    faults = Faults(delay=1, delay_ms=60_000)
    with (
        Impatient() as impatient,
        running_simulator(
            state_file=tmp_path / "erp.sqlite", secret=SECRET, faults=faults
        ) as address,
    ):
        impatient.leave_a_question_open(address)
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_a_port_that_is_taken_is_an_error(address: str, tmp_path: Path) -> None:
    port = int(address.rpartition(":")[2])
    with (
        pytest.raises(OSError, match="use"),
        running_simulator(
            state_file=tmp_path / "other.sqlite", secret=SECRET, faults=Faults(), port=port
        ),
    ):
        pass


def test_an_order_outside_the_contract_never_leaves_the_house(erp: HttpErp, address: str) -> None:
    wrong = replace(order(), document=ErpDocument("SAP", "FR01", number="", line=1))
    with pytest.raises(ErpRefused, match=r"document\.number"):
        erp.request_block(wrong)
    assert books(address).messages == 0
