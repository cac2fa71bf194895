"""Leader and followers in one process: who waits for whom, and what becomes of them."""

import signal
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, get_ident
from types import FrameType

import pytest

from infrastructure.event_store.group_commit import GroupCommit


class Interrupted(BaseException):
    """Somebody pressed ^C."""


@contextmanager
def interruptible() -> Generator[None]:
    """Let SIGUSR1 stand for ^C, which the test runner needs for itself."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_everybody_gets_the_answer_to_their_own_item_however_many_ask_at_once() -> None:
    batches: list[int] = []

    def commit_all(items: Sequence[int]) -> list[int | BaseException]:
        batches.append(len(items))
        return [LookupError(item) if item % 7 == 0 else item * 10 for item in items]

    group = GroupCommit[int, int](commit_all, most=4)
    together = Barrier(8)

    def ask(first: int) -> None:
        together.wait()
        for item in range(first, 4_000, 8):
            if item % 7 == 0:
                with pytest.raises(LookupError, match=f"^{item}$"):
                    group.submit(item)
            else:
                assert group.submit(item) == item * 10

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == [None] * 8
    assert sum(batches) == 4_000
    assert max(batches) <= 4


def test_when_the_commit_fails_everybody_in_it_learns_so_and_the_next_ones_go_on() -> None:
    fail = True

    def commit_all(items: Sequence[int]) -> Sequence[int]:
        if fail:
            raise OSError("the disk is full")
        return items

    group = GroupCommit[int, int](commit_all, most=4)
    with pytest.raises(OSError, match="full"):
        group.submit(1)
    fail = False
    assert group.submit(2) == 2


def test_a_follower_that_is_interrupted_while_it_waits_does_not_stop_the_others() -> None:
    entered, go_on = Event(), Event()
    committed: list[list[int]] = []

    def commit_all(items: Sequence[int]) -> Sequence[int]:
        entered.set()
        assert go_on.wait(timeout=30)
        committed.append(list(items))
        return items

    group = GroupCommit[int, int](commit_all, most=4)
    main = get_ident()

    def interrupt_main_in_the_queue() -> None:
        # Nothing public tells who waits, and an earlier interrupt would prove nothing.
        while not group._queue:  # pyright: ignore[reportPrivateUsage]
            assert not go_on.is_set()
        signal.pthread_kill(main, signal.SIGUSR1)

    with ThreadPoolExecutor(3) as threads, interruptible():
        leader = threads.submit(group.submit, 1)
        assert entered.wait(timeout=30)
        interrupter = threads.submit(interrupt_main_in_the_queue)
        with pytest.raises(Interrupted):
            group.submit(2)
        interrupter.result(timeout=30)
        follower = threads.submit(group.submit, 3)
        go_on.set()
        assert leader.result(timeout=30) == 1
        assert follower.result(timeout=30) == 3
        assert group.submit(4) == 4
    assert committed == [[1], [3], [4]]
