"""A header that the document calls required is missed in words of our own, and no other is."""

from typing import Final

from application.keys import GRANTABLE
from domain.parties import Role
from tests.api.document import documented
from tests.api.doors import Door
from tests.api.requests import NOBODY, slug

JSON: Final = {"Content-Type": "application/json"}
MISSED: Final = {"If-Match": "version-missing", "Idempotency-Key": "idempotency-key-missing"}
"""Headers in the order in which they are missed."""


def test_a_required_header_is_missed_in_our_own_words(door: Door) -> None:
    clients = {role: door.client(role) for role in GRANTABLE}
    for client in clients.values():
        client.event_hooks = {"request": []}  # sends no key of its own accord
    for operation in documented(door.app):
        if operation.method != "POST":
            continue
        given: dict[str, str] = {}
        wanted = [header for header in MISSED if operation.insists_on(header)]
        client = clients[Role(operation.roles[0])]
        address = operation.path.replace("{position}", "1")
        for parameter in operation.named("path"):
            address = address.replace(f"{{{parameter}}}", str(NOBODY))
        for header in wanted:
            answer = client.post(address, content=operation.sample(), headers={**JSON, **given})
            assert slug(answer) == MISSED[header], operation.name
            given[header] = "*"
        answer = client.post(address, content=operation.sample(), headers={**JSON, **given})
        assert answer.status_code in {200, 201} or slug(answer) not in MISSED.values()
