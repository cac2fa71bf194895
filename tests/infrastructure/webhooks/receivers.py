"""Real receivers on this machine, which answer as told and write down what came."""

import ssl
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Final

from standardwebhooks.webhooks import Webhook

PATIENCE: Final = 20.0


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        """What names the delivery."""
        return self.headers["webhook-id"]


Answer = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """Answer with a status."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def huge(handler: BaseHTTPRequestHandler) -> None:
    """Answer well, and then with words without end."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100_000):
        handler.wfile.write(b"\x00<b>words" * 1_000)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Answer a byte at a time, without end."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b".")
        sleep(0.01)


def resetting(handler: BaseHTTPRequestHandler) -> None:
    """Hang up without an answer."""
    handler.connection.close()


@dataclass
class Receiver:
    """A receiver: its answers one after the other, the last one for ever."""

    url: str = ""
    answers: list[Answer] = field(default_factory=lambda: [status(204)])
    received: list[Received] = field(default_factory=list[Received])

    def next_answer(self) -> Answer:
        """What to answer now."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def verified(self, secret: str) -> Iterator[Received]:
        """What came, as far as the outside judge believes it."""
        for one in list(self.received):
            Webhook(secret).verify(one.body, one.headers, json_parse=False)
            yield one


@contextmanager
def receiving(
    *answers: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Generator[Receiver]:
    """Receive on a free port, for the length of a block."""
    receiver = Receiver()
    receiver.answers = list(answers) or receiver.answers

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(headers, self.rfile.read(length)))
            receiver.next_answer()(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Let whoever hangs up hang up."""

    server = Quiet((host, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    receiver.url = f"{scheme}://{host}:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, name="receiver", daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
