"""The embedded server when processes die, or all come at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest

from infrastructure.postgres.embedded import EmbeddedServer, Login

USER = """
import sys
from pathlib import Path
from infrastructure.postgres.embedded import EmbeddedServer
with EmbeddedServer.start(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    sys.stdin.readline()
"""


class User:
    """Another process that uses the server of a directory until it is told to end."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", USER, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def server_pid(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.communicate("\n", timeout=60)
        return self.process.returncode


@pytest.fixture
def users() -> Iterator[list[User]]:
    started: list[User] = []
    yield started
    for user in started:
        user.process.kill()
        user.process.communicate()


def processes_in(directory: Path) -> dict[int, int]:
    """Find every process that works in a directory's cluster, and its parent."""
    cluster = directory / "postgresql" / "cluster"
    parents: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        # Some end while we look at them, some are not ours to look at.
        with suppress(OSError):
            if (process / "cwd").readlink() == cluster:
                after_name = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2]
                parents[int(process.name)] = int(after_name.split()[1])
    return parents


def servers_in(directory: Path) -> list[int]:
    """Find the first process of every server in a directory, whoever started it."""
    parents = processes_in(directory)
    return [pid for pid, parent in parents.items() if parent not in parents]


def test_eight_processes_at_once_make_one_server_and_leave_none(
    tmp_path: Path, users: list[User]
) -> None:
    users.extend(User(tmp_path) for _ in range(8))
    assert len({user.server_pid() for user in users}) == 1
    assert len(servers_in(tmp_path)) == 1
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(User.end, users)) == [0] * 8
    assert servers_in(tmp_path) == []


def test_a_killed_user_leaves_a_server_that_the_next_one_finds_and_stops(
    tmp_path: Path, users: list[User]
) -> None:
    user = User(tmp_path)
    users.append(user)
    pid = user.server_pid()
    user.kill()
    with EmbeddedServer.start(tmp_path) as server:
        assert server.pid == pid
    assert servers_in(tmp_path) == []


def test_a_user_that_is_killed_is_not_waited_for(tmp_path: Path, users: list[User]) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        user = User(tmp_path)
        users.append(user)
        assert user.server_pid() == server.pid
        user.kill()
    assert servers_in(tmp_path) == []


def test_a_user_killed_while_it_starts_leaves_nothing_half_done(
    tmp_path: Path, users: list[User]
) -> None:
    for milestone in ("launch.lock", "logins.json", "cluster.new", "cluster", "server.log"):
        directory = tmp_path / milestone
        user = User(directory)
        users.append(user)
        while not (directory / "postgresql" / milestone).exists():
            assert user.process.poll() is None
        user.kill()
        with EmbeddedServer.start(directory) as server:
            for login in Login:
                psycopg.connect(server.url(login)).close()
        assert servers_in(directory) == []


@pytest.mark.parametrize("whole", [True, False], ids=["all processes", "first process only"])
def test_a_killed_server_is_recovered_with_all_that_was_committed(
    tmp_path: Path, *, whole: bool
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer.start(tmp_path))
        with psycopg.connect(server.url(Login.OWNER), autocommit=True) as owner:
            owner.execute("CREATE TABLE kept (number integer)")
            owner.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
            first = server.pid
            assert first is not None
            for process in [first, *processes_in(tmp_path)] if whole else [first]:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        with EmbeddedServer.start(tmp_path) as again:
            assert again.pid not in {None, first}
            with psycopg.connect(again.url(Login.OWNER)) as owner:
                assert owner.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert servers_in(tmp_path) == []


def test_a_stale_process_number_that_a_living_process_has_now_is_no_obstacle(
    tmp_path: Path,
) -> None:
    EmbeddedServer.start(tmp_path).close()
    home = tmp_path / "postgresql"
    # As after the restart of a container: the numbers in these files are another process's now.
    stale = f"{os.getpid()}\n/proc/self/cwd\n1795324533\n5432\n/proc/self/fd/9\n\n 1 1\nready   \n"
    (home / "cluster" / "postmaster.pid").write_text(stale)
    (home / "socket" / ".s.PGSQL.5432.lock").write_text(stale)
    (home / "socket" / ".s.PGSQL.5432").touch()
    with EmbeddedServer.start(tmp_path) as server:
        assert server.pid not in {None, os.getpid()}


def test_a_leftover_of_a_killed_initdb_is_cleared_away(tmp_path: Path) -> None:
    leftover = tmp_path / "postgresql" / "cluster.new"
    leftover.parent.mkdir(mode=0o700)
    leftover.mkdir()
    (leftover / "PG_VERSION").write_text("18\n")
    with EmbeddedServer.start(tmp_path) as server:
        assert server.pid is not None
    assert not leftover.exists()


def test_an_interrupt_in_the_terminal_does_not_reach_the_server(
    tmp_path: Path, users: list[User]
) -> None:
    user = User(tmp_path)
    users.append(user)
    pid = user.server_pid()
    assert os.getsid(pid) != os.getsid(user.process.pid)
    user.process.send_signal(signal.SIGTERM)
    user.process.wait()
    assert servers_in(tmp_path) == [pid]
    EmbeddedServer.start(tmp_path).close()
    assert servers_in(tmp_path) == []
