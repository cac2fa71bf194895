"""What comes in over HTTP says one thing, to every reader, or is refused."""

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, cast

import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.testclient import TestClient

from api.http.app import ROUTERS, create_app
from api.http.doorway import LARGEST_BODY
from api.http.errors import BodyUnreadable
from api.http.guarding import GUARDS
from api.http.reading import MOST_DEPTH, read_json
from api.http.texts import MOST_MARKS
from api.http.values import AmountIn, Body, Code, Day, Identifier, Instant, Prose
from application.services import Services
from domain.parties import Role
from infrastructure.settings import Settings
from tests.api.doors import Door
from tests.api.requests import NOBODY, begin, complaint, slug

Kind = Any  # Any: a type with annotations
Node = Any  # Any: a schema of pydantic's core

ROUTES: Final = [r for router in ROUTERS for r in router.routes if isinstance(r, APIRoute)]


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-32-be"),
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": 0.' + b"1" * 100_000 + b"}",
        b'{"a": ' + b"9" * 100_000 + b"}",
        b'{"a": 9223372036854775808}',
        b'{"a": -9223372036854775809}',
        b'{"a": 1, "a": 2}',
        rb'{"a": 1, "\u0061": 1}',
        b'[{"b": {"a": 1, "a": 1}}]',
        rb'{"a": "\ud800"}',
        rb'{"\udfff": 1}',
        rb'{"a": "\udc00\ud800"}',
        b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1),
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'"' + b"[" * 100_000,
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 01}',
        b'{"a": +1}',
        b'{"a": .5}',
        b'{"a": 0x1F}',
        b'{"a": "\n"}',
        b'{"a": "\x00"}',
        b"{} {}",
        b"// no\n{}",
        "{“a”: 1}".encode(),
        b" ",
    ],
    ids=lambda body: ascii(body[:24]),
)
def test_a_body_that_two_readers_could_read_differently_is_no_json(body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_json(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[" * MOST_DEPTH + b"]" * MOST_DEPTH, None),
        (b'["' + b"[" * 100 + b'"]', ["[" * 100]),
        (rb'["\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]', ['"' + "[" * 41]),
        (b"[" + b"[]," * 500 + b"[]]", json.loads("[" + "[]," * 500 + "[]]")),
        (rb'"\ud83d\ude00"', "\N{GRINNING FACE}"),
        (b"[9223372036854775807, -9223372036854775808]", [2**63 - 1, -(2**63)]),
        (b"[1.5, 1e3]", [1.5, 1000.0]),
        (b' \t\r\n{"a": null}\n', {"a": None}),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_an_unusual_body_that_says_one_thing_is_read(body: bytes, said: object) -> None:
    assert said is None or read_json(body) == said


@pytest.mark.parametrize("kind", [Code, Prose])
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Ame\u0301lie ", "  Am\u00e9lie "),
        ("\u212b", "\u00c5"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("\ufb01n", "\ufb01n"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("e" + "\u0316" * MOST_MARKS, "e" + "\u0316" * MOST_MARKS),
        ("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
    ],
    ids=ascii,
)
def test_a_text_is_kept_as_written_but_for_its_normalisation(
    kind: Kind,
    written: str,
    kept: str,
) -> None:
    assert TypeAdapter[str](kind).validate_python(written) == kept


IN_NO_TEXT: Final = ["a\x00", "\x1b[2J", "a\x7f", "a\x85", "a\x9f", "", " \u3000", "a\ud800"]
MARKED: Final = ["e" + "\u0316" * (MOST_MARKS + 1), "\u0316" * 20_000]
IN_NO_LINE: Final = ["a\nb", "a\n", "\u202ea", "a\u2066b", "a\u200f", "a\u061c", "a\u2028b"]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *((kind, text) for kind in (Code, Prose) for text in (*IN_NO_TEXT, *MARKED)),
        *((Code, text) for text in (*IN_NO_LINE, "a" * 201, "\U0001d15e" * 101)),
        *((Prose, text) for text in ("\r\n\t", "a" * 20_001)),
        *((kind, other) for kind in (Code, Prose) for other in (7, True, None, b"a", ["a"])),
        *((Identifier, text) for text in (f"{{{NOBODY}}}", NOBODY.hex, NOBODY.urn, 7, b"0" * 36)),
        *((Instant, text) for text in ("2026-01-01T00:00Z", "2026-01-01T00:00:00", 1_767_225_600)),
        (Instant, "2026-01-01T00:00:00.1234567Z"),
        (Instant, "2026-01-01 00:00:00Z"),
        (Instant, "2026-01-01T24:00:00Z"),
        (Instant, "2026-06-30T23:59:60Z"),
        (Instant, "2026-01-01T00:00:00+24:00"),
        *((Day, text) for text in ("20260101", "2026-1-1", "2026-W01-1", "1899-12-31", 20_000)),
        *((AmountIn, text) for text in ("1,00", " 1", "1_0", "+1", "-1", "01", "1.", ".5", "1e2")),
        *((AmountIn, text) for text in ("\uff11", "Infinity", "1" * 15, "0.00001", 1.0, 1, True)),
    ],
    ids=lambda value: ascii(value)[:24] if isinstance(value, str) else "",
)
def test_a_value_that_is_not_written_as_it_should_be_is_refused(
    kind: Kind,
    written: object,
) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[object](kind, config={"strict": True}).validate_python(written)


def bodies(model: type[Body] = Body) -> Iterator[type[Body]]:
    for child in model.__subclasses__():
        yield child
        yield from bodies(child)


BODIES: Final = {(model.__module__, model.__qualname__): model for model in bodies()}
IN_ORDER: Final = [BODIES[place] for place in sorted(BODIES)]
"""In one order in every run."""


@pytest.mark.parametrize("model", IN_ORDER, ids=lambda model: model.__name__)
def test_a_body_converts_nothing_and_passes_over_nothing(model: type[Body]) -> None:
    assert model.model_config.get("strict") is True
    assert model.model_config.get("extra") == "forbid"


PARSED: Final = {"int", "bool", "uuid", "date", "datetime", "decimal", "float"}


def lax_nodes(node: Node) -> Iterator[str]:
    """What a schema would take from text without a reader of ours before it."""
    if isinstance(node, list):
        for child in cast("Iterable[Node]", node):
            yield from lax_nodes(child)
    elif isinstance(node, dict):
        schema = cast("dict[str, Node]", node)
        kind = schema.get("type")
        if kind in PARSED:
            yield str(kind)
        if kind != "function-before":
            yield from lax_nodes(list(schema.values()))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.unique_id)
def test_a_parameter_is_read_by_a_rule_of_ours(route: APIRoute) -> None:
    for field in get_flat_params(route.dependant):
        given = field.field_info
        kind: Any = Annotated[given.annotation, "a parameter", *given.metadata]  # as FastAPI does
        assert list(lax_nodes(TypeAdapter[object](kind).core_schema)) == [], field.alias


@pytest.mark.parametrize(
    "query",
    [
        "limit=5&limit=5",
        "limit=5&limit=6",
        "lim%69t=5&limit=5",
        "colour=blue",
        "=5",
        "limit=\uff15",
        "limit=+5",
        "limit=%2B5",
        "limit=5_0",
        "limit=05",
        "limit=5.0",
        "open=True",
        "open=1",
        "open=yes",
        "q=%FF",
        "%FF=q",
        "q=%ED%A0%80",
        "q=a%0Ab",
        "q=a%E2%80%AEb",
        "q=",
    ],
)
def test_a_question_that_does_not_say_one_thing_is_refused(door: Door, query: str) -> None:
    assert slug(door.client(Role.AGENT).get(f"/v1/cases?{query}")) == "invalid"


@pytest.mark.parametrize("query", ["", "limit=5&open=true&", "q=Am%C3%A9lie+d", "order=newest"])
def test_a_question_that_says_one_thing_is_answered(door: Door, query: str) -> None:
    assert door.client(Role.AGENT).get(f"/v1/cases?{query}").status_code == 200


def test_an_address_that_is_not_utf_8_is_refused(door: Door) -> None:
    assert slug(door.client(Role.AGENT).get("/v1/customers/%FF/contacts")) == "invalid"


@pytest.mark.parametrize(
    "name", ["If-Match", "Idempotency-Key", "X-Correlation-Id", "Content-Type"]
)
def test_a_header_that_says_two_things_is_refused(door: Door, name: str) -> None:
    twice = [(name, "a"), (name, "b")]

    answer = door.stranger().get("/v1/cases", headers=twice)

    assert (slug(answer), answer.json()["header"]) == ("header-repeated", name.lower())


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json; charset=iso-8859-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/problem+json"},
        {"Content-Type": "text/json"},
    ],
)
def test_a_body_in_another_tongue_is_not_read(door: Door, headers: dict[str, str]) -> None:
    answer = door.client(Role.AGENT).post("/v1/complaints", content=b"{}", headers=headers)

    assert (slug(answer), answer.status_code) == ("unsupported-content", 415)


def test_a_charset_that_json_has_anyway_may_be_said(door: Door) -> None:
    answer = door.client(Role.AGENT).post(
        "/v1/complaints",
        content=b"{}",
        headers={"Content-Type": 'application/JSON; charset="UTF-8"'},
    )

    assert slug(answer) == "invalid"


def test_what_an_installation_allows_is_what_the_door_lets_in(services: Services) -> None:
    assert Settings.model_fields["recours_body_limit"].default == LARGEST_BODY
    narrow = TestClient(create_app(services, largest_body=1024))
    narrow.headers["Content-Type"] = "application/json"
    longest, longer = b"[" + b" " * 1022 + b"]", iter([b"[", b" " * 1023, b"]"])

    assert slug(narrow.post("/v1/complaints", content=longest)) == "key-missing"
    assert slug(narrow.post("/v1/complaints", content=longer)) == "body-too-large"


def test_a_text_reads_back_in_its_normal_form(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint(customer_id=" Ame\u0301lie\u00a0"))

    assert anna.get(case).json()["customer_id"] == " Am\u00e9lie\u00a0"


@pytest.mark.parametrize(
    "name", ["x" * 41, "a/b", "<script>", "\u202e", "C-1001 Ame\u0301lie", "a~1b"], ids=ascii
)
def test_a_field_that_is_not_known_is_told_only_where_its_name_is_like_one(
    door: Door, name: str
) -> None:
    anna = door.client(Role.AGENT)
    known, strange = (
        anna.post("/v1/complaints", json=complaint(**{field: 1})) for field in ("colour", name)
    )

    assert [fault["pointer"] for fault in known.json()["errors"]] == ["/colour"]
    assert [fault["pointer"] for fault in strange.json()["errors"]] == ["/?"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/healthz"), ("GET", "/v1/cases"), ("GET", "/v1/nothing"), ("PUT", "/v1/cases")],
)
def test_every_answer_tells_browsers_to_be_careful(door: Door, method: str, path: str) -> None:
    headers = door.stranger().request(method, path).headers

    assert {name: headers.get(name) for name in GUARDS} == GUARDS
    assert not {"Server", "X-Powered-By", "Strict-Transport-Security"} & headers.keys()


def test_tls_is_asked_for_once_it_is_there(door: Door) -> None:
    over_tls = TestClient(door.app, base_url="https://testserver").get("/healthz")

    assert over_tls.headers["Strict-Transport-Security"] == "max-age=31536000"
