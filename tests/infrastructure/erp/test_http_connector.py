"""The connector believes nothing but a signed answer to its own question."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from application.erp import BlockOrder, Erp, ErpBlockState, ErpRefused, ErpUnavailable
from infrastructure.erp import wire
from infrastructure.erp.http_connector import HttpErp, UnusableErpAddress
from infrastructure.erp.signatures import Signatures
from tests.infrastructure.erp.erp_examples import OTHER_SECRET, SECRET, block_id, order

NOW = datetime.now(UTC)
Speaking = Callable[[str], Iterator[bytes]]


def confirmed(message_id: str, **changes: object) -> bytes:
    reply: dict[str, object] = {
        "in_reply_to": message_id,
        "block_id": str(block_id(1)),
        "state": "confirmed",
        "reference": "4711",
        "reason": None,
        "decided_at": NOW.isoformat(),
    }
    return json.dumps(reply | changes).encode()


def problem(message_id: str | None, *, status: int, kind: str = "about:blank") -> bytes:
    return json.dumps(
        {"type": kind, "title": "no", "status": status, "in_reply_to": message_id}
    ).encode()


def answer(
    body: bytes, *, status: int = 200, secret: str | None = SECRET, more: str = ""
) -> Iterator[bytes]:
    signed = {} if secret is None else sign(body, secret=secret)
    head = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    length = f"content-length: {len(body)}\r\n"
    yield f"HTTP/1.1 {status} -\r\nconnection: close\r\n{length}{head}{more}\r\n".encode() + body


def sign(body: bytes, *, secret: str) -> dict[str, str]:
    return Signatures(secret).sign(body, message_id="answer_1", at=datetime.now(UTC))


@contextmanager
def an_erp_that(speaks: Speaking, *, timeout: float = 5) -> Generator[HttpErp]:
    """Serve one question after the other, saying byte for byte what the test wants said."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            with connection, suppress(ConnectionError):
                asked = connection.recv(65536)
                found = re.search(rb"webhook-id: (\S+)", asked, re.IGNORECASE)
                assert found, "every question is signed"
                for part in speaks(found[1].decode()):
                    connection.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        try:
            with HttpErp(f"http://127.0.0.1:{port}", secret=SECRET, timeout=timeout) as erp:
                yield erp
        finally:
            # Closing alone would leave the thread in accept() for ever.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def unbelieved(speaks: Speaking, *, why: str) -> None:
    with an_erp_that(speaks) as erp, pytest.raises(ErpUnavailable, match=why):
        erp.request_block(order())


def test_a_signed_answer_to_the_question_is_believed() -> None:
    with an_erp_that(lambda asked: answer(confirmed(asked))) as erp:
        reply = erp.request_block(order())
    assert (reply.state, reply.reference) == (ErpBlockState.CONFIRMED, "4711")
    assert reply.decided_at == NOW


def test_members_the_contract_does_not_know_are_left_alone() -> None:
    with an_erp_that(lambda asked: answer(confirmed(asked, clerk="M. Roux"))) as erp:
        assert erp.request_block(order()).state is ErpBlockState.CONFIRMED


def test_an_unsigned_answer_is_not_believed() -> None:
    unbelieved(lambda asked: answer(confirmed(asked), secret=None), why="compare the secret")


def test_an_answer_signed_by_a_stranger_is_not_believed() -> None:
    unbelieved(lambda asked: answer(confirmed(asked), secret=OTHER_SECRET), why="cannot be")


def test_an_answer_to_another_question_is_not_believed() -> None:
    unbelieved(lambda _: answer(confirmed("request_x")), why="another question")


def test_an_answer_about_another_block_is_not_believed() -> None:
    unbelieved(
        lambda asked: answer(confirmed(asked, block_id=str(block_id(2)))), why="another question"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "blocked"},
        {"decided_at": None},
        {"decided_at": "2026-11-22T10:00:00"},
        {"reference": None},
        {"state": "rejected", "reason": None},
        {"state": "pending"},
    ],
)
def test_an_answer_that_does_not_tell_enough_is_broken(changes: dict[str, object]) -> None:
    unbelieved(lambda asked: answer(confirmed(asked, **changes)), why="broken")


def test_a_status_that_does_not_fit_the_state_is_not_believed() -> None:
    unbelieved(lambda asked: answer(confirmed(asked), status=202), why="does not fit")


def test_a_decision_in_the_future_is_not_believed() -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    unbelieved(lambda asked: answer(confirmed(asked, decided_at=later)), why="compare the clocks")


def test_a_signed_answer_that_is_not_json_is_broken() -> None:
    unbelieved(lambda _: answer(b"OK"), why="broken")


def test_a_redirect_is_not_followed() -> None:
    away = "location: http://127.0.0.1:9/\r\n"
    unbelieved(lambda _: answer(b"", status=307, secret=None, more=away), why="status 307")


def test_an_answer_of_any_size_is_not_read() -> None:
    unbelieved(lambda _: answer(b" " * (wire.LARGEST_BODY + 1)), why="larger")


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    def breaks_off(asked: str) -> Iterator[bytes]:
        yield next(answer(confirmed(asked)))[:-1]

    unbelieved(breaks_off, why="gave no answer")


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_dripping_answer_is_given_up_after_the_timeout_as_a_whole(part: str) -> None:
    over = threading.Event()

    def drips(_asked: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 -\r\n"
        yield b"x-slow: " if part == "headers" else b"content-length: 9999\r\n\r\n"
        for _ in range(60):
            if over.wait(timeout=0.05):
                return
            yield b"x"

    with an_erp_that(drips, timeout=0.5) as erp:
        began = time.monotonic()
        try:
            with pytest.raises(ErpUnavailable, match="within"):
                erp.request_block(order())
        finally:
            over.set()
        assert time.monotonic() - began < 3


def test_an_erp_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        HttpErp(f"http://127.0.0.1:{port}", secret=SECRET, timeout=5) as erp,
        pytest.raises(ErpUnavailable, match="ConnectError"),
    ):
        erp.look_up(block_id(1))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_problem_that_may_pass_is_worth_another_try(status: int) -> None:
    unbelieved(
        lambda asked: answer(problem(asked, status=status), status=status), why="could not serve"
    )


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_problem_with_the_request_itself_needs_a_person(status: int) -> None:
    with (
        an_erp_that(lambda asked: answer(problem(asked, status=status), status=status)) as erp,
        pytest.raises(ErpRefused) as refused,
    ):
        erp.request_block(order())
    assert refused.value.title == "no"


def test_an_unsigned_not_found_does_not_say_that_there_is_no_block() -> None:
    def speaks(asked: str) -> Iterator[bytes]:
        return answer(
            problem(asked, status=404, kind=wire.BLOCK_NOT_FOUND), status=404, secret=None
        )

    with an_erp_that(speaks) as erp, pytest.raises(ErpUnavailable):
        erp.look_up(block_id(1))


def test_a_not_found_of_another_kind_does_not_say_that_there_is_no_block() -> None:
    with (
        an_erp_that(lambda asked: answer(problem(asked, status=404), status=404)) as erp,
        pytest.raises(ErpRefused),
    ):
        erp.look_up(block_id(1))


def test_an_erp_that_does_not_believe_us_is_unavailable_and_says_what_to_compare() -> None:
    unbelieved(
        lambda _: answer(problem(None, status=401), status=401), why=r"believe us.*the clocks"
    )


def test_a_problem_whose_status_was_changed_on_the_way_is_not_believed() -> None:
    unbelieved(
        lambda asked: answer(problem(asked, status=404), status=409), why="belongs elsewhere"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        replace(order(), amount=Decimal(0)),
        replace(order(), amount=Decimal(-1)),
        replace(order(), amount=Decimal("NaN")),
        replace(order(), amount=Decimal("1E+20")),
        replace(order(), amount=Decimal("0.00001")),
        replace(order(), scope="everything"),
        replace(order(), currency="euro"),
    ],
)
def test_an_order_that_cannot_be_written_down_needs_a_person(wrong: BlockOrder) -> None:
    with (
        an_erp_that(lambda asked: answer(confirmed(asked))) as erp,
        pytest.raises(ErpRefused, match="contract"),
    ):
        erp.request_block(wrong)


@pytest.mark.parametrize("amount", ["1E+3", "1000", "1000.00", "0.0001"])
def test_money_crosses_the_border_as_plain_decimal_text(amount: str) -> None:
    written = json.loads(wire.BlockRequest.of(order(amount=amount)).model_dump_json())["amount"]
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", written)
    assert Decimal(written) == Decimal(amount)


@pytest.mark.parametrize(
    "address",
    [
        "http://erp.example.org",
        "http://10.0.0.7:8080",
        "ftp://127.0.0.1",
        "127.0.0.1:8080",
        "https://user:word@erp.example.org",
        "https://erp.example.org/?tenant=1",
        "",
    ],
)
def test_an_address_that_would_show_invoices_or_mislead_is_refused(address: str) -> None:
    with pytest.raises(UnusableErpAddress):
        HttpErp(address, secret=SECRET)


@pytest.mark.parametrize("address", ["https://erp.example.org/recours", "http://[::1]:80"])
def test_a_safe_address_is_accepted(address: str) -> None:
    with HttpErp(address, secret=SECRET):
        pass


def test_the_connector_is_the_port() -> None:
    with HttpErp("http://localhost", secret=SECRET) as connector:
        port: Erp = connector
        assert port is connector
