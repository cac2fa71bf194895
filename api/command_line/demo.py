"""The demonstration: a story, one case played live, and everything served."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time
from functools import partial
from hashlib import sha256
from socket import socket
from threading import Event as Signal
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from api.command_line.demo_telling import Narrator, show_access, show_commands, show_verdict
from api.command_line.faults import Stopped, read_settings
from api.command_line.opening import catch_up, opened
from api.command_line.output import answer_json, say, show
from api.command_line.progress import counting
from api.command_line.serving import ApiServer, address_of, listening
from api.command_line.working import working
from application.demo.live import Played, play_live
from application.demo.story import Told, is_told_in, tell_story
from application.demo.telling import STORY_ENDS
from application.keys import IssuedKey, KeyTerms, every_scope
from application.retelling import differences, retell
from domain.parties import Role
from infrastructure.bootstrap import Wiring, open_desk
from infrastructure.clock import uuid7
from infrastructure.erp.signatures import new_secret
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_server import running_simulator
from infrastructure.event_store.cases import BORN_AS
from infrastructure.operating import count_events
from infrastructure.settings import Settings
from infrastructure.worker import run_worker

ROLES: Final = (Role.AGENT, Role.MANAGER, Role.FINANCE, Role.AUDITOR, Role.CONNECTOR)
LOOK_SECONDS: Final = 0.02
PATIENCE: Final = 1_500
"""So many looks for an answer of the ERP: half a minute."""


def name_in_story(key: str, *, what: str, on: date) -> UUID:
    """Name something of the story: the same on every machine, sorted by its day."""
    milliseconds = int(datetime.combine(on, time.min, UTC).timestamp()) * 1_000
    return uuid7(milliseconds, sha256(f"{what}:{key}".encode()).digest()[:10])


def demonstrate(*, host: str, port: int, serving: bool, anyway: bool, as_json: bool) -> None:
    """Load the story, play one case live, show how to go on, and serve until told to stop."""
    settings = read_settings()
    with ExitStack() as stack:
        wiring = stack.enter_context(opened(settings))
        refuse_other_cases(wiring, anyway=anyway)
        told = _tell_story(wiring, as_json=as_json)
        address, erp_settings = stack.enter_context(_simulated_erp(settings))
        desk = stack.enter_context(open_desk(erp_settings, wiring.services))
        stopped = Signal()
        server: list[ApiServer] = []

        def stop() -> None:
            stopped.set()
            for one in server:
                one.stop()

        work = partial(run_worker, wiring, desk=desk)
        stack.enter_context(working(lambda told: work(stop=told), on_failure=stop))
        played = _play(wiring, as_json=as_json, stopped=stopped)
        found = _replay(wiring, played)
        if not as_json:
            show_verdict(found, events=played.events)
        keys = _issue_keys(wiring)
        listener = stack.enter_context(_listener(host, port=port)) if serving else None
        url = None if listener is None else address_of(listener)
        if as_json:
            answer_json(_document(told, played, found, keys, url=url, erp=address))
        else:
            show_access(keys, url=url, erp=address if serving else None)
            show_commands(played, keys, url=url)
        if found:
            raise Stopped("the replayed history is not what was stored: " + "; ".join(found))
        if listener is not None:
            server.append(
                ApiServer(
                    wiring.services,
                    settings=settings,
                    listener=listener,
                    on_serving=lambda at: say("serving at {}; ^C stops it", at),
                )
            )
            server[0].serve_until_stopped()


def refuse_other_cases(wiring: Wiring, *, anyway: bool) -> None:
    """Keep invented cases out of a database with real ones: what is recorded is never removed."""
    if anyway or is_told_in(wiring.cases, identify=name_in_story):
        return
    if count_events(wiring.pool):
        raise Stopped(
            "this database holds cases that are not the demo's, and what is recorded stays for "
            "ever: name another directory in RECOURS_DATA, or say --anyway"
        )


def _tell_story(wiring: Wiring, *, as_json: bool) -> Told:
    with counting("telling the story", total=None) as bar:
        told = tell_story(wiring.cases, identify=name_in_story, show=bar.reach)
    catch_up(wiring)
    if not as_json:
        before = f"the story of {told.cases} cases up to {STORY_ENDS}"
        if told.added:
            show(
                f"{before}: {told.complaints} complaints, {told.disputes} disputes, "
                f"{told.events} events recorded"
            )
        else:
            show(f"{before} was told before: nothing added")
    return told


@contextmanager
def _simulated_erp(settings: Settings) -> Generator[tuple[str, Settings]]:
    """Run an ERP beside us; gives its address, and the settings that name it."""
    settings.recours_data.mkdir(parents=True, exist_ok=True, mode=0o700)
    books, secret = settings.recours_data / "erp-simulator.sqlite", new_secret()
    with running_simulator(state_file=books, secret=secret, faults=Faults()) as address:
        yield (
            address,
            settings.model_copy(
                update={"recours_erp_url": address, "recours_erp_secret": SecretStr(secret)}
            ),
        )


def _play(wiring: Wiring, *, as_json: bool, stopped: Signal) -> Played:
    narrator = Narrator(messages=as_json)
    narrator.begin()
    left = iter(range(PATIENCE))

    def pause() -> bool:
        return not stopped.wait(LOOK_SECONDS) and next(left, None) is not None

    last = max(status.position for status in wiring.services.questions.projections())
    return play_live(wiring.services, after=last, tell=narrator.tell, pause=pause)


def _replay(wiring: Wiring, played: Played) -> list[str]:
    """Fold everything anew; answers with what is not as it was stored."""
    services = wiring.services
    catch_up(wiring)
    found: list[str] = []
    for case_id in (played.complaint_id, played.dispute_id, played.block_id, played.invoice_id):
        history = services.cases.history(case_id)
        kind = BORN_AS[type(history[0].event)]
        steps, case = retell(kind, history)
        stored = services.cases.load(kind, case_id)
        audited = services.questions.audit_trail(case_id)
        found += differences(steps, case, stored=stored, audited=audited)
    return found


def _issue_keys(wiring: Wiring) -> tuple[IssuedKey, ...]:
    """Make new keys; those of an earlier demo, whose secrets nobody can show again, end."""
    keys = wiring.services.keys
    subjects = {f"demo-{role}": role for role in ROLES}
    for key in keys.list():
        if key.revoked_at is None and key.terms.subject_id in subjects:
            keys.revoke(key.key_id)
    return tuple(
        keys.issue(KeyTerms(subject_id=subject, role=role, scopes=every_scope(role)))
        for subject, role in subjects.items()
    )


def _listener(host: str, *, port: int) -> socket:
    try:
        return listening(host, port=port)
    except Stopped:
        if not port:
            raise
    say("port {} is taken; taking another one", port)
    return listening(host, port=0)


def _document(
    told: Told,
    played: Played,
    found: list[str],
    keys: tuple[IssuedKey, ...],
    *,
    url: str | None,
    erp: str,
) -> dict[str, object]:
    return {
        "story": told,
        "live": played,
        "identical": not found,
        "differences": found,
        "url": url,
        "erp_simulator": None if url is None else erp,
        "keys": [
            {
                "role": key.key.terms.role,
                "subject_id": key.key.terms.subject_id,
                "secret": key.secret,
            }
            for key in keys
        ],
    }
