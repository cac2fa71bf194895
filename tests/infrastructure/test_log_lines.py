"""A log that nobody reads holds nobody up, and says how much of it was lost."""

import logging
import os
from collections.abc import Iterator
from threading import Thread

import pytest

from infrastructure.log_lines import UnwaitingLines, lines_dropped

PATIENCE = 60.0


class Pipe:
    """A log that goes into a pipe."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        self.handler = UnwaitingLines(self._writing, most_waiting=400_000)

    def log(self, *messages: str) -> None:
        """Log in a thread, so that a wait for ever fails the test and does not stop it."""
        records = [logging.LogRecord("r", 20, "", 0, message, None, None) for message in messages]
        thread = Thread(target=lambda: [*map(self.handler.handle, records)], daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the log waits for its reader"

    def read(self) -> list[str]:
        """Read until nothing comes any more."""
        found = [b""]
        while more := self._read_once():
            found.append(more)
            self.handler.flush()
        return b"".join(found).decode().splitlines()

    def hang_up(self) -> None:
        """Read nothing any more."""
        os.close(self._reading)

    def close(self) -> None:
        """Give the files back."""
        self.handler.close()
        os.close(self._writing)

    def _read_once(self) -> bytes:
        try:
            return os.read(self._reading, 65_536)
        except BlockingIOError:
            return b""


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_a_reader_who_stalls_holds_nobody_up_and_lines_stay_whole_and_in_order(pipe: Pipe) -> None:
    lines = [f"{number:06} {'x' * 200}" for number in range(20_000)]
    pipe.log(*lines)
    kept = pipe.read()
    pipe.log("after")

    assert 0 < len(kept) < len(lines)
    assert kept == lines[: len(kept)]
    assert pipe.handler.dropped == len(lines) - len(kept)
    assert pipe.read() == ["after"]


def test_a_line_longer_than_the_pipe_comes_whole(pipe: Pipe) -> None:
    pipe.log("x" * 300_000, "short")

    assert pipe.read() == ["x" * 300_000, "short"]
    assert pipe.handler.dropped == 0


def test_a_reader_who_is_gone_costs_lines_and_nothing_else(pipe: Pipe) -> None:
    pipe.hang_up()
    pipe.log("one", "two")

    assert pipe.handler.dropped == 2


def test_what_this_process_has_lost_is_counted_over_its_logs(pipe: Pipe) -> None:
    before = lines_dropped()
    pipe.hang_up()
    logging.root.addHandler(pipe.handler)
    try:
        pipe.log("one")
        assert lines_dropped() == before + 1
    finally:
        logging.root.removeHandler(pipe.handler)
