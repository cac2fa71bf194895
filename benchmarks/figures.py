"""What a benchmark prints, and how large it runs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from statistics import median, quantiles
from typing import Final

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large a run is; every figure is the median of `rounds` rounds."""

    rounds: int
    seconds: float
    """How long each contestant works in each round."""
    cases: int
    """Cases in the store that is read back, replayed and projected."""
    burst: int
    """Events of the burst that the read models must follow."""
    ledger: int
    """Rows of the ledger of blocked payments."""
    import_rows: int | None
    """Rows of the imported file; nothing for all of them."""
    questions: int
    """How often something is asked for a percentile."""


FULL: Final = Scale(
    rounds=5,
    seconds=1.5,
    cases=12_000,
    burst=10_000,
    ledger=1_000_000,
    import_rows=None,
    questions=200,
)
QUICK: Final = Scale(
    rounds=3,
    seconds=0.5,
    cases=2_000,
    burst=2_000,
    ledger=200_000,
    import_rows=10_000,
    questions=100,
)
TINY: Final = Scale(
    rounds=1,
    seconds=0.05,
    cases=20,
    burst=100,
    ledger=2_000,
    import_rows=40,
    questions=5,
)
"""Shows that a benchmark runs; its figures mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report. Without a goal it explains another figure."""

    figure: str
    value: float
    unit: str
    goal: float | None = None
    met: bool | None = None
    detail: dict[str, float | str] = field(default_factory=dict[str, float | str])


Figures = Iterator[Figure]


def at_least(goal: float, *, figure: str, value: float, unit: str, **detail: float | str) -> Figure:
    """A figure that should be large."""
    met = value >= goal
    return Figure(figure=figure, value=rounded(value), unit=unit, goal=goal, met=met, detail=detail)


def at_most(goal: float, *, figure: str, value: float, unit: str, **detail: float | str) -> Figure:
    """A figure that should be small."""
    met = value <= goal
    return Figure(figure=figure, value=rounded(value), unit=unit, goal=goal, met=met, detail=detail)


def stated(figure: str, *, value: float, unit: str, **detail: float | str) -> Figure:
    """A figure without a goal."""
    return Figure(figure=figure, value=rounded(value), unit=unit, detail=detail)


def line_of(figure: Figure) -> str:
    """Write a figure as its JSON line."""
    return orjson.dumps({k: v for k, v in asdict(figure).items() if v != {}}).decode()


def rounded(value: float) -> float:
    """Keep the digits that a benchmark can vouch for."""
    return round(value, 3) if value < 100 else float(round(value))


def ratio(product: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the ratios of rounds that ran next to each other."""
    return median(p / f for p, f in zip(product, floor, strict=True))


def spread(rates: Sequence[float]) -> float:
    """How far the rounds lie apart, as a part of their median: the noise of the machine."""
    return (max(rates) - min(rates)) / median(rates)


def percentile95(seconds: Sequence[float]) -> float:
    """The time within which nineteen of twenty were served."""
    if len(seconds) < 2:
        return seconds[0]
    return quantiles(seconds, n=20, method="inclusive")[ceil(0.95 * 20) - 1]
