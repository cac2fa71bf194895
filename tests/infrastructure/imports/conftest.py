"""Input files and the shared originals."""

from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]

Write = Callable[[bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that puts content into a file with a name that says nothing about it."""

    def write_file(content: bytes | str) -> Path:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def original() -> Callable[[str], Path]:
    """Give a function that finds an original file, or skips the test where it is not at hand."""

    def find(name: str) -> Path:
        path = REPOSITORY.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"the original {name} lies beside the repository, and is not here")
        return path

    return find
