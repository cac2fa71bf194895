"""Operations: how each of them is answered, from the caller's name to the written text.

One operation runs in one thread: what it needs is read on the event loop, its function and the
writing of what it shows happen together. FastAPI describes the operations; it would check each
answer against its own schema, in another thread, but a view is checked when it is made.
"""

import asyncio
from enum import Enum
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from api.http.asked import AddressReader
from api.http.entering import let_in
from api.http.preconditions import Tags
from api.http.solving import Arguments, Asked, Need

TOLD: Final = "told"
"""Where the headers of the answer stand in the state of a request."""

SEEN: Final = "seen"
"""Where it stands which versions the caller has, who wants no other copy of them."""

_JSON: Final = "application/json"
_FIRST: Final = (Depends(let_in), Depends(AddressReader()))


class Operation(APIRoute):
    """A route that FastAPI describes, and that is answered here."""

    def __init__(self, path: str, endpoint: Any, **described: Any) -> None:  # noqa: ANN401 - FastAPI
        super().__init__(path, endpoint, **described)
        self._need = Need(self.dependant)
        self._is_awaited = iscoroutinefunction(endpoint)
        self._status = self.status_code or HTTPStatus.OK.value

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see Starlette."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)  # it says what may be asked instead
            return
        scope.setdefault("state", {})[TOLD] = {}
        request = Request(scope, receive, send)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        # Of a header that stands twice, the first counts.
        headers = dict(reversed(request.scope["headers"]))
        asked = Asked(request, headers)
        arguments = await self._need.arguments(asked)
        if arguments is None:
            raise RequestValidationError(asked.faults)
        if self._is_awaited:
            return self._written(await self.endpoint(**arguments), request.scope["state"])
        running, workers = asyncio.get_running_loop(), request.app.state.workers
        return await running.run_in_executor(
            workers, self._shown, arguments, request.scope["state"]
        )

    def _shown(self, arguments: Arguments, state: dict[str, Any]) -> Response:
        return self._written(self.endpoint(**arguments), state)

    def _written(self, shown: object, state: dict[str, Any]) -> Response:
        if isinstance(shown, Response):
            return shown
        told, seen = state[TOLD], state.get(SEEN)
        if seen is not None and _has(seen, told):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=told)
        assert self.response_field is not None, "what is shown has a type"
        text = self.response_field.serialize_json(
            shown, exclude_none=self.response_model_exclude_none
        )
        return Response(text, status_code=self._status, headers=told, media_type=_JSON)


def operations(prefix: str = "", *, tag: str | Enum) -> APIRouter:
    """Make a router of operations: each finds out first who asks, and reads its address."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=Operation, dependencies=_FIRST)


def _has(seen: Tags, told: dict[str, str]) -> bool:
    return seen.names(int(told["ETag"].strip('"')))
