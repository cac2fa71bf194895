"""Messages are believed only when Standard Webhooks says so."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from infrastructure.erp.signatures import (
    BadSignature,
    Signatures,
    UnusableSecret,
    is_about,
    new_message_id,
    new_secret,
)
from tests.infrastructure.erp.erp_examples import OTHER_SECRET, SECRET, block_id

BODY = b'{"state":"confirmed"}'
MESSAGE_ID = "answer_1"


def signed(*, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    return Signatures(secret).sign(BODY, message_id=MESSAGE_ID, at=at or datetime.now(UTC))


def refused(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        Signatures(SECRET).verify(body, headers=headers)


def test_a_signature_is_the_one_that_the_standard_publishes() -> None:
    headers = Signatures(SECRET).sign(
        b'{"test": 2432232314}',
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, tz=UTC),
    )
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_message_is_believed_and_named() -> None:
    assert Signatures(SECRET).verify(BODY, headers=signed()) == MESSAGE_ID
    Webhook(SECRET).verify(BODY, signed())


def test_the_zone_of_the_clock_does_not_change_the_signature() -> None:
    moment = datetime.now(UTC)
    paris = moment.astimezone(tz=datetime.now().astimezone().tzinfo)
    assert signed(at=moment) == signed(at=paris)


def test_a_changed_body_is_refused() -> None:
    refused(BODY + b" ", signed())


def test_a_body_that_is_not_text_is_refused() -> None:
    refused(b"\xff\xfe", signed())


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_more_than_five_minutes_away_is_refused(minutes: int) -> None:
    refused(BODY, signed(at=datetime.now(UTC) + timedelta(minutes=minutes)))


def test_a_message_four_minutes_old_is_believed() -> None:
    headers = signed(at=datetime.now(UTC) - timedelta(minutes=4))
    assert Signatures(SECRET).verify(BODY, headers=headers) == MESSAGE_ID


def test_a_signature_by_another_secret_is_refused() -> None:
    refused(BODY, signed(secret=OTHER_SECRET))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_message_without_one_of_the_headers_is_refused(name: str) -> None:
    headers = signed()
    del headers[name]
    refused(BODY, headers)


@pytest.mark.parametrize(
    "signature", ["v1", "v1,", "v1,?", "v1,é", "v2,AAAA", "v1,AAAA,BBBB", ",", " ", "v1,AA=A"]
)
def test_a_mangled_signature_is_refused_and_breaks_nothing(signature: str) -> None:
    refused(BODY, signed() | {"webhook-signature": signature})


@pytest.mark.parametrize("timestamp", ["", "nan", "inf", "1e400", "-1", "yesterday", "٣"])
def test_a_mangled_timestamp_is_refused_and_breaks_nothing(timestamp: str) -> None:
    refused(BODY, signed() | {"webhook-timestamp": timestamp})


def test_a_message_id_of_any_length_is_not_believed() -> None:
    headers = Signatures(SECRET).sign(BODY, message_id="x" * 129, at=datetime.now(UTC))
    refused(BODY, headers)


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64!"],
)
def test_a_weak_or_mistyped_secret_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(UnusableSecret):
        Signatures(secret)


def test_a_new_secret_can_be_used_and_is_never_the_same() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    headers = signed(secret=first)
    assert Signatures(first).verify(BODY, headers=headers) == MESSAGE_ID


def test_a_message_id_tells_what_it_asks_and_about_which_block() -> None:
    message_id = new_message_id("release", block_id=block_id(1))
    assert is_about(message_id, operation="release", block_id=block_id(1))
    assert not is_about(message_id, operation="release", block_id=block_id(2))
    assert not is_about(message_id, operation="request", block_id=block_id(1))
