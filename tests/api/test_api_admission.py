"""How much is taken on, how often somebody may ask, and that a cut-off body is not obeyed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.http.admission import Admission, HeldBodies, Limits
from api.http.app import create_app
from api.http.errors import BodyCutOff, ServerBusy, TooManyRequests
from api.http.measuring import Metrics
from api.http.rates import MINUTE, Buckets
from application.services import Services
from domain.parties import Role
from infrastructure.read_models.projector import Projector
from tests.api.doors import Door
from tests.api.requests import slug

PATIENCE = 30.0


def scope(path: str = "/v1/cases", *, length: int = 0) -> Scope:
    headers = [(b"content-length", str(length).encode())] if length else []
    return {"type": "http", "path": path, "headers": headers}


class Kitchen:
    """An application that serves nobody before it is told to."""

    def __init__(self) -> None:
        self.served = 0
        self.open = asyncio.Event()
        self.streaming = asyncio.Event()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve, when the kitchen is open; a stream begins at once and goes on."""
        if scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            self.streaming.set()
        await self.open.wait()
        self.served += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def nowhere(_message: Message) -> None:
    return


def ask(admission: Admission, path: str = "/v1/cases") -> asyncio.Task[None]:
    return asyncio.ensure_future(admission(scope(path), nothing, nowhere))


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def admission(kitchen: Kitchen, **limits: Any) -> tuple[Admission, Metrics]:  # noqa: ANN401 - any
    metrics = Metrics()
    return Admission(kitchen, limits=Limits(**limits), metrics=metrics), metrics


def test_beyond_those_served_and_those_waiting_everybody_is_refused_at_once() -> None:
    async def crowd() -> None:
        kitchen = Kitchen()
        doors, metrics = admission(kitchen, at_once=2, waiting=3, wait_seconds=PATIENCE)
        asked = [ask(doors) for _ in range(9)]
        await settled()
        refused = [one for one in asked if one.done()]
        assert [type(one.exception()) for one in refused] == [ServerBusy] * 4
        assert metrics.registry.get_sample_value("recours_http_requests_waiting") == 3
        kitchen.open.set()
        await asyncio.wait(set(asked) - set(refused))
        assert kitchen.served == 5
        refusals = {"reason": "busy"}
        assert metrics.registry.get_sample_value("recours_requests_refused_total", refusals) == 4
        await doors(scope(), nothing, nowhere)  # every place is free again
        assert metrics.registry.get_sample_value("recours_http_requests_waiting") == 0

    asyncio.run(crowd())


def test_who_has_waited_long_enough_is_refused_and_their_place_goes_to_nobody() -> None:
    async def crowd() -> None:
        kitchen = Kitchen()
        doors, _ = admission(kitchen, at_once=1, waiting=3, wait_seconds=0.01)
        first, second = ask(doors), ask(doors)
        await asyncio.wait([second])
        assert isinstance(second.exception(), ServerBusy)
        kitchen.open.set()
        await first
        await doors(scope(), nothing, nowhere)
        assert kitchen.served == 2

    asyncio.run(crowd())


def test_a_caller_who_is_gone_gives_their_turn_to_the_next() -> None:
    async def crowd() -> None:
        kitchen = Kitchen()
        doors, _ = admission(kitchen, at_once=1, waiting=3, wait_seconds=PATIENCE)
        first, second, third = ask(doors), ask(doors), ask(doors)
        await settled()
        first.cancel()
        second.cancel()
        kitchen.open.set()
        await asyncio.wait_for(third, PATIENCE)
        await asyncio.wait_for(ask(doors), PATIENCE)
        assert first.cancelled()

    asyncio.run(crowd())


def test_a_stream_that_goes_on_keeps_nobody_out() -> None:
    async def crowd() -> None:
        kitchen = Kitchen()
        doors, _ = admission(kitchen, at_once=1, waiting=0)
        stream = ask(doors, "/stream")
        await kitchen.streaming.wait()
        other = ask(doors)
        await settled()
        kitchen.open.set()
        await asyncio.wait_for(asyncio.gather(stream, other), PATIENCE)

    asyncio.run(crowd())


def test_how_we_are_is_told_however_full_we_are() -> None:
    async def crowd() -> None:
        kitchen = Kitchen()
        doors, _ = admission(kitchen, at_once=0, waiting=0)
        kitchen.open.set()
        await doors(scope("/readyz"), nothing, nowhere)
        assert isinstance((await asyncio.wait([ask(doors)]))[0].pop().exception(), ServerBusy)

    asyncio.run(crowd())


def body(*parts: Message) -> Receive:
    told = list(parts)

    async def receive() -> Message:
        return told.pop(0)

    return receive


async def read_all(_scope: Scope, receive: Receive, _send: Send) -> None:
    while (await receive()).get("more_body"):
        pass


def part(content: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": content, "more_body": more}


def test_all_bodies_together_have_a_bound_and_give_it_back() -> None:
    metrics = Metrics()
    held = HeldBodies(read_all, most=10, metrics=metrics)

    async def send(*parts: Message) -> None:
        await held(scope(length=20), body(*parts), nowhere)

    asyncio.run(send(part(b"12345", more=True), part(b"67890", more=False)))
    with pytest.raises(ServerBusy):
        asyncio.run(send(part(b"12345", more=True), part(b"678901", more=False)))
    assert metrics.registry.get_sample_value("recours_http_body_bytes_held") == 0


def test_a_body_that_is_cut_off_is_not_obeyed() -> None:
    held = HeldBodies(read_all, most=10, metrics=Metrics())
    cut = body(part(b"{}", more=True), {"type": "http.disconnect"})

    with pytest.raises(BodyCutOff):
        asyncio.run(held(scope(length=20), cut, nowhere))


def clock() -> tuple[list[float], Callable[[], float]]:
    now = [0.0]
    return now, lambda: now[0]


def test_a_bucket_empties_and_is_refilled_steadily() -> None:
    now, seconds = clock()
    buckets = Buckets("principal", per_minute=6, seconds=seconds)
    for left in (5, 4, 3, 2, 1, 0):
        rate = buckets.take("anna")
        assert rate is not None
        assert rate.left == left

    with pytest.raises(TooManyRequests) as refused:
        buckets.take("anna")
    assert refused.value.headers == {
        "Retry-After": "10",
        "RateLimit-Policy": '"principal";q=6;w=60',
        "RateLimit": '"principal";r=0;t=60',
    }
    now[0] += 10
    again = buckets.take("anna")
    assert again is not None
    assert (again.left, again.full_in) == (0, 60)
    now[0] += 100 * MINUTE
    rested = buckets.take("anna")
    assert rested is not None
    assert rested.left == 5


def test_everybody_has_a_bucket_and_no_more_than_so_many_are_remembered() -> None:
    buckets = Buckets("principal", per_minute=1, most=2, seconds=lambda: 0.0)
    for somebody in ("anna", "ben", "carl"):
        buckets.take(somebody)

    buckets.take("anna")  # forgotten meanwhile
    with pytest.raises(TooManyRequests):
        buckets.take("carl")


def test_without_a_limit_nothing_is_counted() -> None:
    assert Buckets("principal", per_minute=0).take("anna") is None


@pytest.fixture
def narrow(services: Services, projector: Projector) -> Door:
    limits = Limits(rate=3, stranger_rate=2)
    return Door(create_app(services, limits=limits), services, projector)


def test_two_keys_of_one_principal_share_a_rate_and_others_have_their_own(narrow: Door) -> None:
    first = narrow.client(Role.AGENT, subject_id="anna")
    second = narrow.client(Role.AGENT, subject_id="anna")
    asked = [client.get("/v1/cases") for client in (first, second, first, second)]

    assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
    assert asked[0].headers["RateLimit-Policy"] == '"principal";q=3;w=60'
    assert asked[0].headers["RateLimit"].startswith('"principal";r=2;t=')
    assert slug(asked[3]) == "too-many-requests"
    assert int(asked[3].headers["Retry-After"]) in range(1, 21)
    assert narrow.client(Role.AGENT, subject_id="ben").get("/v1/cases").status_code == 200
    refusals = {"reason": "too_many"}
    counted = narrow.app.state.metrics.registry
    assert counted.get_sample_value("recours_requests_refused_total", refusals) == 1


def test_an_address_that_shows_no_key_has_a_rate_of_its_own(narrow: Door) -> None:
    stranger, anna = narrow.stranger(), narrow.client(Role.AGENT)
    wrong = {"Authorization": "Bearer rcs_wrong"}
    assert anna.get("/v1/cases").status_code == 200
    asked = [stranger.get("/v1/cases"), stranger.get("/v1/cases", headers=wrong)]

    assert [answer.status_code for answer in asked] == [401, 401]
    assert slug(stranger.get("/v1/cases")) == "too-many-requests"
    assert anna.get("/v1/cases").status_code == 200
    assert stranger.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("method", "address", "headers"),
    [
        ("GET", "/openapi.json", {}),
        ("GET", "/docs", {}),
        ("GET", "/docs/pages.css", {}),
        ("GET", "/problems/busy", {}),
        ("GET", "/nowhere", {}),
        ("GET", "/v1/nowhere", {}),
        ("DELETE", "/v1/cases", {}),
        ("GET", "/v1/cases", {"Accept": "text/html"}),
        ("GET", "/v1/cases", {"Authorization": "Bearer rcs_00000000_" + "a" * 43}),
    ],
)
def test_whatever_needs_no_key_counts_against_the_address(
    narrow: Door, method: str, address: str, headers: dict[str, str]
) -> None:
    stranger = narrow.stranger()
    asked = [stranger.request(method, address, headers=headers) for _ in range(3)]

    assert 429 not in {asked[0].status_code, asked[1].status_code}
    assert asked[1].headers["RateLimit"].startswith('"stranger";r=0;t=')
    assert slug(asked[2]) == "too-many-requests"
    assert "Retry-After" in asked[2].headers


def test_a_key_that_nobody_knows_is_looked_up_only_within_the_rate_of_its_address(
    services: Services, projector: Projector
) -> None:
    narrow = Door(create_app(services, limits=Limits(stranger_rate=1)), services, projector)
    known, fresh = narrow.client(Role.AGENT), narrow.client(Role.AGENT)
    assert known.get("/v1/cases").status_code == 200
    assert narrow.stranger().get("/v1/cases").status_code == 401

    # A good key is refused too as long as nobody knows that it is good, so it was not looked up.
    assert slug(fresh.get("/v1/cases")) == "too-many-requests"
    assert known.get("/v1/cases").status_code == 200
