"""Following the history in the library's way: woken by the server, and leaving nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from threading import Event
from uuid import UUID

from infrastructure.event_store.recorder import EventRecorder
from infrastructure.event_store.rows import EnvelopedNotification
from tests.infrastructure.event_store.store_examples import FIRST, SECOND, Pool, append


def test_a_follower_is_woken_by_what_is_recorded_in_another_process(
    recorder: EventRecorder,
) -> None:
    """The library's subscription looks once and then only when it is notified."""
    recorder.append(append(FIRST, 1))
    caught_up = Event()
    with recorder.subscribe(gt=0) as subscription, ThreadPoolExecutor(1) as threads:

        def follow() -> list[int]:
            positions = [next(subscription).id]
            caught_up.set()
            return [*positions, *(event.id for event in islice(subscription, 5))]

        following = threads.submit(follow)
        assert caught_up.wait(timeout=30)
        lasts = [recorder.append(append(SECOND, number)).last_position for number in range(1, 6)]
        assert following.result(timeout=30)[1:] == lasts


def test_a_follower_that_leaves_gives_its_connection_back_as_it_was(
    recorder: EventRecorder, pool: Pool
) -> None:
    recorder.append(append(FIRST, 1))
    with recorder.subscribe(gt=0) as subscription:
        next(subscription)
    # A connection that still listens would collect every later notification for ever.
    with ExitStack() as stack:
        for _ in range(pool.get_stats()["pool_size"]):
            connection = stack.enter_context(pool.connection(timeout=30))
            assert connection.execute("SELECT pg_listening_channels()").fetchall() == []


def test_a_notification_carries_what_the_table_knows_beyond_the_library(
    recorder: EventRecorder,
) -> None:
    receipt = recorder.append(append(FIRST, 1))
    (notification,) = recorder.select_notifications(start=1, limit=10)
    assert isinstance(notification, EnvelopedNotification)
    assert notification.metadata == b"{}"
    assert notification.schema_version == 1
    assert notification.recorded_at == receipt.recorded_at
    (stored,) = recorder.select_events(UUID(int=1))
    assert stored.topic == "complaint.acknowledged"
