"""Writes the lines of the log, and waits for no reader.

A pipe that nobody reads any more is full after some hundred lines. The next write would then hold
up the event loop, and with it every request, for as long as the reader pleases. Here a line is
written only where the system takes it at once; a bounded number waits, and further ones are counted
and dropped: an API that serves without a log is worth more than one that stands still.
"""

import logging
import os
import select
from collections import deque
from typing import Final

MOST_WAITING: Final = 1024 * 1024
"""Bytes of lines that wait for a reader: some thousand requests."""

PIECE: Final = select.PIPE_BUF
"""Bytes that a pipe takes at once when it takes any; a socket takes more."""

FAREWELL_MILLISECONDS: Final = 1_000
"""So long the last lines of a process wait for a reader who has stalled."""


class UnwaitingLines(logging.Handler):
    """Writes to an open file; several threads may log at once."""

    def __init__(self, descriptor: int, *, most_waiting: int = MOST_WAITING) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._most_waiting = most_waiting
        self._taking = select.poll()
        self._taking.register(descriptor, select.POLLOUT)
        self._waiting = deque[bytes]()
        self._size = 0
        self.dropped = 0
        """Lines that were never written."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or let it wait; see `logging`, which lets one thread in at a time."""
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        except Exception:  # noqa: BLE001 - whoever logs is not to fail of it
            self.handleError(record)
            return
        if self._size + len(line) > self._most_waiting:
            self.dropped += 1
        else:
            self._waiting.append(line)
            self._size += len(line)
        self._write(milliseconds=0)

    def flush(self) -> None:
        """Write what the reader takes now."""
        self._write_alone(milliseconds=0)

    def close(self) -> None:
        """Give the reader a moment for the last lines."""
        self._write_alone(milliseconds=FAREWELL_MILLISECONDS)
        super().close()

    def _write_alone(self, *, milliseconds: int) -> None:
        self.acquire()
        try:
            self._write(milliseconds=milliseconds)
        finally:
            self.release()

    def _write(self, *, milliseconds: int) -> None:
        try:
            while self._waiting and self._taking.poll(milliseconds):
                line = self._waiting.popleft()
                written = os.write(self._descriptor, line[:PIECE])
                self._size -= written
                if written < len(line):
                    self._waiting.appendleft(line[written:])
        except OSError:  # the reader is gone, and nobody else can be told
            self.dropped += len(self._waiting) + 1
            self._waiting.clear()
            self._size = 0


def lines_dropped() -> int:
    """How many lines of this process were never written."""
    handlers = logging.root.handlers
    return sum(one.dropped for one in handlers if isinstance(one, UnwaitingLines))
