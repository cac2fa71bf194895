"""`recours serve` as a process of its own, on an installation of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Self

import orjson

from tests.faults.harness import PATIENCE


class Api:
    """The served product."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self._process = process
        self.address = address
        self.lines: deque[bytes] = deque(maxlen=1_000)
        """The end of its log."""
        # What nobody reads fills the pipe, and the API would wait for ever to write to it.
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

    @property
    def most_memory(self) -> int:
        """The most bytes that it ever had in memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        (kibibytes,) = re.findall(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE)
        return int(kibibytes) * 1024

    def log(self) -> list[dict[str, object]]:
        """What it has logged lately."""
        return [orjson.loads(line) for line in list(self.lines)]

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
