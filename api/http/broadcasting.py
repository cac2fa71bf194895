"""The live streams of one process: one follower of the history, and everybody who listens to it.

The follower is a thread with one connection to the database. What it reads is written out once and
kept for a while in memory; each stream has its own place in that and takes what lies behind it, so
nothing is queued for anybody. Who falls further behind than the memory reaches reads pages of the
history, like everybody who comes from the past. Everything here but the follower runs in the event
loop.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import takewhile
from threading import Event as Signal
from threading import Thread
from typing import Final, NamedTuple

import orjson

from api.http.errors import StreamsFull, TooManyStreams
from application.feed.cloud_events import cloud_event
from application.feed.following import Feed, FeedPage
from application.recorded import RecordedEvent

REMEMBERED: Final = 2_000
"""Events kept in memory for all streams together."""

MOST_OF_ONE: Final = 5
"""Streams that one subject may have open in one process."""

MOST: Final = 200
"""Streams that one process serves."""

_LOG: Final = logging.getLogger(__name__)


class Frame(NamedTuple):
    """An event as it is sent."""

    position: int
    type: str
    text: bytes

    @classmethod
    def of(cls, recorded: RecordedEvent) -> "Frame":
        """Write an event out."""
        text = orjson.dumps(cloud_event(recorded)).decode()
        name = recorded.event.type
        block = f"id: {recorded.position}\nevent: {name}\ndata: {text}\n\n"
        return cls(recorded.position, name, block.encode())


class Broadcast:
    """What every stream of this process takes its events from."""

    def __init__(
        self,
        feed: Feed,
        *,
        remembered: int = REMEMBERED,
        most: int = MOST,
        most_of_one: int = MOST_OF_ONE,
    ) -> None:
        self._feed = feed
        self._frames = deque[Frame](maxlen=remembered)
        self._most, self._most_of_one = most, most_of_one
        self._open = Counter[str]()
        self._stop = Signal()
        self._beginning = asyncio.Lock()
        self._follower: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: asyncio.Future[None] | None = None
        self._begin = self._end = 0
        self.open_beside: Callable[[], int] = lambda: 0
        """How many streams are open of others that share the process."""
        self.on_quiet: Callable[[], None] = lambda: None
        """Called when nobody listens any more."""

    @property
    def is_over(self) -> bool:
        """Whether the streams have to end."""
        return self._stop.is_set()

    @property
    def open_streams(self) -> int:
        """How many streams are open."""
        return self._open.total()

    def close(self) -> None:
        """End every stream, soon; may be called from any thread, and from a signal's handler."""
        self._stop.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def join(self) -> None:
        """Wait until the follower has given its connection back; `close` comes first."""
        if self._follower is not None:
            self._follower.join()

    @contextmanager
    def place_for(self, subject_id: str) -> Generator[None]:
        """Take one of the places for streams.

        Raises:
            TooManyStreams: the subject has as many as one may have.
            StreamsFull: the process serves as many as it can.
        """
        if self._open[subject_id] >= self._most_of_one:
            raise TooManyStreams(self._most_of_one)
        if self.open_streams + self.open_beside() >= self._most or self.is_over:
            raise StreamsFull
        self._open[subject_id] += 1
        try:
            yield
        finally:
            self._open[subject_id] -= 1
            self._open += Counter()  # forgets who has none left
            if not self.open_streams:
                self.on_quiet()

    async def begin(self) -> None:
        """Have the follower at work."""
        async with self._beginning:
            if self._follower is None:
                self._begin = self._end = await asyncio.to_thread(self._feed.start, None)
                self._loop = asyncio.get_running_loop()
                self._news = self._loop.create_future()
                self._follower = Thread(target=self._follow, name="live streams", daemon=True)
                self._follower.start()

    def reaches(self, position: int) -> bool:
        """Tell whether everything behind the position is in memory, as far as it is known."""
        return position >= self._begin

    def has_nothing_behind(self, position: int) -> bool:
        """Tell whether nothing is known that was recorded behind the position."""
        return position >= self._end

    def behind(self, position: int, *, types: frozenset[str]) -> tuple[list[bytes], int]:
        """What was recorded behind a position, and where it ends; no type named means all."""
        fresh = [*takewhile(lambda frame: frame.position > position, reversed(self._frames))]
        texts = [frame.text for frame in reversed(fresh) if not types or frame.type in types]
        return texts, max(position, self._end)

    def news(self) -> asyncio.Future[None]:
        """What is done as soon as there is something new, or the streams have to end."""
        assert self._news is not None, "the follower is at work"
        return self._news

    def _follow(self) -> None:
        try:
            for page in self._pages():
                assert self._loop is not None, "the follower was begun in a loop"
                self._loop.call_soon_threadsafe(self._take, page)
        except Exception as error:  # noqa: BLE001 - told, and all streams end
            # Nobody is left with a stream that stands still: they end, and come back elsewhere.
            # Its text stays out of the log: it can hold what people wrote.
            _LOG.critical("the follower of the live streams failed: %s", type(error).__name__)
            self.close()

    def _pages(self) -> Iterator[FeedPage]:
        return self._feed.follow(after=self._end, stop=self._stop)

    def _take(self, page: FeedPage) -> None:
        for recorded in page.events:
            if len(self._frames) == self._frames.maxlen:
                self._begin = self._frames[0].position
            self._frames.append(Frame.of(recorded))
        self._end = page.position
        self._tell()

    def _tell(self) -> None:
        news, self._news = self.news(), asyncio.get_running_loop().create_future()
        news.set_result(None)
