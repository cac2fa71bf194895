"""The HTTP API, served from this process."""

import errno
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Any, Final, cast

import anyio.to_thread
import uvicorn

from api.command_line.faults import Stopped, read_settings
from api.command_line.guarding import Guard, raise_file_limit
from api.command_line.metering import telling_metrics
from api.command_line.offices import opened_office
from api.command_line.output import say
from api.command_line.working import tell_of_erp, working
from api.http.admission import Limits
from api.http.app import create_app
from api.http.broadcasting import Broadcast
from api.http.broadcasts import Broadcasts
from api.http.doorway import LARGEST_BODY
from application.services import Services
from application.tenancy import OneTenant, Tenants
from infrastructure.logs import start_logging
from infrastructure.settings import Settings

CONNECTIONS_LEFT: Final = 6
"""Of the pool, for the background work and the follower of the live streams: more requests at once
would only wait for it."""

KEEP_ALIVE_SECONDS: Final = 75
"""Longer than proxies keep theirs, mostly 60: whoever closes first must be the one who asks."""

TICKS_A_SECOND: Final = 10
BACKLOG: Final = 2048
UNTAKEN_MILLISECONDS: Final = 60_000


class ApiServer(uvicorn.Server):
    """Tells when it serves, and returns from a signal instead of dying of it."""

    def __init__(
        self,
        services: Services,
        *,
        settings: Settings,
        listener: socket.socket,
        on_serving: Callable[[str], None],
        broadcast: Broadcast | None = None,
        tenants: Tenants | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._limits = limits_of(settings)
        tenants = tenants or OneTenant(services)
        self.broadcasts = Broadcasts(broadcast or Broadcast(services.feed))
        """The live streams that are open."""
        self.app = create_app(
            services,
            limits=self._limits,
            tenants=tenants,
            broadcasts=self.broadcasts,
            largest_body=largest_body,
        )
        super().__init__(
            uvicorn.Config(
                self.app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=settings.recours_grace,
            )
        )
        self._guard = Guard(self.server_state, most=raise_file_limit())
        self._listener = listener
        self._on_serving = on_serving
        self.interrupted = False

    def serve_until_stopped(self) -> None:
        """Serve until SIGTERM or ^C.

        Raises:
            KeyboardInterrupt: it was ^C, and everything is stopped.
        """
        try:
            self.run(sockets=[self._listener])
        finally:
            self.broadcasts.close()
            self.broadcasts.join()
        if self.interrupted:
            raise KeyboardInterrupt

    def stop(self) -> None:
        """Stop soon; may be called from any thread."""
        self.should_exit = True
        self.broadcasts.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; see uvicorn."""
        if not self.config.loaded:
            self.config.load()
        make = self.config.http_protocol_class
        self.config.http_protocol_class = cast("Any", self._guard.watching(make))
        await super().startup(sockets=sockets)
        anyio.to_thread.current_default_thread_limiter().total_tokens = self._limits.at_once
        self._on_serving(address_of(self._listener))

    async def on_tick(self, counter: int) -> bool:
        """Look after what is due from time to time; see uvicorn."""
        if counter % TICKS_A_SECOND == 0:
            self._guard.sweep()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; see uvicorn."""
        self.app.state.readiness.stopping = True
        self.force_exit = self.should_exit  # told again: nothing more is waited for
        super().handle_exit(sig, frame)
        # It waits for answers to end; a live stream never ends by itself.
        self.broadcasts.close()
        self.interrupted = self.interrupted or sig == signal.SIGINT
        # What is captured is raised again after the stop, in the middle of our own farewell.
        self._captured_signals.clear()


def serve(*, host: str, port: int, with_worker: bool) -> None:
    """Serve the API until told to stop."""
    settings = read_settings()
    start_logging(settings.recours_log, level=settings.recours_log_level)
    with listening(host, port=port) as listener, opened_office(settings) as office:
        server = ApiServer(
            office.services,
            tenants=office.tenants,
            settings=settings,
            listener=listener,
            on_serving=lambda address: say("serving at {}; ^C stops it", address),
            largest_body=settings.recours_body_limit,
        )
        with ExitStack() as stack:
            metrics = server.app.state.metrics
            stack.enter_context(telling_metrics(metrics, at=settings.recours_metrics))
            if with_worker:
                tell_of_erp(settings)
                stack.enter_context(working(office.work, on_failure=server.stop))
            server.serve_until_stopped()


def limits_of(settings: Settings) -> Limits:
    """How much one process takes on by these settings."""
    at_once = settings.recours_connections - CONNECTIONS_LEFT
    return Limits(
        at_once=at_once,
        waiting=8 * at_once,
        rate=settings.recours_rate,
        stranger_rate=settings.recours_stranger_rate,
    )


def listening(host: str, *, port: int) -> socket.socket:
    """Take an address.

    Raises:
        Stopped: somebody else has it, or it is not ours to take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Stopped(f"port {port} is taken; name another one with --port") from error
        raise Stopped(f"{host} port {port} cannot be taken: {error.strerror or error}") from error
    # asyncio does this only for sockets it opened itself; without it, answers wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A client that takes nothing any more would otherwise keep its socket, and what waits in it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN_MILLISECONDS)
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL of an address that was taken."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
