"""The metrics on an address of their own, for a scraper without a key."""

from collections.abc import Generator
from contextlib import contextmanager

from prometheus_client import start_http_server

from api.command_line.faults import Stopped
from api.command_line.output import say
from api.http.measuring import Metrics
from infrastructure.log_lines import lines_dropped


def count_lost_lines(metrics: Metrics) -> None:
    """Tell how much of the log its reader did not take."""
    told = "Lines of the log that were dropped, because nobody took them"
    metrics.count("recours_log_lines_dropped", told, lines_dropped)


@contextmanager
def telling_metrics(metrics: Metrics, *, at: str | None) -> Generator[None]:
    """Tell the metrics at `HOST:PORT` while the block runs; without an address nowhere else.

    Raises:
        Stopped: somebody else has the address, or it is not ours to take.
    """
    count_lost_lines(metrics)
    if at is None:
        yield
        return
    host, _, port = at.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), metrics.registry)
    except (OSError, OverflowError) as error:
        raise Stopped(f"RECOURS_METRICS: {at} cannot be taken: {error}") from error
    say("metrics at http://{}/metrics", at)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
