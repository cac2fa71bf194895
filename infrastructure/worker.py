"""What runs in the background: projector, desk, reconciliation, webhooks, and forgetting keys."""

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event as Signal
from typing import Final

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from application.erp_desk import ErpDesk
from application.erp_reconciling import Reconciler
from application.once import forget_old_keys
from application.services import Services
from infrastructure.bootstrap import Wiring
from infrastructure.webhooks.sending import Sender

IDLE_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 3_600.0
RECONCILE_SECONDS: Final = 3_600.0
"""From the end of one round to the beginning of the next."""

_LOG: Final = logging.getLogger(__name__)


def run_worker(wiring: Wiring, *, desk: ErpDesk | None, stop: Signal) -> None:
    """Work until told to stop. Without a desk no ERP is asked, and blocks stay requested.

    A database that went away is waited for; any other fault ends the worker, loudly.
    """
    with ThreadPoolExecutor(thread_name_prefix="worker") as threads:
        tasks: list[Future[None]] = [
            threads.submit(_project, wiring, stop),
            threads.submit(_forget_keys, wiring.services, stop),
            threads.submit(_send_webhooks, wiring.sender, stop),
        ]
        if desk is not None:
            tasks.append(threads.submit(_serve_erp, desk, stop))
            tasks.append(threads.submit(_reconcile, Reconciler.beside(desk), stop))
        try:
            wait(tasks, return_when=FIRST_COMPLETED)
        finally:
            stop.set()
    for task in tasks:
        task.result()


def _project(wiring: Wiring, stop: Signal) -> None:
    while not stop.is_set():
        try:
            wiring.projector.run(stop)
        except (OperationalError, PoolTimeout) as error:
            _LOG.warning("the projector lost the database and waits for it: %s", error)
            stop.wait(RETRY_SECONDS)


def _send_webhooks(sender: Sender, stop: Signal) -> None:
    while not stop.is_set():
        try:
            sender.run(stop)
        except (OperationalError, PoolTimeout) as error:
            _LOG.warning("the webhooks wait for the database: %s", error)
            stop.wait(RETRY_SECONDS)


def _forget_keys(services: Services, stop: Signal) -> None:
    while not stop.is_set():
        try:
            forgotten = forget_old_keys(services.cases, now=services.clock.now())
        except (OperationalError, PoolTimeout) as error:
            _LOG.warning("old idempotency keys are kept until the database answers: %s", error)
            stop.wait(RETRY_SECONDS)
        else:
            _LOG.info("forgot %d idempotency keys whose time was over", forgotten)
            stop.wait(FORGET_SECONDS)


def _serve_erp(desk: ErpDesk, stop: Signal) -> None:
    while not stop.is_set():
        try:
            moved = desk.work_through()
        except (OperationalError, PoolTimeout) as error:
            _LOG.warning("the desk lost the database and waits for it: %s", error)
            stop.wait(RETRY_SECONDS)
        else:
            if not moved:
                stop.wait(IDLE_SECONDS)


def _reconcile(reconciler: Reconciler, stop: Signal) -> None:
    while not stop.is_set():
        try:
            found = reconciler.go_round(is_stopped=stop.is_set)
        except (OperationalError, PoolTimeout) as error:
            _LOG.warning("the reconciliation waits for the database: %s", error)
            stop.wait(RETRY_SECONDS)
        else:
            odd = found.drifted or found.unknown or found.broken_off
            level = logging.WARNING if odd else logging.INFO
            _LOG.log(
                level,
                "reconciled with the ERP: %d held, %d drifted, %d unknown to it, %d unanswered",
                found.held,
                found.drifted,
                found.unknown,
                found.unanswered,
            )
            stop.wait(RECONCILE_SECONDS)
