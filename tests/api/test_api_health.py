"""Whether the process lives and can serve, and that every metric is documented."""

import re
from pathlib import Path
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from api.command_line.metering import count_lost_lines
from api.http.measuring import Metrics
from tests.api.doors import Door
from tests.api.requests import slug

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_a_good_installation_is_ready(door: Door) -> None:
    stranger = door.stranger()

    assert stranger.get("/readyz").json() == stranger.get("/healthz").json() == {"status": "ok"}


def test_a_process_that_is_not_ready_says_why(
    door: Door, pool: ConnectionPool[Connection[TupleRow]]
) -> None:
    door.app.state.readiness.stopping = True
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO projection_failure VALUES ('worklist', 7, 'Durand', clock_timestamp())"
        )
    answer = door.stranger().get("/readyz")

    assert (slug(answer), answer.status_code, answer.headers["Retry-After"]) == (
        "not-ready",
        503,
        "1",
    )
    assert [fault["name"] for fault in answer.json()["faults"]] == [
        "stopping",
        "projection worklist",
    ]
    assert "Durand" not in answer.text


def test_a_process_without_a_connection_left_lives_and_is_ready(
    door: Door, pool: ConnectionPool[Connection[TupleRow]]
) -> None:
    taken = [pool.getconn() for _ in range(pool.max_size)]
    stranger = door.stranger()
    answers = [stranger.get(path).status_code for path in ("/healthz", "/readyz")]
    for connection in taken:
        pool.putconn(connection)

    assert answers == [200, 200]


def test_every_metric_is_documented_and_nothing_else_is(door: Door) -> None:
    door.stranger().get("/healthz")
    measured: Metrics = door.app.state.metrics
    count_lost_lines(measured)
    families = {family.name for family in measured.registry.collect()}
    rows = re.findall(
        r"^\| (`(?:recours|process)_[^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {name for row in rows for name in re.findall(r"`([a-z_*]+)`", row)}

    ours = {name for name in families if not name.startswith("process_")}
    assert told == {*ours, "process_*"}
