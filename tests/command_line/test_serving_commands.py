"""Serving, working in the background, and being an ERP, until told to stop."""

import signal
import socket
from contextlib import ExitStack

import httpx2
import pytest

from tests.command_line.commands import PATIENCE, Here, Installation, await_line, end


@pytest.mark.parametrize(
    ("stop", "code", "option"),
    [
        (signal.SIGTERM, 0, []),
        (signal.SIGINT, 130, []),
        (signal.SIGTERM, 0, ["--no-worker"]),
    ],
    ids=["SIGTERM", "SIGINT", "SIGTERM without worker"],
)
def test_serving_says_its_address_and_stops_when_told(
    bare: Installation, stop: int, code: int, option: list[str]
) -> None:
    process = bare.start("serve", "--port", "0", *option)
    url = await_line(process, beginning="serving at").split()[2].rstrip(";")

    assert httpx2.get(f"{url}/readyz").status_code == httpx2.codes.OK
    assert end(process, signal=stop) == code


def test_serving_ends_fifty_live_streams_properly_when_told_to_stop(bare: Installation) -> None:
    subjects = [f"s{number}" for number in range(10)]
    keys = [
        bare.run("keys", "issue", "--role", "auditor", "--subject", subject, "--json").document
        for subject in subjects
    ]
    process = bare.start("serve", "--port", "0")
    url = await_line(process, beginning="serving at").split()[2].rstrip(";")
    with ExitStack() as streams:
        opened = [
            streams.enter_context(
                httpx2.stream(
                    "GET",
                    f"{url}/v1/events/stream",
                    headers={"Authorization": f"Bearer {key['secret']}"},
                    timeout=PATIENCE,
                )
            )
            for key in keys
            for _ in range(5)
        ]
        process.send_signal(signal.SIGTERM)
        # An answer that is cut off, because the server's patience is over, would raise here.
        told = [stream.read() for stream in opened]

    assert len(told) == 50
    assert all(text.startswith(b"retry:") for text in told)
    assert end(process, signal=signal.SIGTERM) == 0


def test_a_case_begun_through_the_api_is_listed_by_the_command_line(bare: Installation) -> None:
    key = bare.run("keys", "issue", "--role", "agent", "--subject", "anna", "--json").document
    process = bare.start("serve", "--port", "0")
    url = await_line(process, beginning="serving at").split()[2].rstrip(";")
    begun = httpx2.post(
        f"{url}/v1/complaints",
        headers={"Authorization": f"Bearer {key['secret']}", "Idempotency-Key": "one"},
        json={
            "customer_id": "C-SERVED",
            "text": "The pallet arrived broken.",
            "category": "delivery.damaged",
            "language": "en",
            "first_received_at": "2026-03-01T09:00:00Z",
        },
    )
    assert begun.status_code == httpx2.codes.CREATED, begun.text
    items = bare.run("case", "list", "--customer", "C-SERVED", "--json").document["items"]

    assert [item["case_kind"] for item in items] == ["complaint"]
    assert end(process, signal=signal.SIGTERM) == 0


def test_a_busy_port_is_refused_with_what_to_do(bare: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        refused = bare.run("serve", "--port", str(busy.getsockname()[1]))

    assert refused.code == 1
    assert "--port" in refused.err


@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_worker_stops_when_told(bare: Installation, stop: int, code: int) -> None:
    process = bare.start("worker")
    await_line(process, beginning="working")

    assert end(process, signal=stop) == code


@pytest.mark.parametrize("command", [["serve", "--port", "0", "--no-worker"], ["worker"]])
def test_metrics_can_be_told_at_an_address_of_their_own(
    bare: Installation, command: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = bare.start(*command, RECOURS_METRICS=address)
    await_line(process, beginning=f"metrics at http://{address}/metrics")
    told = httpx2.get(f"http://{address}/metrics").text

    assert 'recours_ready{tenant="default"} 1.0' in told
    assert end(process, signal=signal.SIGTERM) == 0


def test_an_address_for_metrics_that_is_taken_is_refused(bare: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        refused = bare.run("worker", RECOURS_METRICS=address)

    assert refused.code == 1
    assert "RECOURS_METRICS" in refused.err


def test_the_simulated_erp_says_how_to_reach_it_and_the_doctor_finds_it(
    bare: Installation,
) -> None:
    process = bare.start("erp-simulator", "--port", "0", "--reject-above", "100.50")
    await_line(process, beginning="the ERP simulator serves at")
    exports = await_line(process, beginning="export ").split()[1:]
    settings = dict(setting.split("=", 1) for setting in exports)
    examined = bare.run("doctor", "--json", **settings).document["examined"]

    erp = next(one for one in examined if one["subject"] == "erp")
    assert erp["health"] == "good"
    assert end(process, signal=signal.SIGTERM) == 0


def test_a_secret_that_is_none_is_refused(recours: Here) -> None:
    refused = recours("erp-simulator", "--port", "0", RECOURS_ERP_SECRET="hunter2")

    assert refused.code == 1
    assert "hunter2" not in refused.err
