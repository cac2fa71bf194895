"""The API by the judgement of schemathesis: it makes requests up from the OpenAPI document."""

# Its own types leave much open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import UNAUTHORIZED
from itertools import count, cycle
from typing import Any, Final

import pytest
import schemathesis
from schemathesis import APIOperation, AuthContext, Case, CheckContext, HookContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.hooks import unregister

from application.keys import GRANTABLE
from domain.parties import Role
from tests.api.document import Documented, documented
from tests.api.doors import Door
from tests.api.stories import Stage

FUZ = os.environ.get("FUZ", "1") == "1"
AIMED: Final = 4
"""Of so many requests that mean well, all but one are about a case in the state they need."""

OFTEN: Final = 25
"""Requests after which the read models catch up."""

EVERY: Final = 10
"""One of so many operations is tried in the ordinary run."""

REFUSED: Final = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
"""What may be answered to what the document does not allow: 412 comes before a look at the body."""

STEPS: Final = 6
"""Of a story that it makes up itself, from one answer to the next request."""

PATIENCE: Final = frozenset({"not-ready", "not-caught-up"})
"""Refusals with 503 that are meant: nobody is at work on the read models meanwhile."""

JSON: Final = "application/problem+json"

Made = Case[APIOperation[Any, Any, Any, Any]]  # Any: what a specification other than ours holds


@dataclass(frozen=True, kw_only=True)
class Phases:
    """What is tried, and how much of it."""

    seed: int
    coverage: bool = False
    examples: int = 1
    """Beyond one, requests are also made up by chance, and from answers, so many at a time."""


@dataclass
class Judged:
    """What was tried, and what was found."""

    tried: Counter[str] = field(default_factory=Counter[str])
    """Requests, by the phase in which they were made up."""
    answers: Counter[int] = field(default_factory=Counter[int])
    well_meant: Counter[int] = field(default_factory=Counter[int])
    """Statuses of what was answered to requests that keep to the document, but for those that it
    sends without a key to see whether one is needed."""
    reached: set[str] = field(default_factory=set[str])
    """Operations that did what they are for."""
    found: list[str] = field(default_factory=list[str])


class Aim:
    """Turns requests that mean well to somebody who may, and to a case in the right state."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._stage = Stage(door)
        self.operations = {one.name: one for one in documented(door.app)}
        self._keys = {role: door.client(role).headers["Authorization"] for role in GRANTABLE}
        self._roles = {
            one.name: cycle(map(Role, one.roles or map(str, GRANTABLE)))
            for one in self.operations.values()
        }
        self._admin = door.client(Role.ADMIN)
        self._calls, self._aims, self._numbers = count(1), count(), count()

    def operation(self, case: Made) -> Documented:
        return self.operations[case.operation.definition.raw["operationId"]]

    def key(self, case: Made) -> str:
        return self._keys[next(self._roles[self.operation(case).name])]

    def turn(self, case: Made) -> None:
        operation = self.operation(case)
        if not means_well(case) or next(self._aims) % AIMED == 0:
            return
        (case.query or {}).pop("after_position", None)
        if operation.insists_on("Idempotency-Key"):
            case.headers["Idempotency-Key"] = f"judged-{next(self._numbers)}"
        if operation.insists_on("If-Match"):
            case.headers["If-Match"] = "*"
        if isinstance(case.body, dict):
            case.body.pop("occurred_at", None)
        if case.meta is not None and case.meta.phase.name.value != "stateful":
            self._turn_to_a_case(case, operation)

    def _turn_to_a_case(self, case: Made, operation: Documented) -> None:
        kind, _, rest = operation.path.removeprefix("/v1/").partition("/")
        if operation.insists_on("If-Match"):
            scene = self._stage.scene(kind, rest.rpartition("/")[2])
            case.path_parameters["case_id"] = scene.case_id
            if isinstance(case.body, dict):
                case.body.update(scene.known)
        elif "case_id" in operation.named("path"):
            known = self._stage.begun["complaints" if kind == "cases" else kind]
            case.path_parameters["case_id"] = known.rpartition("/")[2]
        elif "key_id" in operation.named("path"):
            made = self._admin.post("/v1/keys", json={"subject_id": "x", "role": "agent"})
            case.path_parameters["key_id"] = made.json()["key"]["key_id"]

    def look(self, case: Made, response: Response) -> None:
        operation = self.operation(case)
        if operation.insists_on("If-Match") and response.status_code < 300:
            kind, *_, noun = operation.path.removeprefix("/v1/").split("/")
            self._stage.taken(kind, noun, response.json())
        if next(self._calls) % OFTEN == 0:
            self._door.projector.catch_up()


def means_well(case: Made) -> bool:
    """Whether a request keeps to the document."""
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.check
def problem_is_documented(_context: CheckContext, response: Response, case: Made) -> None:
    """A problem is one that the document shows for the operation; a 503 is one that is meant."""
    if response.status_code < 400 or response.status_code == 405:
        return
    (media_type,) = response.headers["content-type"]
    assert media_type == JSON, media_type
    word = response.json()["type"].rpartition("/")[2]
    responses = case.operation.definition.raw["responses"]
    told = responses[str(response.status_code)]["content"][JSON]["examples"]
    assert word in told or word == "no-such-address", f"{word} is not told of"
    assert response.status_code < 500 or word in PATIENCE, f"{word}: {response.text}"


def judge(door: Door, *, phases: Phases, only: Sequence[str] = ()) -> Judged:
    """Let it make requests up, and judge the answers."""
    aim, judged = Aim(door), Judged()
    config = SchemathesisConfig.from_dict(
        {
            "seed": phases.seed,
            "generation": {
                "max-examples": phases.examples,
                "database": "none",
                "no-shrink": True,
                "with-security-parameters": False,
            },
            "checks": {
                # The rules of the trade refuse much that the document allows.
                "positive_data_acceptance": {"enabled": False},
                "negative_data_rejection": {"expected-statuses": REFUSED},
                "missing_required_header": {"expected-statuses": [400, 422, 428]},
                "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
            },
            "phases": {
                "coverage": {"enabled": phases.coverage},
                "fuzzing": {"enabled": phases.examples > 1},
                "stateful": {"enabled": phases.examples > 1, "max-steps": STEPS},
            },
        }
    )
    whole = schemathesis.openapi.from_asgi("/openapi.json", door.app, config=config)
    # It has no end; tests of its own follow it.
    schema = whole.exclude(operation_id="events.stream")
    schema = schema.include(operation_id=list(only)) if only else schema

    @schema.auth(refresh_interval=None)
    class ByRole:  # pyright: ignore[reportUnusedClass] - registered
        def get(self, case: Made, _context: AuthContext) -> str:
            return aim.key(case)

        def set(self, case: Made, data: str, _context: AuthContext) -> None:
            case.headers["Authorization"] = data

    def before_call(_context: HookContext, case: Made, _kwargs: dict[str, Any]) -> None:
        aim.turn(case)

    def after_call(_context: HookContext, case: Made, response: Response) -> None:
        aim.look(case, response)

    with hooked(before_call, after_call):
        for event in from_schema(schema).execute():
            match event:
                case ScenarioFinished():
                    note(judged, event)
                case NonFatalError() | FatalError():
                    judged.found.append(str(getattr(event, "info", event)))
                case _:
                    pass
    return judged


@contextmanager
def hooked(*hooks: Callable[..., None]) -> Generator[None]:
    """Call these hooks, which it knows by their names, for the length of a block."""
    for hook in hooks:
        schemathesis.hook(hook)
    try:
        yield
    finally:
        for hook in hooks:
            unregister(hook)


def note(judged: Judged, scenario: ScenarioFinished) -> None:
    recorder = scenario.recorder
    for case_id, interaction in recorder.interactions.items():
        case, answer = recorder.cases[case_id].value, interaction.response
        judged.tried[scenario.phase.value] += 1
        if answer is None:
            judged.found.append(f"{case.operation.label}: no answer")
            continue
        judged.answers[int(answer.status_code)] += 1
        if means_well(case) and answer.status_code != UNAUTHORIZED:
            judged.well_meant[int(answer.status_code)] += 1
        if answer.status_code < 300:
            judged.reached.add(case.operation.definition.raw["operationId"])
    judged.found += faults(scenario)


def faults(scenario: ScenarioFinished) -> Iterator[str]:
    for checks in scenario.recorder.checks.values():
        for one in checks:
            if one.failure_info is not None:
                fault = one.failure_info.failure
                sent = one.failure_info.code_sample
                yield f"{fault.operation}: {one.name}: {fault.message}\n{sent}"


def share(answers: Counter[int]) -> float:
    return sum(n for status, n in answers.items() if status < 300) / answers.total()


def test_schemathesis_finds_no_fault_with_some_operations(door: Door) -> None:
    some = [one.name for one in documented(door.app) if not one.streams][::EVERY]

    judged = judge(door, phases=Phases(seed=0, coverage=True), only=some)

    assert judged.found == []
    assert len(judged.reached) >= len(some) / 2


@pytest.mark.soak
def test_schemathesis_finds_no_fault_at_the_edges_of_the_document(door: Door) -> None:
    judged = judge(door, phases=Phases(seed=0, coverage=True))

    assert judged.found == []
    assert judged.tried["coverage"] >= 3_500
    assert share(judged.well_meant) > 0.4


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_schemathesis_finds_no_fault_by_chance_or_step_by_step(door: Door, seed: int) -> None:
    judged = judge(door, phases=Phases(seed=seed, examples=3))

    assert judged.found == []
    assert judged.tried.total() >= 500
    assert judged.tried["stateful"] > 0
    assert share(judged.well_meant) > 0.4
