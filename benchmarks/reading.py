"""history.c4, replay, bytes_per_event: reading back what was recorded, and what it weighs."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle, repeat
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID

from benchmarks import floors
from benchmarks.clients import Contestant, Step, race, report
from benchmarks.figures import Figure, Figures, Scale, at_least, at_most, ratio, rounded, stated
from benchmarks.site import Ground, Site
from benchmarks.stores import fill, fill_mixed, finished_complaints
from benchmarks.stories import disputed
from infrastructure.event_store.cases import PAGE

REPLAY_RATE: Final = 200_000
REPLAY_RATIO: Final = 0.3


@contextmanager
def typed_histories(site: Site, *, case_ids: Sequence[UUID]) -> Generator[Callable[[], Step]]:
    """One case is read back as typed events a step."""
    with site.product(remembered=0) as wiring:
        cases = wiring.services.cases

        def step() -> Step:
            wanted = cycle(case_ids)
            return lambda: cases.history(next(wanted))

        yield step


def history(ground: Ground, scale: Scale) -> Figures:
    """Measure reading one finished case of eleven events back."""
    with ground.site() as site:
        fill_mixed(site, cases=min(scale.cases, 1_000))
        case_ids = finished_complaints(site, most=500)
        contestants: dict[str, Contestant] = {
            "floor": partial(floors.histories, case_ids=case_ids),
            "product": partial(typed_histories, case_ids=case_ids),
        }
        with race(site, contestants, clients=4) as running:
            rates = running.run(rounds=scale.rounds, seconds=scale.seconds, name="history.c4")
    yield at_least(
        0.6, figure="history.c4", value=ratio(rates["product"], rates["floor"]), unit="ratio"
    )
    yield stated("history.c4.cases", value=median(rates["product"]), unit="cases/s")


def replay(ground: Ground, scale: Scale) -> Figures:
    """Measure reading the whole store in order as typed events."""
    with ground.site() as site, site.product(remembered=0) as wiring:
        events = fill_mixed(site, cases=scale.cases)
        floor: list[float] = []
        ours: list[float] = []
        for _ in range(scale.rounds):
            began = perf_counter()
            seen = floors.replay(site, page=PAGE)
            floor.append(seen / (perf_counter() - began))
            began = perf_counter()
            typed = sum(1 for _ in wiring.services.cases.everything())
            ours.append(typed / (perf_counter() - began))
            assert seen == typed == events, "both read the whole store"
    report("replay: floor", floor)
    report("replay: product", ours)
    rate, to_floor = median(ours), ratio(ours, floor)
    # Either is enough: the rate on a fast machine, the ratio on a slow one.
    yield Figure(
        figure="replay",
        value=rounded(rate),
        unit="events/s",
        goal=REPLAY_RATE,
        met=rate >= REPLAY_RATE or to_floor >= REPLAY_RATIO,
    )
    yield at_least(REPLAY_RATIO, figure="replay.to_floor", value=to_floor, unit="ratio")


def bytes_per_event(ground: Ground, scale: Scale) -> Figures:
    """Measure the table with its indexes and everything beside it, after a VACUUM."""
    with ground.site() as site:
        with site.product(remembered=10_000) as wiring:
            events = fill(wiring.services.cases, repeat(disputed, scale.cases // 2))
        with site.administration() as admin:
            admin.execute("VACUUM ANALYZE event")
            found = admin.execute(
                "SELECT pg_total_relation_size('event'), pg_indexes_size('event')"
                " , (SELECT avg(octet_length(state::text)) FROM event)"
                " , (SELECT avg(octet_length(metadata::text)) FROM event)"
            ).fetchone()
        assert found is not None, "sums answer with one row"
    whole, indexes, state, metadata = map(float, found)
    yield at_most(
        600,
        figure="bytes_per_event",
        value=whole / events,
        unit="bytes",
        indexes=round(indexes / events),
        state=round(state),
        metadata=round(metadata),
    )
