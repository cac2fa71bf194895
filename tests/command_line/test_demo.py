"""The demonstration tells the same story everywhere, and adds it once."""

import signal
import socket
from datetime import date
from uuid import UUID

import httpx2
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from api.command_line.demo import name_in_story
from application.demo.plots import PLOTS, Plot
from application.demo.story import scenes
from application.demo.telling import STORY_ENDS
from domain.complaints.events import Language
from infrastructure.bootstrap import wire
from infrastructure.settings import Settings
from tests.command_line.commands import Here, Installation, Outcome, await_line, end


def test_the_first_demo_tells_a_few_hundred_cases_and_plays_one_to_the_end(
    first_demo: Outcome,
) -> None:
    assert first_demo.code == 0, first_demo.err
    answer = first_demo.document

    assert answer["story"]["added"] == answer["story"]["cases"] > 300
    assert answer["identical"] is True
    assert answer["live"]["events"] > 25
    assert [key["role"] for key in answer["keys"]] == [
        "agent",
        "manager",
        "finance",
        "auditor",
        "connector",
    ]
    assert answer["url"] is None


def test_a_second_demo_adds_nothing_to_the_story(told: Here, first_demo: Outcome) -> None:
    before = told("exposure", "--json").document["items"]
    again = told("demo", "--no-serve", "--json")

    assert again.code == 0
    assert again.document["story"]["cases"] == first_demo.document["story"]["cases"]
    assert again.document["story"]["added"] == again.document["story"]["events"] == 0
    assert again.document["identical"] is True
    assert told("exposure", "--json").document["items"] == before


def test_the_demo_prints_each_event_and_says_that_the_replay_is_identical(told: Here) -> None:
    shown = told("demo", "--no-serve")

    assert shown.code == 0
    assert "block_pending → payment_blocked" in shown.out
    assert "release_pending → resolved" in shown.out
    assert "identical to the stored cases" in shown.out
    assert "case timeline" in shown.out


def test_a_new_demo_ends_the_keys_of_the_one_before(told: Here) -> None:
    told("demo", "--no-serve", "--json")
    keys = told("keys", "list", "--json").document["keys"]
    usable = [key["role"] for key in keys if key["revoked_at"] is None]

    assert sorted(usable) == ["agent", "auditor", "connector", "finance", "manager"]


def test_the_demo_stays_away_from_a_database_with_other_cases(recours: Here) -> None:
    recours("import", "cfpb", "tests/data/cfpb_sample.csv")
    refused = recours("demo", "--no-serve")

    assert refused.code == 1
    assert "--anyway" in refused.err


def test_the_demo_takes_another_port_when_its_own_is_busy_and_serves_until_stopped(
    storied: Installation, first_demo: Outcome
) -> None:
    assert first_demo.code == 0
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        process = storied.start("demo", "--port", str(port))
        await_line(process, beginning=f"port {port} is taken")
        url = await_line(process, beginning="serving at").split()[2].rstrip(";")

        assert httpx2.get(f"{url}/healthz").status_code == httpx2.codes.OK
        assert end(process, signal=signal.SIGINT) == 130


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.tell.__name__)
def test_the_story_is_dated_before_its_end_in_both_languages(
    plot: Plot, pool: ConnectionPool[Connection[TupleRow]]
) -> None:
    cases = wire(pool, settings=Settings()).cases
    told = [scene for scene in scenes(cases, identify=name_in_story) if scene.plot is plot]

    moments = [envelope.occurred_at for s in told for envelope, _ in s.commands(cases)]

    assert max(moments).date() <= STORY_ENDS
    languages = [scene.telling.language for scene in told]
    assert abs(languages.count(Language.FRENCH) - languages.count(Language.ENGLISH)) <= 1


def test_names_in_the_story_are_the_same_on_every_machine() -> None:
    name = name_in_story("answered:1", what="demo complaint", on=date(2026, 1, 6))

    assert name == UUID("019b909a-7400-7820-80e0-29f2f2029532")
