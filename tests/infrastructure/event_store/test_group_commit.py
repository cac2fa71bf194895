"""Leaders and followers in one process: who waits for whom, and what becomes of them."""

import signal
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Semaphore, get_ident
from time import monotonic
from types import FrameType
from typing import Final

import pytest

from infrastructure.event_store.group_commit import GroupCommit

FOR_EVER: Final = 3_600.0


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

    group = GroupCommit[int, int](commit_all, most=4, leaders=3, patience=0)
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

    group = GroupCommit[int, int](commit_all, most=4, leaders=1, patience=FOR_EVER)
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

    group = GroupCommit[int, int](commit_all, most=4, leaders=1, patience=FOR_EVER)
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


class SlowDisk:
    """Commits that wait until the disk is told to turn."""

    def __init__(self) -> None:
        self.begun: list[list[int]] = []
        self._turns = Event()
        self._waiting = Semaphore(0)

    def commit_all(self, items: Sequence[int]) -> Sequence[int]:
        """Commit nothing before the disk turns."""
        self.begun.append(list(items))
        self._waiting.release()
        assert self._turns.wait(timeout=30), "the test turns the disk"
        return items

    def wait_for_a_commit(self) -> None:
        """Wait until one more commit is under way."""
        assert self._waiting.acquire(timeout=30), "nobody set off"

    def turn(self) -> None:
        """Let every commit through, now and later."""
        self._turns.set()


def wait_for_queue(group: GroupCommit[int, int], length: int) -> None:
    """Wait until that many wait for somebody else; nothing public tells."""
    until = monotonic() + 30
    while len(group._queue) < length:  # pyright: ignore[reportPrivateUsage]
        assert monotonic() < until, "they never came to wait"


def test_whoever_comes_while_a_commit_waits_for_the_disk_sets_off_without_it() -> None:
    disk = SlowDisk()
    group = GroupCommit[int, int](disk.commit_all, most=4, leaders=3, patience=0)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(group.submit, 1)
        disk.wait_for_a_commit()
        second = threads.submit(group.submit, 2)
        disk.wait_for_a_commit()
        disk.turn()
        assert (first.result(timeout=30), second.result(timeout=30)) == (1, 2)
    assert disk.begun == [[1], [2]]


def test_whoever_waits_beside_a_commit_of_the_last_moment_sets_off_when_it_takes_longer() -> None:
    disk = SlowDisk()
    group = GroupCommit[int, int](disk.commit_all, most=4, leaders=3, patience=0.5)
    with ThreadPoolExecutor(3) as threads:
        leader = threads.submit(group.submit, 1)
        disk.wait_for_a_commit()
        followers = [threads.submit(group.submit, item) for item in (2, 3)]
        disk.wait_for_a_commit()
        disk.turn()
        assert leader.result(timeout=30) == 1
        assert [follower.result(timeout=30) for follower in followers] == [2, 3]
    assert sorted(item for batch in disk.begun for item in batch) == [1, 2, 3]


def test_a_commit_that_has_only_begun_is_waited_for_and_the_next_takes_all_who_did() -> None:
    disk = SlowDisk()
    group = GroupCommit[int, int](disk.commit_all, most=4, leaders=3, patience=FOR_EVER)
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(group.submit, 1)]
        disk.wait_for_a_commit()
        for item in (2, 3, 4):
            answers.append(threads.submit(group.submit, item))
            wait_for_queue(group, item - 1)
        disk.turn()
        assert [answer.result(timeout=30) for answer in answers] == [1, 2, 3, 4]
    assert disk.begun == [[1], [2, 3, 4]]


def test_no_more_commits_than_allowed_are_under_way_at_a_time() -> None:
    disk = SlowDisk()
    group = GroupCommit[int, int](disk.commit_all, most=4, leaders=2, patience=0)
    with ThreadPoolExecutor(4) as threads:
        answers: list[Future[int]] = []
        for item in (1, 2):
            answers.append(threads.submit(group.submit, item))
            disk.wait_for_a_commit()
        for item in (3, 4):
            answers.append(threads.submit(group.submit, item))
            wait_for_queue(group, item - 2)
        assert disk.begun == [[1], [2]]
        disk.turn()
        assert [answer.result(timeout=30) for answer in answers] == [1, 2, 3, 4]
    assert sorted(item for batch in disk.begun for item in batch) == [1, 2, 3, 4]
