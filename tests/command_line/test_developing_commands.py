"""Following events in a terminal, and making one happen."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.postgres.embedded import EmbeddedServer
from tests.command_line.commands import RECOURS, ROOT, Here, Installation, await_line, end
from tests.infrastructure.webhooks.receivers import receiving


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Installation]:
    """An installation of this test alone."""
    with EmbeddedServer.start(tmp_path / "fresh"):
        yield Installation(tmp_path / "fresh")


def test_what_can_be_made_to_happen_is_listed(recours: Here) -> None:
    listed = recours("trigger", "--json").document["triggers"]

    assert {"type": "dispute.cleared_in_erp", "story": told(listed)} in listed
    assert "dispute.cleared_in_erp" in recours("trigger").out


def told(listed: list[dict[str, str]]) -> str:
    (story,) = [one["story"] for one in listed if one["type"] == "dispute.cleared_in_erp"]
    assert "paid" in story
    return story


def test_what_no_story_makes_happen_is_refused(recours: Here) -> None:
    refused = recours("trigger", "dispute.reopened", "--anyway")

    assert refused.code == 1
    assert "recours trigger" in refused.err


def test_invented_cases_stay_out_of_a_database_with_others(fresh: Installation) -> None:
    assert fresh.run("trigger", "complaint.acknowledged").code == 0
    again = fresh.run("trigger", "complaint.acknowledged")

    assert again.code == 1
    assert "--anyway" in again.err


def test_an_event_that_is_made_to_happen_is_followed_and_passed_on(fresh: Installation) -> None:
    key = fresh.run(
        "keys", "issue", "--role", "connector", "--scope", "events", "--subject", "dev", "--json"
    ).document["secret"]
    served = fresh.start("serve", "--port", "0", "--no-worker")
    url = await_line(served, beginning="serving at").split()[2].rstrip(";")
    with receiving() as receiver:
        command = ["listen", "--url", url, "--type", "complaint.*", "--forward", receiver.url]
        listening = subprocess.Popen(
            [*RECOURS, *command, "--json"],
            env={**fresh.environment, "RECOURS_KEY": key},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        secret = await_line(listening, beginning="passing on to").split()[-1]
        await_line(listening, beginning="following")
        made = fresh.run("trigger", "complaint.acknowledged", "--json").document["events"]
        assert listening.stdout is not None, "it was started with a pipe"
        told = [json.loads(listening.stdout.readline()) for _ in made]

        assert end(listening, signal=signal.SIGINT) == 130
        passed_on = [json.loads(received.body) for received in receiver.verified(secret)]
    assert told == passed_on == made
    assert end(served, signal=signal.SIGTERM) == 0


def test_without_a_key_nothing_is_followed(recours: Here) -> None:
    refused = recours("listen", RECOURS_KEY="")

    assert refused.code == 1
    assert "RECOURS_KEY" in refused.err
    assert sys.executable not in refused.err


def test_an_address_that_leads_elsewhere_is_not_passed_on_to(recours: Here) -> None:
    refused = recours("listen", "--forward", "http://10.0.0.1/", RECOURS_KEY="rcs_none")

    assert refused.code == 1
    assert "not public" in refused.err
