"""What the OpenAPI document says of each operation, and samples of what it takes.

Nothing here knows a route: a new operation is found, and tried, by itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI

Schema = dict[str, Any]  # Any: JSON Schema
Path = tuple[str, ...]

PLACE: Final = "\ue000"
"""Stands where a value is to be put into a body."""

LAST_DAY: Final = "2199-12-31"
_BY_FORMAT: Final = {
    "uuid": "01961f5e-0000-7000-8000-00000000cafe",
    "date-time": "2026-01-05T08:00:00Z",
    "date": LAST_DAY,
    "uri": "https://example.com/hook",
}
_BY_PATTERN: Final = {"^[A-Z]{3}$": "EUR", "^[0-9a-f]{64}$": "5e" * 32}


@dataclass(frozen=True)
class Documented:
    """One operation."""

    name: str
    method: str
    path: str
    parameters: tuple[Schema, ...]
    body: Schema | None
    responses: dict[str, Schema]
    schemas: dict[str, Schema]
    roles: tuple[str, ...]
    """Who may: a connector where it has a scope that opens this; nobody where everybody may."""

    @property
    def streams(self) -> bool:
        """Whether its answer has no end."""
        return "text/event-stream" in self.responses.get("200", {}).get("content", {})

    def problems(self, status: int) -> set[str]:
        """The kinds of problems that it may answer with under a status."""
        content = self.responses.get(str(status), {}).get("content", {})
        return {word for media in content.values() for word in media.get("examples", {})}

    def insists_on(self, header: str) -> bool:
        """Whether nothing is taken without this header."""
        return any(p["name"] == header and p["required"] for p in self.parameters)

    def named(self, where: str) -> list[str]:
        """The parameters of the path, the query or the headers."""
        return [str(p["name"]) for p in self.parameters if p["in"] == where]

    def places(self) -> list[Path]:
        """Every field of the body, however deep."""
        return [] if self.body is None else list(self._places(self.body))

    def sample(self, place: Path = ()) -> str | None:
        """A body that the document allows, with a mark at a place."""
        if self.body is None:
            return None
        return json.dumps(self._sample(self.body, place, marked=bool(place)), ensure_ascii=False)

    def _places(self, schema: Schema, *before: str) -> Iterator[Path]:
        schema = self._plain(schema)
        if before:
            yield before
        for name, child in schema.get("properties", {}).items():
            yield from self._places(child, *before, name)
        if "items" in schema:
            yield from self._places(schema["items"], *before, "0")

    def _sample(self, schema: Schema, place: Path, *, marked: bool) -> object:
        schema = self._plain(schema)
        if marked and not place:
            return PLACE
        head, rest = (place[0], place[1:]) if place else ("", ())
        if schema.get("type") == "object":
            fields = schema.get("properties", {})
            wanted = {*schema.get("required", ()), *({head} if head else ())}
            return {
                name: self._sample(fields[name], rest, marked=marked and name == head)
                for name in fields
                if name in wanted
            }
        if schema.get("type") == "array":
            few = max(int(schema.get("minItems", 0)), 1 if marked else 0)
            return [self._sample(schema["items"], rest, marked=marked) for _ in range(few)]
        return _value(schema)

    def _plain(self, schema: Schema) -> Schema:
        while "$ref" in schema or "anyOf" in schema:
            if "$ref" in schema:
                schema = self.schemas[str(schema["$ref"]).rpartition("/")[2]]
            else:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
        return schema


def documented(app: FastAPI) -> list[Documented]:
    """Every operation of the application, as its document tells of it."""
    document: Schema = app.openapi()
    return [
        Documented(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            parameters=tuple(operation.get("parameters", ())),
            body=_body(operation),
            responses=operation["responses"],
            schemas=document["components"]["schemas"],
            roles=_roles(operation),
        )
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _roles(operation: Schema) -> tuple[str, ...]:
    connectors = ("connector",) if operation.get("x-connector-scopes") else ()
    return (*operation.get("x-roles", ()), *connectors)


def _body(operation: Schema) -> Schema | None:
    given = operation.get("requestBody")
    return None if given is None else given["content"]["application/json"]["schema"]


def _value(schema: Schema) -> object:
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("type") == "integer":
        return schema.get("minimum", 1)
    if schema.get("type") == "boolean":
        return False
    by_format = _BY_FORMAT.get(str(schema.get("format")), "sample")
    return _BY_PATTERN.get(str(schema.get("pattern")), by_format)
