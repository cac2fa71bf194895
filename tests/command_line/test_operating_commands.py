"""Keys, migrations, read models and the doctor on the command line."""

import json
import time
from pathlib import Path
from typing import get_args

import psycopg
import pytest

from api.command_line.commands.keys import GrantableRole
from application.keys import GRANTABLE
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.read_models.catalogue import PROJECTIONS
from tests.command_line.commands import Here, Installation, Outcome


def test_a_key_is_issued_once_listed_without_its_secret_and_revoked(recours: Here) -> None:
    issued = recours("keys", "issue", "--role", "auditor", "--subject", "alan")
    secret = issued.out.strip()
    listed = recours("keys", "list", "--json")
    key = next(key for key in listed.document["keys"] if key["subject_id"] == "alan")
    revoked = recours("keys", "revoke", key["key_id"], "--json").document

    assert secret.startswith("rcs_")
    assert secret not in listed.out
    assert (key["role"], key["revoked_at"]) == ("auditor", None)
    assert revoked["revoked_at"] is not None


def test_a_key_that_is_not_there_is_not_revoked(recours: Here) -> None:
    refused = recours("keys", "revoke", "00000000-0000-0000-0000-000000000000")

    assert (refused.code, refused.out) == (1, "")


def test_the_roles_on_the_command_line_are_those_that_a_key_can_have() -> None:
    assert get_args(GrantableRole) == tuple(map(str, GRANTABLE))


def test_a_migrated_database_needs_nothing_more(recours: Here) -> None:
    recours("migrate")

    assert recours("migrate", "--phase", "pre", "--json").document == {"applied": []}
    assert recours("migrate", "--status", "--json").document["pending"] == []


def test_read_models_are_rebuilt_and_caught_up(told: Here) -> None:
    answer = told("projections", "rebuild", "worklist", "blocked_payments", "--json").document

    assert [one["name"] for one in answer["rebuilt"]] == ["worklist", "blocked_payments"]
    assert all(one["events"] > 4_000 and one["failure"] is None for one in answer["rebuilt"])
    assert {status["lag"] for status in answer["projections"]} == {0}


def test_every_read_model_is_listed(told: Here) -> None:
    shown = told("projections", "status")

    names = [line.split()[0] for line in shown.out.splitlines()[1:]]
    assert names == [projection.name for projection in PROJECTIONS]


def test_an_unknown_read_model_is_refused_with_the_known_ones(recours: Here) -> None:
    refused = recours("projections", "rebuild", "exposures")

    assert refused.code == 1
    assert "blocked_payments" in refused.err


def test_a_poison_event_makes_rebuild_status_exposure_and_doctor_fail_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        here = Here(Installation(tmp_path), monkeypatch, capsys)
        here("import", "cfpb", "tests/data/cfpb_sample.csv")
        with psycopg.connect(server.url(Login.OWNER), autocommit=True) as connection:
            connection.execute(
                "INSERT INTO recours.event OVERRIDING SYSTEM VALUE"
                " SELECT (jsonb_populate_record(event, jsonb_build_object("
                "'position', position + 1, 'type', 'complaint.unheard_of',"
                " 'stream_id', gen_random_uuid(), 'version', 1))).*"
                " FROM recours.event ORDER BY position DESC LIMIT 1"
            )
        rebuilt = here("projections", "rebuild", "case_timeline", "--json")
        exposed = here("exposure")
        listed = here("case", "list", "--limit", "1")
        status = here("projections", "status")
        examined = here("doctor")

    assert rebuilt.code == exposed.code == status.code == examined.code == 1
    assert "unheard_of" in json.dumps(rebuilt.document["rebuilt"])
    assert exposed.out == ""
    assert "recours projections rebuild" in exposed.err
    assert (listed.code, "warning:" in listed.err) == (0, True)
    assert "FAULT" in examined.out


def test_the_doctor_finds_nothing_wrong_with_a_good_installation(told: Here) -> None:
    examined = told("doctor")

    assert examined.code == 0
    assert "FAULT" not in examined.out


def test_the_doctor_names_a_webhook_that_was_switched_off(recours: Here) -> None:
    assert recours("keys", "list").code == 0  # the first command makes the tables
    with EmbeddedServer.start(recours.installation.directory) as server:
        url = server.url(Login.OWNER)
        with psycopg.connect(url, options="-c search_path=recours", autocommit=True) as owner:
            owner.execute(
                "INSERT INTO webhook (webhook_id, url, description, types, enabled, secret"
                ", disabled_because, begins_after, created_by) VALUES (gen_random_uuid(), 'https://a'"
                ", 'the portal', '{}', false, 'whsec_', 'failing', 0, 'ada')"
            )
            examined = recours("doctor", "--json").document["examined"]
            owner.execute("DELETE FROM webhook")

    (fault,) = [one for one in examined if one["subject"].startswith("webhook ")]
    assert (fault["health"], "PUT /v1/webhooks" in fault["fix"]) == ("fault", True)


def test_the_doctor_does_not_make_a_database(recours: Here, tmp_path: Path) -> None:
    examined = recours("doctor", RECOURS_DATA=str(tmp_path / "nothing"))

    assert examined.code == 0
    assert not (tmp_path / "nothing").exists()


def test_the_doctor_tells_a_fault_with_its_fix(recours: Here) -> None:
    examined = recours("doctor", "--json", DATABASE_URL="postgresql://a:hunter2@127.0.0.1:1/x")

    faults = [one for one in examined.document["examined"] if one["health"] == "fault"]
    assert examined.code == 1
    assert [fault["subject"] for fault in faults] == ["database"]
    assert "DATABASE_URL" in faults[0]["fix"]
    assert "hunter2" not in examined.out + examined.err


@pytest.mark.parametrize(
    "command",
    [
        ["case", "list"],
        ["exposure"],
        ["keys", "list"],
        ["projections", "status"],
        ["migrate", "--status"],
        ["migrate"],
    ],
    ids=" ".join,
)
def test_a_database_that_is_away_is_told_in_one_line(recours: Here, command: list[str]) -> None:
    refused = recours(
        *command,
        DATABASE_URL="postgresql://a:hunter2@127.0.0.1:1/x",
        DATABASE_OWNER_URL="postgresql://o:hunter2@127.0.0.1:1/x",
    )

    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("recours: the database does not answer")
    assert "hunter2" not in refused.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RECOURS_SCHEMA", "9x"),
        ("DATABASE_URL", "hunter2"),
        ("RECOURS_ERP_URL", "https://a.example"),
    ],
)
def test_a_wrong_setting_is_named(recours: Here, name: str, value: str) -> None:
    refused = recours("case", "list", **{name: value})

    assert refused.code == 1
    assert name in refused.err
    assert "hunter2" not in refused.err


def test_a_directory_that_cannot_be_used_is_told_in_one_line(recours: Here, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    refused = recours("case", "list", RECOURS_DATA=str(taken))

    assert (refused.code, refused.out) == (1, "")
    assert "RECOURS_DATA" in refused.err


def test_help_is_there_at_once(bare: Installation) -> None:
    bare.run("--help")  # compiled and read from the disk once
    began = time.perf_counter()
    helped = bare.run("--help")
    took = time.perf_counter() - began

    assert (helped.code, "erp-simulator" in helped.out) == (0, True)
    # 0.15 s on an idle machine; anything heavy among the imports would cost far more than this.
    assert took < 1.0


def test_a_fault_of_the_product_itself_is_told_whole(recours: Here, tmp_path: Path) -> None:
    data = tmp_path / "postgresql"
    data.mkdir(mode=0o700)
    (data / "logins.json").write_text("{}", encoding="utf-8")
    failed = recours("case", "list", RECOURS_DATA=str(tmp_path))

    assert (failed.code, failed.out) == (70, "")
    assert "Traceback" in failed.err
    assert "please report" in failed.err


def test_an_unknown_command_is_an_error_of_usage(recours: Here) -> None:
    assert recours("complain") == Outcome(2, "", recours("complain").err)
