"""Completes the OpenAPI document: what every operation may answer, with an example of each problem.

Some refusals are no operation's own: a body in another tongue, a header that stands twice, a
parameter that nobody knows. They are written here once, into every operation.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from api.http.problem_catalogue import example_of, rows
from api.http.refusing import MEDIA_TYPE

Part = dict[str, Any]  # Any: OpenAPI

_S = HTTPStatus
EVERYWHERE: Final = (
    _S.BAD_REQUEST,
    _S.REQUEST_ENTITY_TOO_LARGE,
    _S.UNSUPPORTED_MEDIA_TYPE,
    _S.UNPROCESSABLE_ENTITY,
    _S.INTERNAL_SERVER_ERROR,
)
"""What any request may be answered with, because of how it was sent or because of us."""

TAGS: Final = {
    "complaints": "Expressions of dissatisfaction, from their arrival to their end.",
    "disputes": "Contested document lines, and the payment that is held back meanwhile.",
    "approvals": "Who may approve how much, and what a settlement takes.",
    "payment blocks": "What the ERP holds back, and what it says about that.",
    "invoices": "The ERP's document lines, as it tells us of them.",
    "cases": "Complaints and disputes in lists, and what happened to one of them.",
    "customers": "When and how we were in touch with a customer.",
    "blocked payments": "How much money disputes hold back, on any date.",
    "receivables": "What customers owe at the end of a year, and how late they are.",
    "events": "The durable history, for other systems.",
    "webhooks": "Where events are sent, and what became of each delivery.",
    "operations": "Keys, read models, and whether the product serves.",
}

_CORRELATION: Final = {
    "name": "X-Correlation-Id",
    "in": "header",
    "required": False,
    "description": "Joins everything that the request sets off; one is made, if there is none",
    "schema": {"type": "string", "format": "uuid"},
}
_TOLD: Final = {
    "X-Correlation-Id": ("What joins everything that the request set off", "uuid"),
    "X-Request-Id": ("What our log calls this request", "uuid"),
}
_TOLD_WITH: Final = {
    _S.UNAUTHORIZED: {"WWW-Authenticate": ("How to say who asks: `Bearer`", None)},
    _S.CONFLICT: {"Retry-After": ("Seconds after which `command-under-way` is over", None)},
    _S.TOO_MANY_REQUESTS: {"Retry-After": ("Seconds after which to try again", None)},
    _S.SERVICE_UNAVAILABLE: {
        "Retry-After": ("Seconds after which to try again, where that is safe", None)
    },
}


def complete(document: Part) -> None:
    """Write into every operation what holds for all of them."""
    tags = {tag for operation in _operations(document) for tag in operation.get("tags", ())}
    document["tags"] = [
        {"name": name, "description": about} for name, about in TAGS.items() if name in tags
    ]
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    for operation in _operations(document):
        operation.setdefault("parameters", []).append(_CORRELATION)
        responses = operation["responses"]
        for status in EVERYWHERE:
            responses.setdefault(str(status.value), {"content": {MEDIA_TYPE: _problem(status)}})
        for status, response in responses.items():
            _complete_response(response, HTTPStatus(int(status)))
        operation["responses"] = dict(sorted(responses.items()))


def titles(status: HTTPStatus) -> str:
    """Which problems a status stands for."""
    return "; ".join(f"`{row.slug}`: {row.title}" for row in rows() if row.status == status)


def _complete_response(response: Part, status: HTTPStatus) -> None:
    told = {**_TOLD, **_TOLD_WITH.get(status, {})}
    headers = {name: _header(about, shape) for name, (about, shape) in told.items()}
    response["headers"] = {**response.get("headers", {}), **headers}
    if status < _S.BAD_REQUEST:
        return
    response.setdefault("description", titles(status))
    for media in response["content"].values():
        media["examples"] = {
            row.slug: {"summary": row.title, "value": example_of(row)}
            for row in rows()
            if row.status == status
        }


def _problem(status: HTTPStatus) -> Part:
    model = "InvalidRequest" if status is _S.UNPROCESSABLE_ENTITY else "Problem"
    return {"schema": {"$ref": f"#/components/schemas/{model}"}}


def _header(about: str, shape: str | None) -> Part:
    schema = {"type": "string"} if shape is None else {"type": "string", "format": shape}
    return {"description": about, "schema": schema}


def _operations(document: Part) -> Iterator[Part]:
    for methods in document["paths"].values():
        yield from methods.values()
