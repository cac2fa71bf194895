"""Answers with problems: to what the rules refuse, to what cannot be read, to what went wrong."""

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, cast

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException as FrameworkRefusal
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Scope

from api.http.challenges import challenge_of
from api.http.errors import TooManyRequests
from api.http.problems import (
    BAD_REQUEST,
    BY_STATUS,
    TYPES,
    Row,
    row_of,
)
from api.http.rates import rates_of
from application.errors import ApplicationError
from domain.refusals import Refusal, RuleBroken

MEDIA_TYPE: Final = "application/problem+json"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}|[0-9]{1,3}")
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    """body, query, path or header."""
    pointer: str
    """A JSON pointer (RFC 6901) into the body, or the name of the parameter."""
    message: str


def answer_with_problems(app: FastAPI) -> None:
    """Let the application answer its refusals; what is unexpected is met at the doorway."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(ApplicationError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(FrameworkRefusal, _refused_by_framework)


def tell(error: Exception, scope: Scope, **more: object) -> Response:
    """Answer with the problem behind an error."""
    row = row_of(type(error))
    shown = {name: getattr(error, field) for name, field in map(_renamed, row.shown)}
    if isinstance(error, RuleBroken):
        shown["rule"] = _kebab(type(error).__name__)
    told: Mapping[str, str] = getattr(error, "headers", _NOTHING)
    headers = {**told, **challenge_of(error)}
    return answer(row, scope, extensions={**shown, **more}, detail=str(error), headers=headers)


def answer(
    row: Row,
    scope: Scope,
    *,
    detail: str | None = None,
    extensions: Mapping[str, object] = _NOTHING,
    headers: Mapping[str, str] = _NOTHING,
) -> Response:
    """Write a problem."""
    problem: dict[str, object] = {
        "type": TYPES + row.slug,
        "title": row.title,
        "status": row.status,
        "detail": detail if row.tells else None,
        "correlation_id": scope.get("state", {}).get("correlation_id"),
        **extensions,
    }
    told = {name: value for name, value in problem.items() if value is not None}
    # ASCII only: a lone surrogate, which a JSON text can hold, cannot be encoded otherwise.
    content = json.dumps(jsonable_encoder(told), ensure_ascii=True, allow_nan=False)
    return Response(
        content,
        status_code=row.status,
        headers={**row.headers, **headers},
        media_type=MEDIA_TYPE,
    )


def faults(error: RequestValidationError) -> list[Fault]:
    """What is wrong, and where, without echoing what was sent."""
    return [_fault(fault["loc"], str(fault["msg"])) for fault in error.errors()]


def _refused(request: Request, error: Exception) -> Response:
    return tell(error, request.scope)


def _invalid(request: Request, error: Exception) -> Response:
    return tell(error, request.scope, errors=faults(cast("RequestValidationError", error)))


def _refused_by_framework(request: Request, error: Exception) -> Response:
    refused = cast("FrameworkRefusal", error)
    row = BY_STATUS.get(refused.status_code)
    if row is None:
        return answer(BAD_REQUEST, request.scope, headers=refused.headers or _NOTHING)
    try:
        # Nobody was asked for a key where there is no operation.
        rates_of(request).admit_stranger(request)
    except TooManyRequests as too_many:
        return tell(too_many, request.scope)
    headers = {**(refused.headers or _NOTHING)}
    if refused.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return answer(row, request.scope, headers=headers)


def _methods_at(request: Request) -> set[str]:
    # The framework tells the methods of one route, and an address can have several.
    return {
        method
        for found in iter_route_contexts(request.app.routes)
        if isinstance(route := found.original_route, APIRoute)
        and compile_path(str(found.path))[0].match(request.scope["path"])
        for method in route.methods or ()
    }


def _fault(place: Iterable[int | str], message: str) -> Fault:
    where, *path = place
    # A name that is none of ours is what was sent: it is told only where it is like a name.
    names = [name if _NAME.fullmatch(name) else "?" for name in map(str, path)]
    pointer = "".join(f"/{name}" for name in names) if where == "body" else "".join(names)
    return Fault(where=str(where), pointer=pointer, message=_in_words_of_json(message))


def _in_words_of_json(message: str) -> str:
    return message.removeprefix("Value error, ").replace("valid tuple", "valid array")


def _renamed(shown: str) -> tuple[str, str]:
    name, _, field = shown.partition("=")
    return name, field or name


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
