"""How operations are found, and read, without what the framework would do for each request."""

from itertools import chain
from typing import Annotated, Final

import pytest
from fastapi import BackgroundTasks, Body, Cookie, Depends, Response
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute
from starlette.routing import Match, Route
from starlette.testclient import TestClient
from starlette.types import Scope

from api.http.app import ROUTERS
from api.http.entering import let_in
from api.http.finding import Index
from api.http.operations import Operation, operations
from api.http.solving import Need, NotForOperations
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import slug

ROUTES: Final = [
    route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)
]
INDEX: Final = Index(ROUTES)


def asked(path: str, method: str) -> Scope:
    return {"type": "http", "path": path, "method": method, "headers": [], "root_path": ""}


def tried(scope: Scope) -> tuple[Route | None, object]:
    """What the framework finds by trying one route after the other."""
    for route in ROUTES:
        match, found = route.matches(scope)
        if match is Match.FULL:
            return route, found["path_params"]
    return None, None


@pytest.mark.parametrize("value", ["01961f5e-0000-7000-8000-00000000cafe", "lines", "é", "a b"])
def test_the_index_finds_what_trying_all_routes_finds(value: str) -> None:
    scopes = [
        asked("/".join(value if "{" in part else part for part in route.path.split("/")), method)
        for route in ROUTES
        for method in chain(route.methods or (), ("PUT", "HEAD"))
        if ":path" not in route.path
    ]

    found = 0
    for scope in scopes:
        match, told = INDEX.matches(scope)
        if match is Match.FULL:
            found += 1
            assert (told["route"], told["path_params"]) == tried(scope)
    assert found >= len(ROUTES) - 1


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/complaints/", "//", "/v1/complaints//notes"])
def test_the_index_leaves_what_it_does_not_know_to_the_framework(path: str) -> None:
    assert INDEX.matches(asked(path, "GET")) == (Match.NONE, {})


def test_a_method_that_an_address_does_not_take_is_refused_with_those_that_it_takes(
    door: Door,
) -> None:
    answer = door.client(Role.AGENT).delete("/v1/cases")

    assert (answer.status_code, slug(answer)) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET"


def test_every_route_is_an_operation() -> None:
    assert {type(route) for route in ROUTES} == {Operation}


def _wants_cookies(session: Annotated[str, Cookie()]) -> None:
    del session


def _wants_tasks(tasks: BackgroundTasks) -> None:
    del tasks


def _wants_the_answer(response: Response) -> None:
    del response


def _wants_two_bodies(one: Annotated[str, Body()], two: Annotated[str, Body()]) -> None:
    del one, two


def _needs(tasks: Annotated[None, Depends(_wants_tasks)]) -> None:
    del tasks


@pytest.mark.parametrize(
    "wants", [_wants_cookies, _wants_tasks, _wants_the_answer, _wants_two_bodies, _needs]
)
def test_what_is_not_read_of_a_request_is_refused_before_the_first_one(wants: object) -> None:
    with pytest.raises(NotForOperations):
        Need(get_dependant(path="/", call=wants))  # type: ignore[arg-type]  # functions, each


def test_a_router_of_operations_is_guarded_by_itself() -> None:
    router = operations("/v1/doors", tag="doors")
    router.add_api_route("/open", lambda: None, operation_id="cases.list")
    (route,) = router.routes

    assert isinstance(route, Operation)
    assert route.dependant.dependencies[0].call is let_in


def test_every_fault_of_a_request_is_told_at_once(door: Door) -> None:
    client: TestClient = door.client(Role.AGENT)
    answer = client.post("/v1/complaints/nobody/notes", json={}, headers={"If-Match": '"1"'})

    assert slug(answer) == "invalid"
    assert {(f["where"], f["pointer"]) for f in answer.json()["errors"]} == {
        ("path", "case_id"),
        ("body", "/text"),
    }
