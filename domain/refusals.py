"""Why the rules say no.

Refusal
├── ActionNotAllowed      the table has no such step from here, or not for this role
├── AlreadyBorn           a case of this identity exists
├── OccurredInTheFuture   nothing is recorded before it happens
└── RuleBroken            a rule beyond the table; each rule is a subclass beside its decision
"""

from datetime import datetime
from typing import Self


class Refusal(Exception):
    """The rules of the trade do not allow what was asked."""


class ActionNotAllowed(Refusal):
    """The transition table has no such step from the case's status, or not for this role."""

    def __init__(
        self, action: str, *, kind: str, status: str, role: str, allowed: tuple[str, ...]
    ) -> None:
        offered = ", ".join(allowed) or "nothing"
        super().__init__(
            f"{action} is not allowed for {role} while the case is {status};"
            f" allowed now: {offered}",
        )
        self.action = action
        self.kind = kind
        self.status = status
        self.role = role
        self.allowed = allowed

    def offering(self, allowed: tuple[str, ...]) -> Self:
        """The same refusal, to somebody who can ask for these actions only."""
        return type(self)(
            self.action, kind=self.kind, status=self.status, role=self.role, allowed=allowed
        )


class AlreadyBorn(Refusal):
    """A case of this identity has been opened before."""

    def __init__(self, case_id: str) -> None:
        super().__init__(f"case {case_id} exists already; read it instead of opening it again")
        self.case_id = case_id


class OccurredInTheFuture(Refusal):
    """A fact is recorded when it has happened, never before."""

    def __init__(self, *, occurred_at: datetime, now: datetime) -> None:
        super().__init__(
            f"occurred_at {occurred_at.isoformat()} lies after now ({now.isoformat()});"
            " record the fact once it has happened",
        )
        self.occurred_at = occurred_at
        self.now = now


class RuleBroken(Refusal):
    """A rule beyond the transition table forbids the action."""
