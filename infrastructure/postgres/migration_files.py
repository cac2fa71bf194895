"""The numbered SQL files that define the schema.

`NNNN_pre_NAME.sql` is safe while processes of the previous version still run; `NNNN_post_NAME.sql`
only after the last of them is gone. Their SQL is unqualified and is never edited after release.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from infrastructure.postgres.errors import HistoryChanged

_FILE_NAME: Final = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_(?P<name>[a-z0-9_]+)\.sql")
_WITHOUT_TRANSACTION: Final = "-- no transaction"


class Phase(StrEnum):
    """When a file may be applied."""

    PRE = "pre"
    """While processes of the previous version still run."""
    POST = "post"
    """When the last process of the previous version is gone."""


@dataclass(frozen=True)
class Migration:
    """One numbered file."""

    number: int
    phase: Phase
    name: str
    content: bytes

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's bytes."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def in_transaction(self) -> bool:
        """Whether all of it is applied or nothing.

        A file whose first line is `-- no transaction` holds one statement that PostgreSQL refuses
        in a transaction (CREATE INDEX CONCURRENTLY) and that can be repeated after a failure.
        """
        first_line = self.content.decode().partition("\n")[0]
        return first_line.strip() != _WITHOUT_TRANSACTION

    def __str__(self) -> str:
        return f"{self.number:04}_{self.phase}_{self.name}"


def shipped_migrations() -> list[Migration]:
    """Read the files that came with this version of the product."""
    return read_migrations(files("infrastructure.postgres") / "migrations")


def read_migrations(folder: Traversable) -> list[Migration]:
    """Read a folder's files in their order.

    Raises:
        HistoryChanged: a file is not named by the rule, or the numbers are not 1, 2, 3, ….
    """
    found: list[Migration] = []
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            named = _FILE_NAME.fullmatch(file.name)
            if named is None:
                raise HistoryChanged(
                    f"{file.name} is not named NNNN_pre_what.sql or NNNN_post_what.sql"
                )
            migration = Migration(
                number=int(named["number"]),
                phase=Phase(named["phase"]),
                name=named["name"],
                content=file.read_bytes(),
            )
            found.append(migration)
    found.sort(key=lambda migration: migration.number)
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise HistoryChanged(
                f"number {expected:04} is missing or taken twice, near {migration}.sql"
            )
    return found
