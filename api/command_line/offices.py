"""What `serve` and `worker` are at work for: one tenant that was named, or all that there are."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event as Signal

from api.command_line.opening import announcing, opened
from application.services import Services
from application.tenancy import OneTenant, Tenants
from infrastructure.all_workers import run_workers
from infrastructure.bootstrap import Wiring, open_desk
from infrastructure.many_tenants import open_tenants
from infrastructure.settings import Settings
from infrastructure.worker import run_worker

Work = Callable[[Signal], None]
"""Works in the background until told to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The tenants of this process, and the work for them."""

    services: Services
    """Of the tenant that was named, or of the default one."""
    tenants: Tenants
    work: Work


@contextmanager
def opened_office(settings: Settings) -> Generator[Office]:
    """Open the product for the tenant that the settings name, or for all.

    Raises:
        DatabaseNotReady: there is no database that would serve.
    """
    if settings.serves_all:
        with announcing(settings), open_tenants(settings) as tenants:
            yield Office(
                services=tenants.default.services,
                tenants=tenants,
                work=lambda stop: run_workers(tenants, stop=stop),
            )
        return
    with opened(settings) as wiring:
        yield Office(
            services=wiring.services,
            tenants=OneTenant(wiring.services, name=settings.recours_tenant),
            work=partial(_work, settings, wiring),
        )


def _work(settings: Settings, wiring: Wiring, stop: Signal) -> None:
    with open_desk(settings, wiring.services) as desk:
        run_worker(wiring, desk=desk, stop=stop)
