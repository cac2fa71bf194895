"""Requests made from the OpenAPI document: an address and a body that every operation takes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]  # Any: JSON

_TEXTS: Final = (
    "x",
    "EUR",
    "1.00",
    "2199-12-31",
    "2026-03-02T09:12:00Z",
    "01961f5e-0000-7000-8000-000000000001",
    "5e" * 32,
    "text/plain",
    "https://example.com/",
)
_FORMATS: Final = {
    "uuid": "01961f5e-0000-7000-8000-000000000001",
    "date": "2199-12-31",
    "date-time": "2026-03-02T09:12:00Z",
    "uri": "https://example.com/",
}


@dataclass(frozen=True)
class Asked:
    """An operation of the document."""

    name: str
    method: str
    path: str
    body: Any  # Any: JSON
    answers: frozenset[str]
    """The media types of what it answers when all is well."""

    @property
    def parameter(self) -> str | None:
        """What its address names."""
        named = re.search(r"{(\w+)", self.path)
        return None if named is None else named[1]

    def address(self, named: str) -> str:
        """Its address, of this object."""
        return re.sub(r"{[^}]*}", named, self.path)


def operations(document: Schema) -> Iterator[Asked]:
    """Every operation that the document tells of."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            yield Asked(
                name=operation["operationId"],
                method=method,
                path=path,
                body=None if schema is None else example_of(schema, document),
                answers=frozenset(
                    media_type
                    for status, answer in operation["responses"].items()
                    if status.startswith("2")
                    for media_type in answer.get("content", {})
                ),
            )


def example_of(schema: Schema, document: Schema) -> Any:  # noqa: ANN401 - JSON, by its kinds
    """The least that fits a schema."""
    schema = _resolved(schema, document)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {
                name: example_of(schema["properties"][name], document)
                for name in schema.get("required", ())
            }
        case "array":
            least = schema.get("minItems", 0)
            return [example_of(schema["items"], document)] * least
        case "integer" | "number":
            return int(schema.get("minimum", 1))
        case "boolean":
            return False
        case _:
            return _text(schema)


def _text(schema: Schema) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    pattern, least = schema.get("pattern", ""), schema.get("minLength", 0)
    return next(t for t in _TEXTS if re.search(pattern, t) and len(t) >= least)


def _resolved(schema: Schema, document: Schema) -> Schema:
    if "$ref" in schema:
        place: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        return _resolved({**place, **{k: v for k, v in schema.items() if k != "$ref"}}, document)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _resolved(schema[choice][0], document)
    return schema
