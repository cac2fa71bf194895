"""The background work of all tenants: each has a worker of its own, and none stops another one."""

import logging
from threading import Event as Signal
from threading import Thread
from typing import Final

from infrastructure.bootstrap import open_desk
from infrastructure.many_tenants import ManyTenants
from infrastructure.worker import run_worker

LOOK_SECONDS: Final = 0.5
"""How often it is looked who has ended; tenants themselves are looked up less often."""

AGAIN_SECONDS: Final = 10.0
"""Until the work of a tenant that failed is begun anew."""

_LOG: Final = logging.getLogger(__name__)


def run_workers(
    tenants: ManyTenants, *, stop: Signal, again_seconds: float = AGAIN_SECONDS
) -> None:
    """Work for every tenant, and for each that is added, until told to stop.

    A tenant's work that fails is begun anew after a pause, loudly, while the others' goes on. Where
    there is no other one, the failure ends this, so that whoever keeps the process begins it anew.
    """
    workers: dict[str, _Worker] = {}
    try:
        while not stop.is_set():
            names = tenants.names()
            for name in names:
                if name not in workers:
                    workers[name] = _Worker(name, tenants, again_seconds=again_seconds)
            for name in [name for name in workers if name not in names]:
                workers.pop(name).end()
            if len(workers) == 1:
                (alone,) = workers.values()
                alone.raise_failure()
            stop.wait(LOOK_SECONDS)
    finally:
        for worker in workers.values():
            worker.stop()
        for worker in workers.values():
            worker.end()


class _Worker:
    """The work of one tenant, in a thread of its own."""

    def __init__(self, name: str, tenants: ManyTenants, *, again_seconds: float) -> None:
        self._told, self._own = Signal(), Signal()
        self._name = name
        self._tenants = tenants
        self._again_seconds = again_seconds
        self._failure: Exception | None = None
        self._thread = Thread(target=self._work, name=f"worker of {name}")
        self._thread.start()

    def stop(self) -> None:
        """Stop soon."""
        self._told.set()
        self._own.set()

    def end(self) -> None:
        """Stop, and wait until that is done."""
        self.stop()
        self._thread.join()

    def raise_failure(self) -> None:
        """Raise what the work failed of last, if it did."""
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while not self._told.is_set():
            try:
                self._work_until_stopped()
            except Exception as error:  # noqa: BLE001 - one tenant's fault is not the others'
                # Its text stays out of the log: it can hold what people wrote.
                fault = type(error).__name__
                _LOG.critical("the work of tenant %s failed: %s", self._name, fault)
                self._failure = error
                self._told.wait(self._again_seconds)

    def _work_until_stopped(self) -> None:
        # A worker that fails tells its own tasks to stop, and must not end the next attempt.
        own = self._own = Signal()
        if self._told.is_set():
            return
        settings = self._tenants.settings_of(self._name)
        with (
            self._tenants.at_work(self._name) as wiring,
            open_desk(settings, wiring.services) as desk,
        ):
            run_worker(wiring, desk=desk, stop=own)
