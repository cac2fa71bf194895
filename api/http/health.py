"""Whether the process lives, and whether it can serve."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fastapi import Request

from api.http.describing import keeps_ready
from api.http.entering import services_of
from api.http.errors import NotReady
from api.http.operations import operations
from api.http.values import Answer
from application.lookout import Condition, OperatingFault

PATIENCE: Final = 3.0
"""Seconds after which a look that has not ended counts as an answer: no."""

router = operations(tag="operations")


class Health(Answer):
    """All is well."""

    status: str = "ok"


class Readiness:
    """Whether this process should be asked anything; the looks have a thread of their own."""

    def __init__(self) -> None:
        self.stopping = False
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="lookout")

    async def require(self, request: Request) -> None:
        """Let pass while everything is well.

        Raises:
            NotReady: with every reason.
        """
        faults = [*self._own(), *(await self._look(request)).faults]
        if faults:
            raise NotReady(faults)

    async def _look(self, request: Request) -> Condition:
        loop = asyncio.get_running_loop()
        look = loop.run_in_executor(self._looking, services_of(request).lookout.look)
        try:
            return await asyncio.wait_for(look, PATIENCE)
        except TimeoutError:
            found = f"did not answer within {PATIENCE:.0f} seconds"
            return Condition(faults=(OperatingFault(name="database", found=found),))

    def _own(self) -> Iterator[OperatingFault]:
        if self.stopping:
            yield OperatingFault(name="stopping", found="this process was told to stop")


@router.get("/healthz", operation_id="health.live")
async def live() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", operation_id="health.ready", responses=keeps_ready())
async def ready(request: Request) -> Health:
    """The process can serve; otherwise this is a problem with status 503 that names each fault."""
    await request.app.state.readiness.require(request)
    return Health()
