"""Identical rows are counted exactly, however many different ones there are."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.imports.occurrences import Occurrences


@given(
    digests=st.lists(st.binary(min_size=1, max_size=1), max_size=200),
    in_memory=st.integers(min_value=1, max_value=20),
)
def test_the_count_does_not_depend_on_the_memory(digests: list[bytes], in_memory: int) -> None:
    expected: Counter[bytes] = Counter()
    with Occurrences(in_memory=in_memory) as occurrences:
        for digest in digests:
            expected[digest] += 1
            assert occurrences.nth(digest) == expected[digest]


def test_nothing_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Occurrences(in_memory=2) as occurrences:
        for number in range(5):
            occurrences.nth(bytes([number]))
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
