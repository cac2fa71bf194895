"""One example of every event: the first files of `tests/history` were written from these.

    python -m tests.domain.event_examples

writes the file of every shape that has none yet. A file that exists is never touched: the shape
was released, and what was recorded in it must be readable for ever.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_type_hints

from domain.approvals.matrix import Limit
from domain.blocks import events as blocks
from domain.complaints import events as complaints
from domain.contacts import Direction, Reached
from domain.disputes import events as disputes
from domain.disputes.lines import Allocation
from domain.disputes.settlement import SettlementKind
from domain.event import Channel, Event
from domain.parties import Role
from infrastructure.event_store.event_types import product_event_types
from tests import examples as an

HISTORY: Final = Path(__file__).resolve().parents[1] / "history"

_PART: Final = an.line(line_id=an.PART_ID, amount=Decimal("40.00"), vat=Decimal("0.00"))
_BORN: Final[dict[type[Event], Event]] = {
    type(event): event for event in (an.registered(), an.opened(), an.ordered(), an.mirrored())
}
_FIELDS: Final[dict[str, Any]] = {  # Any: each field has its own type
    "amount": Decimal("40.00"),
    "answer": "The second pallet.",
    "answer_by": an.FRIDAY,
    "attempt": 1,
    "partly": True,
    "superseded": (an.OTHER_BLOCK_ID,),
    "block_id": an.BLOCK_ID,
    "blocks": (disputes.LineBlock(line_id=an.LINE_ID, block_id=an.BLOCK_ID),),
    "cause": "document_locked",
    "channel": Channel.PHONE,
    "conclusion": "half_each",
    "corrects_version": 1,
    "court": "Tribunal de commerce de Lyon",
    "direction": Direction.OUTBOUND,
    "currency": "EUR",
    "customer_id": an.CUSTOMER,
    "dispute_id": an.DISPUTE_ID,
    "erp_document": "1400000042",
    "erp_reference": "BLK-7",
    "how_to_contest": "Write to us within two months, or go to the mediator.",
    "into_complaint_id": an.EARLIER_COMPLAINT_ID,
    "into_first_received_at": an.MONDAY,
    "into_line_id": an.PART_ID,
    "level": 2,
    "limits": (Limit(level=1, role=Role.FINANCE, currency="EUR"),),
    "line": an.other_line(),
    "line_id": an.LINE_ID,
    "matrix": 1,
    "mediator": "Médiateur de la consommation",
    "part": _PART,
    "payments": (Allocation(line_id=an.LINE_ID, amount=Decimal("40.00")),),
    "promised_next_contact": an.FRIDAY,
    "question": "Which pallet was damaged?",
    "queue": "claims",
    "reached": Reached.VOICEMAIL,
    "refused": True,
    "response": "We credit the damaged pallet.",
    "review_by": an.END_OF_MARCH,
    "root_cause": "packaging",
    "settlement": an.settlement(),
    "settlement_id": an.SETTLEMENT_ID,
    "summary": "Left a message.",
    "text": "She will be back on Friday.",
    "to_queue": "transport",
    "valid_from": an.END_OF_MARCH,
    "was": "goods_damaged",
    "now": "price",
}
_BY_TYPE: Final[dict[object, object]] = {
    complaints.CorrectableField: complaints.CorrectableField.CATEGORY,
    complaints.MediationOutcome: complaints.MediationOutcome.AGREEMENT,
    disputes.CorrectableDisputeField: disputes.CorrectableDisputeField.REASON_CODE,
    disputes.JudgmentOutcome: disputes.JudgmentOutcome.PARTLY,
    blocks.Scope: blocks.Scope.DUNNING,
    SettlementKind: SettlementKind.CREDIT_NOTE,
}


def example(event_type: type[Event]) -> Event:
    """An event of this type with every field filled in."""
    if event_type in _BORN:
        return _BORN[event_type]
    hints = get_type_hints(event_type)
    given = {
        name: _FIELDS[name] if name in _FIELDS else _BY_TYPE[hints[name]]
        for name in event_type.model_fields
    }
    return event_type(**given)


def file_of(name: str, schema_version: int) -> Path:
    """Where the example of a released shape stands."""
    return HISTORY / f"{name}.{schema_version}.json"


def write_missing() -> None:
    """Write the file of every shape that has none yet."""
    envelope = an.envelope(evidence=(an.evidence(),), reason="customer_called", causation_id=None)
    for name, event_type in product_event_types().types.items():
        path = file_of(name, event_type.schema_version)
        if not path.exists():
            recorded = {
                "state": json.loads(example(event_type).model_dump_json(exclude_none=True)),
                "metadata": json.loads(envelope.model_dump_json(exclude_defaults=True)),
            }
            text = json.dumps(recorded, ensure_ascii=False, indent=2)
            path.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write_missing()
