"""Two tenants and the default one behind one door: nothing crosses."""

import secrets
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event as Signal
from threading import Thread
from typing import Any, Final

import httpx2
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from api.command_line.serving import ApiServer, listening
from application.keys import KeyTerms, every_scope, tenant_named
from application.services import Services
from application.tenancy import TenantsBusy
from domain.parties import Role
from infrastructure import many_tenants
from infrastructure.all_workers import run_workers
from infrastructure.bootstrap import add_tenant
from infrastructure.many_tenants import ManyTenants, open_tenants
from infrastructure.postgres.roles import roles_of
from infrastructure.settings import Settings
from tests.api.doors import take_new_key
from tests.api.requests import Said, complaint, slug
from tests.api.served import messages
from tests.databases import Database
from tests.faults.harness import until
from tests.infrastructure.webhooks.receivers import receiving

PATIENCE: Final = 30.0


@dataclass(frozen=True)
class House:
    """A running server of all tenants, of whom two were made for the test."""

    url: str
    tenants: ManyTenants
    names: tuple[str, str]
    database: Database
    settings: Settings
    closing: ExitStack
    """Closes every client before the server stops."""

    @contextmanager
    def services(self, name: str) -> Generator[Services]:
        lease = self.tenants.lease(name)
        assert lease is not None, name
        try:
            yield lease.services
        finally:
            lease.give_back()

    def key(self, name: str, role: Role, *, subject_id: str = "anna") -> str:
        terms = KeyTerms(subject_id=subject_id, role=role, scopes=every_scope(role))
        with self.services(name) as services:
            return services.keys.issue(terms).secret

    def client(self, name: str, role: Role) -> httpx2.Client:
        return self.bearing(self.key(name, role))

    def bearing(self, secret: str) -> httpx2.Client:
        return self.closing.enter_context(
            httpx2.Client(
                base_url=self.url,
                timeout=PATIENCE,
                headers={"Authorization": f"Bearer {secret}"},
                event_hooks={"request": [take_new_key]},
            )
        )


@contextmanager
def two_tenants(database: Database, **changes: Any) -> Generator[tuple[Settings, tuple[str, str]]]:  # noqa: ANN401 - settings
    names = (f"a{secrets.token_hex(4)}", f"b{secrets.token_hex(4)}")
    settings = Settings(
        database_url=SecretStr(database.application_url),
        database_owner_url=SecretStr(database.admin_url),
        recours_tenants_secret=SecretStr("24 characters and a few more"),
        recours_webhooks_loopback=True,
        **changes,
    )
    made = list[str]()
    try:
        for name in names:
            made.append(name)
            add_tenant(settings.model_copy(update={"recours_tenant": name}))
        yield settings, names
    finally:
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            for name in made:
                schema = settings.of_tenant(name).tenant_schema
                for role in (roles_of(schema).application, roles_of(schema).reader):
                    admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
                    admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture
def house(database: Database) -> Generator[House]:
    ready, addresses = Signal(), list[str]()

    def on_serving(address: str) -> None:
        addresses.append(address)
        ready.set()

    with (
        two_tenants(database) as (settings, names),
        open_tenants(settings) as tenants,
        listening("127.0.0.1", port=0) as listener,
    ):
        server = ApiServer(
            tenants.default.services,
            tenants=tenants,
            settings=settings,
            listener=listener,
            on_serving=on_serving,
        )
        thread = Thread(target=server.serve_until_stopped)
        thread.start()
        try:
            assert ready.wait(PATIENCE)
            with ExitStack() as closing:
                yield House(addresses[0], tenants, names, database, settings, closing)
        finally:
            server.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive()


@contextmanager
def working(house: House) -> Generator[None]:
    stop = Signal()
    thread = Thread(target=run_workers, args=[house.tenants], kwargs={"stop": stop})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def told(answer: httpx2.Response) -> tuple[int, dict[str, str], int]:
    headers = {k: v for k, v in answer.headers.items() if k in {"www-authenticate", "content-type"}}
    return answer.status_code, headers, len(answer.content)


def caught_up(client: httpx2.Client, position: str) -> Callable[[], bool]:
    def is_there() -> bool:
        return client.get(f"/v1/cases?after_position={position}").status_code == 200

    return is_there


def test_the_same_customers_and_keys_of_two_tenants_never_cross(house: House) -> None:
    one, other = house.names
    ours, theirs = (house.client(name, Role.AGENT) for name in house.names)
    same = {"Idempotency-Key": "the-same-key"}
    with working(house):
        first = ours.post("/v1/complaints", json=complaint(text="Unsere Palette"), headers=same)
        second = theirs.post("/v1/complaints", json=complaint(text="Leur palette"), headers=same)
        assert (first.status_code, second.status_code) == (201, 201)
        assert "Idempotency-Replayed" not in second.headers
        assert first.headers["Location"] != second.headers["Location"]
        until(caught_up(ours, first.headers["X-Position"]))
        until(caught_up(theirs, second.headers["X-Position"]))

    foreign = theirs.get(first.headers["Location"])
    absent = theirs.get("/v1/complaints/00000000-0000-7000-8000-000000000001")
    assert slug(foreign) == slug(absent) == "case-not-found"
    assert told(foreign) == told(absent)
    mine = first.headers["Location"].rpartition("/")[2]
    for address in (
        "/v1/cases",
        "/v1/cases?q=palette",
        "/v1/customers/C-1001/contacts",
        "/v1/events",
        "/v1/blocked-payments",
        "/v1/blocked-payments/lines",
    ):
        seen, hidden = ours.get(address), theirs.get(address)
        assert seen.status_code == hidden.status_code == 200, address
        assert mine not in hidden.text, address
    assert mine in ours.get("/v1/cases").text
    assert mine in ours.get("/v1/events").text
    assert len(theirs.get("/v1/events").json()["events"]) == 1
    keys = house.client(other, Role.ADMIN).get("/v1/keys").json()
    assert all(key["prefix"].startswith(f"rcs_{other}_") for key in keys)
    measured = house.client(one, Role.AUDITOR).get("/metrics").text
    assert f'tenant="{one}"' in measured
    assert other not in measured
    assert "recours_http_requests" not in measured


def test_a_key_opens_its_own_tenant_whatever_the_request_says(house: House) -> None:
    one, other = house.names
    agent = house.client(one, Role.AGENT)
    place = agent.post("/v1/complaints", json=complaint()).headers["Location"]
    foreign = house.client(other, Role.AGENT)

    for said in ({"X-Tenant": one}, {"RECOURS-TENANT": one}, {"Host": f"{one}.example"}):
        assert slug(foreign.get(place, headers=said)) == "case-not-found"
    assert slug(foreign.get(f"{place}?tenant={one}")) == "invalid"
    assert slug(foreign.post("/v1/complaints", json=complaint(tenant=one))) == "invalid"


def test_a_key_that_names_another_tenant_is_refused_as_an_unknown_one(house: House) -> None:
    one, other = house.names
    secret = house.key(one, Role.ADMIN)
    assert tenant_named(secret) == one
    rest = secret.removeprefix(f"rcs_{one}_")
    nobody = "c" + one[1:]
    forged = {
        "of the other tenant": f"rcs_{other}_{rest}",
        "of nobody": f"rcs_{nobody}_{rest}",
        "of the default tenant": f"rcs_{rest}",
        "of the default tenant by name": f"rcs_default_{rest}",
        "unknown": f"rcs_{one}_00000000_{'A' * 43}",
    }
    assert house.bearing(secret).get("/v1/keys").status_code == 200
    answers = {name: house.bearing(key).get("/v1/keys") for name, key in forged.items()}

    assert {slug(answer) for answer in answers.values()} == {"key-refused"}
    assert len({str(told(answer)) for answer in answers.values()}) == 1
    bodies = {a.text.replace(a.json()["correlation_id"], "") for a in answers.values()}
    assert len(bodies) == 1


def test_a_stream_tells_of_its_own_tenant_alone(house: House) -> None:
    ours, theirs = (house.client(name, Role.AGENT) for name in house.names)
    with house.client(house.names[1], Role.CONNECTOR).stream("GET", "/v1/events/stream") as stream:
        found = (message for message in messages(stream) if message.type)
        ours.post("/v1/complaints", json=complaint())
        first = theirs.post("/v1/complaints", json=complaint())
        ours.post("/v1/complaints", json=complaint())
        second = theirs.post("/v1/complaints", json=complaint())
        heard = [next(found).data for _ in range(2)]

    for told_of, begun in zip(heard, (first, second), strict=True):
        assert begun.headers["Location"].rpartition("/")[2] in told_of


def test_one_tenants_broken_projection_stops_nobody_else_and_is_named(house: House) -> None:
    one = house.names[0]
    with psycopg.connect(house.database.admin_url, autocommit=True) as admin:
        schema = house.settings.of_tenant(one).tenant_schema
        admin.execute(
            sql.SQL("ALTER TABLE {}.worklist RENAME TO lost").format(sql.Identifier(schema))
        )
    ours, theirs = (house.client(name, Role.AGENT) for name in house.names)
    with working(house):
        ours.post("/v1/complaints", json=complaint())
        begun = theirs.post("/v1/complaints", json=complaint())
        until(caught_up(theirs, begun.headers["X-Position"]))

        def is_named() -> bool:
            ready = httpx2.get(f"{house.url}/readyz").json()
            named = [(one["tenant"], one["name"]) for one in ready.get("behind", [])]
            return named == [(one, "projection worklist")]

        until(is_named)
        assert httpx2.get(f"{house.url}/readyz").status_code == 200
        assert theirs.get("/v1/cases").json()["items"]


def test_each_tenants_webhooks_are_sent_its_own_events_and_none_waits_for_another(
    house: House,
) -> None:
    one, other = house.names
    with receiving() as receiver, working(house):
        hook: Said = {"description": "ours", "types": []}
        dead = house.client(one, Role.ADMIN).post(
            "/v1/webhooks", json={**hook, "url": "http://127.0.0.1:9/nobody"}
        )
        made = house.client(other, Role.ADMIN).post(
            "/v1/webhooks", json={**hook, "url": receiver.url}
        )
        assert (dead.status_code, made.status_code) == (201, 201), made.text
        house.client(one, Role.AGENT).post("/v1/complaints", json=complaint())
        begun = house.client(other, Role.AGENT).post("/v1/complaints", json=complaint())
        place = begun.headers["Location"].rpartition("/")[2]
        until(lambda: len(receiver.received) >= 1)
    assert [place in one_of.body.decode() for one_of in receiver.received] == [True]


def test_a_tenant_that_is_added_is_served_and_worked_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_tenants, "LOOK_SECONDS", 0.0)
    name = f"c{secrets.token_hex(4)}"
    tenant = house.settings.model_copy(update={"recours_tenant": name})
    assert house.tenants.lease(name) is None
    with working(house):
        try:
            add_tenant(tenant)
            agent = house.client(name, Role.AGENT)
            begun = agent.post("/v1/complaints", json=complaint())
            until(caught_up(agent, begun.headers["X-Position"]))
        finally:
            house.tenants.close()
    with psycopg.connect(house.database.admin_url, autocommit=True) as admin:
        roles = roles_of(tenant.tenant_schema)
        for role in (roles.application, roles.reader):
            admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_the_idle_make_room_and_the_busy_are_kept(database: Database) -> None:
    with (
        two_tenants(database, recours_open_tenants=1) as (settings, (one, other)),
        open_tenants(settings) as tenants,
    ):
        first = tenants.lease(one)
        assert first is not None
        assert tenants.at_hand(other) is None
        with pytest.raises(TenantsBusy):
            tenants.lease(other)
        assert first.services.keys.list() == ()
        first.give_back()
        second = tenants.lease(other)
        assert second is not None
        assert tenants.at_hand(one) is None
        assert second.services.keys.list() == ()
        assert tenants.lookouts()[one].connections().open == 0
