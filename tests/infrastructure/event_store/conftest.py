"""What the tests of the event store may ask for, beside a database."""

from collections.abc import Iterator

import pytest

from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.postgres.connections import open_pool
from tests.databases import Database
from tests.infrastructure.event_store.store_examples import Pool, open_cases


@pytest.fixture
def recorder(pool: Pool, database: Database) -> EventRecorder:
    """The product's recorder over the test's database."""
    return EventRecorder(pool, schema=database.schema)


@pytest.fixture
def cases(pool: Pool) -> RecordedCases:
    """The cases as this process sees them."""
    return open_cases(pool)


@pytest.fixture
def elsewhere(database: Database) -> Iterator[RecordedCases]:
    """The same cases as another process sees them: other connections, another memory."""
    with open_pool(
        database.application_url,
        schema=database.schema,
        min_size=1,
        max_size=8,
        application_name="elsewhere",
    ) as pool:
        yield open_cases(pool)
