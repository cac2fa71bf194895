"""The embedded server as it is started, used and stopped in peace."""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.postgres.errors import ServerNotStarted


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("embedded")) as started:
        yield started


def asked(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_server_is_postgresql_18(running: EmbeddedServer) -> None:
    assert running.version.startswith("18.")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("password_encryption", "scram-sha-256"),
    ],
)
def test_the_server_keeps_what_is_recorded_and_listens_to_nobody_else(
    running: EmbeddedServer, setting: str, expected: str
) -> None:
    assert asked(running.url(Login.APPLICATION), f"SHOW {setting}") == expected


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_durability_cannot_be_switched_off_in_the_configuration(
    tmp_path: Path, setting: str
) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        admin = server.url(Login.ADMIN, database="postgres")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
    with EmbeddedServer.start(tmp_path) as server:
        assert asked(server.url(Login.APPLICATION), f"SHOW {setting}") == "on"


@pytest.mark.parametrize("login", Login)
def test_every_login_needs_its_password(running: EmbeddedServer, login: Login) -> None:
    url = running.url(login)
    assert asked(url, "SELECT current_user") == login.value
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(make_conninfo(url, password="guessed"))


def test_every_login_has_another_random_password(running: EmbeddedServer) -> None:
    passwords = {str(conninfo_to_dict(running.url(login))["password"]) for login in Login}
    assert len(passwords) == len(Login)
    assert min(map(len, passwords)) >= 32


@pytest.mark.parametrize("login", [Login.OWNER, Login.APPLICATION, Login.READER])
def test_only_the_administrator_is_above_the_rules(running: EmbeddedServer, login: Login) -> None:
    above = (
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls "
        "FROM pg_roles WHERE rolname = current_user"
    )
    assert asked(running.url(login), above) is False


def test_the_database_belongs_to_the_owner(running: EmbeddedServer) -> None:
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert asked(running.url(Login.READER), owner) == Login.OWNER.value


def test_letters_are_sorted_by_code_point_and_folded_by_unicode(running: EmbeddedServer) -> None:
    assert asked(running.url(Login.READER), "SELECT lower('RÉCLAMATION')") == "réclamation"


def test_nobody_else_can_enter_the_directory(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path):
        home = tmp_path / "postgresql"
        assert {mode(home / name) for name in ("", "cluster", "socket")} == {0o700}
        closed = [path for path in home.iterdir() if path.is_file()]
        assert {mode(path) for path in closed} == {0o600}
        assert "logins.json" in {path.name for path in closed}


def test_a_directory_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir(mode=0o755)
    with pytest.raises(ServerNotStarted, match="chmod 700"):
        EmbeddedServer.start(tmp_path)


def test_no_password_is_in_the_log_or_in_the_list_of_processes(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        stored = json.loads((tmp_path / "postgresql" / "logins.json").read_bytes())
        seen = server.log.read_text(encoding="utf-8")
        seen += Path(f"/proc/{server.pid}/cmdline").read_text(encoding="utf-8")
        seen += Path(f"/proc/{server.pid}/environ").read_text(encoding="utf-8")
    assert not [password for password in stored.values() if password in seen]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_root_hands_the_server_to_an_account_without_rights(running: EmbeddedServer) -> None:
    status = Path(f"/proc/{running.pid}/status").read_text(encoding="ascii")
    facts = dict(line.split(":\t", 1) for line in status.splitlines())
    assert "0" not in facts["Uid"].split()
    assert "0" not in facts["Gid"].split()
    assert facts["Groups"].strip() == ""
    assert int(facts["CapEff"], 16) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_an_account_without_rights_runs_the_server_itself(tmp_path: Path) -> None:
    home = tmp_path / "its own"
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody")

    def ran_by_nobody(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=home,
            user="nobody",
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )

    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o711)
    try:
        reachable = ran_by_nobody("import psycopg").returncode == 0
    except PermissionError:
        reachable = False
    if not reachable:
        pytest.skip("the account nobody cannot reach this Python")
    ran = ran_by_nobody(
        "from pathlib import Path; from infrastructure.postgres.embedded import EmbeddedServer\n"
        "with EmbeddedServer.start(Path('.')) as server: print(server.version)"
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith("18.")


def test_a_directory_of_any_length_and_name_is_served(tmp_path: Path) -> None:
    directory = tmp_path / "Réclamations et litiges @ 100 %" / ("d" * 150)
    with EmbeddedServer.start(directory) as server:
        assert asked(server.url(Login.APPLICATION), "SELECT 1") == 1
        socket = (directory / "postgresql" / "socket").readlink()
        assert mode(socket) == 0o700
        with EmbeddedServer.start(directory) as second:
            assert second.pid == server.pid
    assert not socket.exists()


def test_a_place_in_the_temporary_directory_taken_by_someone_else_is_refused(
    tmp_path: Path,
) -> None:
    directory = tmp_path / ("d" * 150)
    with EmbeddedServer.start(directory):
        socket = (directory / "postgresql" / "socket").readlink()
    socket.mkdir()
    socket.chmod(0o755)
    try:
        with pytest.raises(ServerNotStarted, match="is not a closed directory"):
            EmbeddedServer.start(directory)
    finally:
        socket.rmdir()


def test_a_second_user_finds_the_running_server(running: EmbeddedServer) -> None:
    with EmbeddedServer.start(running.log.parents[1]) as second:
        assert second.pid == running.pid
        assert second.version == running.version
    assert asked(running.url(Login.APPLICATION), "SELECT 1") == 1


def test_the_last_user_stops_the_server_at_once(tmp_path: Path) -> None:
    first = EmbeddedServer.start(tmp_path)
    second = EmbeddedServer.start(tmp_path)
    first.close()
    assert second.pid is not None
    # Fast means: without waiting for those who are still connected.
    with psycopg.connect(second.url(Login.APPLICATION)):
        began = time.monotonic()
        second.close()
        assert time.monotonic() - began < 5
    assert second.pid is None


def test_closing_twice_is_closing(tmp_path: Path) -> None:
    server = EmbeddedServer.start(tmp_path)
    server.close()
    server.close()
    assert server.pid is None


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        with psycopg.connect(server.url(Login.OWNER)) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        passwords = [server.url(login) for login in Login]
    with EmbeddedServer.start(tmp_path) as server:
        assert asked(server.url(Login.OWNER), "SELECT answer FROM kept") == 42
        assert [server.url(login) for login in Login] == passwords


def test_a_cluster_of_another_major_version_is_refused(tmp_path: Path) -> None:
    EmbeddedServer.start(tmp_path).close()
    (tmp_path / "postgresql" / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServerNotStarted, match=r"made by PostgreSQL 17.*brings PostgreSQL 18"):
        EmbeddedServer.start(tmp_path)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    EmbeddedServer.start(tmp_path).close()
    (tmp_path / "postgresql" / "cluster" / "global" / "pg_control").unlink()
    with pytest.raises(ServerNotStarted, match="pg_control"):
        EmbeddedServer.start(tmp_path)


def test_lost_passwords_are_reported_and_never_replaced(tmp_path: Path) -> None:
    EmbeddedServer.start(tmp_path).close()
    (tmp_path / "postgresql" / "logins.json").unlink()
    with pytest.raises(ServerNotStarted, match=r"logins\.json is missing"):
        EmbeddedServer.start(tmp_path)
