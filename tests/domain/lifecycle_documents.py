"""The documents in `docs/lifecycles`, read from the tables.

    python -m tests.domain.lifecycle_documents

writes them anew. They are checked in, so that a changed table shows what it changes.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from domain.lifecycle import STAY, Back, Step
from domain.parties import Party
from tests.domain.tables import KINDS, Kind, Table

DOCUMENTS: Final = Path(__file__).resolve().parents[2] / "docs" / "lifecycles"
HOW: Final = "run: python -m tests.domain.lifecycle_documents"


def document_of(kind: Kind) -> Path:
    """Where the document of a table stands."""
    return DOCUMENTS / f"{kind.name}.md"


def render(kind: Kind) -> str:
    """The document of a table."""
    return "\n".join(_lines(kind)) + "\n"


def _lines(kind: Kind) -> Iterator[str]:
    table = kind.table
    yield f"# The life of a {kind.name}"
    yield ""
    yield f"Read from `domain/{kind.events.__name__.split('.')[1]}/lifecycle.py`; do not edit it,"
    yield f"but {HOW.replace('run: ', 'run `')}`."
    yield ""
    yield "```mermaid"
    yield table.to_mermaid()
    yield "```"
    yield ""
    yield "## Who can do what next"
    yield ""
    yield "| status | action | by | leads to |"
    yield "|---|---|---|---|"
    for status in table.statuses:
        yield from _next_steps(table, status)
    yield ""
    yield "## Where the customer can act"
    yield ""
    yield "An agent may record what the customer said; the step is the customer's all the same."
    yield ""
    yield "| status | the customer can | otherwise it is for |"
    yield "|---|---|---|"
    for status in table.statuses:
        steps = table.next_steps(status)
        moves = ", ".join(steps.get(Party.CUSTOMER, ())) or "wait"
        others = ", ".join(party for party in steps if party is not Party.CUSTOMER)
        yield f"| {status} | {moves} | {others or 'nobody: it is an end'} |"
    yield from _staying_steps(table)


def _next_steps(table: Table, status: StrEnum) -> Iterator[str]:
    moves = [step for step in table.steps if status in step.sources and step.to is not STAY]
    for step in moves:
        who, target = ", ".join(step.who), _target(table, step, status)
        yield f"| {status} | {step.action} | {who} | {target} |"
    if not moves:
        yield f"| {status} | nothing is left to do | | |"


def _staying_steps(table: Table) -> Iterator[str]:
    steps = [step for step in table.steps if step.to is STAY]
    if not steps:
        return
    yield ""
    yield "## What moves nothing"
    yield ""
    yield "| action | while | by |"
    yield "|---|---|---|"
    for step in steps:
        yield f"| {step.action} | {', '.join(step.sources)} | {', '.join(step.who)} |"


def _target(table: Table, step: "Step[StrEnum]", status: StrEnum) -> str:
    targets = ", ".join(table.destinations(step, status))
    return f"where it was: {targets}" if isinstance(step.to, Back) else targets


def write() -> None:
    """Write every document anew."""
    DOCUMENTS.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        document_of(kind).write_text(render(kind), encoding="utf-8")


if __name__ == "__main__":
    write()
