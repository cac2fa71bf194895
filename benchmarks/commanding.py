"""command.* and command10.*: whole commands of a life cycle, beside the floor's."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Final

from benchmarks import floors
from benchmarks.clients import Contestant, Step, race
from benchmarks.figures import Figures, Scale, at_least, ratio, stated
from benchmarks.site import AS_IT_IS, Ground, Site, slow_disk
from benchmarks.stores import Measured, measure
from benchmarks.stories import Story, disputed, ten_commands
from infrastructure.bootstrap import REMEMBERED_CASES

SLOW_FLUSH: Final = 1_000
GOALS: Final = {1: 0.75, 4: 0.7, 8: 0.65}
SLOW_GOAL: Final = 0.75


@contextmanager
def product(site: Site, *, story: Story, remembered: int) -> Generator[Callable[[], Step]]:
    """One command through the product's own use cases a step."""
    with site.product(remembered=remembered) as wiring:
        cases = wiring.services.cases

        def tell() -> Generator[None]:
            while True:
                for _ in story(cases):
                    yield

        yield lambda: tell().__next__


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure the whole honest life cycle of a dispute."""
    yield from _on_every_disk(ground, scale, disputed, name="command")


def run_ten(ground: Ground, scale: Scale) -> Figures:
    """Measure ten commands that record eleven events over two streams."""
    yield from _on_every_disk(ground, scale, ten_commands, name="command10")


def _on_every_disk(ground: Ground, scale: Scale, story: Story, *, name: str) -> Figures:
    with ground.site() as site:
        told = measure(site, story)
        yield stated(f"{name}.commands", value=told.commands, unit="commands")
        yield stated(f"{name}.events", value=told.events, unit="events")
    for clients, goal in GOALS.items():
        yield from _measured(
            ground, scale, story, told, name=f"{name}.c{clients}", clients=clients, goal=goal
        )
    slow = f"{name}.c8.slow_disk"
    yield from _measured(
        ground,
        scale,
        story,
        told,
        name=slow,
        clients=8,
        goal=SLOW_GOAL,
        settings=slow_disk(SLOW_FLUSH),
    )


def _measured(
    ground: Ground,
    scale: Scale,
    story: Story,
    told: Measured,
    *,
    name: str,
    clients: int,
    goal: float,
    settings: Mapping[str, int] = AS_IT_IS,
) -> Figures:
    contestants: dict[str, Contestant] = {
        "floor": partial(floors.commands, rows=told.rows),
        "product": partial(product, story=story, remembered=REMEMBERED_CASES),
        "unremembered": partial(product, story=story, remembered=0),
    }
    with (
        ground.site(settings) as site,
        race(site, contestants, clients=clients) as running,
    ):
        rates = running.run(rounds=scale.rounds, seconds=scale.seconds, name=name)
    floor, ours, unremembered = rates["floor"], rates["product"], rates["unremembered"]
    yield at_least(
        goal,
        figure=name,
        value=ratio(ours, floor),
        unit="ratio",
        floor_per_second=round(median(floor)),
        product_per_second=round(median(ours)),
    )
    yield stated(f"{name}.unremembered", value=ratio(unremembered, floor), unit="ratio")
