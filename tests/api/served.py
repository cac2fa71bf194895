"""The API served as it is in production, for what only a real server shows."""

import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import httpx2

from api.command_line.serving import ApiServer, listening
from api.http.broadcasting import Broadcast
from application.keys import KeyTerms, every_scope
from application.reach import EVERYWHERE, Reach
from application.services import Services
from domain.parties import Role
from infrastructure.settings import Settings
from tests.api.doors import take_new_key

PATIENCE: Final = 30.0


@dataclass(frozen=True)
class Served:
    """A running server, and clients with keys of every role."""

    url: str
    server: ApiServer
    services: Services
    closing: ExitStack
    """Closes every client and stream before the server stops."""

    def key(self, role: Role, *, subject_id: str | None = None, reach: Reach = EVERYWHERE) -> str:
        """The secret of a new key."""
        subject = subject_id or str(role)
        terms = KeyTerms(subject_id=subject, role=role, scopes=every_scope(role), reach=reach)
        return self.services.keys.issue(terms).secret

    def client(
        self, role: Role, *, subject_id: str | None = None, reach: Reach = EVERYWHERE
    ) -> httpx2.Client:
        """Somebody with a new key of this role."""
        authorization = f"Bearer {self.key(role, subject_id=subject_id, reach=reach)}"
        return self.closing.enter_context(
            httpx2.Client(
                base_url=self.url,
                timeout=PATIENCE,
                headers={"Authorization": authorization},
                event_hooks={"request": [take_new_key]},
            )
        )

    def stream(
        self,
        role: Role,
        query: str = "",
        *,
        subject_id: str | None = None,
        reach: Reach = EVERYWHERE,
        **headers: str,
    ) -> httpx2.Response:
        """Open a live stream of somebody with a new key of this role."""
        client = self.client(role, subject_id=subject_id, reach=reach)
        path = f"/v1/events/stream{query}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.closing.enter_context(client.stream("GET", path, headers=named))


@contextmanager
def served(
    services: Services, *, broadcast: Broadcast | None = None, send_buffer: int | None = None
) -> Generator[Served]:
    """Serve these ports on a free port, for the length of a block."""
    ready, addresses = threading.Event(), list[str]()

    def on_serving(address: str) -> None:
        addresses.append(address)
        ready.set()

    with listening("127.0.0.1", port=0) as listener:
        if send_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        server = ApiServer(
            services,
            settings=Settings(),
            listener=listener,
            on_serving=on_serving,
            broadcast=broadcast,
        )
        thread = threading.Thread(target=server.serve_until_stopped, name="served")
        thread.start()
        try:
            assert ready.wait(PATIENCE), "the server serves"
            with ExitStack() as closing:
                yield Served(addresses[0], server, services, closing)
        finally:
            server.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive(), "the server stops"


@dataclass(frozen=True)
class Message:
    """One event of a stream; `type` is empty where nothing but a comment or an id was sent."""

    id: str
    type: str
    data: str


def messages(response: httpx2.Response) -> Iterator[Message]:
    """Read a stream as a browser does."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        else:
            yield Message(fields.get("id", ""), fields.get("event", ""), fields.get("data", ""))
            fields = {}


def events(response: httpx2.Response) -> Iterator[Message]:
    """Read the events of a stream, and nothing else."""
    assert response.status_code == httpx2.codes.OK, response.read()
    return (message for message in messages(response) if message.type)


def some(response: httpx2.Response, count: int) -> list[Message]:
    """Read so many events of a stream."""
    found = events(response)
    return [next(found) for _ in range(count)]
