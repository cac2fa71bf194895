"""Killing what runs the product, and looking for what was promised.

A program under test writes a line into its record of acknowledgements when, and only when, a
command has returned to it. Whatever dies afterwards, each of these lines must be found in the
history. `Program` starts and kills any module with a `main` such as `tests.faults.writer`.
"""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Self
from uuid import UUID

import orjson

from application.recorded import Recorded, RecordedEvent
from infrastructure.event_store.cases import fold

PATIENCE: Final = 60.0
"""Seconds after which something that was to happen counts as never happening."""

_GLANCE: Final = 0.005
"""Seconds between two looks."""


class Acknowledged(NamedTuple):
    """A command that has returned: which one, and where it says its last event is."""

    command: UUID
    """The correlation id of everything that the command recorded."""
    case_id: UUID
    version: int
    position: int
    types: tuple[str, ...]


class Program:
    """A process that is given its orders on standard input and may be killed at any instant."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def start(cls, module: str, *, orders: bytes) -> Self:
        """Start a module as a program; it works until it is ended or killed."""
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", module], stdin=subprocess.PIPE
        )
        assert process.stdin is not None, "it was asked for"
        process.stdin.write(orders + b"\n")
        process.stdin.flush()
        return cls(process)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it without a warning, as a machine without power would."""
        self._process.kill()
        self._process.communicate()

    def end(self) -> None:
        """Ask it to finish what it does, and wait until it has."""
        try:
            self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert self._process.returncode == 0, "a program that is asked to end ends well"


class Record:
    """The file of acknowledgements of one program, written through to the disk line by line."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def acknowledge(self, command: UUID, recorded: Recorded) -> None:
        """Write down that the command has returned."""
        answer = (recorded.case_id, recorded.version, recorded.position, recorded.types)
        line = orjson.dumps((command, *answer))
        os.write(self._file, line + b"\n")
        os.fsync(self._file)


def read_record(path: Path) -> list[Acknowledged]:
    """Read what was acknowledged so far; a line that the kill cut off was not."""
    if not path.exists():
        return []
    whole_lines = path.read_bytes().split(b"\n")[:-1]
    return [
        Acknowledged(UUID(command), UUID(case_id), version, position, tuple(types))
        for command, case_id, version, position, types in map(orjson.loads, whole_lines)
    ]


def count_acknowledged(paths: Iterable[Path]) -> int:
    """Count the commands that were acknowledged so far."""
    return sum(len(read_record(path)) for path in paths)


def until_more_acknowledged(
    more: int, *, records: Sequence[Path], programs: Sequence[Program]
) -> None:
    """Wait until so many more commands were acknowledged."""
    goal = count_acknowledged(records) + more
    until(lambda: count_acknowledged(records) >= goal, programs=programs)


def until(condition: Callable[[], bool], *, programs: Sequence[Program] = ()) -> None:
    """Wait for a condition, as long as these programs live."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert all(program.is_running() for program in programs), "a program has failed"
        assert time.monotonic() < give_up, f"nothing happened for {PATIENCE} s"
        time.sleep(_GLANCE)


def kill_server(directory: Path) -> None:
    """Kill every process of the embedded server in a directory, the first one first."""
    cluster = directory / "postgresql" / "cluster"
    first = int((cluster / "postmaster.pid").read_text(encoding="utf-8").split(maxsplit=1)[0])
    victims = [first]
    while victims:
        for victim in victims:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        victims = _processes_in(cluster)


def find_lost(
    acknowledged: Iterable[Acknowledged], history: Iterable[RecordedEvent]
) -> list[Acknowledged]:
    """Name the acknowledged commands that are not in the history as they were acknowledged."""
    by_version = {(event.stream_id, event.version): event for event in history}
    by_position = {event.position: event for event in by_version.values()}
    types = defaultdict[UUID, list[str]](list)
    for position in sorted(by_position):
        event = by_position[position]
        types[event.envelope.correlation_id].append(event.event.type)

    def is_kept(answer: Acknowledged) -> bool:
        said = (by_version.get((answer.case_id, answer.version)), by_position.get(answer.position))
        return tuple(types[answer.command]) == answer.types and all(
            event is not None and event.envelope.correlation_id == answer.command for event in said
        )

    return [answer for answer in acknowledged if not is_kept(answer)]


def check_history(history: Sequence[RecordedEvent], *, whole: dict[str, tuple[str, ...]]) -> None:
    """Check what holds of every history, whatever was killed while it was written.

    `whole` tells the stored names that each command records, by the reason in its envelope: a
    command is there all or not at all, and never twice.
    """
    positions = [event.position for event in history]
    assert positions == sorted(set(positions)), "positions are unique and in order"
    instants = [event.recorded_at for event in history]
    assert instants == sorted(instants), "the time of recording never decreases"
    streams = defaultdict[UUID, list[RecordedEvent]](list)
    commands = defaultdict[tuple[UUID, str], list[str]](list)
    for event in history:
        streams[event.stream_id].append(event)
        reason = event.envelope.reason
        assert reason is not None, "every command of these tests says what it is"
        commands[event.envelope.correlation_id, reason].append(event.event.type)
    for stream in streams.values():
        assert [event.version for event in stream] == list(range(1, len(stream) + 1))
        case = fold(stream)
        assert case is not None, "a stream with events folds to a case"
        assert case.version == len(stream)
    for (_, reason), types in commands.items():
        assert tuple(types) == whole[reason], f"{reason} is half there, or twice"


def _processes_in(cluster: Path) -> list[int]:
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        # Some end while we look at them, some are not ours to look at.
        with suppress(OSError):
            if (process / "cwd").readlink() == cluster and not _is_dead(process):
                found.append(int(process.name))
    return found


def _is_dead(process: Path) -> bool:
    return (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
