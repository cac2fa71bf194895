"""The API over a real database."""

from datetime import timedelta

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from api.http.app import create_app
from application.services import Services
from infrastructure.clock import SystemClock, TimeOrderedIdentities
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.exports.files import FileExports
from infrastructure.feed.history import PostgresFeed
from infrastructure.keys import PostgresKeys
from infrastructure.lookout import PostgresLookout
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.exposures import PostgresExposures
from infrastructure.read_models.owed import PostgresReceivables
from infrastructure.read_models.projector import Projector
from infrastructure.read_models.questions import PostgresQuestions
from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.registry import PostgresWebhooks
from tests.api.doors import Door
from tests.databases import SCHEMA

Pool = ConnectionPool[Connection[TupleRow]]


@pytest.fixture
def services(pool: Pool) -> Services:
    clock, identities = SystemClock(), TimeOrderedIdentities()
    return Services(
        cases=RecordedCases(
            EventRecorder(pool, schema=SCHEMA),
            event_types=product_event_types(),
            clock=clock,
            remembered=1_000,
        ),
        questions=PostgresQuestions(pool),
        exposures=PostgresExposures(pool),
        exports=FileExports(),
        receivables=PostgresReceivables(pool),
        keys=PostgresKeys(pool, identities=identities, clock=clock),
        feed=PostgresFeed(pool, event_types=product_event_types()),
        webhooks=PostgresWebhooks(pool, identities=identities, guard=Guard(loopback=True)),
        clock=clock,
        identities=identities,
        lookout=PostgresLookout.over(pool, schema=SCHEMA, most_lag=timedelta(seconds=60)),
    )


@pytest.fixture
def projector(pool: Pool) -> Projector:
    return Projector(pool, projections=PROJECTIONS, event_types=product_event_types())


@pytest.fixture
def door(services: Services, projector: Projector) -> Door:
    return Door(create_app(services), services, projector)
