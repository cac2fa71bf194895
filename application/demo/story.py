"""The whole story: told once, and told again without adding anything."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from application.demo.chapters import COMPLAINT, DISPUTE
from application.demo.plots import PLOTS, Plot
from application.demo.telling import STORY_ENDS, Identify, Telling
from application.imports.catching_up import CasesInBulk
from application.imports.gathering import Command, GatheredCommands
from domain.complaints.events import ComplaintRegistered, Language
from domain.disputes.events import DisputeOpened

TOGETHER: Final = 20
"""Cases that become durable in one append."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What telling the story came to."""

    cases: int
    """Cases of the story, each with all that belongs to it."""
    added: int
    """Those that were not recorded yet."""
    complaints: int
    disputes: int
    events: int
    """The complaints, disputes and events that this telling added."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One case of the story, and how to tell it."""

    telling: Telling
    plot: Plot

    @property
    def known_by(self) -> tuple[UUID, UUID]:
        """The cases of which one is there when the scene was told, which it is as a whole."""
        return self.telling.name(COMPLAINT), self.telling.name(DISPUTE)

    def commands(self, cases: CasesInBulk) -> list[Command]:
        """Tell the scene to somebody who takes the commands down."""
        gathered = GatheredCommands(cases)
        self.telling.cases = gathered
        self.plot.tell(self.telling)
        return gathered.commands


def scenes(cases: CasesInBulk, *, identify: Identify) -> Iterator[Scene]:
    """Every case of the story, French and English in turn."""
    number = 0
    for plot in PLOTS:
        for place in range(plot.cases):
            number += 1
            spread = plot.earliest - plot.latest
            before = plot.latest + spread * place // max(plot.cases - 1, 1)
            telling = Telling(
                number=number,
                plot=plot.tell.__name__,
                begins=STORY_ENDS - timedelta(days=before),
                language=Language.FRENCH if number % 2 else Language.ENGLISH,
                identify=identify,
                cases=cases,
            )
            yield Scene(telling, plot)


def tell_story(
    cases: CasesInBulk, *, identify: Identify, show: Callable[[int], None] | None = None
) -> Told:
    """Tell what is not recorded yet of the story; `show` is called with the cases done."""
    everything = list(scenes(cases, identify=identify))
    added, types = 0, list[str]()
    for start in range(0, len(everything), TOGETHER):
        batch = everything[start : start + TOGETHER]
        fresh = _not_recorded(batch, cases)
        commands = [command for scene in fresh for command in scene.commands(cases)]
        if commands:
            types += cases.transact_all(commands).types
        added += len(fresh)
        if show is not None:
            show(start + len(batch))
    return Told(
        cases=len(everything),
        added=added,
        complaints=types.count(ComplaintRegistered.type),
        disputes=types.count(DisputeOpened.type),
        events=len(types),
    )


def is_told_in(cases: CasesInBulk, *, identify: Identify) -> bool:
    """Tell whether the story's first case is recorded."""
    first = next(scenes(cases, identify=identify))
    return not _not_recorded([first], cases)


def _not_recorded(batch: Sequence[Scene], cases: CasesInBulk) -> list[Scene]:
    known = cases.histories([case_id for scene in batch for case_id in scene.known_by])
    return [scene for scene in batch if known.keys().isdisjoint(scene.known_by)]
