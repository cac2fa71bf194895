"""Invariant 14: dropping and rebuilding any read model gives the same rows."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from infrastructure.event_store.event_types import product_event_types
from infrastructure.postgres.connections import open_pool
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.projector import PAGE, Projector
from infrastructure.read_models.rebuilding import rebuild
from tests.databases import Database, Server
from tests.infrastructure.read_models.histories import Rows, dump, facts_of, write_history
from tests.infrastructure.read_models.stories import tell

# A story is some hundred commands: shrinking one takes minutes and tells little.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=15, phases=NO_SHRINKING, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_rebuild_gives_the_rows_byte_by_byte_whatever_was_the_size_of_the_pages(
    server: Server, template: Database, data: st.DataObject
) -> None:
    story = facts_of(tell(data, steps=60))
    with server.copy(template) as database:
        write_history(database, story)
        at_once = project(database, page=PAGE)
        assert at_once["worklist"]
        for projection in PROJECTIONS:
            rebuild(
                database.owner_url,
                projection,
                schema=database.schema,
                event_types=product_event_types(),
                progress=lambda _: None,
            )
        assert dump(database) == at_once
    for page in (1, 7):
        with server.copy(template) as database:
            write_history(database, story)
            assert project(database, page=page) == at_once


def project(database: Database, *, page: int) -> Rows:
    with open_pool(
        database.application_url,
        schema=database.schema,
        min_size=1,
        max_size=1,
        application_name="tests",
    ) as pool:
        projector = Projector(
            pool, projections=PROJECTIONS, event_types=product_event_types(), page=page
        )
        projector.catch_up()
        if projector.failures:
            pytest.fail(str(projector.failures[0]))
    return dump(database)
