"""What the fault tests may ask for: programs that are gone when the test is over."""

from collections.abc import Iterator

import pytest

from tests.faults.harness import Program


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """Everything that a test has started; whatever still lives at its end is killed."""
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()
