"""Filling a store with many cases, in the order in which they would come in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice
from typing import Final
from uuid import UUID

from application.imports.gathering import GatheredCommands
from application.ports import Cases
from benchmarks.site import Site
from benchmarks.stories import Story, answered, disputed

COHORT: Final = 50
"""Cases that live at the same time: their events alternate in the store."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one telling of a story records."""

    commands: int
    events: int
    rows: tuple[tuple[str, str, str], ...]
    """The last event of each command: its type, state and metadata as they stand in the table."""


def measure(site: Site, story: Story) -> Measured:
    """Tell a story once and look at what it left."""
    with site.product(remembered=100) as wiring:
        recorded = list(story(wiring.services.cases))
    with site.administration() as admin:
        rows = admin.execute(
            "SELECT type, state::text, metadata::text FROM event"
            " WHERE position = ANY(%s) ORDER BY position",
            [[each.position for each in recorded]],
        ).fetchall()
    return Measured(
        commands=len(recorded),
        events=sum(len(each.types) for each in recorded),
        rows=tuple((str(kind), str(state), str(metadata)) for kind, state, metadata in rows),
    )


def fill(cases: Cases, stories: Iterable[Story]) -> int:
    """Tell these stories, some of them at a time; answers how many events were recorded."""
    events, left = 0, iter(stories)
    while cohort := list(islice(left, COHORT)):
        gathered = GatheredCommands(cases)
        tellings = [story(gathered) for story in cohort]
        while tellings:
            tellings = [telling for telling in tellings if next(telling, None) is not None]
            if gathered.commands:
                events += len(cases.transact_all(gathered.commands).types)
                gathered.commands.clear()
    return events


def fill_mixed(site: Site, *, cases: int) -> int:
    """Record disputes and plain complaints in equal parts; answers with the number of events."""
    with site.product(remembered=10_000) as wiring:
        return fill(wiring.services.cases, islice(cycle((disputed, answered)), cases))


def finished_complaints(site: Site, *, most: int) -> Sequence[UUID]:
    """Some complaints that were answered and closed."""
    with site.administration() as admin:
        found = admin.execute(
            "SELECT stream_id FROM event WHERE type = 'complaint.response_accepted'"
            " ORDER BY position LIMIT %s",
            [most],
        ).fetchall()
    return [UUID(str(case_id)) for case_id in chain.from_iterable(found)]
