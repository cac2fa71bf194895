"""Where the embedded server lives on disk, and the passwords of its logins.

RECOURS_DATA/postgresql/   ours, closed to everyone else
    launch.lock            held while a process looks, starts or stops
    users.lock             shared by every process that uses the server
    server.lock            inherited by the server: held as long as any of it lives
    logins.json            the passwords
    server.log
    cluster/               the server account's: PostgreSQL's own directory
    socket/                the server account's; a link when the path would be too long
"""

import hashlib
import json
import os
import secrets
import stat
import sys
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from infrastructure.postgres.embedded_programs import Account
from infrastructure.postgres.errors import ServerNotStarted

_SOCKET_NAME: Final = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH: Final = 107
"""Bytes: `sun_path` has 108, the last one for the end."""


class Login(StrEnum):
    """Who may log in to the embedded server."""

    ADMIN = "recours_admin"
    """Made the cluster; makes the other logins and is not used after that."""
    OWNER = "recours_owner"
    """Owns the database: migrations and rebuilds."""
    APPLICATION = "recours_application"
    """The product at work."""
    READER = "recours_reader"
    """Reports; may change nothing."""


@dataclass(frozen=True)
class Home:
    """The directory of one embedded server."""

    directory: Path

    @property
    def launch_lock(self) -> Path:
        """Held by whoever looks for, starts or stops the server."""
        return self.directory / "launch.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server."""
        return self.directory / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server's own processes."""
        return self.directory / "server.lock"

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.directory / "server.log"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own directory."""
        return self.directory / "cluster"

    @property
    def new_cluster(self) -> Path:
        """A cluster that is not finished yet."""
        return self.directory / "cluster.new"

    @property
    def socket(self) -> Path:
        """The folder in which the server listens."""
        link = self.directory / "socket"
        return link.readlink() if link.is_symlink() else link


def open_home(directory: Path) -> Home:
    """Make or enter the server's directory, which nobody else may enter.

    Raises:
        ServerNotStarted: the directory belongs to another account or is open to others, or
            this is not Linux.
    """
    if sys.platform != "linux":
        raise ServerNotStarted("the embedded server runs on Linux only: set DATABASE_URL")
    home = directory.expanduser().absolute() / "postgresql"
    try:
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise ServerNotStarted(
            f"cannot make {home}: {error.strerror}; set RECOURS_DATA to another directory"
        ) from error
    found = home.lstat()
    if found.st_uid != os.geteuid():
        raise ServerNotStarted(
            f"{home} belongs to account {found.st_uid}: start as that account, "
            "or set RECOURS_DATA to another directory"
        )
    if home.is_symlink() or found.st_mode & 0o077:
        raise ServerNotStarted(f"{home} is open to others: chmod 700 {home}")
    return Home(directory=home)


def passwords(home: Home) -> dict[Login, SecretStr]:
    """Read the passwords of the logins; made up before the cluster is.

    Raises:
        ServerNotStarted: the cluster is there, but its passwords are lost.
    """
    file = home.directory / "logins.json"
    if not file.exists():
        if home.cluster.exists():
            raise ServerNotStarted(
                f"{file} is missing and {home.cluster} cannot be entered without it: "
                "restore it from the backup"
            )
        _write_passwords(file)
    known: dict[str, str] = json.loads(file.read_bytes())
    return {login: SecretStr(known[login]) for login in Login}


def _write_passwords(file: Path) -> None:
    made = {login.value: secrets.token_urlsafe(32) for login in Login}
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(
        new, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)
    ) as out:
        json.dump(made, out)
        out.flush()
        # A cluster must never outlive its passwords in a power cut.
        os.fsync(out.fileno())
    new.rename(file)
    settle(file.parent)


def settle(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_socket_folder(home: Home, *, account: Account) -> Path:
    """Make the folder in which the server listens, closed to all but its account.

    Raises:
        ServerNotStarted: the place for it is taken by someone else, or too long.
    """
    link = home.directory / "socket"
    folder = link
    if _too_long(link):
        digest = hashlib.sha256(os.fsencode(link)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()).absolute() / f"recours-{digest}"
        if _too_long(folder):
            raise ServerNotStarted(f"{folder} is too long for a socket: set TMPDIR to a short path")
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        found = folder.lstat()
        # A temporary directory is everyone's: someone may have waited for us there.
        private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not private or found.st_uid not in {account.uid, os.geteuid()}:
            raise ServerNotStarted(
                f"{folder} is not a closed directory of account {account.uid}: remove it"
            ) from None
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    return folder


def _too_long(folder: Path) -> bool:
    return len(os.fsencode(folder / _SOCKET_NAME)) > _LONGEST_SOCKET_PATH
