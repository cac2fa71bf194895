"""The live streams of all tenants of a process: a broadcast for each that somebody listens to."""

from functools import partial
from threading import Lock

from api.http.broadcasting import Broadcast
from application.feed.following import Feed
from application.keys import DEFAULT_TENANT


class Broadcasts:
    """The default tenant's broadcast, and those of others as long as somebody listens."""

    def __init__(self, default: Broadcast, *, tenant: str = DEFAULT_TENANT) -> None:
        self._default = default
        self._tenant = tenant
        self._lock = Lock()
        self._others: dict[str, Broadcast] = {}
        default.open_beside = partial(self._open_beside, default)

    def of(self, tenant: str, feed: Feed) -> Broadcast:
        """The broadcast of a tenant, from its feed."""
        if tenant == self._tenant:
            return self._default
        with self._lock:
            found = self._others.get(tenant)
            if found is None:
                found = self._others[tenant] = Broadcast(feed)
                found.open_beside = partial(self._open_beside, found)
                found.on_quiet = partial(self._end, tenant)
                if self._default.is_over:
                    found.close()
            return found

    @property
    def open_streams(self) -> int:
        """How many streams are open, over all tenants."""
        return sum(one.open_streams for one in (self._default, *[*self._others.values()]))

    def close(self) -> None:
        """End every stream, soon; may be called from any thread, and from a signal's handler."""
        self._default.close()
        for other in [*self._others.values()]:
            other.close()

    def join(self) -> None:
        """Wait until the followers have given their connections back; `close` comes first."""
        self._default.join()
        for other in [*self._others.values()]:
            other.join()

    def _open_beside(self, one: Broadcast) -> int:
        return self.open_streams - one.open_streams

    def _end(self, tenant: str) -> None:
        # Its connection is given back, so that the tenant can be closed when it is idle.
        with self._lock:
            quiet = self._others.pop(tenant, None)
        if quiet is not None:
            quiet.close()
