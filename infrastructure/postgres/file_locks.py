"""Locks between processes that the kernel releases when their holder dies, however it dies."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """One process's hold on a lock file; a child that inherits `fileno` shares the hold.

    `flock` and not `lockf`: its locks belong to the open file, so that a server process which
    inherits it keeps it, and closing another descriptor of the same file does not drop it.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o600)

    def fileno(self) -> int:
        """Name the descriptor, for a child to inherit."""
        return self._descriptor

    def share(self) -> None:
        """Wait until nobody holds the lock alone, then hold it together with others."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def take(self) -> None:
        """Wait until nobody holds the lock, then hold it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def try_take(self) -> bool:
        """Hold the lock alone, if nobody else holds it; a shared hold may be lost by trying."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Let go, unless a child still has the file open."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def alone(path: Path) -> Generator[None]:
    """Hold the lock file exclusively for the length of a block."""
    with FileLock(path) as lock:
        lock.take()
        yield


def is_held(path: Path) -> bool:
    """Tell whether any living process holds the lock file exclusively or shared."""
    with FileLock(path) as lock:
        return not lock.try_take()
