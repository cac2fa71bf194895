"""Every benchmark runs, in a size that says nothing about speed."""

import json
from collections.abc import Iterator

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.figures import TINY, line_of, percentile95, ratio
from benchmarks.site import Ground


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground.open() as opened:
        yield opened


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_prints_its_figures_as_json_lines(ground: Ground, name: str) -> None:
    figures = [json.loads(line_of(figure)) for figure in BENCHMARKS[name](ground, TINY)]
    assert figures
    for figure in figures:
        assert list(figure)[:4] == ["figure", "value", "unit", "goal"]
        assert figure["figure"].startswith(name)
        assert figure["value"] > 0


def test_a_ratio_is_the_median_over_rounds_that_ran_together() -> None:
    assert ratio([10.0, 90.0, 30.0], [20.0, 100.0, 100.0]) == 0.5


def test_nineteen_of_twenty_are_within_the_95th_percentile() -> None:
    assert percentile95([float(second) for second in range(101)]) == 95.0
