"""What the log says of a record, and what it never says."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from infrastructure.logs import (
    FRAMES,
    LogForm,
    LogLevel,
    form_for,
    is_machine_read,
    start_logging,
)

PERSONAL = "Mme Durand, 12 rue des Lilas"


@pytest.fixture(autouse=True)
def quiet_afterwards() -> Iterator[None]:
    root = logging.root
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    for name in ("recours", "api", "application", "infrastructure"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_is_one_json_object_a_line(out: io.StringIO) -> None:
    start_logging(None, level=LogLevel.INFO, stream=out)
    fields = {"status": 201, "role": None}
    logging.getLogger("recours.requests").info("two\nlines", extra={"fields": fields})

    (line,) = lines(out)
    assert is_machine_read()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "recours.requests",
        "message": "two\nlines",
        "status": 201,
        "role": None,
    }


def test_a_terminal_gets_a_readable_line(out: io.StringIO) -> None:
    start_logging(LogForm.TEXT, level=LogLevel.INFO, stream=out)
    logging.getLogger("recours").info("request", extra={"fields": {"status": 201, "role": None}})
    try:
        int(PERSONAL)
    except ValueError:
        logging.getLogger("recours").exception("unexpected")

    told = out.getvalue().splitlines()
    assert told[0][13:] == "INFO    request status=201"
    assert told[2].strip() == "ValueError"
    assert "test_logs.py" in told[3]
    assert PERSONAL not in out.getvalue()


def test_a_stream_that_is_no_terminal_is_read_by_programs(out: io.StringIO) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert (form_for(out), form_for(Terminal())) == (LogForm.JSON, LogForm.TEXT)


@pytest.mark.parametrize(
    ("level", "told"), [(LogLevel.DEBUG, 4), (LogLevel.INFO, 3), (LogLevel.ERROR, 1)]
)
def test_the_level_holds_for_what_is_ours(out: io.StringIO, level: LogLevel, told: int) -> None:
    start_logging(None, level=level, stream=out)
    ours, library = logging.getLogger("infrastructure.worker"), logging.getLogger("some_library")
    ours.debug("a")
    ours.info("b")
    ours.warning("c")
    ours.error("d")
    library.info("never")

    assert len(lines(out)) == told


def insert_twice(pool: ConnectionPool[Connection[TupleRow]]) -> None:
    with pool.connection() as connection:
        connection.execute("CREATE TEMPORARY TABLE held (customer text PRIMARY KEY)")
        connection.execute("INSERT INTO held VALUES (%s)", [PERSONAL])
        try:
            connection.execute("INSERT INTO held VALUES (%s)", [PERSONAL])
        except psycopg.Error as error:
            raise RuntimeError(str(error)) from error


def test_what_a_database_quotes_of_a_row_is_not_told(
    out: io.StringIO, pool: ConnectionPool[Connection[TupleRow]]
) -> None:
    start_logging(None, level=LogLevel.INFO, stream=out)
    log = logging.getLogger("infrastructure.anything")
    with pytest.raises(RuntimeError, match=PERSONAL) as raised:
        insert_twice(pool)
    log.error("it failed: %s", raised.value, exc_info=raised.value)
    log.error("it failed: %(why)s", {"why": raised.value.__cause__})

    failed, again = lines(out)
    assert PERSONAL not in out.getvalue()
    assert failed["message"] == "it failed: RuntimeError"
    assert again["message"] == "it failed: psycopg.errors.UniqueViolation (23505)"
    chain = failed["error"]
    assert [one["type"] for one in chain] == ["RuntimeError", "psycopg.errors.UniqueViolation"]
    assert chain[1]["sqlstate"] == "23505"
    assert "tests/infrastructure/test_logs.py:" in chain[0]["frames"][-1]


def test_a_deep_traceback_is_cut_to_its_innermost_calls(out: io.StringIO) -> None:
    def dive(depth: int) -> None:
        if depth == 0:
            raise ValueError(PERSONAL)
        dive(depth - 1)

    start_logging(None, level=LogLevel.INFO, stream=out)
    try:
        dive(100)
    except ValueError:
        logging.getLogger("recours").exception("deep")

    (line,) = lines(out)
    error = line["error"]
    assert len(error[0]["frames"]) == FRAMES
