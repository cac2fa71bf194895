"""Runs calls against one clock that covers everything, from the connection to the last byte.

The client's own timeouts count from one byte to the next: a peer that drips would hold a worker
for ever. An event loop of our own can end a call wherever it is.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class LoopThread:
    """An event loop in a thread of its own, for callers that have none."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, Result], *, within: float) -> Result:
        """Return what the work returns.

        Raises:
            TimeoutError: it took longer than `within` seconds and was ended.
        """
        future = self.begin(work, within=within)
        try:
            return future.result()
        finally:
            # An interrupted caller leaves no request running behind its back.
            future.cancel()

    def begin(self, work: Coroutine[Any, Any, Result], *, within: float) -> Future[Result]:
        """Begin work that ends after `within` seconds at the latest; waits for nothing."""
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, within), self._loop)

    def close(self) -> None:
        """End the loop; work still running is cancelled."""
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel_all(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
