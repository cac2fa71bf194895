"""The messages of the ERP contract as they cross the border (see docs/erp-contract.md)."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)

from application.erp import BlockOrder, ErpBlockState, ErpReply

REQUEST: Final = "request"
RELEASE: Final = "release"
LOOK_UP: Final = "look-up"

BLOCK_NOT_FOUND: Final = "urn:recours:erp-problem:block-not-found"
BLOCK_DIFFERS: Final = "urn:recours:erp-problem:block-differs"
MESSAGE_ID_REUSED: Final = "urn:recours:erp-problem:message-id-reused"
INVALID_REQUEST: Final = "urn:recours:erp-problem:invalid-request"
BAD_SIGNATURE: Final = "urn:recours:erp-problem:bad-signature"
BODY_TOO_LARGE: Final = "urn:recours:erp-problem:body-too-large"
OUT_OF_ORDER: Final = "urn:recours:erp-problem:out-of-order"

LARGEST_BODY: Final = 64 * 1024
EMPTY_BODY: Final = b"{}"

_MONEY: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?", re.ASCII)


def _money(value: object) -> Decimal:
    if isinstance(value, Decimal):
        value = format(value, "f")
    if not isinstance(value, str) or _MONEY.fullmatch(value) is None:
        raise ValueError("money is a decimal string such as 120.50, at most 15 digits and 4 places")
    return Decimal(value)


def _money_text(amount: Decimal) -> str:
    return format(amount, "f")


Money = Annotated[
    Decimal, BeforeValidator(_money), PlainSerializer(_money_text, return_type=str), Field(gt=0)
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


class Document(BaseModel):
    """The line of an ERP document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Line
    company_code: Line
    number: Line
    line: Annotated[int, Field(ge=0, strict=True)]


class BlockRequest(BaseModel):
    """The body that asks for a block."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holder: Line
    document: Document
    scope: Literal["dunning", "collection", "interest", "payment_run"]
    amount: Money
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    reason_code: Line
    review_by: Annotated[date, Field(strict=True)]

    @classmethod
    def of(cls, order: BlockOrder) -> Self:
        """Write an order down.

        Raises:
            ValidationError: the order does not fit into the contract.
        """
        return cls.model_validate(
            {
                "holder": order.holder,
                "document": {
                    "system": order.document.system,
                    "company_code": order.document.company_code,
                    "number": order.document.number,
                    "line": order.document.line,
                },
                "scope": order.scope,
                "amount": order.amount,
                "currency": order.currency,
                "reason_code": order.reason_code,
                "review_by": order.review_by,
            }
        )

    def content(self) -> str:
        """Return what makes two requests the same: 120.5 and 120.50 are one amount."""
        return self.model_copy(update={"amount": self.amount.normalize()}).model_dump_json()


class Reply(BaseModel):
    """The body that says how a block stands."""

    # An ERP may tell more than we ask: an unknown member must not make a block unconfirmable.
    model_config = ConfigDict(frozen=True, extra="ignore")

    in_reply_to: str
    block_id: UUID
    state: ErpBlockState
    reference: Line | None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None
    decided_at: AwareDatetime | None

    @model_validator(mode="after")
    def _tells_enough(self) -> Self:
        if (self.state is ErpBlockState.PENDING) != (self.decided_at is None):
            raise ValueError("decided_at is there exactly when something was decided")
        if self.state is ErpBlockState.CONFIRMED and self.reference is None:
            raise ValueError("a confirmed block has a reference")
        if self.state is ErpBlockState.REJECTED and self.reason is None:
            raise ValueError("a rejected block has a reason")
        return self

    @classmethod
    def of(cls, reply: ErpReply, *, block_id: UUID, in_reply_to: str) -> Self:
        """Write an answer down."""
        return cls(
            in_reply_to=in_reply_to,
            block_id=block_id,
            state=reply.state,
            reference=reply.reference,
            reason=reply.reason,
            decided_at=reply.decided_at,
        )

    def read(self) -> ErpReply:
        """Return what the answer says."""
        return ErpReply(
            state=self.state,
            reference=self.reference,
            reason=self.reason,
            decided_at=self.decided_at,
        )


class Problem(BaseModel):
    """An RFC 9457 problem, bound to the message it answers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    status: int
    detail: Annotated[str, StringConstraints(max_length=4000)] | None = None
    in_reply_to: str | None = None


def complaints_of(error: ValidationError) -> str:
    """Say in one line which members are wrong and why, without repeating their values."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )


def decided_too_far_ahead(reply: Reply, *, now: datetime, tolerance_s: float) -> bool:
    """Tell whether an answer claims to have been decided in the future."""
    return reply.decided_at is not None and (reply.decided_at - now).total_seconds() > tolerance_s
