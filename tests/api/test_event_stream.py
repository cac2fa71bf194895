"""The live stream, over a real server and real sockets."""

import itertools
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from api.http import event_stream
from api.http.broadcasting import Broadcast
from application.services import Services
from domain.parties import Role
from infrastructure.read_models.projector import Projector
from tests.api.reaches import FRANCE, GERMANY
from tests.api.requests import complaint
from tests.api.served import Served, events, messages, served, some

CONNECTOR = Role.CONNECTOR


@pytest.fixture
def running(services: Services) -> Iterator[Served]:
    with served(services) as found:
        yield found


def register(running: Served, count: int) -> list[int]:
    """Record complaints; answers with their positions."""
    agent = running.client(Role.AGENT)
    answers = [agent.post("/v1/complaints", json=complaint()) for _ in range(count)]
    return [int(answer.headers["X-Position"]) for answer in answers]


def test_what_is_recorded_arrives_as_a_cloud_event_with_its_position(running: Served) -> None:
    stream = running.stream(CONNECTOR, accept="text/event-stream")
    (position,) = register(running, 1)
    (message,) = some(stream, 1)

    told = json.loads(message.data)
    assert (message.id, message.type) == (str(position), "complaint.registered")
    assert (told["specversion"], told["position"]) == ("1.0", str(position))
    assert "palette" not in message.data
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"


def test_nothing_is_missed_and_nothing_told_twice_over_reconnects(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "PAGE", 3)
    first = register(running, 5)[0]
    writers = [threading.Thread(target=register, args=(running, 20)) for _ in range(3)]
    for writer in writers:
        writer.start()
    told, last = list[int](), str(first - 1)
    counts = itertools.cycle((1, 7, 2, 11))
    while len(told) < 65:
        with closing(running.stream(CONNECTOR, last_event_id=last)) as stream:
            told += [int(m.id) for m in some(stream, min(next(counts), 65 - len(told)))]
        last = str(told[-1])
    for writer in writers:
        writer.join()

    assert told == [recorded.position for recorded in running.services.cases.everything()]


def test_a_stream_from_the_past_catches_up_with_what_no_memory_holds(services: Services) -> None:
    with served(services, broadcast=Broadcast(services.feed, remembered=4)) as running:
        (first,) = register(running, 1)
        live = running.stream(CONNECTOR)
        positions = register(running, 10)
        late = running.stream(CONNECTOR, last_event_id=str(first))

        assert [int(m.id) for m in some(live, 10)] == positions
        assert [int(m.id) for m in some(late, 10)] == positions


def test_only_wanted_types_arrive(running: Served) -> None:
    stream = running.stream(CONNECTOR, "?types=dispute.*&types=complaint.review_started")
    agent = running.client(Role.AGENT)
    case = agent.post("/v1/complaints", json=complaint()).headers["Location"]
    agent.post(f"{case}/review", headers={"If-Match": "*"}, json={})

    assert some(stream, 1)[0].type == "complaint.review_started"


def test_a_silent_stream_beats_and_tells_where_it_is(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "BEAT_SECONDS", 0.05)
    stream = running.stream(CONNECTOR, "?types=dispute.*")
    (position,) = register(running, 1)

    assert next(m for m in messages(stream) if m.id == str(position)).type == ""


def test_a_revoked_key_ends_its_stream(running: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "BEAT_SECONDS", 0.05)
    stream = running.stream(CONNECTOR, subject_id="portal")
    keys = running.services.keys
    (key,) = [key for key in keys.list() if key.terms.subject_id == "portal"]
    keys.revoke(key.key_id)

    assert [message for message in messages(stream) if message.type] == []


def test_one_subject_has_only_so_many_streams_whatever_its_keys(running: Served) -> None:
    opened = [running.stream(CONNECTOR, subject_id="portal") for _ in range(5)]
    refused = running.stream(CONNECTOR, subject_id="portal")
    another = running.stream(CONNECTOR, subject_id="erp")
    opened[0].close()

    assert [stream.status_code for stream in (*opened, another)] == [200] * 6
    assert (refused.status_code, json.loads(refused.read())["most"]) == (429, 5)
    assert int(refused.headers["Retry-After"]) > 0
    # The server learns that a client has gone when it next looks at the socket.
    attempts = (running.stream(CONNECTOR, subject_id="portal").status_code for _ in range(1_000))
    assert 200 in attempts


def test_a_process_has_only_so_many_streams(services: Services) -> None:
    with served(services, broadcast=Broadcast(services.feed, most=1)) as running:
        let_in, refused = running.stream(CONNECTOR), running.stream(Role.ADMIN)

        assert let_in.status_code == 200
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")


def test_a_client_that_takes_nothing_is_let_go_and_nobody_else_notices(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "PATIENCE_SECONDS", 0.2)
    with served(services, send_buffer=8_192) as running:
        check_that_a_deaf_client_is_let_go(running)


def check_that_a_deaf_client_is_let_go(running: Served) -> None:
    address, key = urlsplit(running.url), running.key(CONNECTOR)
    found = events(running.stream(Role.ADMIN))
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((address.hostname, address.port))
        asked = f"GET /v1/events/stream?after=0 HTTP/1.1\r\nAuthorization: Bearer {key}\r\n"
        deaf.sendall(f"{asked}Host: here\r\n\r\n".encode())
        register(running, 1)
        next(found)
        told = 0
        while running.server.broadcasts.open_streams > 1:
            positions = register(running, 50)
            assert [int(next(found).id) for _ in positions] == positions
            told += len(positions)
            assert told < 20_000, "it is let go at last"


def test_the_server_stops_at_once_with_streams_open(services: Services) -> None:
    with served(services) as running:
        streams = [running.stream(CONNECTOR, subject_id=f"s{n % 10}") for n in range(50)]
        running.server.stop()

        # Each answer is ended, not cut off, which would raise here.
        assert [stream.read().startswith(b"retry:") for stream in streams] == [True] * 50


def test_who_sees_some_cases_follows_them_alone_and_misses_none(
    running: Served, projector: Projector
) -> None:
    stop = threading.Event()
    work = threading.Thread(target=projector.run, args=[stop])
    first = running.stream(CONNECTOR, reach=FRANCE)
    work.start()
    try:
        agents = {reach: running.client(Role.AGENT, reach=reach) for reach in (FRANCE, GERMANY)}
        ours = list[int]()
        for turn in range(20):
            reach = (FRANCE, GERMANY)[turn % 2]
            answer = agents[reach].post("/v1/complaints", json=complaint())
            ours += [int(answer.headers["X-Position"])] if reach == FRANCE else []
        live = [int(message.id) for message in some(first, 6)]
        again = running.stream(CONNECTOR, reach=FRANCE, last_event_id=str(live[-1]))
        assert live + [int(message.id) for message in some(again, 4)] == ours
    finally:
        stop.set()
        work.join()


def test_the_news_of_others_moves_a_limited_stream_on_without_a_word(
    running: Served, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "BEAT_SECONDS", 0.2)
    stream = running.stream(CONNECTOR, reach=FRANCE)
    position = register(running, 3)[-1]
    projector.catch_up()
    beats = (int(message.id) for message in messages(stream) if message.id)

    assert next(beat for beat in beats if beat >= position) == position
