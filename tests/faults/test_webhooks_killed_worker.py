"""Workers that are killed while they send: everything arrives, and what comes twice says so."""

import json
from collections import defaultdict
from functools import partial

import pytest

from infrastructure.erp.signatures import new_secret
from tests.databases import Database
from tests.faults.harness import Program, until
from tests.faults.worker import start_worker
from tests.infrastructure.webhooks.conftest import Office, Pool
from tests.infrastructure.webhooks.receivers import Receiver, receiving

KILLS = 4
EVENTS_BETWEEN_KILLS = 25
ARRIVALS_BETWEEN_KILLS = 10
NO_ERP = "http://127.0.0.1:9"


@pytest.mark.soak
def test_killed_workers_lose_no_event_and_send_none_under_two_names(
    pool: Pool, database: Database, programs: list[Program]
) -> None:
    office = Office(pool, database)
    secret = new_secret()

    def start() -> Program:
        programs.append(start_worker(database.application_url, erp=NO_ERP, secret=secret))
        return programs[-1]

    with receiving() as receiver:
        issued = office.hook(receiver.url)
        workers = [start(), start()]
        for _ in range(KILLS):
            goal = len(receiver.received) + ARRIVALS_BETWEEN_KILLS
            for _ in range(EVENTS_BETWEEN_KILLS):
                office.register()
            until(partial(arrived, receiver, goal), programs=workers)
            workers.pop(0).kill()
            # What the killed one was at is free again once its lease is over.
            office.let_pass("UPDATE webhook_delivery SET leased_until = clock_timestamp()")
            workers.append(start())
        everything = {f"{e.stream_id}:{e.version}" for e in office.cases.everything()}
        office.let_pass("UPDATE webhook_delivery SET leased_until = NULL, due_at = now()")
        until(lambda: not pending(office), programs=workers)
        for worker in workers:
            worker.end()

    names = defaultdict[str, set[str]](set)
    for received in receiver.verified(issued.secret):
        names[json.loads(received.body)["id"]].add(received.message_id)
    assert set(names) == everything
    assert len(everything) == KILLS * EVENTS_BETWEEN_KILLS
    assert all(len(of_one) == 1 for of_one in names.values())


def arrived(receiver: Receiver, goal: int) -> bool:
    return len(receiver.received) >= goal


def pending(office: Office) -> bool:
    with office.pool.connection() as connection:
        found = connection.execute(
            "SELECT count(*) FILTER (WHERE state <> 'delivered'), count(*) FROM webhook_delivery"
        ).fetchone()
    assert found is not None, "an aggregate answers with one row"
    left, made = found
    return bool(left) or made < KILLS * EVENTS_BETWEEN_KILLS
