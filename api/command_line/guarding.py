"""Keeps connections that are not getting anywhere from standing in the way of the others.

The web server waits for ever for the rest of a request, and for a caller who does not read. Here
each stage has its time, looked at once a second, so that a request itself costs nothing more.
"""

import asyncio
import resource
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final, NamedTuple, Protocol

from uvicorn.server import ServerState

MOST_CONNECTIONS: Final = 4_096
"""Beyond these, the one that has been getting nowhere longest makes room."""

FILES_LEFT: Final = 256
"""Open files that are not callers' connections: the database's, the log, the listener."""


class Stage(Enum):
    """What a connection is at."""

    IDLE = auto()
    """Between two requests; the web server has a time of its own for it."""
    HEAD = auto()
    """The first request's head, or the next one's, is not whole."""
    BODY = auto()
    SERVED = auto()
    """It is our turn."""
    READING = auto()
    """The caller has not read what we wrote."""


SECONDS: Final = {Stage.HEAD: 10.0, Stage.BODY: 20.0, Stage.READING: 30.0}
"""How long a connection may stay at a stage without getting on."""


class Connection(Protocol):
    """What we look at of a connection of the web server, whichever parser it uses."""

    transport: asyncio.Transport | None
    cycle: Any  # Any: the parser's own record of a request
    timeout_keep_alive_task: asyncio.TimerHandle | None


class _Mark(NamedTuple):
    stage: Stage
    request: object
    unread: int
    since: float


class Guard:
    """Watches over the connections of one server."""

    def __init__(
        self,
        state: ServerState,
        *,
        most: int = MOST_CONNECTIONS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._most = most
        self._seconds = seconds
        self._marks: dict[Connection, _Mark] = {}

    def watching(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap what makes a connection, so that each one is known from its beginning."""

        def made(**given: object) -> Any:  # noqa: ANN401 - the web server's own protocol
            if len(self._state.connections) >= self._most:
                self._make_room()
            connection = make(**given)
            self._marks[connection] = _Mark(Stage.HEAD, None, 0, self._seconds())
            return connection

        return made

    def sweep(self) -> None:
        """End what has not been getting anywhere for too long; to be called every second."""
        now = self._seconds()
        for connection, mark in list(self._marks.items()):
            if _is_over(connection):
                del self._marks[connection]
                continue
            seen = _look(connection, since=now)
            if seen[:3] != mark[:3]:
                self._marks[connection] = seen
            elif now - mark.since > SECONDS.get(mark.stage, now):
                _end(connection)

    def _make_room(self) -> None:
        for connection in self._marks:  # the oldest first
            if not _is_over(connection) and _stage(connection) is not Stage.SERVED:
                _end(connection)
                return


def raise_file_limit() -> int:
    """Let this process open as many files as the system grants; answers how many are callers'."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    granted = MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else hard - FILES_LEFT
    return max(min(MOST_CONNECTIONS, granted), 1)


def _is_over(connection: Connection) -> bool:
    return connection.transport is not None and connection.transport.is_closing()


def _end(connection: Connection) -> None:
    if connection.transport is not None:
        connection.transport.abort()


def _look(connection: Connection, *, since: float) -> _Mark:
    return _Mark(_stage(connection), connection.cycle, _unread(connection), since)


def _unread(connection: Connection) -> int:
    return 0 if connection.transport is None else connection.transport.get_write_buffer_size()


def _stage(connection: Connection) -> Stage:
    request = connection.cycle
    if _unread(connection):
        return Stage.READING
    if request is None:
        return Stage.HEAD
    if request.response_complete:
        return Stage.HEAD if connection.timeout_keep_alive_task is None else Stage.IDLE
    return Stage.BODY if request.more_body else Stage.SERVED
