"""Everybody, every operation, and what is theirs, what is not, and what there is not.

Made from the OpenAPI document and the table of permissions: a new route is covered as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.http.permissions import OPEN, PERMISSIONS
from application.keys import GRANTABLE, Principal
from application.reach import EVERYWHERE, Reach
from application.scopes import ConnectorScope
from domain.parties import Role
from tests.api.asked import Asked, operations
from tests.api.doors import Door
from tests.api.reaches import FRANCE, GERMANY
from tests.api.requests import begin, complaint, dispute, document, line, slug, taken

OURS, THEIRS, NOBODYS = "C-FRANCE", "C-SECRET", "C-ABSENT"
_OF_THE_REQUEST: Final = re.compile(r'"(correlation_id|request_id)": ?"[^"]*"')
STREAMED: Final = "text/event-stream"
UNLIMITED, LIMITED = "unlimited", "limited"

EVERYBODY: Final = [
    Principal(subject_id=f"{limit}-{role}-{scope}", role=role, reach=reach, scopes=scopes)
    for limit, reach in ((UNLIMITED, EVERYWHERE), (LIMITED, FRANCE))
    for role in GRANTABLE
    for scope, scopes in (
        [(str(scope), frozenset({scope})) for scope in ConnectorScope]
        if role is Role.CONNECTOR
        else [("", frozenset[ConnectorScope]())]
    )
]
FEW: Final = [
    principal
    for principal in EVERYBODY
    if principal.reach == FRANCE and principal.role in {Role.MANAGER, Role.CONNECTOR}
]


@dataclass(frozen=True)
class World:
    """A door, and two families of cases behind it."""

    door: Door
    own: dict[str, str]
    foreign: dict[str, str]

    def client(self, principal: Principal) -> TestClient:
        """Somebody who knocks."""
        return self.door.client(
            principal.role,
            subject_id=principal.subject_id,
            scopes=principal.scopes,
            reach=principal.reach,
        )

    def objects(self, asked: Asked) -> tuple[str, str, str]:
        """What an operation is asked about: ours, theirs, and what there is not."""
        kind = asked.path.split("/")[2]
        if asked.parameter == "customer_id":
            return OURS, THEIRS, NOBODYS
        own, foreign = self.own.get(kind), self.foreign.get(kind)
        if asked.parameter != "case_id" or own is None or foreign is None:
            return (absent := str(UUID(int=1))), absent, absent
        return own, foreign, str(UUID(int=UUID(foreign).int ^ 1))


@pytest.fixture
def world(door: Door) -> World:
    return World(
        door,
        own=family(door, FRANCE, customer=OURS, company="FR01"),
        foreign=family(door, GERMANY, customer=THEIRS, company="DE01"),
    )


def family(door: Door, reach: Reach, *, customer: str, company: str) -> dict[str, str]:
    """A complaint, and a dispute with a block and an invoice, by the word in their addresses."""
    client = door.client(Role.AGENT, reach=reach)
    complained = begin(client, "/v1/complaints", complaint(customer_id=customer, text=customer))
    contested = line(document=document(company_code=company, number=customer))
    opened = begin(client, "/v1/disputes", dispute(customer_id=customer, lines=[contested]))
    (shown,) = taken(client, opened, "block-request", review_by="2199-12-31")["lines"]
    held = f"/v1/payment-blocks/{shown['blocks'][0]['block_id']}"
    taken(door.client(Role.ADMIN, reach=reach), held, "sending")
    taken(door.client(Role.CONNECTOR, reach=reach), held, "confirmation")
    door.projector.catch_up()
    return {
        "complaints": complained.rpartition("/")[2],
        "disputes": opened.rpartition("/")[2],
        "cases": opened.rpartition("/")[2],
        "payment-blocks": shown["blocks"][0]["block_id"],
        "invoices": shown["invoice_id"],
    }


def guarded(world: World) -> Iterator[Asked]:
    """Every operation that not everybody may ask for."""
    return (asked for asked in operations(world.door.app.openapi()) if asked.name not in OPEN)


def ask(client: TestClient, asked: Asked, named: str) -> Response:
    return client.request(
        asked.method, asked.address(named), json=asked.body, headers={"If-Match": "*"}
    )


def told(answer: Response, named: str) -> tuple[int, int, str]:
    """All that can be told of an answer, but for the object's own name and the request's."""
    own = _OF_THE_REQUEST.sub("", answer.text)
    return answer.status_code, len(answer.content), own.replace(named, "it")


def check(world: World, principal: Principal) -> None:
    client = world.client(principal)
    for asked in guarded(world):
        own, foreign, absent = world.objects(asked)
        where = f"{principal.subject_id}: {asked.name}"
        if not PERMISSIONS[asked.name].permits(principal):
            answers = [told(ask(client, asked, named), named) for named in (own, foreign, absent)]
            assert slug(ask(client, asked, absent)) == "not-permitted", where
            assert answers[0] == answers[1] == answers[2], where
        elif STREAMED not in asked.answers:
            check_permitted(
                client, asked, (own, foreign, absent), where=where, reach=principal.reach
            )


def check_permitted(
    client: TestClient, asked: Asked, named: tuple[str, str, str], *, where: str, reach: Reach
) -> None:
    own, foreign, absent = named
    answer, other = ask(client, asked, foreign), ask(client, asked, absent)
    assert other.status_code < 500, where
    if asked.parameter == "case_id":
        assert slug(other) == "case-not-found", f"{where}: {other.text}"
    if reach == EVERYWHERE:
        if own != foreign:
            assert told(answer, foreign) != told(other, absent), f"{where}: {answer.text}"
        return
    if asked.parameter is not None:
        assert told(answer, foreign) == told(other, absent), f"{where}: {answer.text}"
    assert asked.parameter == "customer_id" or THEIRS not in answer.text, where
    if own != foreign:
        mine = ask(client, asked, own)
        assert mine.status_code not in {401, 403}, f"{where}: {mine.text}"
        # What a body names may be missing; what the address names is there.
        assert mine.status_code != 404 or own not in mine.text, f"{where}: {mine.text}"
        assert told(mine, own) != told(other, absent), where


@pytest.mark.parametrize("principal", FEW, ids=lambda principal: principal.subject_id)
def test_a_limited_principal_meets_exactly_the_table(world: World, principal: Principal) -> None:
    check(world, principal)


@pytest.mark.soak
@pytest.mark.parametrize("principal", EVERYBODY, ids=lambda principal: principal.subject_id)
def test_everybody_meets_exactly_the_table(world: World, principal: Principal) -> None:
    check(world, principal)


def test_what_opens_nothing_opens_nothing_of_whomever(world: World) -> None:
    revoked = world.door.client(Role.ADMIN, subject_id="formerly")
    keys = world.door.services.keys
    (key,) = [key for key in keys.list() if key.terms.subject_id == "formerly"]
    keys.revoke(key.key_id)
    rotated = world.door.client(Role.ADMIN, subject_id="rotated")
    (key,) = [key for key in keys.list() if key.terms.subject_id == "rotated"]
    keys.rotate(key.key_id, grace=timedelta(0))
    strangers = [
        ("key-missing", world.door.stranger()),
        ("key-refused", revoked),
        ("key-refused", rotated),
    ]
    for problem, client in strangers:
        for asked in guarded(world):
            answers = {told(ask(client, asked, named), named) for named in world.objects(asked)}
            assert len(answers) == 1, f"{problem} {asked.name}"
            assert slug(ask(client, asked, str(UUID(int=1)))) == problem, asked.name
