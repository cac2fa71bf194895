"""The page `docs/permissions.md`, read from the table.

    python -m tests.api.permission_documents

writes it anew. It is checked in, so that a changed table shows what it changes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from api.http.permissions import OPEN, TABLE
from application.keys import GRANTABLE
from application.scopes import JOBS, ConnectorScope
from domain.parties import Role

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
ROLES: Final = tuple(role for role in GRANTABLE if role is not Role.CONNECTOR)


def render() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Who may do what"
    yield ""
    yield "Read from `api/http/permissions.py`; do not edit it, but run"
    yield "`python -m tests.api.permission_documents`. An operation without a row keeps the"
    yield "application from starting. A step's row names the roles that may ever take it; when, and"
    yield "in which state, the [lifecycles](lifecycles) say."
    yield ""
    yield "## Scopes of connectors"
    yield ""
    yield "A connector's key names one scope or more, and opens the operations of those only."
    yield ""
    yield "| scope | what the connector does |"
    yield "|---|---|"
    for scope in ConnectorScope:
        yield f"| `{scope}` | {JOBS[scope]} |"
    yield ""
    yield "## Operations"
    yield ""
    yield f"| operation | {' | '.join(ROLES)} | connector |"
    yield "|---" * (len(ROLES) + 2) + "|"
    for row in TABLE:
        cells = ["yes" if role in row.roles else " " for role in ROLES]
        scopes = ", ".join(f"`{scope}`" for scope in ConnectorScope if scope in row.scopes)
        yield f"| `{row.operation}` | {' | '.join([*cells, scopes or ' '])} |"
    yield ""
    yield f"Open to everybody: {', '.join(f'`{name}`' for name in sorted(OPEN))}."


def write() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    write()
