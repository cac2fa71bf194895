"""One attempt, against receivers that behave in every way they can."""

import asyncio
import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.posting import KEPT, Outcome, Poster
from tests.infrastructure.webhooks.receivers import (
    Answer,
    Receiver,
    dripping,
    huge,
    receiving,
    resetting,
    status,
)

NAME = "hooks.example.test"


async def at_home(_host: str, _port: int) -> list[str]:
    """Every name leads to this machine."""
    return ["127.0.0.1"]


HERE = Guard(loopback=True, look_up=at_home)


def post(url: str, *, guard: Guard = HERE, trusted: ssl.SSLContext | None = None) -> Outcome:
    async def attempt() -> Outcome:
        async with Poster(guard, seconds=2.0, trusted=trusted) as poster:
            return await poster.post(url, b"{}", headers={"webhook-id": "one"})

    return asyncio.run(attempt())


@pytest.mark.parametrize("code", [200, 204, 302, 410, 500])
def test_a_status_is_what_the_receiver_says(code: int) -> None:
    with receiving(status(code)) as receiver:
        assert post(receiver.url).status == code


def test_a_redirect_is_not_followed() -> None:
    with receiving() as elsewhere, receiving(status(302, location=elsewhere.url)) as receiver:
        assert post(receiver.url).status == 302
        assert (len(receiver.received), len(elsewhere.received)) == (1, 0)


def test_an_answer_without_end_is_cut_and_made_legible() -> None:
    with receiving(huge) as receiver:
        outcome = post(receiver.url)

    assert outcome.status == 200
    assert outcome.answer is not None
    assert len(outcome.answer) == KEPT
    assert "\x00" not in outcome.answer


@pytest.mark.parametrize(
    ("answer", "fault"), [(dripping, "no answer within 2 s"), (resetting, "no answer: ")]
)
def test_a_receiver_that_never_comes_to_an_end_is_left(answer: Answer, fault: str) -> None:
    with receiving(answer) as receiver:
        outcome = post(receiver.url)

    assert outcome.status is None
    assert (outcome.fault or "").startswith(fault)


def test_nobody_at_the_address_is_no_answer() -> None:
    with receiving() as receiver:
        pass
    assert (post(receiver.url).fault or "").startswith("no answer: ")


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("120", timedelta(minutes=2)),
        ("999999999", timedelta(days=1)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta()),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
    ],
)
def test_a_receiver_may_ask_to_be_left_alone(header: str, pause: timedelta | None) -> None:
    answer = status(503, retry_after=header.encode().decode("latin-1"))
    with receiving(answer) as receiver:
        assert post(receiver.url).pause == pause


def test_nothing_is_sent_where_the_guard_lets_nobody_pass() -> None:
    with receiving() as receiver:
        outcome = post(receiver.url, guard=Guard())

    assert (outcome.fault or "").startswith("refused: ")
    assert receiver.received == []


def test_a_name_that_answers_otherwise_later_is_of_no_use() -> None:
    answers = iter((["127.0.0.1"], ["10.0.0.1"]))

    async def rebinding(_host: str, _port: int) -> list[str]:
        return next(answers)

    guard = Guard(loopback=True, look_up=rebinding)
    with receiving() as receiver:
        port = receiver.url.rpartition(":")[2]
        first = post(f"http://{NAME}:{port}", guard=guard)
        second = post(f"http://{NAME}:{port}", guard=guard)

    assert (first.status, second.status) == (204, None)
    assert (second.fault or "").startswith("refused: ")
    assert receiver.received[0].headers["host"] == f"{NAME}:{port.partition('/')[0]}"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the name, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN={NAME}"
        f" -addext subjectAltName=DNS:{NAME} -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    return certificate, key


def secured(certified: tuple[Path, Path], names: list[str | None]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)

    def note(_socket: object, name: str | None, _context: object) -> None:
        names.append(name)

    context.sni_callback = note
    return context


def over_tls(receiver: Receiver, name: str, certificate: Path) -> Outcome:
    url = receiver.url.replace("127.0.0.1", name)
    return post(url, trusted=ssl.create_default_context(cafile=certificate))


def test_the_certificate_is_asked_for_and_verified_by_name(certified: tuple[Path, Path]) -> None:
    names: list[str | None] = []
    with receiving(tls=secured(certified, names)) as receiver:
        trusted = over_tls(receiver, NAME, certified[0])
        mistaken = over_tls(receiver, "other.example.test", certified[0])
        unknown = post(receiver.url.replace("127.0.0.1", NAME))

    assert trusted.status == 204
    assert (mistaken.fault, unknown.fault) == ("no answer: ConnectError",) * 2
    assert names == [NAME, "other.example.test", NAME]
    assert len(receiver.received) == 1
