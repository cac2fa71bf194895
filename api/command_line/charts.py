"""A series of blocked money as a picture: drawn by hand as SVG, and as bars in the terminal.

Each currency has a panel and a scale of its own: amounts of two currencies are never compared.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape
from typing import Final

from application.exposures import ExposurePoint
from domain.money import EXPONENTS

WIDTH: Final = 960
PANEL: Final = 240
LEFT: Final = 130
RIGHT: Final = 30
TOP: Final = 46
BOTTOM: Final = 40
BAR: Final = 40
MOST_LABELS: Final = 8
QUARTERS: Final = 4

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_STYLE: Final = """
    text { font: 13px system-ui, sans-serif; fill: #333 }
    .title { font-weight: 600; font-size: 15px; fill: #111 }
    .grid { stroke: #ddd; stroke-width: 1 }
    .area { fill: #b3402e; fill-opacity: .12 }
    .blocked { fill: none; stroke: #b3402e; stroke-width: 2.5; stroke-linejoin: round }
    .requested { fill: none; stroke: #6b7280; stroke-width: 1.5; stroke-dasharray: 5 4 }
"""


def bar(amount: Decimal, *, most: Decimal) -> str:
    """An amount as a bar of characters, to the eighth of one."""
    if most <= 0 or amount <= 0:
        return ""
    whole, eighths = divmod(int(amount / most * BAR * 8), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()


def draw_series(points: Sequence[ExposurePoint], *, title: str) -> str:
    """The whole SVG document."""
    currencies = sorted({point.currency for point in points})
    height = TOP + PANEL * max(len(currencies), 1)
    panels = [
        piece
        for place, currency in enumerate(currencies)
        for piece in _panel([p for p in points if p.currency == currency], TOP + place * PANEL)
    ]
    nothing = [] if currencies else [f'<text x="{LEFT}" y="{TOP + 40}">nothing</text>']
    label, size = escape(title, quote=True), f'width="{WIDTH}" height="{height}"'
    shown = f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {shown}>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>',
        f'<text x="{WIDTH - RIGHT}" y="26" text-anchor="end">blocked; dashed: requested</text>',
        *panels,
        *nothing,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(points: list[ExposurePoint], top: int) -> Iterator[str]:
    most = _ceiling(max(max(point.amount, point.requested) for point in points))
    floor = top + PANEL - BOTTOM
    places = [_across(n, len(points)) for n in range(len(points))]
    currency = points[0].currency
    for share in range(QUARTERS + 1):
        y = floor - (floor - top - 20) * share / QUARTERS
        label = f"{most * share / QUARTERS:,.{_places(most, currency)}f}"
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    heights = [_up(point.amount, most, floor=floor, top=top) for point in points]
    asked = [_up(point.requested, most, floor=floor, top=top) for point in points]
    line = _path(places, heights)
    yield f'<path class="area" d="{line} L{places[-1]:.1f},{floor} L{places[0]:.1f},{floor} Z"/>'
    if any(point.requested for point in points):
        yield f'<path class="requested" d="{_path(places, asked)}"/>'
    yield f'<path class="blocked" d="{line}"/>'
    yield f'<text class="title" x="{LEFT}" y="{top + 8}">{escape(currency)}</text>'
    every = -(-len(points) // MOST_LABELS)
    for place, point in list(zip(places, points, strict=True))[::every]:
        yield (
            f'<text x="{place:.1f}" y="{floor + 20}" text-anchor="middle">'
            f"{point.valid_at:%Y-%m-%d}</text>"
        )


def _across(number: int, of: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (number / (of - 1) if of > 1 else 0.5)


def _up(amount: Decimal, most: Decimal, *, floor: int, top: int) -> float:
    return floor - float(amount / most) * (floor - top - 20)


def _path(places: Sequence[float], heights: Sequence[float]) -> str:
    corners = [f"{x:.1f},{y:.1f}" for x, y in zip(places, heights, strict=True)]
    return "M" + " L".join(corners)


def _ceiling(most: Decimal) -> Decimal:
    """The next round number: 1, 2, 4 or 8 at the head, so that a quarter of it is readable."""
    if most <= 0:
        return Decimal(1)
    unit = Decimal(1).scaleb(most.adjusted())
    return next(unit * head for head in (1, 2, 4, 8, 10) if most <= unit * head)


def _places(most: Decimal, currency: str) -> int:
    """Decimal places that tell the quarters of the scale apart, and no more than there are."""
    return min(EXPONENTS.get(currency, 2), 0 if most >= QUARTERS else 2)
