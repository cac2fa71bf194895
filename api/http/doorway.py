"""What is looked at before a request is taken up: what joins it to others, and its body."""

import logging
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import (
    BodyTooLarge,
    CorrelationUnreadable,
    HeaderRepeated,
    NotAcceptable,
    RequestRefused,
    ServerBusy,
    TooManyRequests,
    UnsupportedContent,
)
from api.http.guarding import guarded
from api.http.problems import UNEXPECTED, row_of
from api.http.rates import rates_of
from api.http.reading import read_json
from api.http.refusing import MEDIA_TYPE, tell
from api.http.solving import SAID
from api.http.values import read_identity
from application.ports import Identities

CORRELATION: Final = "X-Correlation-Id"
LARGEST_BODY: Final = 256 * 1024
"""Bytes: what a person writes and two hundred lines fit easily."""

SAID_ONCE: Final = frozenset(
    {b"content-type", b"content-encoding", b"idempotency-key", b"if-match", b"x-correlation-id"}
)
"""Headers of which readers could take the first or the last, if there were two."""

_JSON: Final = "application/json"
_ACCEPTABLE: Final = frozenset({"*/*", "application/*", _JSON, MEDIA_TYPE})
_IN_JSON: Final = "/v1/"
"""Below it every answer is JSON; beside it are pages for people."""
_STREAM: Final = "/v1/events/stream"
_OF_STREAM: Final = _ACCEPTABLE | {"text/*", "text/event-stream"}
_PLAIN: Final = b"identity"
_UTF_8: Final = frozenset({"utf-8", "utf8"})
_NOT_AT_ALL: Final = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})

_CORRELATION: Final = CORRELATION.lower().encode()

_LOG: Final = logging.getLogger(__name__)

Headers = dict[bytes, bytes]
"""The first of each name."""


class Doorway:
    """Gives each request its correlation id, tells it in every answer, and reads the body.

    It stands inside the server's own net for errors, so that an unexpected one is answered here,
    correlation id and all, and then goes on to be logged; the server ends the connection over it.
    An outage is only answered: whoever asks again on the same connection must not find it reset.
    """

    def __init__(
        self, app: ASGIApp, *, identities: Identities, largest_body: int = LARGEST_BODY
    ) -> None:
        self._app = app
        self._identities = identities
        self._largest_body = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        if "correlation_id" not in state:
            state["correlation_id"] = self._identities.new()
        answer = _Answer(send, scope=scope)
        try:
            await self._let_in(scope, receive)
            await self._app(scope, receive, answer.send)
        except RequestRefused as refused:
            await tell(_counted(refused, scope), scope)(scope, receive, answer.send)
        except Exception as error:
            if answer.begun:
                raise
            await tell(error, scope)(scope, receive, answer.send)
            if row_of(type(error)) is UNEXPECTED:
                raise
            _LOG.warning("the database does not answer: %s", type(error).__name__)

    async def _let_in(self, scope: Scope, receive: Receive) -> None:
        headers, state = _read_headers(scope), scope["state"]
        state["correlation_id"] = _read_correlation(headers) or state["correlation_id"]
        _check_languages(headers, path=scope["path"])
        body = await _read_body(receive, most=self._largest_body) if _has_body(headers) else b""
        if body:
            state[SAID] = read_json(body)


def _counted(refused: RequestRefused, scope: Scope) -> RequestRefused:
    # Who is refused for how they ask was not asked who they are; who finds us busy did nothing.
    if isinstance(refused, ServerBusy):
        return refused
    try:
        request = Request(scope)
        rates_of(request).admit_stranger(request)
    except TooManyRequests as too_many:
        return too_many
    return refused


class _Answer:
    """Sends an answer with its correlation id, and knows whether it was begun."""

    def __init__(self, send: Send, *, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            correlation = str(self._scope["state"]["correlation_id"]).encode()
            told = [*message.get("headers", ()), (_CORRELATION, correlation)]
            message["headers"] = guarded(told, scope=self._scope)
        await self._send(message)


async def _read_body(receive: Receive, *, most: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > most:
            raise BodyTooLarge(most)
    return b"".join(parts)


def _read_headers(scope: Scope) -> Headers:
    headers: Headers = {}
    for name, value in scope["headers"]:
        if name in headers:
            if name in SAID_ONCE:
                raise HeaderRepeated(name.decode())
        else:
            headers[name] = value
    return headers


def _has_body(headers: Headers) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _read_correlation(headers: Headers) -> UUID | None:
    given = headers.get(_CORRELATION)
    try:
        return None if given is None else read_identity(given.decode("latin-1"))
    except ValueError as error:
        raise CorrelationUnreadable from error


def _check_languages(headers: Headers, *, path: str) -> None:
    accepted = (headers.get(b"accept") or b"*/*").decode("latin-1").split(",")
    acceptable = _OF_STREAM if path == _STREAM else _ACCEPTABLE
    if path.startswith(_IN_JSON) and not any(_is_in(acceptable, one) for one in accepted):
        raise NotAcceptable
    if _has_body(headers) and not (_is_json(headers) and _is_plain(headers)):
        raise UnsupportedContent


def _is_json(headers: Headers) -> bool:
    media_type, *parameters = (
        part.strip().lower()
        for part in headers.get(b"content-type", b"").decode("latin-1").split(";")
    )
    charsets = [p.removeprefix("charset=") for p in parameters if p.startswith("charset=")]
    return media_type == _JSON and all(given.strip('"') in _UTF_8 for given in charsets)


def _is_plain(headers: Headers) -> bool:
    return headers.get(b"content-encoding", _PLAIN).strip().lower() == _PLAIN


def _is_in(acceptable: frozenset[str], media_range: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in media_range.split(";"))
    return media_type in acceptable and _NOT_AT_ALL.isdisjoint(parameters)
