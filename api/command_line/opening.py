"""The product, opened for one command, with its read models caught up where that is asked."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread
from typing import Final
from uuid import UUID

from api.command_line.faults import read_settings
from api.command_line.output import say
from api.command_line.progress import counting
from application.errors import ApplicationError
from infrastructure.bootstrap import Wiring, open_services
from infrastructure.operating import cases_alike, is_made, naming_a_lost_database
from infrastructure.settings import Settings

SHORTEST: Final = 6
"""Characters of an identity that are taken for a part of one."""

LOOK_SECONDS: Final = 0.25


class ReadModelsStopped(ApplicationError):
    """A read model does not know everything that is recorded."""


class CaseUnknown(ApplicationError):
    """No case is named like this, or several are."""


@contextmanager
def opened(settings: Settings | None = None) -> Generator[Wiring]:
    """Open the product over its database.

    Raises:
        SettingsWrong: the environment says something that cannot be.
        DatabaseNotReady: there is no database that would serve.
    """
    settings = read_settings() if settings is None else settings
    with announcing(settings), open_services(settings) as wiring:
        yield wiring


@contextmanager
def announcing(settings: Settings) -> Generator[None]:
    """Say that the database has to be made first, and in our words that it does not answer.

    Raises:
        DatabaseUnreachable: in place of what the driver raises.
    """
    if not is_made(settings):
        say("making the embedded database in {}, once ...", settings.recours_data)
    with naming_a_lost_database():
        yield


@contextmanager
def opened_to_read() -> Generator[Wiring]:
    """Open the product with its read models caught up; one that cannot is warned of."""
    with opened() as wiring:
        try:
            catch_up(wiring)
        except ReadModelsStopped as stopped:
            say("[yellow]warning:[/yellow] {}", stopped)
        yield wiring


def catch_up(wiring: Wiring) -> None:
    """Bring the read models up to what is recorded, whether or not a worker is running.

    Raises:
        ReadModelsStopped: one of them could not take an event in.
    """
    behind = _lag(wiring)
    if behind:
        stop = Signal()
        with counting("bringing the read models up to date", total=behind) as bar:
            # The look is the thread's and the work ours, so that ^C reaches the work.
            looker = Thread(
                target=lambda: _look(wiring, stop, lambda left: bar.reach(behind - left)),
                name="progress",
            )
            looker.start()
            try:
                wiring.projector.catch_up()
            finally:
                stop.set()
                looker.join()
            bar.reach(behind)
    failed = [s for s in wiring.services.questions.projections() if s.failed_position is not None]
    if failed:
        names = " ".join(status.name for status in failed)
        whys = "; ".join(f"{status.failure}" for status in failed)
        raise ReadModelsStopped(
            f"{whys}; once the cause is gone: recours projections rebuild {names}"
        )


def _look(wiring: Wiring, stop: Signal, show: Callable[[int], None]) -> None:
    while not stop.wait(LOOK_SECONDS):
        show(_lag(wiring))


def _lag(wiring: Wiring) -> int:
    return sum(status.lag for status in wiring.services.questions.projections())


def case_named(text: str, wiring: Wiring) -> UUID:
    """Find a case by its identity, or by a beginning or an end of it that no other has.

    Raises:
        CaseUnknown: there is none, or there are several.
    """
    try:
        return UUID(text)
    except ValueError:
        pass
    if len(text) < SHORTEST or not set(text.lower()) <= set("0123456789abcdef-"):
        raise CaseUnknown(
            f"{text!r} names no case: give its identity, or at least {SHORTEST} characters of its "
            "beginning or end, as `recours case list` shows them"
        )
    alike = cases_alike(wiring.pool, text, limit=5)
    if len(alike) == 1:
        return alike[0]
    if not alike:
        raise CaseUnknown(f"no case begins or ends with {text}; see `recours case list`")
    raise CaseUnknown(f"several cases begin or end with {text}: {', '.join(map(str, alike))}")
