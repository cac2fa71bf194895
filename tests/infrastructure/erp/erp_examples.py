"""One good example of everything that passes between us and an ERP."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from application.erp import BlockOrder, ErpDocument

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET: Final = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"

_ORDER: Final = BlockOrder(
    block_id=uuid5(NAMESPACE_URL, "block 1"),
    holder="dispute 2026-0001",
    document=ErpDocument(system="SAP-P01", company_code="FR01", number="0090001234", line=1),
    scope="dunning",
    amount=Decimal("120.50"),
    currency="EUR",
    reason_code="short_delivery",
    review_by=date(2026, 12, 31),
)


def block_id(number: int) -> UUID:
    """Name the nth block."""
    return uuid5(NAMESPACE_URL, f"block {number}")


def order(
    number: int = 1, *, amount: str = "120.50", document_number: str | None = None
) -> BlockOrder:
    """Order the nth block, on the nth document unless told otherwise."""
    document = replace(_ORDER.document, number=document_number or f"{90_000_000 + number:010d}")
    return replace(_ORDER, block_id=block_id(number), document=document, amount=Decimal(amount))
