"""Progress, drawn on the standard error where that is a terminal, and nowhere else."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from api.command_line.output import messages


@dataclass(frozen=True, slots=True)
class Counting:
    """A bar that is told how far the work has come."""

    progress: Progress
    task: TaskID

    def reach(self, done: int) -> None:
        """Say how much is done altogether."""
        self.progress.update(self.task, completed=done)

    def measure(self, done: int, *, of: int | None) -> None:
        """Say how much is done, and of how much, where that is known."""
        self.progress.update(self.task, completed=done, total=of)

    def advance(self, done: int) -> None:
        """Say how much more is done."""
        self.progress.advance(self.task, done)


@contextmanager
def counting(what: str, *, total: int | None) -> Generator[Counting]:
    """Draw a bar while the block runs; without a total it only shows that something moves."""
    console = messages()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        yield Counting(progress, progress.add_task(what, total=total))
