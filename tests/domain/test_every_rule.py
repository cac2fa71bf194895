"""No rule without a test."""

import pytest

from domain.refusals import RuleBroken
from infrastructure.event_store.event_types import product_event_types


def test_every_rule_has_a_test_that_breaks_it(request: pytest.FixtureRequest) -> None:
    assert product_event_types().types, "the registry imports the whole domain"
    tests = request.path.parent.glob("test_*.py")
    tested = " ".join(path.read_text(encoding="utf-8") for path in tests)
    rules = {r.__name__ for r in RuleBroken.__subclasses__() if r.__module__.startswith("domain.")}

    assert {name for name in rules if name not in tested} == set()
