"""Clients that speak just enough HTTP to load a server: what they cost is not measured with it."""

import socket
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urlsplit

_END: Final = b"\r\n\r\n"
_CHUNK: Final = 65_536


class Knocking:
    """One connection that is kept, and asks one thing after the other."""

    def __init__(self, address: str, *, secret: str | None) -> None:
        url = urlsplit(address)
        self._socket = socket.create_connection((url.hostname, url.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = "" if secret is None else f"Authorization: Bearer {secret}\r\n"
        self._every = f"Host: {url.netloc}\r\n{key}".encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._socket.close()

    def get(self, path: str) -> bytes:
        """Ask; answers with the body."""
        return self._granted(f"GET {path} HTTP/1.1\r\n", b"", "")

    def post(self, path: str, body: bytes, *, headers: str = "") -> bytes:
        """Tell; answers with the body. Each of the headers ends its line."""
        return self._granted(f"POST {path} HTTP/1.1\r\n", body, _of_json(body) + headers)

    def try_to_post(self, path: str, body: bytes, *, headers: str = "") -> tuple[int, bytes]:
        """Tell; answers with the status and the body, whatever they are."""
        return self._ask(f"POST {path} HTTP/1.1\r\n", body, _of_json(body) + headers)

    def _granted(self, first_line: str, body: bytes, headers: str) -> bytes:
        status, answer = self._ask(first_line, body, headers)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise AssertionError(f"{first_line.strip()}: {status} {answer.decode()}")
        return answer

    def _ask(self, first_line: str, body: bytes, headers: str) -> tuple[int, bytes]:
        self._socket.sendall(first_line.encode() + self._every + headers.encode() + b"\r\n" + body)
        received = b""
        while _END not in received:
            received += self._receive()
        head, _, answer = received.partition(_END)
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(answer) < length:
            answer += self._receive()
        return int(head[9:12]), answer

    def _receive(self) -> bytes:
        received = self._socket.recv(_CHUNK)
        assert received, "the server keeps the connection"
        return received


def _of_json(body: bytes) -> str:
    return f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
