"""The approval policy: which matrix is in force when."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self
from uuid import UUID

from domain.approvals import events
from domain.approvals.matrix import SHIPPED, ApprovalMatrix, Limit, check_limits
from domain.event import Envelope, Event
from domain.refusals import RuleBroken


class PolicyBackDated(RuleBroken):
    """A new matrix changes nothing that was approved before it."""

    def __init__(self, valid_from: date, *, today: date) -> None:
        super().__init__(f"a matrix is valid from {today} at the earliest, not from {valid_from}")
        self.valid_from = valid_from
        self.today = today


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A matrix, and the first day (UTC) on which it counts."""

    valid_from: date
    matrix: ApprovalMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicy:
    """Every matrix that was adopted, oldest first."""

    id: UUID
    version: int
    adopted: tuple[Adopted, ...] = ()

    @classmethod
    def born(cls, case_id: UUID, event: Event, envelope: Envelope) -> Self:
        """Begin the memory with the first event of the stream."""
        return cls(id=case_id, version=0).after(event, envelope)

    def after(self, event: Event, envelope: Envelope) -> Self:
        """Take a recorded fact in. Never refuses, never raises."""
        del envelope
        moved = replace(self, version=self.version + 1)
        if not isinstance(event, events.ApprovalMatrixAdopted):
            return moved
        matrix = ApprovalMatrix(moved.version, event.limits)
        adopted = Adopted(valid_from=event.valid_from, matrix=matrix)
        return replace(moved, adopted=(*self.adopted, adopted))

    def in_force(self, at: datetime) -> ApprovalMatrix:
        """The matrix that counts at a moment: the last one adopted whose day has come."""
        for adopted in reversed(self.adopted):
            if adopted.valid_from <= at.date():
                return adopted.matrix
        return SHIPPED


def adopt_matrix(*, limits: tuple[Limit, ...], valid_from: date, at: datetime) -> list[Event]:
    """Adopt a matrix from a day (UTC) on.

    Raises:
        PolicyBackDated: the day lies before the adoption.
        MatrixUnsound, UnknownCurrency, WrongPrecision: see `check_limits`.
    """
    if valid_from < at.date():
        raise PolicyBackDated(valid_from, today=at.date())
    check_limits(limits)
    return [events.ApprovalMatrixAdopted(valid_from=valid_from, limits=limits)]
