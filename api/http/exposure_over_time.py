"""How blocked money changed, why, and the rows and events behind every figure."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, field_serializer

from api.http.blocked_payments import Customer, KnownAt
from api.http.calls import AskingReadModels
from api.http.describing import reads
from api.http.operations import operations
from api.http.values import (
    MOST_POSITION,
    Answer,
    Currency,
    Day,
    InstantOrDay,
    ListAnswer,
    WholeInQuery,
    in_currency,
)
from application.exposure_questions import check_between, ends_of_steps
from application.exposures import (
    BlockState,
    Bridge,
    Exposures,
    LedgerEntry,
    Movement,
    Selection,
    Step,
    Window,
)

router = operations("/v1/blocked-payments", tag="blocked payments")

From = Annotated[InstantOrDay, Query(alias="from", description="A date means its end in UTC")]
Until = Annotated[InstantOrDay, Query(description="A date means its end in UTC")]


class SeriesRow(ListAnswer):
    """How much money was blocked in one currency at one instant."""

    valid_at: datetime
    currency: str
    amount: Decimal
    requested: Decimal
    failed: Decimal

    @field_serializer("amount", "requested", "failed")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class SeriesView(Answer):
    """How much money was blocked at the end of each step."""

    known_at: datetime | None
    step: Step
    points: list[SeriesRow]


class MovedRow(ListAnswer):
    """What one kind of movement adds up to, and how many rows of the ledger it has."""

    movement: Movement
    amount: str
    entries: int


class BridgeRow(Answer):
    """How one figure became another in one currency: `opening` and all movements give `closing`."""

    currency: str
    opening: str
    movements: list[MovedRow]
    closing: str

    @classmethod
    def of(cls, bridge: Bridge) -> Self:
        """Show a bridge at its currency's precision."""
        code = bridge.currency
        movements = [
            MovedRow(
                movement=moved.movement,
                amount=in_currency(moved.amount, currency=code),
                entries=moved.entries,
            )
            for moved in bridge.movements
        ]
        return cls(
            currency=code,
            opening=in_currency(bridge.opening, currency=code),
            movements=movements,
            closing=in_currency(bridge.closing, currency=code),
        )


class BridgeView(Answer):
    """What became of the money that was blocked."""

    valid_from: datetime
    valid_until: datetime
    known_from: datetime | None
    known_until: datetime | None
    bridges: list[BridgeRow]


class EntryRow(ListAnswer):
    """One signed row of the ledger, and the event behind it: who, when, why."""

    position: int
    entry: int
    dispute_id: UUID
    line_id: UUID
    state: BlockState
    movement: Movement
    customer_id: str
    company_code: str
    document: str
    document_line: int
    reason_code: str
    currency: str
    amount: Decimal
    valid_at: datetime
    recorded_at: datetime
    case_id: UUID
    version: int
    type: str
    occurred_at: datetime
    actor_kind: str
    actor_id: str
    actor_role: str
    reason: str | None

    @field_serializer("amount")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class EntriesView(Answer):
    """Rows of the ledger, in the order in which we learnt them."""

    entries: list[EntryRow]
    has_more: bool
    """There are more; ask again with `after_entry` of the last one: its `position.entry`."""

    @classmethod
    def of(cls, found: tuple[LedgerEntry, ...], *, limit: int) -> Self:
        """Keep the first `limit` of the rows, which are one more where there are more."""
        rows = [EntryRow.model_validate(row) for row in found[:limit]]
        return cls(entries=rows, has_more=len(found) > limit)


class LedgerQuestion(Answer):
    """Which rows of the ledger are asked for."""

    valid_after: InstantOrDay | None = None
    valid_until: InstantOrDay | None = None
    known_after: InstantOrDay | None = None
    known_until: InstantOrDay | None = None
    state: BlockState = BlockState.CONFIRMED
    movement: Movement | None = None
    customer: Customer = None
    currency: Currency | None = None
    after_entry: Annotated[
        str | None,
        Field(pattern=r"^[0-9]{1,18}\.[0-9]{1,9}$", description="`position.entry` of the last row"),
    ] = None
    limit: Annotated[WholeInQuery, Field(ge=1, le=1_000)] = 100

    def ask(self, exposures: Exposures, *, now: datetime) -> tuple[LedgerEntry, ...]:
        """Ask for one row more than wanted."""
        window = Window(
            valid_after=self.valid_after,
            valid_until=self.valid_until or now,
            known_after=self.known_after,
            known_until=self.known_until,
        )
        position, _, entry = (self.after_entry or "0.0").partition(".")
        return exposures.entries(
            window,
            state=self.state,
            movement=self.movement,
            among=Selection(customer_id=self.customer, currency=self.currency),
            after=(min(int(position), MOST_POSITION), int(entry)),
            limit=self.limit + 1,
        )


@router.get("/series", operation_id="blocked-payments.series", responses=reads())
def series(
    call: AskingReadModels,
    first: Annotated[Day, Query(alias="from")],
    until: Day,
    step: Step = Step.MONTH,
    known_at: KnownAt = None,
    customer: Customer = None,
) -> SeriesView:
    """How much money was blocked at the end of each day, week or month between two dates."""
    ends = ends_of_steps(first, until, step=step)
    found = call.services.exposures.series(
        ends, known_at=known_at, among=Selection(customer_id=customer)
    )
    points = [SeriesRow.model_validate(point) for point in found]
    return SeriesView(known_at=known_at, step=step, points=points)


@router.get("/bridge", operation_id="blocked-payments.bridge", responses=reads())
def bridge(
    call: AskingReadModels,
    valid_from: From,
    until: Until,
    known_at: KnownAt = None,
    customer: Customer = None,
) -> BridgeView:
    """What became of the money that was blocked at one date until another, and why."""
    check_between(valid_from, until)
    found = call.services.exposures.bridge(
        valid_from=valid_from,
        valid_until=until,
        known_at=known_at,
        among=Selection(customer_id=customer),
    )
    return BridgeView(
        valid_from=valid_from,
        valid_until=until,
        known_from=known_at,
        known_until=known_at,
        bridges=list(map(BridgeRow.of, found)),
    )


@router.get("/learnt", operation_id="blocked-payments.learnt", responses=reads())
def learnt(
    call: AskingReadModels,
    valid_at: Annotated[InstantOrDay, Query(description="A date means its end in UTC")],
    known_from: InstantOrDay,
    known_until: InstantOrDay,
    customer: Customer = None,
) -> BridgeView:
    """What we learnt late about one date: its figure as known at one time, and at a later one."""
    check_between(known_from, known_until)
    found = call.services.exposures.learnt(
        valid_at=valid_at,
        known_from=known_from,
        known_until=known_until,
        among=Selection(customer_id=customer),
    )
    return BridgeView(
        valid_from=valid_at,
        valid_until=valid_at,
        known_from=known_from,
        known_until=known_until,
        bridges=list(map(BridgeRow.of, found)),
    )


@router.get("/entries", operation_id="blocked-payments.entries", responses=reads())
def entries(call: AskingReadModels, question: Annotated[LedgerQuestion, Query()]) -> EntriesView:
    """The signed rows behind a figure, each with the event that made it: who, when, why."""
    found = question.ask(call.services.exposures, now=call.services.clock.now())
    return EntriesView.of(found, limit=question.limit)
