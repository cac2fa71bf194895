"""What the linters cannot see: the mistakes in the sources that would cost the most."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
LAYERS: Final = ("domain", "application", "infrastructure", "api")
FOLDERS: Final = (*LAYERS, "benchmarks", "tests")

DOMAIN_MAY_IMPORT: Final = sys.stdlib_module_names | {"pydantic", "transitions", "domain"}

SAYS_NOTHING: Final = frozenset(
    ["util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "processor"],
)
"""Names under which anything may be found; nothing ends in one of them either."""

SAYS_NOTHING_ALONE: Final = SAYS_NOTHING | {"data", "info", "obj"}
"""Alone they say nothing either; `personal_data` would be a word of the trade."""

_EVENT_TABLE: Final = r"""(?:only\s+)?(?:"?\w+"?\s*\.\s*)?"?events?"?(?![\w".])"""

REWRITES_HISTORY: Final = re.compile(
    rf"""
    \b(?:
        update \s+ {_EVENT_TABLE}
      | (?:delete\s+from | merge\s+into | drop\s+table(?:\s+if\s+exists)?) \s+ {_EVENT_TABLE}
      | truncate \s+ (?:table\s+)? (?:[\w".]+\s*,\s*)* {_EVENT_TABLE}
      | insert\s+into \s+ {_EVENT_TABLE} [^;]* \b do\s+update\b
      | grant \s+ [^;]* \b(?:update|delete|truncate|all)\b [^;]* \b on \s+ (?:table\s+)?
            (?:[\w".]+\s*,\s*)* {_EVENT_TABLE}
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
SQL_COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)

MODULES: Final = sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))
PRODUCT_MODULES: Final = [p for p in MODULES if p.relative_to(ROOT).parts[0] in LAYERS]
DOMAIN_MODULES: Final = [p for p in MODULES if p.relative_to(ROOT).parts[0] == "domain"]
SQL_FILES: Final = sorted(path for name in LAYERS for path in (ROOT / name).rglob("*.sql"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_roots(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative import stays inside the layer.
            yield "domain" if node.level else (node.module or "").partition(".")[0]


def texts(module: ast.Module) -> Iterator[str]:
    """Every string that runs: docstrings and other bare strings are prose, and left out."""
    prose = {
        id(node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(p.value) for p in node.values if isinstance(p, ast.Constant))
        elif isinstance(node, ast.Constant) and id(node) not in prose:
            yield str(node.value)


def rewrites_history(sql: str) -> bool:
    return REWRITES_HISTORY.search(SQL_COMMENT.sub(" ", sql)) is not None


@pytest.mark.parametrize("path", PRODUCT_MODULES, ids=named)
def test_no_module_changes_or_removes_a_recorded_event(path: Path) -> None:
    assert [text for text in texts(parsed(path)) if rewrites_history(text)] == []


@pytest.mark.parametrize("path", SQL_FILES, ids=named)
def test_no_sql_file_changes_or_removes_a_recorded_event(path: Path) -> None:
    assert not rewrites_history(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE event SET state = '{}'",
        'update only recours."event" set state = null',
        "DELETE\n  FROM events WHERE position = 1",
        "TRUNCATE event",
        "truncate table case_timeline, recours.event cascade",
        "DROP TABLE IF EXISTS event",
        "MERGE INTO event USING correction ON true",
        "INSERT INTO event VALUES (1) ON CONFLICT (position) DO UPDATE SET state = '{}'",
        "GRANT SELECT, UPDATE ON TABLE event TO recours_application",
        "GRANT ALL ON event TO recours_application",
    ],
)
def test_a_statement_that_rewrites_history_is_recognised(sql: str) -> None:
    assert rewrites_history(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO event (stream) VALUES (%s)",
        "GRANT SELECT, INSERT ON event TO recours_application",
        "REVOKE UPDATE, DELETE, TRUNCATE ON event FROM PUBLIC",
        "CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE ON event",
        "UPDATE projection SET position = 1",
        "DELETE FROM event_subscription",
        "-- never: DELETE FROM event",
    ],
)
def test_a_statement_that_leaves_history_alone_passes(sql: str) -> None:
    assert not rewrites_history(sql)


@pytest.mark.parametrize("path", DOMAIN_MODULES, ids=named)
def test_the_domain_imports_the_standard_library_pydantic_and_transitions_only(path: Path) -> None:
    assert set(imported_roots(parsed(path))) <= DOMAIN_MAY_IMPORT


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_is_named_after_what_it_holds(path: Path) -> None:
    stem = path.stem.removeprefix("test_")

    assert stem not in SAYS_NOTHING_ALONE
    assert stem.rpartition("_")[2] not in SAYS_NOTHING


@pytest.mark.parametrize("path", [p for p in MODULES if p.name == "__init__.py"], ids=named)
def test_a_package_file_holds_its_docstring_and_nothing_else(path: Path) -> None:
    module = parsed(path)

    assert ast.get_docstring(module)
    assert len(module.body) == 1
