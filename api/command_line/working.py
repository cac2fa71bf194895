"""The background work: read models, and the talk with the ERP."""

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread
from types import FrameType

from api.command_line.faults import read_settings
from api.command_line.metering import telling_metrics
from api.command_line.opening import opened
from api.command_line.output import say
from api.http.measuring import Metrics
from application.erp_desk import ErpDesk
from infrastructure.bootstrap import Wiring, open_desk
from infrastructure.logs import start_logging
from infrastructure.worker import run_worker


@contextmanager
def working(
    wiring: Wiring, *, desk: ErpDesk | None, on_failure: Callable[[], None]
) -> Generator[None]:
    """Do the background work in a thread while the block runs; its failure is raised at the end."""
    stop, failures = Signal(), list[BaseException]()

    def work() -> None:
        try:
            run_worker(wiring, desk=desk, stop=stop)
        except BaseException as error:  # noqa: BLE001 - raised again where the block ends
            failures.append(error)
            on_failure()

    thread = Thread(target=work, name="background")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if failures:
            raise failures[0]


def work_alone() -> None:
    """Do the background work in the foreground until told to stop."""
    settings = read_settings()
    start_logging(settings.recours_log, level=settings.recours_log_level)
    stop, interrupted = Signal(), Signal()

    def end(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            interrupted.set()
        stop.set()

    with (
        opened(settings) as wiring,
        open_desk(settings, wiring.services) as desk,
        telling_metrics(_seen_by(wiring), at=settings.recours_metrics),
    ):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        tell_of_desk(desk)
        say("working; ^C stops it")
        run_worker(wiring, desk=desk, stop=stop)
    if interrupted.is_set():
        raise KeyboardInterrupt


def _seen_by(wiring: Wiring) -> Metrics:
    metrics = Metrics()
    metrics.watch(wiring.services.lookout)
    return metrics


def tell_of_desk(desk: ErpDesk | None) -> None:
    """Say when no ERP will be asked for anything."""
    if desk is None:
        say("no ERP is named (RECOURS_ERP_URL, RECOURS_ERP_SECRET): blocks stay requested")
