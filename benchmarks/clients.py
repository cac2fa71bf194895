"""Clients that work at the same time: threads in two processes, all starting at one instant."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import mean
from typing import Final, cast

from benchmarks.figures import spread
from benchmarks.site import Site

Step = Callable[[], object]
"""One operation of one client."""

Contestant = Callable[[Site], AbstractContextManager[Callable[[], Step]]]
"""Opens what a process needs; then makes the step of each of its clients.

It travels to another process by its name: a function of a module, or a `partial` of one.
"""

PROCESSES: Final = 2
HEAD_START: Final = 0.02
"""Seconds in which every client gets ready for the instant at which all start."""

SLICES: Final = 5
"""So often do the contestants take turns in one round: what disturbs one disturbs them all."""


@dataclass(frozen=True, slots=True)
class Round:
    """What the clients of a process are asked to do."""

    contestant: str
    starts_at: float
    seconds: float


class Race:
    """Contestants that are measured in turn, A B A B …, each by the same number of clients."""

    def __init__(self, lanes: Sequence[Connection], contestants: Sequence[str]) -> None:
        self._lanes = lanes
        self._contestants = contestants

    def run(self, *, rounds: int, seconds: float, name: str) -> dict[str, list[float]]:
        """Measure operations per second, in all rounds, after a round to warm up."""
        self._round(seconds / 2)
        measured = [self._round(seconds) for _ in range(rounds)]
        rates = {one: [each[one] for each in measured] for one in self._contestants}
        for contestant, told in rates.items():
            report(f"{name}: {contestant}", told)
        return rates

    def _round(self, seconds: float) -> dict[str, float]:
        slices = [
            {one: self._run(one, seconds=seconds / SLICES) for one in self._contestants}
            for _ in range(SLICES)
        ]
        return {one: mean(each[one] for each in slices) for one in self._contestants}

    def _run(self, contestant: str, *, seconds: float) -> float:
        starts_at = time.monotonic() + HEAD_START
        for lane in self._lanes:
            lane.send(Round(contestant, starts_at, seconds))
        answers = [cast("float | BaseException", lane.recv()) for lane in self._lanes]
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return sum(answer for answer in answers if isinstance(answer, float))


@contextmanager
def race(site: Site, contestants: Mapping[str, Contestant], *, clients: int) -> Generator[Race]:
    """Start the clients: half of them in each of two processes, a single one in one process."""
    processes = min(PROCESSES, clients)
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        lanes: list[Connection] = []
        for _ in range(processes):
            here, there = context.Pipe()
            arguments = (there, site, dict(contestants), clients // processes)
            process = context.Process(target=_serve, args=arguments)
            process.start()
            there.close()
            stack.callback(process.join)
            stack.callback(here.close)  # before the join: it tells the process to end
            lanes.append(here)
        yield Race(lanes, list(contestants))


def report(what: str, rates: Sequence[float]) -> None:
    """Tell on stderr what each round gave, and how much the machine wavered."""
    told = " ".join(f"{rate:,.0f}" for rate in rates)
    print(f"{what}: {told} (spread {spread(rates):.0%})", file=sys.stderr, flush=True)


def _serve(
    lane: Connection, site: Site, contestants: Mapping[str, Contestant], clients: int
) -> None:
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(clients))
        steps: dict[str, list[Step]] = {}
        for name, contestant in contestants.items():
            make = stack.enter_context(contestant(site))
            steps[name] = [make() for _ in range(clients)]
        while True:
            try:
                asked = cast("Round", lane.recv())
            except EOFError:
                return
            lane.send(_run(asked, steps[asked.contestant], threads))


def _run(asked: Round, steps: Sequence[Step], threads: ThreadPoolExecutor) -> float | BaseException:
    running = [threads.submit(_work, step, asked.starts_at, asked.seconds) for step in steps]
    try:
        return sum(client.result() for client in running)
    except Exception as error:  # noqa: BLE001 - it is raised where the race is run
        return error


def _work(step: Step, starts_at: float, seconds: float) -> float:
    time.sleep(max(starts_at - time.monotonic(), 0))
    done, began, ends_at = 0, time.monotonic(), starts_at + seconds
    while True:
        step()
        done += 1
        now = time.monotonic()
        if now >= ends_at:
            return done / (now - began)
