"""The background work: read models, and the talk with the ERP."""

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread
from types import FrameType

from api.command_line.faults import read_settings
from api.command_line.metering import telling_metrics
from api.command_line.offices import Work, opened_office
from api.command_line.output import say
from api.http.measuring import Metrics
from application.tenancy import Tenants
from infrastructure.logs import start_logging
from infrastructure.settings import Settings


@contextmanager
def working(work: Work, *, on_failure: Callable[[], None]) -> Generator[None]:
    """Do the background work in a thread while the block runs; its failure is raised at the end."""
    stop, failures = Signal(), list[BaseException]()

    def work_until_stopped() -> None:
        try:
            work(stop)
        except BaseException as error:  # noqa: BLE001 - raised again where the block ends
            failures.append(error)
            on_failure()

    thread = Thread(target=work_until_stopped, name="background")
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
        opened_office(settings) as office,
        telling_metrics(_seen_by(office.tenants), at=settings.recours_metrics),
    ):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        tell_of_erp(settings)
        say("working; ^C stops it")
        office.work(stop)
    if interrupted.is_set():
        raise KeyboardInterrupt


def _seen_by(tenants: Tenants) -> Metrics:
    metrics = Metrics()
    metrics.watch(tenants.lookouts)
    return metrics


def tell_of_erp(settings: Settings) -> None:
    """Say when no ERP will be asked for anything."""
    if settings.recours_erp_url is None and not settings.recours_tenant_erps:
        say("no ERP is named (RECOURS_ERP_URL, RECOURS_ERP_SECRET): blocks stay requested")
