"""Completes the OpenAPI document: what every operation may answer, with an example of each problem.

Some refusals are no operation's own: a body in another tongue, a header that stands twice, a
parameter that nobody knows. They are written here once, into every operation.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from api.http.applying import KEY, VERSION, Operation, problems_of
from api.http.problem_catalogue import example_of
from api.http.problems import Row
from api.http.refusing import MEDIA_TYPE

Part = dict[str, Any]  # Any: OpenAPI

_S: Final = HTTPStatus

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
        _insist(operation)
        operation.setdefault("parameters", []).append(_CORRELATION)
        operation["responses"] = dict(sorted(_responses(operation)))


def _insist(operation: Part) -> None:
    wanted = {VERSION, KEY} if Operation.of(operation).insists else {VERSION}
    for parameter in operation.get("parameters", ()):
        # The framework takes for optional what we miss in words of our own: 428 and 400, not 422.
        parameter["required"] = parameter["required"] or parameter["name"] in wanted
        parameter["schema"] = _sent(parameter["schema"])


def _sent(schema: Part) -> Part:
    # No parameter is null: what is not said is not sent.
    if "anyOf" not in schema:
        return schema
    rest = {name: said for name, said in schema.items() if name != "anyOf"}
    choices = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return {**rest, **(choices[0] if len(choices) == 1 else {"anyOf": choices})}


def _responses(operation: Part) -> Iterator[tuple[str, Part]]:
    problems = list(problems_of(operation))
    for status, response in operation["responses"].items():
        if int(status) < _S.BAD_REQUEST:
            yield status, _with_headers(response, HTTPStatus(int(status)))
    for number in {row.status for row in problems}:
        status = HTTPStatus(number)
        described = operation["responses"].get(str(number), {})
        given = [row for row in problems if row.status == status]
        yield str(number), _with_headers(_problem(described, status, given), status)


def _with_headers(response: Part, status: HTTPStatus) -> Part:
    told = {**_TOLD, **_TOLD_WITH.get(status, {})}
    headers = {name: _header(about, shape) for name, (about, shape) in told.items()}
    return {**response, "headers": {**response.get("headers", {}), **headers}}


def _problem(described: Part, status: HTTPStatus, given: list[Row]) -> Part:
    schema = described.get("content", {}).get(MEDIA_TYPE, {}).get("schema")
    examples = {row.slug: {"summary": row.title, "value": example_of(row)} for row in given}
    return {
        "description": "; ".join(f"`{row.slug}`: {row.title}" for row in given),
        "content": {MEDIA_TYPE: {"schema": schema or _schema(status), "examples": examples}},
    }


def _schema(status: HTTPStatus) -> Part:
    model = "InvalidRequest" if status is _S.UNPROCESSABLE_ENTITY else "Problem"
    return {"$ref": f"#/components/schemas/{model}"}


def _header(about: str, shape: str | None) -> Part:
    schema = {"type": "string"} if shape is None else {"type": "string", "format": shape}
    return {"description": about, "schema": schema}


def _operations(document: Part) -> Iterator[Part]:
    for methods in document["paths"].values():
        yield from methods.values()
