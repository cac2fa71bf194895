"""Leader and followers: threads of one process that append at once share one round trip.

Whoever finds no leader commits the whole queue in one statement; the others wait. Measured with 16
threads, a batch of 16 costs 33 µs an event where single calls cost 280 µs.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, Generic, TypeVar

_LOOK_SECONDS: Final = 1.0

T = TypeVar("T")
R = TypeVar("R")


class _Ticket(Generic[T, R]):
    __slots__ = ("error", "gate", "item", "leads", "result")

    def __init__(self, item: T) -> None:
        self.item = item
        self.gate = Lock()
        self.gate.acquire()
        self.leads = False
        self.result: R | None = None
        self.error: BaseException | None = None


class GroupCommit(Generic[T, R]):
    """Joins the items of concurrent callers into one call of `commit_all`.

    `commit_all` answers for each item with a result or with the error to raise to its caller. When
    it raises itself, every caller of the batch gets that error.
    """

    def __init__(
        self,
        commit_all: Callable[[Sequence[T]], Sequence[R | BaseException]],
        *,
        most: int,
    ) -> None:
        self._commit_all = commit_all
        self._most = most
        self._lock = Lock()
        self._queue: list[_Ticket[T, R]] = []
        self._led = False

    def submit(self, item: T) -> R:
        """Commit the item, alone or with others, and wait until that is done.

        Raises:
            BaseException: whatever `commit_all` answered or raised for this item.
        """
        ticket: _Ticket[T, R] = _Ticket(item)
        try:
            self._wait_for_turn(ticket)
        except BaseException:  # ^C reaches the main thread while it waits
            self._leave(ticket)
            raise
        if ticket.leads:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        assert ticket.result is not None, "a ticket without an error has a result"
        return ticket.result

    def _wait_for_turn(self, ticket: _Ticket[T, R]) -> None:
        with self._lock:
            self._queue.append(ticket)
            ticket.leads = not self._led
            self._led = True
            leads = ticket.leads
        # A signal that arrives just before the wait does not wake it; the next look does.
        while not leads and not ticket.gate.acquire(timeout=_LOOK_SECONDS):
            pass

    def _lead(self) -> None:
        with self._lock:
            batch, self._queue = self._queue[: self._most], self._queue[self._most :]
        try:
            answers = self._commit_all([ticket.item for ticket in batch])
        except BaseException as error:  # noqa: BLE001 - every caller of the batch must learn of it
            answers = [error] * len(batch)
        for ticket, answer in zip(batch, answers, strict=True):
            if isinstance(answer, BaseException):
                ticket.error = answer
            else:
                ticket.result = answer
        self._pass_on()
        for ticket in batch:
            ticket.gate.release()

    def _leave(self, ticket: _Ticket[T, R]) -> None:
        # The lead must not go to a thread that is gone: everybody after it would wait for ever.
        with self._lock:
            if ticket in self._queue:
                self._queue.remove(ticket)
        if ticket.leads:
            self._pass_on()

    def _pass_on(self) -> None:
        with self._lock:
            if self._queue:
                heir = self._queue[0]
                heir.leads = True
                heir.gate.release()
            else:
                self._led = False
