"""The library's own tests of what a recorder has to do, run on ours over a real server."""

from collections.abc import Sequence
from uuid import UUID

import orjson
import pytest
from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)
from eventsourcing.tests import persistence as conformance

from infrastructure.event_store.recorder import EventRecorder
from tests.databases import Database
from tests.infrastructure.event_store.store_examples import FIRST, SECOND, Pool


class QuotingRecorder(EventRecorder, ProcessRecorder):
    """The library's tests store states such as `state1`, which is no JSON: it is quoted here."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        **kwargs: object,
    ) -> Sequence[int] | None:
        quoted = [
            StoredEvent(
                originator_id=event.originator_id,
                originator_version=event.originator_version,
                topic=event.topic,
                state=orjson.dumps(event.state.decode()),
            )
            for event in stored_events
        ]
        return super().insert_events(quoted, tracking=tracking, **kwargs)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return [
            StoredEvent(
                originator_id=event.originator_id,
                originator_version=event.originator_version,
                topic=event.topic,
                state=_unquoted(event.state),
            )
            for event in super().select_events(
                originator_id, gt=gt, lte=lte, desc=desc, limit=limit
            )
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        return [
            Notification(
                id=event.id,
                originator_id=event.originator_id,
                originator_version=event.originator_version,
                topic=event.topic,
                state=_unquoted(event.state),
            )
            for event in super().select_notifications(
                start, limit, stop, topics, inclusive_of_start=inclusive_of_start
            )
        ]


class SilentRecorder(QuotingRecorder):
    """An aggregate recorder, in the library's sense, tells no positions."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        **kwargs: object,
    ) -> Sequence[int] | None:
        super().insert_events(stored_events, tracking=tracking, **kwargs)
        return None


class OverRealServer:
    """Gives the library's test cases our recorder over the test's database."""

    pool: Pool
    schema: str

    @pytest.fixture(autouse=True)
    def _database(self, pool: Pool, database: Database) -> None:
        self.pool = pool
        self.schema = database.schema

    def create_recorder(self) -> QuotingRecorder:
        return QuotingRecorder(self.pool, schema=self.schema)


class TestAsAggregateRecorder(OverRealServer, conformance.AggregateRecorderTestCase):
    """Streams: read in parts, appended all or none."""

    def create_recorder(self) -> QuotingRecorder:
        return SilentRecorder(self.pool, schema=self.schema)


class TestAsApplicationRecorder(
    OverRealServer, conformance.ApplicationRecorderTestCase[QuotingRecorder]
):
    """Positions, the notification log and subscriptions."""

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestAsTrackingRecorder(OverRealServer, conformance.TrackingRecorderTestCase):
    """How far followers have come."""


class TestAsProcessRecorder(OverRealServer, conformance.ProcessRecorderTestCase):
    """Events together with how far a follower has come."""


class TestThatPositionsDoNotInterleave(
    OverRealServer, conformance.NonInterleavingNotificationIDsBaseCase
):
    """Two large appends at once stand in the history one after the other."""


def stored(stream_id: UUID, version: int) -> StoredEvent:
    return StoredEvent(
        originator_id=stream_id, originator_version=version, topic="topic", state=b"{}"
    )


def test_a_notification_processed_twice_appends_nothing(recorder: EventRecorder) -> None:
    recorder.insert_events([stored(FIRST, 1)], tracking=Tracking("upstream", 7))
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(SECOND, 1)], tracking=Tracking("upstream", 7))
    assert recorder.select_events(SECOND) == []
    assert recorder.max_tracking_id("upstream") == 7


def test_a_conflict_leaves_the_followers_position_where_it_was(recorder: EventRecorder) -> None:
    recorder.insert_events([stored(FIRST, 1)], tracking=Tracking("upstream", 7))
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(FIRST, 1)], tracking=Tracking("upstream", 8))
    assert recorder.max_tracking_id("upstream") == 7


def test_an_option_that_the_recorder_does_not_know_is_refused(recorder: EventRecorder) -> None:
    with pytest.raises(TypeError, match="unknown options: snapshots"):
        recorder.insert_events([stored(FIRST, 1)], snapshots=True)


def _unquoted(state: bytes) -> bytes:
    return str(orjson.loads(state)).encode()
