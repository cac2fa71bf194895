"""Approvals: who approves how much, and what a proposed settlement takes."""

from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, field_serializer

from api.http.answers import tell
from api.http.calls import Asking, Beginning, Circumstances
from api.http.describing import creates, reads
from api.http.operations import operations
from api.http.values import (
    AmountIn,
    Answer,
    Body,
    Currency,
    Day,
    Identifier,
    ListOf,
    OneOf,
    in_currency,
)
from application import compensations
from application.compensations import ApprovalNeed
from domain.approvals.matrix import SHIPPED, ApprovalMatrix, Limit
from domain.approvals.policy import Adopted, ApprovalPolicy
from domain.disputes.settlement import SettlementKind
from domain.parties import Role

router = operations(tag="approvals")

POLICY = "/v1/approval-policy"


class LimitGiven(Body):
    """Up to how much one level approves. A limit that is left out does not bind."""

    level: Annotated[int, Field(strict=True, ge=1, le=9)]
    role: OneOf[Role]
    currency: Currency
    kind: Annotated[
        OneOf[SettlementKind] | None,
        Field(description="Without it, every kind that has no rows of its own"),
    ] = None
    single: Annotated[AmountIn | None, Field(description="The most that one settlement gives")] = (
        None
    )
    yearly: Annotated[
        AmountIn | None,
        Field(description="The most that one customer is given within twelve months"),
    ] = None


class Adoption(Circumstances):
    """Who approves how much from a day (UTC) on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "valid_from": "2027-01-01",
                    "limits": [
                        {"level": 1, "role": "manager", "currency": "EUR", "single": "1000.00"},
                        {"level": 2, "role": "finance", "currency": "EUR"},
                    ],
                    "reason": "Decided by the board on 14 December",
                },
            ],
        },
    )

    valid_from: Day
    limits: Annotated[ListOf[LimitGiven], Field(min_length=1, max_length=500)]

    def as_limits(self) -> tuple[Limit, ...]:
        """The limits in the domain's words."""
        return tuple(Limit(**given.model_dump()) for given in self.limits)


class LimitView(Answer):
    """Up to how much one level approves in one currency."""

    level: int
    role: str
    currency: str
    kind: str | None
    single: Decimal | None
    yearly: Decimal | None

    @field_serializer("single", "yearly")
    def _in_currency(self, amount: Decimal | None) -> str | None:
        return None if amount is None else in_currency(amount, currency=self.currency)


class MatrixView(Answer):
    """An approval matrix; number 0 is the one that ships with the product."""

    number: int
    valid_from: date | None
    limits: list[LimitView]

    @classmethod
    def of(cls, matrix: ApprovalMatrix, *, valid_from: date | None = None) -> Self:
        """Show a matrix, and from when on it counts."""
        limits = [LimitView(**limit.model_dump()) for limit in matrix.limits]
        return cls(number=matrix.number, valid_from=valid_from, limits=limits)

    @classmethod
    def adopted(cls, adopted: Adopted) -> Self:
        """Show a matrix as it was adopted."""
        return cls.of(adopted.matrix, valid_from=adopted.valid_from)


class PolicyView(Answer):
    """The matrix that counts now, and every one that was adopted, oldest first."""

    in_force: MatrixView
    adopted: list[MatrixView]

    @classmethod
    def of(cls, policy: ApprovalPolicy | None, *, at: datetime) -> Self:
        """Show the policy as it counts at a moment."""
        matrix = SHIPPED if policy is None else policy.in_force(at)
        return cls(in_force=MatrixView.of(matrix), adopted=_adopted(policy))


class AmountNeed(Answer):
    """What the settlement gives in one currency, and which level that takes."""

    currency: str
    amount: Decimal
    given_within_a_year: Decimal = Field(description="What the customer was given before this")
    level: int
    role: str = Field(description="Who stands at that level; higher ones may approve too")

    @field_serializer("amount", "given_within_a_year")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class ApprovalView(Answer):
    """What the approval of a dispute's settlement takes now."""

    dispute_id: UUID
    settlement_id: UUID | None = Field(description="Nothing while nothing is proposed")
    is_approved: bool
    proposed_by: str | None = Field(description="Who may not approve it")
    matrix: int
    gives: list[AmountNeed]

    @classmethod
    def of(cls, need: ApprovalNeed) -> Self:
        """Show what an approval takes."""
        dispute = need.dispute
        settlement = dispute.settlement
        return cls(
            dispute_id=dispute.id,
            settlement_id=None if settlement is None else settlement.settlement_id,
            is_approved=dispute.approved is not None,
            proposed_by=dispute.proposed_by,
            matrix=need.matrix.number,
            gives=[
                AmountNeed(
                    currency=part.needed.currency,
                    amount=part.amount,
                    given_within_a_year=part.given,
                    level=part.needed.level,
                    role=part.needed.role,
                )
                for part in need.parts
            ],
        )


@router.get(POLICY, operation_id="approval-policy.read", responses=reads())
def read_policy(call: Asking) -> PolicyView:
    """Who approves how much, now and from later days on, and who did before."""
    policy = compensations.policy(cases=call.cases)
    return PolicyView.of(policy, at=call.services.clock.now())


@router.post(
    f"{POLICY}/matrices",
    status_code=HTTPStatus.CREATED,
    operation_id="approval-policy.adopt",
    responses=creates(),
)
def adopt(said: Adoption, call: Beginning) -> MatrixView:
    """Adopt an approval matrix. What was approved before keeps the matrix it was approved under."""
    on = call.on(said, case_id=compensations.POLICY_ID)
    recorded = compensations.adopt(
        on, limits=said.as_limits(), valid_from=said.valid_from, cases=call.cases
    )
    tell(call, recorded, place=POLICY)
    return _adopted(compensations.policy(cases=call.cases))[recorded.version - 1]


@router.get("/v1/disputes/{case_id}/approval", operation_id="disputes.approval", responses=reads())
def approval(case_id: Identifier, call: Asking) -> ApprovalView:
    """Which level the approval of the proposed settlement takes now, and why."""
    at = call.services.clock.now()
    return ApprovalView.of(compensations.approval_need(case_id, at=at, cases=call.cases))


def _adopted(policy: ApprovalPolicy | None) -> list[MatrixView]:
    return [] if policy is None else [MatrixView.adopted(one) for one in policy.adopted]
