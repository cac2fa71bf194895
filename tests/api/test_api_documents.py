"""The OpenAPI document and the page about the API say what the code does."""

import json
import re
from pathlib import Path
from typing import Any, Final, cast

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from api.http.actions import NOUNS
from api.http.app import create_app
from api.http.applying import GIVEN_BY
from api.http.complaints import Registration
from api.http.describing import Problem
from api.http.dispute_steps import SettlementOffer
from api.http.disputed_lines import DisputedLine
from api.http.permissions import OPEN
from api.http.problem_catalogue import CATALOGUE, MEMBERS, members_of, rows
from api.http.problems import BY_STATUS, PROBLEMS, UNEXPECTED
from application.services import Services
from tests.api import permission_documents

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")

FILES: Final = {"blocked-payments.export"}
"""Operations that answer with a file."""

Operation = dict[str, Any]  # Any: OpenAPI


@pytest.fixture
def operations(services: Services) -> dict[str, Operation]:
    """Every operation, by its id."""
    paths = create_app(services).openapi()["paths"]
    return {o["operationId"]: o for methods in paths.values() for o in methods.values()}


def test_every_operation_says_what_it_is_for(operations: dict[str, Operation]) -> None:
    assert all(operation["summary"] for operation in operations.values())
    assert all(operation["description"] for operation in operations.values())


def test_every_problem_is_told_in_its_own_media_type(operations: dict[str, Operation]) -> None:
    for name, operation in operations.items():
        for status, answer in operation["responses"].items():
            if status == "304":
                assert "content" not in answer
                continue
            success = "text/event-stream" if name == "events.stream" else "application/json"
            media_type = "application/problem+json" if int(status) >= 400 else success
            if int(status) >= 400 or name not in FILES:
                assert list(answer["content"]) == [media_type], f"{name} {status}"


def test_a_change_tells_its_version_before_and_after(operations: dict[str, Operation]) -> None:
    for kind, actions in NOUNS.items():
        for action in actions:
            operation = operations[f"{kind}.{action}"]
            required = {p["name"] for p in operation["parameters"] if p["required"]}
            success = operation["responses"].get("200") or operation["responses"]["201"]
            assert {"412", "428", "409", "422"} <= operation["responses"].keys()
            assert {"ETag", "X-Position"} <= success["headers"].keys()
            assert "If-Match" in required


@pytest.mark.parametrize("model", [Registration, DisputedLine, SettlementOffer])
def test_an_example_is_one(model: type[BaseModel]) -> None:
    extra = cast("dict[str, Any]", model.model_config.get("json_schema_extra"))

    assert all(model.model_validate(example) for example in extra["examples"])


def test_the_page_lists_every_problem_with_its_status() -> None:
    told: dict[str, set[str]] = {}
    for words, statuses in re.findall(r"^\| (`[^|]+) \| ([\d, ]+) \|", PAGE, flags=re.MULTILINE):
        for word in re.findall(r"`([a-z-]+)`", words):
            told[word] = set(statuses.split(", "))
    rows = [*PROBLEMS.values(), *BY_STATUS.values(), UNEXPECTED]

    assert told.keys() == {row.slug for row in rows}
    assert all(str(row.status) in told[row.slug] for row in rows)


def test_the_page_of_permissions_is_what_the_table_says() -> None:
    how = "run: python -m tests.api.permission_documents"

    assert permission_documents.PAGE.read_text(encoding="utf-8") == permission_documents.render(), (
        how
    )


def test_no_problem_model_requires_what_another_problem_of_its_status_lacks() -> None:
    assert {name for name, field in Problem.model_fields.items() if field.is_required()} == {
        "type",
        "title",
        "status",
    }


def test_every_kind_of_problem_is_explained_and_nothing_else_is() -> None:
    assert {row.slug for row in rows()} == CATALOGUE.keys()
    assert {name for row in rows() for name in members_of(row)} == MEMBERS.keys()


def test_the_document_is_one(services: Services) -> None:
    """By the judgement of others: of the standard's own schema, and of its examples."""
    document = create_app(services).openapi()

    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_kind_of_problem_is_given_by_an_operation_and_nothing_else_is(
    operations: dict[str, Operation],
) -> None:
    told = {
        word
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        for media in answer.get("content", {}).values()
        for word in (media["examples"] if int(status) >= 400 else ())
    }

    assert {row.slug for row in rows()} == GIVEN_BY.keys()
    # What takes another method is no operation.
    assert told == GIVEN_BY.keys() - {"method-not-allowed"}


def test_a_question_is_not_said_to_break_a_rule_of_the_trade(
    operations: dict[str, Operation],
) -> None:
    for name in ("complaints.read", "cases.list", "keys.list", "health.live"):
        answer = operations[name]["responses"]["422"]["content"]["application/problem+json"]
        assert answer["examples"].keys() == {"invalid"}
        assert operations[name]["responses"].keys().isdisjoint({"409", "412", "428"})


def test_every_operation_shows_an_example_of_every_problem(
    operations: dict[str, Operation],
) -> None:
    for operation in operations.values():
        for status, answer in operation["responses"].items():
            for media in answer.get("content", {}).values() if int(status) >= 400 else ():
                statuses = {example["value"]["status"] for example in media["examples"].values()}
                assert statuses == {int(status)}


def test_every_answer_tells_what_to_quote(operations: dict[str, Operation]) -> None:
    told = {"X-Correlation-Id", "X-Request-Id"}
    for operation in operations.values():
        assert all(told <= answer["headers"].keys() for answer in operation["responses"].values())


def test_every_tag_is_explained(services: Services) -> None:
    document = create_app(services).openapi()
    used = {
        tag
        for methods in document["paths"].values()
        for operation in methods.values()
        for tag in operation["tags"]
    }

    assert {tag["name"] for tag in document["tags"]} == used


def test_every_name_in_the_document_means_one_thing(services: Services) -> None:
    """A name that two models share is written with their modules, and no generator takes it."""
    document = create_app(services).openapi()
    names = document["components"]["schemas"].keys()

    assert [name for name in names if "__" in name] == []


def test_nothing_in_the_document_is_unused(services: Services) -> None:
    document = create_app(services).openapi()
    written = json.dumps(document)

    unused = [
        name
        for name in document["components"]["schemas"]
        if f'"#/components/schemas/{name}"' not in written
    ]
    assert unused == []


def test_every_operation_is_named_grouped_and_guarded_alike(
    operations: dict[str, Operation],
) -> None:
    for name, operation in operations.items():
        assert re.fullmatch(r"[a-z-]+\.[a-z_-]+", name), name
        assert len(operation["tags"]) == 1, name
        assert bool(operation["security"]) == (name not in OPEN), name
