"""What may be dunned: the open invoices, without what the ERP holds back from reminders."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from pydantic import field_serializer

from api.http.calls import AskingReadModels
from api.http.describing import reads
from api.http.operations import operations
from api.http.values import Answer, Code, Identifier, ListAnswer, WholeInQuery, in_currency
from application.receivables import Dunnable

router = operations("/v1/dunning", tag="receivables")


class DunningRow(ListAnswer):
    """An open invoice line: what may be collected of it, and what may not be reminded of.

    `blocked` is what the ERP holds back from reminders, `requested` what it was asked to hold and
    has not answered. `collectible` is the undisputed rest: what is open and not `blocked`.
    """

    invoice_id: UUID
    customer_id: str
    company_code: str
    document: str
    document_line: int
    currency: str
    due_on: date | None
    open_amount: Decimal
    blocked: Decimal
    requested: Decimal
    collectible: Decimal

    @field_serializer("open_amount", "blocked", "requested", "collectible")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class DunningView(Answer):
    """A part of the open invoices; the header `Link` leads to the next part."""

    invoices: list[DunningRow]
    next_after: UUID | None

    @classmethod
    def of(cls, found: Sequence[Dunnable], *, limit: int) -> Self:
        """Show the first `limit` of the rows, which are one more where there are more."""
        rows = [DunningRow.model_validate(row) for row in found[:limit]]
        return cls(invoices=rows, next_after=rows[-1].invoice_id if len(found) > limit else None)


@router.get("", operation_id="dunning.list", responses=reads(paged=True))
def dunning(
    call: AskingReadModels,
    request: Request,
    company: Annotated[Code | None, Query(description="Only this legal entity")] = None,
    limit: Annotated[WholeInQuery, Query(ge=1, le=1_000)] = 100,
    after: Annotated[
        Identifier | None, Query(description="Go on behind this invoice: `next_after`")
    ] = None,
) -> DunningView:
    """List what is open of each invoice line now, what is blocked for dunning, and the rest."""
    found = call.services.receivables.dunning(company=company, after=after, limit=limit + 1)
    shown = DunningView.of(found, limit=limit)
    call.told.update(_link(request, shown.next_after))
    return shown


def _link(request: Request, next_after: UUID | None) -> dict[str, str]:
    if next_after is None:
        return {}
    asked = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    query = urlencode([*asked, ("after", str(next_after))])
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}
