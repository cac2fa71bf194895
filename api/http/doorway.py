"""What is looked at before a request is read: who joins it to what, and whether we speak JSON."""

import logging
from typing import Final
from uuid import UUID

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import (
    BodyTooLarge,
    CorrelationUnreadable,
    NotAcceptable,
    RequestRefused,
    UnsupportedContent,
)
from api.http.problems import UNEXPECTED, row_of
from api.http.refusing import MEDIA_TYPE, tell
from application.ports import Identities

CORRELATION: Final = "X-Correlation-Id"
LARGEST_BODY: Final = 1024 * 1024
"""Bytes: what a person writes and a few hundred lines fit easily."""

_JSON: Final = "application/json"
_ACCEPTABLE: Final = frozenset({"*/*", "application/*", _JSON, MEDIA_TYPE})
_STREAM: Final = "/v1/events/stream"
_OF_STREAM: Final = _ACCEPTABLE | {"text/*", "text/event-stream"}
_NOT_AT_ALL: Final = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})

_LOG: Final = logging.getLogger(__name__)


class Doorway:
    """Gives each request its correlation id, tells it in every answer, and refuses other tongues.

    It stands inside the server's own net for errors, so that an unexpected one is answered here,
    correlation id and all, and then goes on to be logged; the server ends the connection over it.
    An outage is only answered: whoever asks again on the same connection must not find it reset.
    """

    def __init__(self, app: ASGIApp, *, identities: Identities) -> None:
        self._app = app
        self._identities = identities

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        if "correlation_id" not in state:
            state["correlation_id"] = self._identities.new()
        answer = _Answer(send, state=state)
        try:
            await self._app(scope, await _let_in(scope, receive), answer.send)
        except RequestRefused as refused:
            await tell(refused, scope)(scope, receive, answer.send)
        except Exception as error:
            if answer.begun:
                raise
            await tell(error, scope)(scope, receive, answer.send)
            if row_of(type(error)) is UNEXPECTED:
                raise
            _LOG.warning("the database does not answer: %s", type(error).__name__)


class _Answer:
    """Sends an answer with its correlation id, and knows whether it was begun."""

    def __init__(self, send: Send, *, state: dict[str, UUID]) -> None:
        self._send = send
        self._state = state
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            headers[CORRELATION] = str(self._state["correlation_id"])
            headers.setdefault("Cache-Control", "no-cache")
        await self._send(message)


async def _let_in(scope: Scope, receive: Receive) -> Receive:
    headers, state = Headers(scope=scope), scope["state"]
    state["correlation_id"] = _read_correlation(headers) or state["correlation_id"]
    _check_languages(headers, _OF_STREAM if scope["path"] == _STREAM else _ACCEPTABLE)
    return await _read_body(receive) if _has_body(headers) else receive


async def _read_body(receive: Receive) -> Receive:
    messages: list[Message] = []
    size, more = 0, True
    while more:
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
        more = messages[-1].get("more_body", False)
        if size > LARGEST_BODY:
            raise BodyTooLarge(LARGEST_BODY)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _read_correlation(headers: Headers) -> UUID | None:
    given = headers.get(CORRELATION)
    try:
        return None if given is None else UUID(given)
    except ValueError as error:
        raise CorrelationUnreadable from error


def _check_languages(headers: Headers, acceptable: frozenset[str]) -> None:
    accepted = headers.get("accept") or "*/*"
    if not any(_is_in(acceptable, media_range) for media_range in accepted.split(",")):
        raise NotAcceptable
    written_in = headers.get("content-type", "").partition(";")[0].strip().lower()
    if _has_body(headers) and written_in != _JSON:
        raise UnsupportedContent


def _is_in(acceptable: frozenset[str], media_range: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in media_range.split(";"))
    return media_type in acceptable and _NOT_AT_ALL.isdisjoint(parameters)
