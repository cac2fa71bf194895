"""The OpenAPI document: what each operation answers, problems and headers included."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.http.completing import complete
from api.http.problems import TYPES
from api.http.refusing import MEDIA_TYPE, Fault
from api.http.telling_permissions import say_who_may

Responses = dict[int | str, dict[str, Any]]  # Any: FastAPI types it so

ABOUT: Final = """\
Complaints, disputes and payment blocks, event by event.

Every case answer carries its version as `ETag`, the actions that the caller may take now, and what
is next for whom. A change needs the version as `If-Match`. Errors are problems (RFC 9457).
"""


class Problem(BaseModel):
    """A problem (RFC 9457)."""

    type: str = Field(examples=[TYPES + "case-not-found"])
    title: str
    status: int
    detail: str | None = None
    correlation_id: str | None = Field(default=None, description="What to quote when asking us")


class InvalidRequest(Problem):
    """What is wrong with a request, without repeating what it said."""

    errors: list[Fault] | None = None
    rule: str | None = Field(default=None, description="The rule of the trade that was broken")


class Conflict(Problem):
    """A step that the case's state does not allow, with those that it does."""

    action: str | None = None
    case_status: str | None = None
    role: str | None = None
    allowed: list[str] | None = None


class Happened(BaseModel):
    """An event that somebody has not seen."""

    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str
    role: str


class Change(BaseModel):
    """What a field of a case said, and what it says."""

    was: Any = Field(description="As you saw it")  # Any: whatever the field holds
    now: Any = Field(description="As it is")  # Any: the same


class StaleVersion(Problem):
    """A change to a version that is no longer the last."""

    case_id: str | None = None
    expected_version: int | None = None
    current_version: int | None = None
    since: list[Happened] | None = Field(
        default=None, description="The events recorded since, oldest first"
    )
    changes: dict[str, Change] | None = Field(
        default=None,
        description="The fields of the case that say something else now; what follows from its"
        " status is left out",
    )


_S = HTTPStatus
_SCHEMA: Final = "#/components/schemas/{model}"
_MODELS: Final[Mapping[int, type[Problem]]] = MappingProxyType(
    {
        _S.UNPROCESSABLE_ENTITY: InvalidRequest,
        _S.CONFLICT: Conflict,
        _S.PRECONDITION_FAILED: StaleVersion,
    },
)

READING: Final = (_S.BAD_REQUEST, _S.UNAUTHORIZED, _S.FORBIDDEN, _S.NOT_FOUND, _S.NOT_ACCEPTABLE)
SAYING: Final = (_S.CONFLICT, _S.REQUEST_ENTITY_TOO_LARGE, _S.UNSUPPORTED_MEDIA_TYPE)
CHANGING: Final = (_S.PRECONDITION_FAILED, _S.PRECONDITION_REQUIRED)
FAILING: Final = (
    _S.UNPROCESSABLE_ENTITY,
    _S.TOO_MANY_REQUESTS,
    _S.INTERNAL_SERVER_ERROR,
    _S.SERVICE_UNAVAILABLE,
)


def _header(description: str) -> dict[str, Any]:  # Any: OpenAPI
    return {"description": description, "schema": {"type": "string"}}


_VERSION: Final = {"ETag": _header("The version of the case, quoted")}
_UNCHANGED: Final = {"description": "You have this version", "headers": _VERSION}
_REPEATED: Final = {"Idempotency-Replayed": _header("`true` when the answer was given before")}
_POSITION: Final = {"X-Position": _header("The position to wait for: `?after_position=`")}
_PLACE: Final = {"Location": _header("Where the new case is read")}
_NEXT: Final = {"Link": _header('The next page, `rel="next"`, while there is one')}


def reads(*, of_a_case: bool = False, paged: bool = False, streams: bool = False) -> Responses:
    """What a question may be answered with."""
    headers = {**(_VERSION if of_a_case else {}), **(_NEXT if paged else {})}
    unchanged: Responses = {_S.NOT_MODIFIED: _UNCHANGED} if of_a_case else {}
    busy = (_S.TOO_MANY_REQUESTS,) if streams else ()
    return {_S.OK: {"headers": headers}, **unchanged, **_problems(*READING, *busy, *FAILING)}


def creates() -> Responses:
    """What the beginning of a case may be answered with."""
    headers = {**_VERSION, **_POSITION, **_PLACE, **_REPEATED}
    return {_S.CREATED: {"headers": headers}, **_problems(*READING, *SAYING, *FAILING)}


def keeps_ready() -> Responses:
    """What the question whether we can serve may be answered with."""
    return _problems(_S.SERVICE_UNAVAILABLE)


def keeps(success: HTTPStatus) -> Responses:
    """What a request may be answered with that records something beside the cases."""
    return {success: {}, **_problems(*READING, *SAYING, *FAILING)}


def changes(success: HTTPStatus) -> Responses:
    """What a change of a case may be answered with."""
    headers = {**_VERSION, **_POSITION, **_REPEATED}
    headers |= _PLACE if success is _S.CREATED else {}
    return {success: {"headers": headers}, **_problems(*READING, *SAYING, *CHANGING, *FAILING)}


def describe(app: FastAPI) -> dict[str, Any]:  # Any: OpenAPI
    """Write the document, once: problems have a media type of their own."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        app.openapi_schema["components"]["schemas"] |= _problem_schemas()
        say_who_may(_operations(app.openapi_schema))
        complete(app.openapi_schema)
    return app.openapi_schema


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:  # Any: OpenAPI
    return [operation for path in document["paths"].values() for operation in path.values()]


def _problems(*statuses: HTTPStatus) -> Responses:
    # As references: given as models, each would be compiled anew for every operation, which was
    # four fifths of the time that it takes to make the application.
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": _SCHEMA.format(model=_model(status))}}},
        }
        for status in statuses
    }


def _model(status: HTTPStatus) -> str:
    return _MODELS.get(status, Problem).__name__


def _problem_schemas() -> dict[str, Any]:  # Any: JSON schemas
    models: tuple[type[BaseModel], ...] = (Problem, *_MODELS.values())
    problems: list[tuple[type[BaseModel], JsonSchemaMode]] = [(m, "serialization") for m in models]
    _, defined = models_json_schema(problems, ref_template=_SCHEMA)
    schemas: dict[str, Any] = defined["$defs"]
    return schemas
