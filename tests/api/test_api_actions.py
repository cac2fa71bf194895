"""Every action of every lifecycle has its noun, every noun its address, and no router decides."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import api.http
from api.http.actions import CONSEQUENCES, NOUNS, Kind
from api.http.app import create_app
from application.services import Services
from domain.blocks.lifecycle import LIFECYCLE as BLOCKS
from domain.complaints.lifecycle import LIFECYCLE as COMPLAINTS
from domain.disputes.lifecycle import LIFECYCLE as DISPUTES

ACTIONS: Final = {
    Kind.COMPLAINT: {step.action for step in COMPLAINTS.steps},
    Kind.DISPUTE: {step.action for step in DISPUTES.steps},
    Kind.BLOCK: {step.action for step in BLOCKS.steps},
}
ROUTERS: Final = sorted(Path(api.http.__path__[0]).glob("*.py"))


def endpoints() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in ROUTERS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(is_route, node.decorator_list)):
                yield f"{path.stem}.{node.name}", node


def is_route(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).startswith(("router.", "command"))


@pytest.mark.parametrize("kind", ACTIONS)
def test_an_action_is_taken_at_its_noun_or_follows_from_another_one(kind: Kind) -> None:
    nouns, consequences = set(NOUNS[kind]), set(CONSEQUENCES[kind])

    assert nouns | consequences == ACTIONS[kind]
    assert nouns & consequences == set()


@pytest.mark.parametrize("kind", Kind)
def test_a_noun_stands_for_one_action(kind: Kind) -> None:
    nouns = list(NOUNS[kind].values())

    assert len(set(nouns)) == len(nouns)


@pytest.mark.parametrize("kind", Kind)
def test_what_brings_a_consequence_about_has_an_address(kind: Kind) -> None:
    causes = [cause for found in CONSEQUENCES[kind].values() for cause in found]

    assert all(cause.action in NOUNS[cause.kind] for cause in causes)


def test_every_noun_has_an_address_and_every_address_below_a_case_its_noun(
    services: Services,
) -> None:
    served = {
        path: operation["post"]["operationId"]
        for path, operation in create_app(services).openapi()["paths"].items()
        if "{case_id}/" in path and "post" in operation
    }

    assert served == {
        f"/v1/{kind}/{{case_id}}/{noun}": f"{kind}.{action}"
        for kind, nouns in NOUNS.items()
        for action, noun in nouns.items()
    }


@pytest.mark.parametrize("endpoint", [pytest.param(e, id=name) for name, e in endpoints()])
def test_a_router_function_decides_nothing(endpoint: ast.FunctionDef) -> None:
    deciding = (ast.If, ast.IfExp, ast.Match, ast.For, ast.While, ast.Try)

    assert not [node for node in ast.walk(endpoint) if isinstance(node, deciding)]
    assert ast.get_docstring(endpoint)
    assert len(endpoint.body) <= 5
