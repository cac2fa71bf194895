"""What the tests send, and how they take a step as a client would: read, then change."""

from typing import Any, Final
from uuid import UUID

from httpx2 import Response
from starlette.testclient import TestClient

from api.http.problems import TYPES

Said = dict[str, Any]  # Any: JSON

CUSTOMER: Final = "C-1001"
NOBODY: Final = UUID(int=1)
LAST_DAY: Final = "2199-12-31"


def complaint(**changes: Any) -> Said:  # noqa: ANN401 - JSON
    """A complaint about a delivery, in French."""
    return {
        "customer_id": CUSTOMER,
        "text": "La palette est arrivée abîmée.",
        "category": "delivery.damaged",
        "language": "fr",
        **changes,
    }


def document(**changes: Any) -> Said:  # noqa: ANN401 - JSON
    """The first line of an invoice in the ERP."""
    return {"system": "S4", "company_code": "FR01", "number": "9000042", **changes}


def line(**changes: Any) -> Said:  # noqa: ANN401 - JSON
    """100.00 EUR of an invoice of 250.00 EUR are disputed."""
    return {
        "document": document(),
        "open_amount": "250.00",
        "amount": "100.00",
        "currency": "EUR",
        "reason_code": "goods_damaged",
        **changes,
    }


def dispute(**changes: Any) -> Said:  # noqa: ANN401 - JSON
    """A dispute over one line."""
    return {
        "customer_id": CUSTOMER,
        "reason_code": "goods_damaged",
        "lines": [line()],
        **changes,
    }


def begin(client: TestClient, address: str, said: Said) -> str:
    """Begin a case; answers where it is read."""
    answer = client.post(address, json=said)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def step(client: TestClient, case: str, noun: str, **said: Any) -> Response:  # noqa: ANN401 - JSON
    """Take a step of a case in the version that it has now."""
    version = client.get(case).headers["ETag"]
    return client.post(f"{case}/{noun}", json=said, headers={"If-Match": version})


def taken(client: TestClient, case: str, noun: str, **said: Any) -> Said:  # noqa: ANN401 - JSON
    """Take a step that is allowed; answers with the case."""
    answer = step(client, case, noun, **said)
    assert answer.status_code in {200, 201}, answer.text
    shown: Said = answer.json()
    return shown


def slug(answer: Response) -> str:
    """Which problem it is; its status and media type are checked on the way."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    problem: Said = answer.json()
    assert problem["status"] == answer.status_code
    return str(problem["type"]).removeprefix(TYPES)
