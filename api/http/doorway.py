"""What is looked at before a request is taken up: what joins it to others, and its body."""

import logging
from typing import Final
from uuid import UUID

from starlette.datastructures import Headers, MutableHeaders
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
from api.http.guarding import guard
from api.http.problems import UNEXPECTED, row_of
from api.http.rates import rates_of
from api.http.reading import read_json
from api.http.refusing import MEDIA_TYPE, tell
from api.http.values import read_identity
from application.ports import Identities

CORRELATION: Final = "X-Correlation-Id"
LARGEST_BODY: Final = 256 * 1024
"""Bytes: what a person writes and two hundred lines fit easily."""

SAID_ONCE: Final = (
    "content-type",
    "content-encoding",
    "idempotency-key",
    "if-match",
    "x-correlation-id",
)
"""Headers of which readers could take the first or the last, if there were two."""

_JSON: Final = "application/json"
_ACCEPTABLE: Final = frozenset({"*/*", "application/*", _JSON, MEDIA_TYPE})
_IN_JSON: Final = "/v1/"
"""Below it every answer is JSON; beside it are pages for people."""
_STREAM: Final = "/v1/events/stream"
_OF_STREAM: Final = _ACCEPTABLE | {"text/*", "text/event-stream"}
_UTF_8: Final = frozenset({"utf-8", "utf8"})
_NOT_AT_ALL: Final = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})

_LOG: Final = logging.getLogger(__name__)


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
            await self._app(scope, await self._let_in(scope, receive), answer.send)
        except RequestRefused as refused:
            await tell(_counted(refused, scope), scope)(scope, receive, answer.send)
        except Exception as error:
            if answer.begun:
                raise
            await tell(error, scope)(scope, receive, answer.send)
            if row_of(type(error)) is UNEXPECTED:
                raise
            _LOG.warning("the database does not answer: %s", type(error).__name__)

    async def _let_in(self, scope: Scope, receive: Receive) -> Receive:
        headers, state = Headers(scope=scope), scope["state"]
        _check_repetitions(headers)
        state["correlation_id"] = _read_correlation(headers) or state["correlation_id"]
        _check_languages(headers, path=scope["path"])
        if not _has_body(headers):
            return receive
        return await _read_body(receive, most=self._largest_body)


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
            headers = MutableHeaders(scope=message)
            headers[CORRELATION] = str(self._scope["state"]["correlation_id"])
            guard(headers, scope=self._scope)
        await self._send(message)


async def _read_body(receive: Receive, *, most: int) -> Receive:
    messages: list[Message] = []
    size, more = 0, True
    while more:
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
        more = messages[-1].get("more_body", False)
        if size > most:
            raise BodyTooLarge(most)
    if size:
        # The framework reads it a second time: it is our refusal of what it would take that counts.
        read_json(b"".join(message.get("body", b"") for message in messages))

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


def _check_repetitions(headers: Headers) -> None:
    for name in SAID_ONCE:
        if len(headers.getlist(name)) > 1:
            raise HeaderRepeated(name)


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _read_correlation(headers: Headers) -> UUID | None:
    given = headers.get(CORRELATION)
    try:
        return None if given is None else read_identity(given)
    except ValueError as error:
        raise CorrelationUnreadable from error


def _check_languages(headers: Headers, *, path: str) -> None:
    accepted = (headers.get("accept") or "*/*").split(",")
    acceptable = _OF_STREAM if path == _STREAM else _ACCEPTABLE
    if path.startswith(_IN_JSON) and not any(_is_in(acceptable, one) for one in accepted):
        raise NotAcceptable
    if _has_body(headers) and not (_is_json(headers) and _is_plain(headers)):
        raise UnsupportedContent


def _is_json(headers: Headers) -> bool:
    media_type, *parameters = (
        part.strip().lower() for part in headers.get("content-type", "").split(";")
    )
    charsets = [p.removeprefix("charset=") for p in parameters if p.startswith("charset=")]
    return media_type == _JSON and all(given.strip('"') in _UTF_8 for given in charsets)


def _is_plain(headers: Headers) -> bool:
    return headers.get("content-encoding", "identity").strip().lower() == "identity"


def _is_in(acceptable: frozenset[str], media_range: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in media_range.split(";"))
    return media_type in acceptable and _NOT_AT_ALL.isdisjoint(parameters)
