"""Each request's identity, its line in the log, and its place in the metrics.

The outermost layer, so that whatever is answered, by whom ever, is told and counted.
"""

import logging
from time import perf_counter
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.measuring import NOT_ANSWERED, Metrics
from api.http.rates import Rate
from api.http.tracing import trace_of
from application.keys import Principal
from application.ports import Identities

REQUEST_ID: Final = b"x-request-id"
NO_OPERATION: Final = "none"
"""What was asked for is no operation of ours."""

PROBES: Final = frozenset({"/healthz", "/readyz"})
"""Asked every few seconds by machines: told at the level of debugging only."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other word is the caller's own."""

TOO_MANY: Final = 429
SERVER_FAULT: Final = 500

_LOG: Final = logging.getLogger("recours.requests")


class Observing:
    """Names each request, and tells what became of it."""

    def __init__(self, app: ASGIApp, *, identities: Identities, metrics: Metrics) -> None:
        self._app = app
        self._identities = identities
        self._metrics = metrics
        self._in_flight = 0
        metrics.gauge(
            "recours_http_requests_in_flight",
            "Requests that are not answered yet, waiting ones among them",
            lambda: self._in_flight,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch one request from its first line to the end of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._identities.new()
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["correlation_id"] = trace_of(scope["headers"]) or request_id
        answer = _Answer(send, scope=scope)
        began = perf_counter()
        self._in_flight += 1
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            fields = {"request_id": str(request_id), "operation": _operation(scope)}
            _LOG.error("unexpected", exc_info=error, extra={"fields": fields})
            raise
        finally:
            self._in_flight -= 1
            self._tell(scope, answer, seconds=perf_counter() - began)

    def _tell(self, scope: Scope, answer: "_Answer", *, seconds: float) -> None:
        operation, status = _operation(scope), answer.status
        self._metrics.answered(
            operation, status=status, is_command=scope["method"] == "POST", seconds=seconds
        )
        if status == TOO_MANY:
            self._metrics.refused("too_many")
        level = logging.DEBUG if scope["path"] in PROBES else logging.INFO
        if status == SERVER_FAULT:
            level = logging.ERROR
        if _LOG.isEnabledFor(level):
            _LOG.log(level, "request", extra={"fields": _line(scope, answer, operation, seconds)})


class _Answer:
    """Sends an answer on with the request's identity, and remembers what it was."""

    __slots__ = ("_request_id", "_send", "size", "state", "status")

    def __init__(self, send: Send, *, scope: Scope) -> None:
        self._send = send
        self.state: dict[str, Any] = scope["state"]  # Any: what each layer leaves for the next
        self._request_id = str(self.state["request_id"]).encode()
        self.status = NOT_ANSWERED
        self.size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            told = [*message.get("headers", ()), (REQUEST_ID, self._request_id)]
            rate: Rate | None = self.state.get("rate")
            if rate is not None:
                told += [
                    (name.lower().encode(), text.encode()) for name, text in rate.headers.items()
                ]
            message["headers"] = told
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


def _operation(scope: Scope) -> str:
    return getattr(scope.get("route"), "operation_id", None) or NO_OPERATION


def _line(scope: Scope, answer: _Answer, operation: str, seconds: float) -> dict[str, object]:
    # No address and no query: customers' numbers and words stand there.
    principal: Principal | None = answer.state.get("principal")
    method = scope["method"]
    return {
        "request_id": str(answer.state["request_id"]),
        "correlation_id": str(answer.state["correlation_id"]),
        "operation": operation,
        "method": method if method in METHODS else None,
        "status": answer.status or None,
        "milliseconds": round(seconds * 1000, 2),
        "bytes": answer.size,
        "role": None if principal is None else str(principal.role),
    }
