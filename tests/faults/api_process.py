"""The served product as processes of its own, and clients of it."""

import os
import re
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

from application.recorded import RecordedEvent
from infrastructure.bootstrap import open_services
from infrastructure.settings import Settings
from tests.api.doors import take_new_key

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
    """`recours serve` as a process of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self._process = process
        self.address = address
        # What nobody reads fills the pipe, and the API would wait for ever to write to it.
        self._listener = threading.Thread(target=deque, args=(process.stderr, 0))
        self._listener.start()

    @classmethod
    def start(cls, home: Path, *options: str) -> Self:
        """Serve an installation at a free port, and wait until it answers."""
        process = subprocess.Popen(
            [sys.executable, "-m", "api.command_line", "serve", "--port", "0", *options],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RECOURS_DATA": str(home)},
        )
        assert process.stderr is not None, "it was asked for"
        for line in process.stderr:
            served = re.search(r"serving at (http\S+);", line)
            if served:
                return cls(process, served.group(1))
        raise AssertionError("the API ended before it served")

    @classmethod
    @contextmanager
    def serving(cls, home: Path, *options: str) -> Generator[Self]:
        """Serve for the length of a block."""
        api = cls.start(home, *options)
        try:
            yield api
        finally:
            api.kill()

    def kill(self) -> None:
        """End it without a warning."""
        with self._process:
            self._process.kill()
            self._listener.join()


def knocking(address: str, secret: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {secret}"}
    hooks = {"request": [take_new_key]}
    return httpx2.Client(
        base_url=address, headers=headers, event_hooks=hooks, trust_env=False, timeout=30
    )


def everything(home: Path) -> list[RecordedEvent]:
    with open_services(Settings(recours_data=home)) as wiring:
        return list(wiring.services.cases.everything())


def assert_dense(history: list[RecordedEvent]) -> None:
    versions = defaultdict[UUID, list[int]](list)
    for event in history:
        versions[event.stream_id].append(event.version)
    for found in versions.values():
        assert found == list(range(1, len(found) + 1))
