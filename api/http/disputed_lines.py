"""What is said of a disputed document line."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field

from api.http.values import MOST_VERSION, AmountIn, Body, Code, Currency, Day
from application.invoices import LineClaim
from application.ports import Identities
from domain.disputes.lines import Document


class DocumentGiven(Body):
    """An ERP document line, by the ERP's own keys."""

    system: Code
    company_code: Code
    number: Code
    line: Annotated[int, Field(ge=1, le=MOST_VERSION)] = 1

    def as_document(self) -> Document:
        """The document in the trade's words."""
        return Document(**self.model_dump())


class DisputedLine(Body):
    """What the customer contests of one document line. Amounts are gross; `vat` is a part."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "document": {"system": "S4", "company_code": "FR01", "number": "9000042"},
                    "open_amount": "250.00",
                    "amount": "100.00",
                    "vat": "16.67",
                    "currency": "EUR",
                    "reason_code": "goods_damaged",
                },
            ],
        },
    )

    document: DocumentGiven
    open_amount: Annotated[
        AmountIn,
        Field(description="What the ERP says is open; a mirrored invoice knows better"),
    ]
    amount: AmountIn
    currency: Currency
    reason_code: Code
    vat: AmountIn = Decimal(0)
    requested_action: Code | None = None
    due_on: Day | None = None

    def as_claim(self, *, identities: Identities) -> LineClaim:
        """The claim, with an identity of its own."""
        return LineClaim(
            line_id=identities.new(),
            document=self.document.as_document(),
            open_amount=self.open_amount,
            amount=self.amount,
            currency=self.currency,
            reason_code=self.reason_code,
            vat=self.vat,
            requested_action=self.requested_action,
            due_on=self.due_on,
        )


def claims(lines: Sequence[DisputedLine], *, identities: Identities) -> list[LineClaim]:
    """The claims on all these lines."""
    return [line.as_claim(identities=identities) for line in lines]
