"""Serves the simulated ERP: in the foreground until told to stop, or beside a test or a demo."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn

from infrastructure.erp.dropped import DroppableProtocol
from infrastructure.erp.simulator import create_simulator
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_ledger import Ledger

# A fault may delay an answer by minutes; stopping must not wait for it.
_GRACE_S: Final = 1


class _Server(uvicorn.Server):
    """Tells when it serves, and returns from a signal instead of dying of it."""

    def __init__(self, config: uvicorn.Config, *, on_serving: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_serving = on_serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_serving()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # What is captured is raised again after the stop, which would end the command that called
        # us before it could say goodbye.
        self._captured_signals.clear()


def run_simulator(
    *,
    host: str,
    port: int,
    state_file: Path | None,
    secret: str,
    faults: Faults,
    on_ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or ^C; `on_ready` gets the address, with the port really taken.

    Raises:
        OSError: the address cannot be taken.
        UnusableSecret: the secret is none.
    """
    with _listening(host, port=port) as listener, closing(Ledger(state_file)) as ledger:
        address = _address_of(listener)
        _server(ledger, secret=secret, faults=faults, on_serving=lambda: on_ready(address)).run(
            sockets=[listener]
        )


@contextmanager
def running_simulator(
    *, state_file: Path | None, secret: str, faults: Faults, port: int = 0
) -> Generator[str]:
    """Serve on loopback in a thread and give the address; stop on leaving."""
    serving = threading.Event()
    with _listening("127.0.0.1", port=port) as listener, closing(Ledger(state_file)) as ledger:
        server = _server(ledger, secret=secret, faults=faults, on_serving=serving.set)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="erp-simulator"
        )
        thread.start()
        try:
            while not serving.wait(timeout=0.1):
                if not thread.is_alive():
                    raise RuntimeError("the ERP simulator ended before it served")
            yield _address_of(listener)
        finally:
            server.should_exit = True
            thread.join()


def _server(
    ledger: Ledger, *, secret: str, faults: Faults, on_serving: Callable[[], None]
) -> _Server:
    config = uvicorn.Config(
        create_simulator(ledger, secret=secret, faults=faults),
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return _Server(config, on_serving=on_serving)


def _listening(host: str, *, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    # asyncio does this only for sockets it opened itself; without it, every answer's second packet
    # waits 40 ms for the first one's acknowledgement (measured: 21 against 290 requests/s).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
