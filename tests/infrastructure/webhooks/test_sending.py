"""What is recorded arrives, once for each webhook, signed, in order, however receivers behave."""

import json
import logging
import threading
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook as Judge
from standardwebhooks.webhooks import WebhookVerificationError

from application.webhooks import (
    DeliveryPending,
    DeliveryState,
    WebhookDisabled,
    WebhookWanted,
    WhyDisabled,
)
from infrastructure.erp.signatures import new_secret
from infrastructure.event_store.event_types import product_event_types
from infrastructure.webhooks.outbox import LEASE, PAUSES, Outbox
from infrastructure.webhooks.posting import Outcome
from infrastructure.webhooks.sending import Sender
from tests.infrastructure.webhooks.conftest import Office
from tests.infrastructure.webhooks.receivers import receiving, status


def test_an_event_arrives_as_a_cloud_event_that_the_outside_judge_believes(office: Office) -> None:
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        recorded = office.register()
        office.sender.work_through()

    (received,) = receiver.verified(issued.secret)
    told = json.loads(received.body)
    assert received.headers["content-type"] == "application/cloudevents+json"
    assert (told["id"], told["type"]) == (f"{recorded.case_id}:1", "complaint.registered")
    assert received.message_id == f"{issued.webhook.webhook_id}_{recorded.position}"
    assert b"palette" not in received.body


def test_another_secret_does_not_verify(office: Office) -> None:
    with receiving() as receiver:
        office.hook(receiver.url)
        office.register()
        office.sender.work_through()

    (received,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        Judge(new_secret()).verify(received.body, received.headers)


def test_each_webhook_gets_what_it_wants_once_and_nothing_from_before_it(office: Office) -> None:
    office.register()
    with receiving() as one, receiving() as other, receiving() as third:
        office.hook(one.url)
        office.hook(other.url, "complaint.acknowledged")
        office.hook(third.url, "complaint.*", "dispute.opened")
        office.acknowledge(office.register().case_id)
        office.sender.work_through()
        office.sender.work_through()

    types = [[json.loads(r.body)["type"] for r in got.received] for got in (one, other, third)]
    both = ["complaint.registered", "complaint.acknowledged"]
    assert types == [both, both[1:], both]


def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_only(
    office: Office,
) -> None:
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        rotated = office.webhooks.rotate_secret(issued.webhook.webhook_id)
        office.register()
        office.sender.work_through()
        assert len(list(receiver.verified(issued.secret))) == 1
        assert len(list(receiver.verified(rotated.secret))) == 1

        office.let_pass("UPDATE webhook SET previous_until = clock_timestamp()")
        office.register()
        office.sender.work_through()

    last = receiver.received[-1]
    Judge(rotated.secret).verify(last.body, last.headers)
    with pytest.raises(WebhookVerificationError):
        Judge(issued.secret).verify(last.body, last.headers)


@pytest.mark.parametrize("code", [302, 400, 404, 500, 503])
def test_what_is_not_taken_is_tried_again_under_the_same_name(office: Office, code: int) -> None:
    with receiving(status(code), status(204)) as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.sender.work_through()
        (failed,) = office.deliveries(issued)
        early = office.sender.work_through()
        office.make_due()
        office.sender.work_through()

    first, second = receiver.verified(issued.secret)
    assert (failed.state, failed.last_status, early) == (DeliveryState.PENDING, code, 0)
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert office.deliveries(issued)[0].state == DeliveryState.DELIVERED


def test_the_pauses_are_those_of_the_page_and_then_it_is_dead(office: Office) -> None:
    with receiving(status(500)) as receiver:
        issued = office.hook(receiver.url)
        office.register()
        pauses = list[timedelta]()
        for _ in PAUSES:
            office.sender.work_through()
            (delivery,) = office.deliveries(issued)
            assert delivery.last_attempt_at is not None
            pauses.append(delivery.due_at - delivery.last_attempt_at)
            office.make_due()
        office.sender.work_through()

    (delivery,) = office.deliveries(issued)
    # An attempt takes a moment, which a pause of at least seconds swallows.
    assert all(
        planned <= pause < planned * 2 for planned, pause in zip(PAUSES, pauses, strict=True)
    )
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, len(PAUSES) + 1)
    assert len(receiver.received) == 10


def test_a_receiver_that_asks_for_more_time_gets_it(office: Office) -> None:
    with receiving(status(503, retry_after="3600")) as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.sender.work_through()

    (delivery,) = office.deliveries(issued)
    assert delivery.last_attempt_at is not None
    assert delivery.due_at - delivery.last_attempt_at >= timedelta(hours=1)


def test_the_answer_is_kept_shortened(office: Office) -> None:
    with receiving(status(500, b"<script>\x00" + b"a" * 9_000)) as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.sender.work_through()

    (delivery,) = office.deliveries(issued)
    assert delivery.last_answer is not None
    assert delivery.last_answer.startswith("<script> aaa")
    assert len(delivery.last_answer) == 500


def test_a_receiver_that_is_gone_is_left_alone(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(status(410)) as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.sender.work_through()
        office.register()
        office.sender.work_through()

    shown = office.webhooks.get(issued.webhook.webhook_id)
    assert (shown.enabled, shown.disabled_because) == (False, WhyDisabled.GONE)
    assert [delivery.state for delivery in office.deliveries(issued)] == [DeliveryState.DEAD]
    assert len(receiver.received) == 1
    assert [r.levelno for r in caplog.records if "switched off" in r.message] == [logging.CRITICAL]


def test_a_receiver_that_fails_for_days_is_left_alone_until_an_admin_says_so(
    office: Office,
) -> None:
    with receiving(status(500), status(500), status(204)) as receiver:
        issued = office.hook(receiver.url)
        webhook_id = issued.webhook.webhook_id
        office.register()
        office.sender.work_through()
        assert office.webhooks.get(webhook_id).failing_since is not None
        office.let_pass("UPDATE webhook SET failing_since = failing_since - interval '3 days'")
        office.make_due()
        office.sender.work_through()
        off = office.webhooks.get(webhook_id)
        missed = office.register()
        office.make_due()
        silent = office.sender.work_through()
        wanted = WebhookWanted(url=receiver.url, description="repaired", types=())
        on = office.webhooks.replace(webhook_id, wanted)
        office.sender.work_through()

    assert (off.enabled, off.disabled_because, silent) == (False, WhyDisabled.FAILING, 0)
    assert (on.enabled, on.disabled_at, on.failing_since) == (True, None, None)
    assert [delivery.state for delivery in office.deliveries(issued)] == [DeliveryState.DELIVERED]
    assert on.begins_after >= missed.position


def test_success_ends_a_failing_time(office: Office) -> None:
    with receiving(status(500), status(204)) as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.sender.work_through()
        office.make_due()
        office.sender.work_through()

    assert office.webhooks.get(issued.webhook.webhook_id).failing_since is None


def test_no_event_of_a_case_overtakes_another_but_other_cases_go_on(office: Office) -> None:
    with receiving(status(500), status(204)) as receiver:
        issued = office.hook(receiver.url)
        first = office.register()
        office.sender.work_through()
        office.acknowledge(first.case_id)
        other = office.register()
        office.sender.work_through()
        office.make_due()
        office.sender.work_through()

    order = [json.loads(received.body)["id"] for received in receiver.verified(issued.secret)]
    case, beside = str(first.case_id), str(other.case_id)
    assert order == [f"{case}:1", f"{beside}:1", f"{case}:1", f"{case}:2"]


def test_what_is_dead_lets_the_rest_of_its_case_go_on(office: Office) -> None:
    with receiving(status(410), status(204)) as receiver:
        issued = office.hook(receiver.url)
        first = office.register()
        office.acknowledge(first.case_id)
        office.sender.work_through()
        wanted = WebhookWanted(url=receiver.url, description="back", types=())
        office.webhooks.replace(issued.webhook.webhook_id, wanted)
        office.sender.work_through()

    states = [delivery.state for delivery in office.deliveries(issued)]
    assert states == [DeliveryState.DEAD, DeliveryState.DELIVERED]


def test_what_is_dead_is_sent_again_by_hand_with_all_its_attempts(office: Office) -> None:
    with receiving(status(410), status(204)) as receiver:
        issued = office.hook(receiver.url)
        webhook_id, position = issued.webhook.webhook_id, office.register().position
        office.sender.work_through()
        with pytest.raises(WebhookDisabled):
            office.webhooks.resend(webhook_id, position)
        wanted = WebhookWanted(url=receiver.url, description="back", types=())
        office.webhooks.replace(webhook_id, wanted)
        again = office.webhooks.resend(webhook_id, position)
        with pytest.raises(DeliveryPending):
            office.webhooks.resend(webhook_id, position)
        office.sender.work_through()

    assert (again.state, again.attempts) == (DeliveryState.PENDING, 0)
    assert len({received.message_id for received in receiver.received}) == 1
    assert office.deliveries(issued)[0].state == DeliveryState.DELIVERED


def test_an_attempt_that_nobody_settled_is_made_again_when_its_lease_is_over(
    office: Office,
) -> None:
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.outbox.fill()
        (lost,) = office.outbox.claim(10)
        assert office.outbox.claim(10) == []
        office.let_pass("UPDATE webhook_delivery SET leased_until = leased_until - %s", LEASE)
        office.sender.work_through()

    (received,) = receiver.verified(issued.secret)
    assert received.message_id == lost.message_id
    assert office.deliveries(issued)[0].attempts == 2


def test_who_lost_the_lease_changes_nothing_any_more(office: Office) -> None:
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.outbox.fill()
        (late,) = office.outbox.claim(10)
        office.let_pass("UPDATE webhook_delivery SET leased_until = leased_until - %s", LEASE)
        office.sender.work_through()
        office.outbox.settle(late, Outcome(status=500))

    assert office.deliveries(issued)[0].state == DeliveryState.DELIVERED


def test_a_slow_webhook_is_asked_a_few_things_at_once_and_no_more(office: Office) -> None:
    office.hook("http://localhost:9/")
    for _ in range(6):
        office.register()
    office.outbox.fill()

    assert (len(office.outbox.claim(32)), len(office.outbox.claim(32))) == (4, 0)


def test_of_several_workers_each_delivery_is_made_by_one(office: Office) -> None:
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        for _ in range(30):
            office.register()
        workers = [threading.Thread(target=office.sender.work_through) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        office.sender.work_through()

    names = [received.message_id for received in receiver.verified(issued.secret)]
    assert len(names) == len(set(names)) == 30


def test_what_was_done_with_long_ago_is_forgotten(office: Office) -> None:
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.sender.work_through()
        assert office.outbox.forget() == 0
        office.let_pass(
            "UPDATE webhook_delivery SET last_attempt_at = last_attempt_at - interval '31 days'"
        )

        assert office.outbox.forget() == 1
    assert office.deliveries(issued) == []


def test_a_webhook_that_was_deleted_is_told_of_nothing(office: Office) -> None:
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        office.register()
        office.outbox.fill()
        office.webhooks.delete(issued.webhook.webhook_id)
        office.register()
        office.sender.work_through()

    assert receiver.received == []


def test_a_sender_works_until_it_is_told_to_stop(office: Office) -> None:
    stop = threading.Event()
    with receiving() as receiver:
        office.hook(receiver.url)
        thread = threading.Thread(target=office.sender.run, args=[stop])
        thread.start()
        office.register()
        while not receiver.received:
            assert thread.is_alive()
        stop.set()
        thread.join()


def test_an_address_that_is_no_longer_allowed_is_not_written_to(office: Office) -> None:
    production = Sender(
        Outbox(office.pool, event_types=product_event_types()), guard=type(office.guard)()
    )
    with receiving() as receiver:
        issued = office.hook(receiver.url)
        office.register()
        production.work_through()

    (delivery,) = office.deliveries(issued)
    assert receiver.received == []
    assert (delivery.last_fault or "").startswith("refused: ")
