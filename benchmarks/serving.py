"""http.*: a command and a case over HTTP, beside a bare FastAPI endpoint on the same server."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count, cycle
from pathlib import Path
from statistics import median
from typing import Final
from uuid import UUID, uuid4

import orjson

from application.keys import KeyTerms
from benchmarks.clients import Contestant, Step, race
from benchmarks.figures import Figures, Scale, at_least, ratio, stated
from benchmarks.http_clients import Knocking
from benchmarks.http_floor import DATABASE
from benchmarks.site import SCHEMA, Ground, Site
from benchmarks.stores import fill_mixed, finished_complaints
from domain.parties import Role

ANNA: Final = KeyTerms(subject_id="anna", role=Role.AGENT)
CLIENTS: Final = (4, 16)
GOAL: Final = 0.7
PATIENCE: Final = 30.0
NOTES: Final = 9
"""A case gets so many notes, each in the version that the one before left; then the next begins."""

_NOTE: Final = orjson.dumps({"text": "La cliente rappelle demain matin, de préférence avant 9 h."})
_COMPLAINT: Final = orjson.dumps(
    {
        "customer_id": "C-1001",
        "text": "La palette est arrivée abîmée.",
        "category": "delivery.damaged",
        "language": "fr",
    }
)


@contextmanager
def knocking_clients(
    site: Site, *, address: str, secret: str | None, step: Callable[[Knocking], Step]
) -> Generator[Callable[[], Step]]:
    """Clients with a connection each."""
    del site  # everything is asked through the door
    with ExitStack() as stack:
        yield lambda: step(stack.enter_context(Knocking(address, secret=secret)))


def bare_inserts(client: Knocking) -> Step:
    """One note is stored a step."""
    return lambda: client.post("/notes", _NOTE)


def commands(client: Knocking, *, keyed: bool) -> Step:
    """One command a step: a complaint is begun, or gets a note in the version that was seen."""
    return _tell(client, keyed=keyed).__next__


def reads(client: Knocking, *, addresses: Sequence[str]) -> Step:
    """One case is read a step."""
    wanted = cycle(addresses)
    return lambda: client.get(next(wanted))


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure commands and reads through the door."""
    with ground.site() as site, ExitStack() as stack:
        fill_mixed(site, cases=min(scale.cases, 400))
        case_ids = finished_complaints(site, most=200)
        with site.product(remembered=0) as wiring:
            secret = wiring.services.keys.issue(ANNA).secret
        product = stack.enter_context(_serving(site, "api.command_line", "serve", "--no-worker"))
        floor = stack.enter_context(_serving(site, "benchmarks.http_floor"))
        _store_answers(site, product, secret=secret, case_ids=case_ids)
        to_product = partial(knocking_clients, address=product, secret=secret)
        to_floor = partial(knocking_clients, address=floor, secret=None)
        stored = partial(reads, addresses=[f"/cases/{case_id}" for case_id in case_ids])
        shown = partial(reads, addresses=[f"/v1/complaints/{case_id}" for case_id in case_ids])
        for clients in CLIENTS:
            name = f"http.command.c{clients}"
            contestants: dict[str, Contestant] = {
                "bare INSERT": partial(to_floor, step=bare_inserts),
                "with keys": partial(to_product, step=partial(commands, keyed=True)),
                "without keys": partial(to_product, step=partial(commands, keyed=False)),
            }
            with race(site, contestants, clients=clients) as running:
                rates = running.run(rounds=scale.rounds, seconds=scale.seconds, name=name)
            bare, keyed = rates["bare INSERT"], rates["with keys"]
            yield at_least(GOAL, figure=name, value=ratio(keyed, bare), unit="ratio")
            keyless = ratio(rates["without keys"], bare)
            yield stated(f"{name}.without_keys", value=keyless, unit="ratio")
            yield stated(f"{name}.commands", value=median(keyed), unit="commands/s")
            name = f"http.read.c{clients}"
            contestants = {
                "bare SELECT": partial(to_floor, step=stored),
                "product": partial(to_product, step=shown),
            }
            with race(site, contestants, clients=clients) as running:
                rates = running.run(rounds=scale.rounds, seconds=scale.seconds, name=name)
            ours = rates["product"]
            yield at_least(GOAL, figure=name, value=ratio(ours, rates["bare SELECT"]), unit="ratio")
            yield stated(f"{name}.cases", value=median(ours), unit="cases/s")


def _tell(client: Knocking, *, keyed: bool) -> Iterator[None]:
    keys = (f"Idempotency-Key: {uuid4()}-{number}\r\n" for number in count())
    while True:
        begun = orjson.loads(client.post("/v1/complaints", _COMPLAINT, headers=next(keys)))
        yield
        for version in range(1, NOTES + 1):
            headers = f'If-Match: "{version}"\r\n' + (next(keys) if keyed else "")
            client.post(f"/v1/complaints/{begun['id']}/notes", _NOTE, headers=headers)
            yield


def _store_answers(site: Site, address: str, *, secret: str, case_ids: Sequence[UUID]) -> None:
    with site.administration() as admin, Knocking(address, secret=secret) as client:
        admin.execute("CREATE TABLE floor_answer (case_id uuid PRIMARY KEY, answer text NOT NULL)")
        admin.execute("GRANT SELECT ON floor_answer TO recours_application")
        for case_id in case_ids:
            answer = client.get(f"/v1/complaints/{case_id}").decode()
            admin.execute("INSERT INTO floor_answer VALUES (%s, %s)", [case_id, answer])


@contextmanager
def _serving(site: Site, module: str, *arguments: str) -> Generator[str]:
    """Serve from a process of its own; gives its address."""
    ours = {
        "DATABASE_URL": site.application_url,
        "RECOURS_SCHEMA": SCHEMA,
        "RECOURS_RATE": "0",  # one client asks as often as all agents together
        DATABASE: site.conninfo,
    }
    command = [sys.executable, "-m", module, *arguments]
    if arguments:
        command += ["--port", "0"]
    with tempfile.TemporaryDirectory() as directory:
        said = Path(directory, "said")
        with said.open("wb") as log:
            process = subprocess.Popen(command, stderr=log, env={**os.environ, **ours})
        try:
            yield _address(process, said)
        finally:
            process.terminate()
            process.wait()


def _address(process: subprocess.Popen[bytes], said: Path) -> str:
    give_up = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        served = re.search(r"serving at (http\S+);", said.read_text(encoding="utf-8"))
        if served:
            return served.group(1)
        time.sleep(0.02)
    raise AssertionError(f"it does not serve: {said.read_text(encoding='utf-8')}")
