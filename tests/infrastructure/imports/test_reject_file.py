"""The reject file is there, whole and harmless, when something was rejected, and only then."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infrastructure.imports.rejects import RejectedRow, RejectFile


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(record=st.lists(st.text(st.characters())).map(tuple))
def test_a_rejected_record_can_be_read_back_as_it_was(
    tmp_path: Path, record: tuple[str, ...]
) -> None:
    path = tmp_path / "rejects.csv"
    with RejectFile(path) as rejects:
        rejects.add(RejectedRow(7, "is wrong", record))
    header, row = lines_of(path)
    assert header == ["line", "reason", "record"]
    assert row[:2] == ["7", "is wrong"]
    assert tuple(json.loads(row[2])) == record


def test_the_file_appears_when_the_import_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectFile(path) as rejects:
        rejects.add(RejectedRow(2, "is wrong", ("a",)))
        assert not path.exists()
    assert rejects.count == 1
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_rejects_there_is_no_file_and_no_older_one(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("of an earlier run")
    with RejectFile(path) as rejects:
        pass
    assert rejects.count == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [0, 1])
def test_an_interrupted_import_leaves_everything_as_it_was(tmp_path: Path, count: int) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("of an earlier run")

    def interrupted() -> None:
        with RejectFile(path) as rejects:
            for line in range(count):
                rejects.add(RejectedRow(line, "is wrong", ("a",)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "of an earlier run"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rejects.csv"
    with RejectFile(path) as rejects:
        rejects.add(RejectedRow(2, text, (text,)))
    for cell in lines_of(path)[1]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
