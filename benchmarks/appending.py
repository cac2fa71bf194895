"""append.*: one event through our recorder, beside a plain durable INSERT of the same row."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from statistics import median
from typing import Final

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from benchmarks import floors
from benchmarks.clients import Contestant, Step, race
from benchmarks.figures import Figures, Scale, at_least, ratio, stated
from benchmarks.site import SCHEMA, Ground, Site, slow_disk
from benchmarks.stores import measure
from benchmarks.stories import disputed
from infrastructure.clock import TimeOrderedIdentities
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.event_store.rows import Append, Entry
from infrastructure.postgres.connections import open_pool

SLOW_FLUSH: Final = 2_000
_ids: Final = TimeOrderedIdentities()


@contextmanager
def our_recorder(site: Site, *, rows: floors.Rows) -> Generator[Callable[[], Step]]:
    """One append of one event of a new stream a step."""
    with open_pool(
        site.application_url,
        schema=SCHEMA,
        min_size=1,
        max_size=20,
        application_name="recours",
    ) as pool:
        recorder = EventRecorder(pool, schema=SCHEMA)

        def step() -> Step:
            told = cycle([(t, state.encode(), metadata.encode()) for t, state, metadata in rows])

            def append() -> None:
                kind, state, metadata = next(told)
                recorder.append(Append((Entry(_ids.new(), 1, 1, kind, state, metadata),)))

            return append

        yield step


@contextmanager
def library_recorder(site: Site, *, rows: floors.Rows) -> Generator[Callable[[], Step]]:
    """The same by the library's own recorder."""
    recorder = PostgresApplicationRecorder(_datastore(site), events_table_name="library_event")

    def step() -> Step:
        told = cycle([(kind, state.encode()) for kind, state, _ in rows])

        def append() -> None:
            kind, state = next(told)
            event = StoredEvent(
                originator_id=_ids.new(), originator_version=1, topic=kind, state=state
            )
            recorder.insert_events([event])

        return append

    try:
        yield step
    finally:
        recorder.datastore.close()


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure the append on this disk and on a slow one."""
    with ground.site() as site:
        rows = measure(site, disputed).rows
        contestants: dict[str, Contestant] = {
            "plain INSERT": partial(floors.inserts, rows=rows),
            "our recorder": partial(our_recorder, rows=rows),
        }
        for clients in (8, 32):
            name = f"append.c{clients}"
            with race(site, contestants, clients=clients) as running:
                rates = running.run(rounds=scale.rounds, seconds=scale.seconds, name=name)
            floor, ours = rates["plain INSERT"], rates["our recorder"]
            yield at_least(0.6, figure=name, value=ratio(ours, floor), unit="ratio")
            yield stated(f"{name}.events", value=median(ours), unit="events/s")
    yield from _slow(ground, scale, rows)


def _datastore(site: Site) -> PostgresDatastore:
    # The library makes no difference between its logins: the one that made its table uses it.
    login = conninfo_to_dict(site.owner_url)
    return PostgresDatastore(
        dbname=str(login["dbname"]),
        host=str(login["host"]),
        port=str(login["port"]),
        user=str(login["user"]),
        password=str(login["password"]),
        pool_size=16,
        schema=SCHEMA,
    )


def _slow(ground: Ground, scale: Scale, rows: floors.Rows) -> Figures:
    name = "append.c32.slow_disk"
    contestants: dict[str, Contestant] = {
        "library's recorder": partial(library_recorder, rows=rows),
        "our recorder": partial(our_recorder, rows=rows),
        "plain INSERT": partial(floors.inserts, rows=rows),
    }
    with ground.site(slow_disk(SLOW_FLUSH)) as site:
        datastore = _datastore(site)
        PostgresApplicationRecorder(datastore, events_table_name="library_event").create_table()
        datastore.close()
        with race(site, contestants, clients=32) as running:
            rates = running.run(rounds=scale.rounds, seconds=scale.seconds, name=name)
    ours = rates["our recorder"]
    yield at_least(5, figure=name, value=ratio(ours, rates["library's recorder"]), unit="ratio")
    to_plain = ratio(ours, rates["plain INSERT"])
    yield stated(f"{name}.to_plain_insert", value=to_plain, unit="ratio")
