"""Whether the process lives, and whether it can serve."""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fastapi import Request

from api.http.describing import keeps_ready
from api.http.entering import tenants_of
from api.http.errors import NotReady
from api.http.operations import operations
from api.http.values import Answer
from application.keys import DEFAULT_TENANT
from application.lookout import Condition, OperatingFault
from application.tenancy import Tenants

PATIENCE: Final = 3.0
"""Seconds after which a look that has not ended counts as an answer: no."""

router = operations(tag="operations")


class Behind(Answer):
    """What is wrong with a tenant, while others can be served."""

    tenant: str
    name: str
    found: str


class Health(Answer):
    """All is well."""

    status: str = "ok"


class Ready(Health):
    """All is well, or so much of it that somebody can be served."""

    behind: list[Behind] | None = None


class Readiness:
    """Whether this process should be asked anything; the looks have a thread of their own."""

    def __init__(self) -> None:
        self.stopping = False
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="lookout")

    async def require(self, request: Request) -> list[Behind]:
        """Let pass while somebody can be served; answers with what is wrong with others.

        Raises:
            NotReady: with every reason.
        """
        seen = await self._look(request)
        faults = {tenant: condition.faults for tenant, condition in seen.items()}
        if own := [*self._own()]:
            raise NotReady([*own, *faults[next(iter(faults))]])
        if all(faults.values()):
            raise NotReady([*_told(faults)])
        return [
            Behind(tenant=tenant, name=fault.name, found=fault.found)
            for tenant, found in faults.items()
            for fault in found
        ]

    async def _look(self, request: Request) -> Mapping[str, Condition]:
        loop = asyncio.get_running_loop()
        look = loop.run_in_executor(self._looking, _look_at_all, tenants_of(request))
        try:
            return await asyncio.wait_for(look, PATIENCE)
        except TimeoutError:
            found = f"did not answer within {PATIENCE:.0f} seconds"
            fault = OperatingFault(name="database", found=found)
            return {DEFAULT_TENANT: Condition(faults=(fault,))}

    def _own(self) -> Iterator[OperatingFault]:
        if self.stopping:
            yield OperatingFault(name="stopping", found="this process was told to stop")


def _look_at_all(tenants: Tenants) -> Mapping[str, Condition]:
    return {name: lookout.look() for name, lookout in tenants.lookouts().items()}


def _told(faults: Mapping[str, tuple[OperatingFault, ...]]) -> Iterator[OperatingFault]:
    for tenant, found in faults.items():
        for fault in found:
            name = fault.name if len(faults) == 1 else f"tenant {tenant}: {fault.name}"
            yield OperatingFault(name=name, found=fault.found)


@router.get("/healthz", operation_id="health.live")
async def live() -> Health:
    """The process answers."""
    return Health()


@router.get(
    "/readyz",
    operation_id="health.ready",
    responses=keeps_ready(),
    response_model_exclude_none=True,
)
async def ready(request: Request) -> Ready:
    """The process can serve; otherwise this is a problem with status 503 that names each fault.

    A process of several tenants can serve while it can serve one, and names what is `behind`.
    """
    behind = await request.app.state.readiness.require(request)
    return Ready(behind=behind or None)
