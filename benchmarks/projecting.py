"""project.*: rebuilding each read model, and how far they lag behind a burst."""

import multiprocessing
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, repeat
from multiprocessing.connection import Connection
from statistics import median
from threading import Event as Signal
from threading import Thread
from time import perf_counter
from typing import Final

from application.ports import Cases
from benchmarks.clients import report
from benchmarks.figures import Figures, Scale, at_least, at_most, stated
from benchmarks.site import SCHEMA, Ground, Site
from benchmarks.stores import fill_mixed
from benchmarks.stories import disputed
from infrastructure.bootstrap import REMEMBERED_CASES
from infrastructure.event_store.event_types import product_event_types
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.rebuilding import rebuild
from infrastructure.worker import run_worker

GOAL: Final = 20_000
CLIENTS: Final = 8
PATIENCE: Final = 120.0


def rebuilds(ground: Ground, scale: Scale) -> Figures:
    """Measure the rebuild of every read model over a mixed store."""
    with ground.site() as site:
        events = fill_mixed(site, cases=scale.cases)
        yield stated("project.store", value=events, unit="events")
        rates: dict[str, list[float]] = {projection.name: [] for projection in PROJECTIONS}
        for _ in range(scale.rounds):
            for projection in PROJECTIONS:
                began = perf_counter()
                done = rebuild(
                    site.owner_url,
                    projection,
                    schema=SCHEMA,
                    event_types=product_event_types(),
                    progress=lambda _: None,
                )
                rates[projection.name].append(done / (perf_counter() - began))
                assert done == events, "a rebuild takes the whole history"
    for name, measured in rates.items():
        report(f"project.{name}", measured)
        figure = f"project.{name}"
        yield at_least(GOAL, figure=figure, value=median(measured), unit="events/s")


def lag(ground: Ground, scale: Scale) -> Figures:
    """Measure how long after a burst of commands all read models are level."""
    lags: list[float] = []
    bursts: list[float] = []
    with ground.site() as site, _worker(site), site.product(remembered=REMEMBERED_CASES) as wiring:
        questions = wiring.services.questions
        for _ in range(scale.rounds):
            began = perf_counter()
            position = _burst(wiring.services.cases, events=scale.burst)
            acknowledged = perf_counter()
            level = questions.wait_for(position, seconds=PATIENCE)
            lags.append(perf_counter() - acknowledged)
            bursts.append(scale.burst / (acknowledged - began))
            if not level:
                raise TimeoutError(f"the read models are not level after {PATIENCE} s")
    report("project.lag: burst, events/s", bursts)
    report("project.lag: lag, ms", [1_000 * seconds for seconds in lags])
    yield at_most(2, figure="project.lag", value=median(lags), unit="s")


def _burst(cases: Cases, *, events: int) -> int:
    """Run commands as fast as they go; answers with the last position."""

    def client(share: int) -> int:
        recorded, last = 0, 0
        for told in chain.from_iterable(disputed(cases) for _ in repeat(None)):
            recorded += len(told.types)
            last = told.position
            if recorded >= share:
                break
        return last

    with ThreadPoolExecutor(CLIENTS) as threads:
        return max(threads.map(client, repeat(events // CLIENTS, CLIENTS)))


@contextmanager
def _worker(site: Site) -> Generator[None]:
    """A worker in a process of its own, as an installation has it."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, site))
    process.start()
    there.close()
    try:
        here.recv()  # it is ready
        yield
    finally:
        here.close()
        process.join()


def _work(until_closed: Connection, site: Site) -> None:
    stop = Signal()

    def wait() -> None:
        try:
            until_closed.recv()
        except EOFError:
            stop.set()

    with site.product(remembered=0) as wiring:
        until_closed.send(None)
        Thread(target=wait, daemon=True).start()
        run_worker(wiring, desk=None, stop=stop)
