"""`recours serve` as a process of its own, on an installation of its own, and clients of it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self
from uuid import UUID

import httpx2
import pytest

from application.keys import KeyTerms
from application.recorded import RecordedEvent
from domain.parties import Role
from infrastructure.bootstrap import open_services
from infrastructure.settings import Settings
from tests.api.doors import take_new_key
from tests.faults.harness import PATIENCE

needs_own_server: Final = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="the served product brings its own server here"
)

COMPLAINT: Final = {
    "customer_id": "C-1",
    "text": "The invoice was paid twice.",
    "category": "billing",
    "language": "en",
}


class Api:
    """The served product."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self._process = process
        self.address = address
        self.lines: deque[bytes] = deque(maxlen=1_000)
        """The end of its log."""
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    @classmethod
    def start(cls, home: Path, *options: str, **settings: str) -> Self:
        """Serve an installation at a free port, and wait until it answers."""
        process = subprocess.Popen(
            [sys.executable, "-m", "api.command_line", "serve", "--port", "0", *options],
            stderr=subprocess.PIPE,
            env={**os.environ, "RECOURS_DATA": str(home), **settings},
        )
        assert process.stderr is not None, "it was asked for"
        for line in process.stderr:
            served = re.search(rb"serving at (http\S+);", line)
            if served:
                return cls(process, served.group(1).decode())
        raise AssertionError("the API ended before it served")

    @classmethod
    @contextmanager
    def serving(cls, home: Path, *options: str, **settings: str) -> Generator[Self]:
        """Serve for the length of a block."""
        api = cls.start(home, *options, **settings)
        try:
            yield api
        finally:
            api.kill()

    @property
    def most_memory(self) -> int:
        """The most bytes that it ever had in memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        (kibibytes,) = re.findall(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE)
        return int(kibibytes) * 1024

    def tell_to_stop(self) -> None:
        """Send it SIGTERM, as whoever supervises it does."""
        self._process.send_signal(signal.SIGTERM)

    def ended_with(self) -> int:
        """Wait until it has ended; answers with its exit code."""
        with self._process:
            code = self._process.wait(PATIENCE)
            self._listener.join()
        return code

    def kill(self) -> None:
        """End it without a warning, if it has not ended."""
        with self._process:
            self._process.kill()
            self._listener.join()

    def _listen(self) -> None:
        assert self._process.stderr is not None, "it was asked for"
        self.lines.extend(self._process.stderr)


def new_key(home: Path, *, subject_id: str = "anna", role: Role = Role.AGENT) -> str:
    """Issue a key of an installation, making the installation if there is none."""
    with open_services(Settings(recours_data=home)) as wiring:
        return wiring.services.keys.issue(KeyTerms(subject_id=subject_id, role=role)).secret


def knocking(address: str, secret: str) -> httpx2.Client:
    """A client whose commands each have a key of their own."""
    headers = {"Authorization": f"Bearer {secret}"}
    hooks = {"request": [take_new_key]}
    return httpx2.Client(
        base_url=address, headers=headers, event_hooks=hooks, trust_env=False, timeout=30
    )


def everything(home: Path) -> list[RecordedEvent]:
    """The whole history of an installation."""
    with open_services(Settings(recours_data=home)) as wiring:
        return list(wiring.services.cases.everything())


def assert_dense(history: list[RecordedEvent]) -> None:
    """Every case has each of its versions once, in order."""
    versions = defaultdict[UUID, list[int]](list)
    for event in history:
        versions[event.stream_id].append(event.version)
    for found in versions.values():
        assert found == list(range(1, len(found) + 1))
