"""The doctor names each fault that can be provoked, and what to do about it."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGTERM
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.examined import Examined, Health
from infrastructure.examining import examine
from infrastructure.examining_running import examine_disk
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.settings import Settings
from tests.command_line.commands import Here, Installation, await_line, end
from tests.faults.harness import until
from tests.faults.served import COMPLAINT, knocking

ERP_SECRET = "whsec_" + "A" * 43 + "="


class Shifted:
    """A clock that is wrong."""

    def __init__(self, shift: timedelta) -> None:
        self._shift = shift

    def now(self) -> datetime:
        """Tell a time that is not."""
        return datetime.now(UTC) + self._shift


@pytest.fixture
def ready(recours: Here) -> Here:
    """Commands on the bare installation, which has its tables."""
    assert recours("keys", "list").code == 0
    return recours


@contextmanager
def logged_in(installation: Installation, login: Login) -> Generator[Connection[TupleRow]]:
    with EmbeddedServer.start(installation.directory) as server:
        url = server.url(login)
        with psycopg.connect(url, options="-c search_path=recours", autocommit=True) as connection:
            yield connection


@contextmanager
def running(installation: Installation, *command: str) -> Generator[str]:
    process = installation.start(*command)
    try:
        yield await_line(process, beginning=("serving at", "working")[command[0] == "worker"])
    finally:
        assert end(process, signal=SIGTERM) == 0


def examined(recours: Here, subject: str, **settings: str) -> list[dict[str, Any]]:
    found = recours("doctor", "--json", **settings).document["examined"]
    return [one for one in found if one["subject"] == subject]


def the_fault(recours: Here, subject: str, **settings: str) -> dict[str, Any]:
    (one,) = [one for one in examined(recours, subject, **settings) if one["health"] == "fault"]
    assert one["fix"], "a fault comes with its fix"
    return one


def test_migrations_that_are_pending_are_a_fault(ready: Here) -> None:
    with logged_in(ready.installation, Login.OWNER) as owner:
        owner.execute(
            "CREATE TEMP TABLE kept AS SELECT * FROM schema_migration ORDER BY number DESC LIMIT 1"
        )
        owner.execute("DELETE FROM schema_migration WHERE number = (SELECT number FROM kept)")
        try:
            fault = the_fault(ready, "schema")
        finally:
            owner.execute("INSERT INTO schema_migration SELECT * FROM kept")

    assert fault["fix"] == "recours migrate"
    assert examined(ready, "migrations")[0]["health"] == "good"


def test_a_server_that_may_lose_what_it_acknowledged_is_a_fault(ready: Here) -> None:
    with logged_in(ready.installation, Login.ADMIN) as admin:
        admin.execute("ALTER ROLE recours_application SET synchronous_commit = off")
        try:
            # Read as a default of the role, and in the session that looks.
            faults = examined(ready, "synchronous_commit")
        finally:
            admin.execute("ALTER ROLE recours_application RESET synchronous_commit")

    assert {fault["health"] for fault in faults} == {"fault"}
    assert all("synchronous_commit" in fault["fix"] for fault in faults)


def test_that_nobody_works_and_that_read_models_fall_behind_are_faults_until_somebody_works(
    ready: Here,
) -> None:
    secret = ready("keys", "issue", "--role", "agent", "--subject", "anna").out.strip()
    impatient = {"RECOURS_MOST_LAG": "1"}

    def behind() -> list[str]:
        found = ready("doctor", "--json", **impatient).document["examined"]
        return [one["found"] for one in found if one["subject"] == "projection worklist"]

    with running(ready.installation, "serve", "--no-worker", "--port", "0") as told:
        address = told.split()[2].rstrip(";")
        with knocking(address, secret) as anna:
            assert anna.post("/v1/complaints", json=COMPLAINT).status_code == 201
        until(lambda: behind() != [])
        assert the_fault(ready, "projection worklist", **impatient)["fix"] == "recours worker"
        assert the_fault(ready, "worker")["fix"] == "recours worker"
        with running(ready.installation, "worker"):
            until(lambda: examined(ready, "worker")[0]["health"] == "good")
            until(lambda: behind() == [])


def test_where_nothing_runs_the_missing_worker_is_no_fault(ready: Here) -> None:
    assert [one["health"] for one in examined(ready, "worker")] == ["note"]


def test_an_erp_that_does_not_answer_is_a_fault(ready: Here) -> None:
    url = "http://127.0.0.1:1"

    assert url in the_fault(ready, "erp", RECOURS_ERP_URL=url, RECOURS_ERP_SECRET=ERP_SECRET)["fix"]


@pytest.mark.parametrize("shift", [timedelta(seconds=5), timedelta(seconds=-5)])
def test_a_clock_that_is_seconds_from_the_databases_is_a_fault(
    ready: Here, shift: timedelta
) -> None:
    settings = Settings(recours_data=ready.installation.directory, database_url=None)

    def clock(shift: timedelta) -> Examined:
        (one,) = [one for one in examine(settings, clock=Shifted(shift)) if one.subject == "clock"]
        return one

    assert (clock(shift).health, "synchronise" in str(clock(shift).fix)) == (Health.FAULT, True)
    assert clock(shift / 5).health is Health.GOOD


def test_a_disk_without_room_is_a_fault(tmp_path: Path) -> None:
    (full,) = examine_disk(tmp_path / "not" / "made", least=2**62)
    (roomy,) = examine_disk(tmp_path, least=0)

    assert (full.health, "RECOURS_DATA" in str(full.fix)) == (Health.FAULT, True)
    assert roomy.health is Health.GOOD


def test_a_process_that_may_take_more_connections_than_the_server_gives_is_a_fault(
    ready: Here,
) -> None:
    assert "1000" in the_fault(ready, "connections", RECOURS_CONNECTIONS="1000")["found"]


def test_a_tenant_that_is_behind_is_a_fault(ready: Here) -> None:
    assert ready("tenants", "add", "late").code == 0
    assert ready("keys", "list", RECOURS_TENANT="late").code == 0
    with logged_in(ready.installation, Login.ADMIN) as admin:
        admin.execute(
            "DELETE FROM recours__late.schema_migration"
            " WHERE number = (SELECT max(number) FROM recours__late.schema_migration)"
        )
        try:
            assert the_fault(ready, "tenant late")["fix"] == "recours migrate"
        finally:
            admin.execute("DROP SCHEMA recours__late CASCADE")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"RECOURS_CONECTIONS": "9"}, "RECOURS_CONNECTIONS"),
        ({"RECOURS_RATE": "10"}, "RECOURS_STRANGER_RATE"),
        ({"RECOURS_RATE": "9000", "RECOURS_STRANGER_RATE": "0"}, "RECOURS_STRANGER_RATE"),
        ({"RECOURS_OIDC_ROLE_CLAIM": "roles"}, "RECOURS_OIDC_ISSUER"),
        ({"RECOURS_TENANTS_SECRET": "s" * 24}, "RECOURS_TENANTS_SECRET"),
        (
            {"RECOURS_TENANT": "acme", "DATABASE_URL": "postgresql://a@127.0.0.1:1/x"},
            "RECOURS_TENANTS_SECRET",
        ),
        (
            {
                "DATABASE_URL": "postgresql://a@127.0.0.1:1/x",
                "DATABASE_OWNER_URL": "postgresql://o@127.0.0.1:1/y",
            },
            "DATABASE_OWNER_URL",
        ),
        ({"RECOURS_SCHEMA": "9x"}, "RECOURS_SCHEMA"),
    ],
)
def test_settings_that_cannot_be_meant_so_are_a_fault(
    ready: Here, settings: dict[str, str], named: str
) -> None:
    fault = the_fault(ready, "settings", **settings)

    assert named in f"{fault['found']} {fault['fix']}"


def test_an_owner_who_cannot_log_in_is_a_fault(ready: Here) -> None:
    with EmbeddedServer.start(ready.installation.directory) as server:
        url = server.url(Login.APPLICATION)
        wrong = server.url(Login.OWNER).replace("recours_owner:", "recours_owner:wrong")
        fault = the_fault(ready, "owner", DATABASE_URL=url, DATABASE_OWNER_URL=wrong)

    assert "DATABASE_OWNER_URL" in fault["fix"]


def test_faults_make_the_exit_code_1_and_their_absence_0(ready: Here) -> None:
    healthy, faulty = ready("doctor", "--json"), ready("doctor", RECOURS_CONECTIONS="9")

    assert (healthy.code, healthy.document["healthy"]) == (0, True)
    assert (faulty.code, "FAULT" in faulty.out) == (1, True)


def test_the_wrong_password_of_a_wrong_setting_is_not_told(bare: Installation) -> None:
    done = bare.run("doctor", "--json", DATABASE_URL="hunter2")

    assert done.code == 1
    assert "hunter2" not in done.out + done.err
