"""What the demonstration shows: events as they happen, and how to go on."""

import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.text import Text

from api.command_line.happenings import led
from api.command_line.output import Column, answers, messages, show, table
from application.demo.live import Played
from application.keys import IssuedKey
from application.retelling import Step
from domain.parties import Role

BREATH: Final = 0.12
"""Seconds between two events on a terminal, so that they can be followed."""

WHO: Final = 13
WHAT: Final = 29


class Narrator:
    """Tells events, one line each; as messages where the answer is for a machine."""

    def __init__(self, *, messages: bool) -> None:
        self._as_messages = messages

    def begin(self) -> None:
        """Say what is going to be seen."""
        self._print(
            Text("\none complaint, now: from the first contact to the thanks", style="bold")
        )

    def tell(self, step: Step) -> None:
        """Tell an event."""
        recorded, envelope = step.recorded, step.recorded.envelope
        at = envelope.occurred_at.strftime("%H:%M:%S.%f")[:-3]
        status = (
            f"{step.status_before} → {step.status_after}"
            if step.status_before is not None and led(step.status_before, step.status_after)
            else led(step.status_before, step.status_after)
        )
        self._print(
            Text.assemble(
                (f"{at} ", "dim"),
                (f"{envelope.actor.subject_id:{WHO}} ", "cyan"),
                (f"{recorded.event.type:{WHAT}} ", "bold"),
                (status, "green"),
            )
        )
        if self._console.is_terminal:
            time.sleep(BREATH)

    @property
    def _console(self) -> Console:
        return messages() if self._as_messages else answers()

    def _print(self, line: Text) -> None:
        if self._as_messages:
            messages().print(line)
        else:
            show(line)
            sys.stdout.flush()


def show_verdict(found: list[str], *, events: int) -> None:
    """Say whether the replayed history is the stored one."""
    if not found:
        line = f"replayed from its {events} events: identical to the stored cases"
        show(Text(line, style="bold green"))
    for difference in found:
        show(Text(f"different: {difference}", style="bold red"))


def show_access(keys: tuple[IssuedKey, ...], *, url: str | None, erp: str | None) -> None:
    """Show where everything is, and the keys to it."""
    show()
    if url is not None:
        places = [
            ("the API, described", f"{url}/openapi.json"),
            ("cases that wait", f"{url}/v1/cases"),
            ("blocked money", f"{url}/v1/blocked-payments"),
            ("the ERP's books", f"{erp}/simulator/ledger"),
        ]
        show(table((Column("what"), Column("where")), places))
        show()
    rows = [(key.key.terms.role, key.secret) for key in keys]
    show(table((Column("API key of"), Column("shown this once")), rows))


def show_commands(played: Played, keys: tuple[IssuedKey, ...], *, url: str | None) -> None:
    """Show what to try next, ready to be copied."""
    show()
    show(Text("try next" + ("" if url is None else ", in another terminal"), style="bold"))
    for command in _commands(played, keys, url=url):
        show(f"  {command}")


def _commands(played: Played, keys: tuple[IssuedKey, ...], *, url: str | None) -> Iterator[str]:
    run = _program()
    yield f"{run} case list --open --limit 10"
    yield f"{run} case timeline {_short(played.complaint_id)}"
    yield f"{run} case replay {_short(played.dispute_id)}"
    yield f"{run} exposure --by reason"
    yield f"{run} exposure --valid-at 2026-05-31 --by customer"
    yield f"{run} projections status"
    if url is None:
        yield f"{run} serve"
    else:
        secret = next(key.secret for key in keys if key.key.terms.role is Role.AGENT)
        yield f"curl -s -H 'Authorization: Bearer {secret}' \\\n      '{url}/v1/cases?limit=3'"


def _program() -> str:
    """How the reader called us: from a checkout, or as it is installed."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / "run").is_file():
        return "recours"
    return "./run" if Path.cwd() == checkout else shlex.quote(os.fspath(checkout / "run"))


def _short(case_id: UUID) -> str:
    return str(case_id).rpartition("-")[2]
