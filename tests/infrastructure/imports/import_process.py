"""Imports complaints in a process of its own, which tests interrupt and kill.

Run as `python -m tests.infrastructure.imports.import_process URL SCHEMA FILE REJECTS`; prints the
number of rows done with after each batch.
"""

import sys
from pathlib import Path

from infrastructure.imports.importing import ImportProgress, import_cfpb
from tests.infrastructure.imports.import_examples import StoppedClock, open_cases


def _show(progress: ImportProgress) -> None:
    sys.stdout.write(f"{progress.rows}\n")
    sys.stdout.flush()


def _run(url: str, schema: str, path: str, rejects: str) -> None:
    with open_cases(url, schema=schema) as cases:
        import_cfpb(
            Path(path), cases=cases, clock=StoppedClock(), rejects=Path(rejects), show=_show
        )


if __name__ == "__main__":
    _run(*sys.argv[1:])
