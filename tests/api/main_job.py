"""The main job, done with a client that was generated from the OpenAPI document.

It runs by itself, where that client is: `python main_job.py FOLDER`, with the address and a key of
each role as JSON in its standard input.
"""

import json
import sys
from importlib import import_module
from typing import Any, Final, get_args, get_type_hints
from uuid import UUID, uuid4

Said = dict[str, Any]  # Any: JSON

NOTHING: Final[Said] = {}
COMPLAINT: Final = {
    "customer_id": "C-1001",
    "text": "La palette est arrivée abîmée.",
    "category": "delivery.damaged",
    "language": "fr",
}
LINE: Final = {
    "document": {"system": "S4", "company_code": "FR01", "number": "9000042"},
    "open_amount": "250.00",
    "amount": "100.00",
    "currency": "EUR",
    "reason_code": "goods_damaged",
}


class Person:
    """Somebody who uses the client."""

    def __init__(self, url: str, key: str) -> None:
        package = import_module("recours_client")
        self._client = package.AuthenticatedClient(base_url=url, token=key)

    def begin(self, kind: str, action: str, said: Said) -> Any:  # noqa: ANN401 - not known here
        """Begin a case."""
        return self._ask(kind, action, said, idempotency_key=str(uuid4()))[0]

    def take(self, kind: str, case_id: UUID, action: str, said: Said = NOTHING) -> Any:  # noqa: ANN401 - the same
        """Read a case and take a step of it; answers with what the step is answered with."""
        _, version = self._ask(kind, "read", {}, case_id=case_id)
        return self._ask(
            kind,
            action,
            said,
            case_id=case_id,
            if_match=version,
            idempotency_key=str(uuid4()),
        )[0]

    def _ask(self, kind: str, action: str, said: Said, **named: Any) -> tuple[Any, str]:  # noqa: ANN401 - the same
        module = import_module(f"recours_client.api.{kind}.{kind}_{action}")
        ask = module.sync_detailed
        if said:
            named["body"] = _model(get_type_hints(ask)["body"]).from_dict(said)
        answer = ask(client=self._client, **named)
        assert answer.status_code in {200, 201}, f"{kind}.{action}: {answer.content}"
        return answer.parsed, answer.headers["ETag"]


def _model(hint: Any) -> Any:  # noqa: ANN401 - a class of the client, or one that may be left out
    return next(one for one in (hint, *get_args(hint)) if hasattr(one, "from_dict"))


def main(url: str, keys: dict[str, str]) -> None:
    """From the first contact to the customer's agreement."""
    agent, manager, finance, admin, erp = (
        Person(url, keys[role]) for role in ("agent", "manager", "finance", "admin", "connector")
    )
    case = agent.begin("complaints", "register", COMPLAINT).id
    agent.take("complaints", case, "acknowledge")
    agent.take("complaints", case, "start_review")
    agent.take("complaints", case, "escalate")
    opened = agent.take(
        "complaints", case, "open_dispute", {"reason_code": "goods_damaged", "lines": [LINE]}
    )
    dispute = opened.id
    held = finance.take("disputes", dispute, "request_block", {"review_by": "2199-12-31"}).lines[0]
    block = held.blocks[0].block_id
    admin.take("payment_blocks", block, "send")
    erp.take("payment_blocks", block, "confirm", {"erp_reference": "ERP-77"})
    offer = {
        "kind": "credit_note",
        "allocations": [{"line_id": str(held.line_id), "amount": "80.00"}],
    }
    offered = agent.take("disputes", dispute, "propose_settlement", offer)
    settlement = str(offered.settlement.settlement_id)
    manager.take("disputes", dispute, "approve", {"settlement_id": settlement})
    agent.take("disputes", dispute, "customer_accepts")
    erp.take("disputes", dispute, "settlement_executed", {"erp_document": "CN-1"})
    erp.take("payment_blocks", block, "confirm_release")
    agent.take("disputes", dispute, "close", {"root_cause": "packaging"})
    answered = {"response": "80.00 EUR back", "how_to_contest": "Write to us"}
    agent.take("complaints", case, "send_final_response", answered)
    closed = agent.take("complaints", case, "accept_response")
    sys.stdout.write(f"{closed.status}\n")


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    main(**json.load(sys.stdin))
