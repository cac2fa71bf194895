"""Making a cluster, and the server process over it: is it there, start it, stop it.

Every function here is called with the launch lock held.

The server is started inside its cluster and knows it as /proc/self/cwd, the socket's folder as
/proc/self/fd/N. So it never walks a path from the root, and neither root's closed home nor a
directory path of any length is in its way.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from infrastructure.postgres.embedded_home import Home, Login, make_socket_folder, settle
from infrastructure.postgres.embedded_programs import Account, Programs
from infrastructure.postgres.errors import ServerNotStarted, ServerNotStopped
from infrastructure.postgres.file_locks import FileLock, is_held

_HERE: Final = "/proc/self/cwd"

START_PATIENCE: Final = 300.0
"""Seconds. Crash recovery replays up to `max_wal_size` before the server lets anyone in."""

STOP_PATIENCE: Final = 60.0
"""Seconds for the last checkpoint of a fast stop."""

_GLANCE: Final = 0.005
"""Seconds between two looks at a starting or stopping server: a start takes 30 ms."""

_LOG_LINES_SHOWN: Final = 15

# Given on the command line, because that overrules postgresql.conf and ALTER SYSTEM.
_SETTINGS: Final = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The details of an error quote the failing row, and rows hold what customers wrote.
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "logging_collector": "off",
    "log_destination": "stderr",
}


@dataclass(frozen=True)
class _Postmaster:
    pid: int
    ready: bool


def make_cluster(home: Home, *, programs: Programs, account: Account, password: SecretStr) -> None:
    """Make the cluster, all of it or nothing.

    Raises:
        ServerNotStarted: initdb failed; its own words are in the message.
    """
    # A leftover of an initdb that was killed: the launch lock says that nobody works on it.
    if home.new_cluster.exists():
        shutil.rmtree(home.new_cluster)
    home.new_cluster.mkdir(mode=0o700)
    os.chown(home.new_cluster, account.uid, account.gid)
    # The password goes through memory: it is in no file and in no list of processes.
    memory = os.memfd_create("password")
    try:
        os.write(memory, password.get_secret_value().encode())
        made = account.run(
            [
                programs.initdb,
                f"--pgdata={_HERE}",
                f"--username={Login.ADMIN}",
                f"--pwfile=/proc/self/fd/{memory}",
                "--auth=scram-sha-256",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ],
            cwd=home.new_cluster,
            inherit=(memory,),
        )
    finally:
        os.close(memory)
    if made.returncode != 0:
        raise ServerNotStarted(f"initdb failed in {home.directory}:\n{made.stdout.strip()}")
    home.new_cluster.rename(home.cluster)
    settle(home.directory)


def refuse_other_version(home: Home, *, programs: Programs) -> None:
    """Refuse a cluster that another major version of PostgreSQL has made.

    Raises:
        ServerNotStarted: says which version made it and what to do.
    """
    made_by = (home.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if made_by != str(programs.major):
        raise ServerNotStarted(
            f"{home.cluster} was made by PostgreSQL {made_by} and this version of the product "
            f"brings PostgreSQL {programs.major}: dump it with the version of the product that "
            "made it (pg_dump), move the directory away and restore the dump into the new one"
        )


def is_running(home: Home) -> bool:
    """Tell whether any process of the server lives, be it only an orphan of a killed one."""
    return is_held(home.server_lock)


def start_server(home: Home, *, programs: Programs, account: Account) -> None:
    """Start the server over the cluster and return when it lets logins in.

    Raises:
        ServerNotStarted: it ended again or is not ready in time; the log's end is in the message.
    """
    socket = make_socket_folder(home, account=account)
    _remove_stale_files(home, socket=socket)
    log = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    listening = os.open(socket, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with FileLock(home.server_lock) as lifetime:
            if not lifetime.try_take():
                raise AssertionError("the launch lock lets one process start the server")
            settings = {**_SETTINGS, "unix_socket_directories": f"/proc/self/fd/{listening}"}
            arguments = [f"--{name}={setting}" for name, setting in settings.items()]
            # The shell ends at once, so that the server is not our child: it may outlive us,
            # and when it ends before us, nobody has to reap it.
            account.run(
                ["/bin/sh", "-c", '"$0" "$@" &', programs.postgres, "-D", _HERE, *arguments],
                cwd=home.cluster,
                inherit=(lifetime.fileno(), listening),
                log=log,
            )
    finally:
        os.close(listening)
        os.close(log)
    await_ready(home)


def await_ready(home: Home) -> None:
    """Return when the server lets logins in.

    Raises:
        ServerNotStarted: it ended, or is not ready in time.
    """
    if not becomes_ready(home):
        raise ServerNotStarted(f"the server ended while starting:\n{last_words(home)}")


def becomes_ready(home: Home) -> bool:
    """Wait until the server lets logins in; tell whether it does, or has ended instead.

    Raises:
        ServerNotStarted: neither comes about in time.
    """
    if not _within(START_PATIENCE, lambda: _is_ready(home) or not is_running(home)):
        raise ServerNotStarted(
            f"the server is not ready after {START_PATIENCE:.0f} s:\n{last_words(home)}"
        )
    return is_running(home)


def found_or_ended(home: Home) -> bool:
    """Wait until it is certain whether there is a server; tell whether that came about in time.

    Processes without a first one are either a server that is only just starting, whose user was
    killed, or the rest of one whose first process was killed; those end by themselves.
    """
    return _within(STOP_PATIENCE, lambda: postmaster(home) is not None or not is_running(home))


def stop_server(home: Home) -> None:
    """Stop the server at once: open transactions are rolled back, what is committed is kept.

    Raises:
        ServerNotStopped: it is still there after a minute.
    """
    running = postmaster(home)
    if running is not None:
        os.kill(running.pid, signal.SIGINT)
    if not _within(STOP_PATIENCE, lambda: not is_running(home)):
        raise ServerNotStopped(
            f"the server in {home.directory} is still running after {STOP_PATIENCE:.0f} s:\n"
            f"{last_words(home)}"
        )
    _remove_far_socket_folder(home)


def postmaster(home: Home) -> _Postmaster | None:
    """Find the server's first process, if it lives."""
    try:
        lines = (home.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
        # The number may long belong to another process; only a postmaster works in this folder.
        if not Path(f"/proc/{pid}/cwd").samefile(home.cluster):
            return None
    except (FileNotFoundError, ProcessLookupError, IndexError, ValueError, PermissionError):
        # Absent, half written, gone, or somebody else's: in each case not our server, not yet.
        return None
    status = lines[7].strip() if len(lines) > 7 else ""  # noqa: PLR2004 - the eighth line
    return _Postmaster(pid=pid, ready=status == "ready")


def last_words(home: Home) -> str:
    """Quote the end of the server's log."""
    if not home.log.exists():
        return "(it left no log)"
    lines = home.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([f"{home.log}:", *lines[-_LOG_LINES_SHOWN:]])


def _is_ready(home: Home) -> bool:
    found = postmaster(home)
    return found is not None and found.ready


def _remove_far_socket_folder(home: Home) -> None:
    link = home.directory / "socket"
    if link.is_symlink():
        shutil.rmtree(home.socket, ignore_errors=True)
        link.unlink()


def _remove_stale_files(home: Home, *, socket: Path) -> None:
    # Nobody holds the server's lock and no process works in the cluster, so these belong to the
    # dead. PostgreSQL itself only compares process numbers, and in a container the old number
    # soon belongs to a living process: it would then refuse to start for ever.
    if postmaster(home) is not None:
        raise ServerNotStarted(
            f"{home.cluster} is in use by a server that was not started by this product: stop it"
        )
    for stale in (
        home.cluster / "postmaster.pid",
        socket / ".s.PGSQL.5432",
        socket / ".s.PGSQL.5432.lock",
    ):
        stale.unlink(missing_ok=True)


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(_GLANCE)
    return True
