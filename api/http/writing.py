"""Answers with a case, written once, where they are made.

The framework would check what a function answers against its own schema, in another thread, and
write it then: a fifth of what a command costs. A view is checked when it is made.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from fastapi import Response
from pydantic import BaseModel

from api.http.calls import Call

_JSON: Final = "application/json"

Showing = Callable[..., BaseModel]


def written(status: HTTPStatus = HTTPStatus.OK) -> Callable[[Showing], Callable[..., Response]]:
    """Make an endpoint whose function shows a case answer with the text of it.

    Who has seen the version already, and said so, is told only that it is still the one.
    """

    def of(show: Showing) -> Callable[..., Response]:
        @wraps(show)  # FastAPI reads the signature and the type of the answer there
        def write(*, call: Call, **asked: Any) -> Response:  # noqa: ANN401 - FastAPI calls it
            view = show(call=call, **asked)
            headers = call.response.headers
            if call.has_seen(headers["ETag"]):
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
            text = view.__pydantic_serializer__.to_json(view)
            return Response(text, status_code=status, headers=headers, media_type=_JSON)

        return write

    return of
