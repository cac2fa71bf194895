"""The documents keep up with the code, and nothing in the tree belongs to one machine."""

import importlib
import re
from collections.abc import Iterator
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Final, cast

import pytest

from domain.lifecycle import Lifecycle

ROOT: Final = Path(__file__).resolve().parents[2]
GLOSSARY: Final = ROOT / "docs" / "glossary.md"
DECISIONS: Final = sorted((ROOT / "docs" / "decisions").glob("*.md"))
LIFECYCLES: Final = sorted((ROOT / "domain").glob("*/lifecycle.py"))

DECISION_SECTIONS: Final = ["Context", "Decision", "Consequences", "Alternatives"]

BELONGS_TO_ONE_MACHINE: Final = re.compile(
    r"(?<![\w.~-])/(?:home|root|work|Users)/\w"
    r"|\b(?:pypi|pythonhosted|npmjs|yarnpkg|proxy\.golang|deb\.debian)\.(?:org|com)\b",
    re.IGNORECASE,
)
"""A path below somebody's home or working folder, or the host of a package registry."""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked_files(folder: Path, *, ignored: list[str]) -> Iterator[Path]:
    """Every file that belongs to the repository, found without git: a copy is enough."""
    for path in sorted(folder.iterdir()):
        if any(fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.is_dir():
            yield from tracked_files(path, ignored=ignored)
        elif path.is_file():
            yield path


def ignored_names() -> list[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return [".git", *(line.strip("/") for line in lines)]


def status_rows(package: str) -> list[str]:
    """The first cells of the glossary's table of statuses of one package."""
    sections = re.split(r"^## ", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = [text for text in sections if f"`domain/{package}`" in text.partition("\n")[0]]
    assert len(found) == 1, f"the glossary needs one section `domain/{package}`"
    return re.findall(r"^\| `(\w+)` \|", found[0], flags=re.MULTILINE)


@pytest.mark.parametrize("path", LIFECYCLES, ids=named)
def test_the_glossary_lists_every_status_of_every_lifecycle(path: Path) -> None:
    module = importlib.import_module(f"domain.{path.parent.name}.lifecycle")
    tables = [
        cast("Lifecycle[StrEnum]", value)
        for value in vars(module).values()
        if isinstance(value, Lifecycle)
    ]

    assert tables, f"{named(path)} defines no lifecycle"
    statuses = [str(status) for table in tables for status in table.statuses]
    assert sorted(status_rows(path.parent.name)) == sorted(statuses)


@pytest.mark.parametrize("path", DECISIONS, ids=named)
def test_a_decision_record_tells_its_context_consequences_and_alternatives(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == DECISION_SECTIONS
    assert text.startswith(f"# {int(path.name[:4])}. ")


def test_decision_records_are_numbered_once_each() -> None:
    numbers = [path.name.partition("-")[0] for path in DECISIONS]

    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"\d{4}", number) for number in numbers)


def test_no_file_names_a_path_of_one_machine_or_the_host_of_a_registry() -> None:
    found: list[str] = []
    for path in tracked_files(ROOT, ignored=ignored_names()):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not text: an archive or an image
        hits = BELONGS_TO_ONE_MACHINE.findall(text)
        found += [f"{named(path)}: {hit}" for hit in hits]

    assert found == []


@pytest.mark.parametrize("name", ["run", ".ci/run"])
def test_a_script_is_executable(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111 == 0o111
