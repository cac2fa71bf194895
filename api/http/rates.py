"""How many requests somebody may make: a bucket of tokens each, refilled steadily.

The buckets live in this process: with several, each allows the rate. Nothing but fairness hangs on
them. They are touched on the event loop only, so that they need no lock.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from ipaddress import IPv6Network
from math import ceil
from typing import Final, NamedTuple, cast

from starlette.requests import Request

from api.http.errors import TooManyRequests
from application.keys import Principal

MINUTE: Final = 60
MOST_BUCKETS: Final = 10_000
"""Beyond so many, whoever has been quiet longest is forgotten, and so starts with a full bucket."""

NETWORK_BITS: Final = 64
"""One household or server has as many IPv6 addresses as it likes below such a network."""


class Rate(NamedTuple):
    """What is left of somebody's rate."""

    policy: str
    quota: int
    left: int
    full_in: int
    """Seconds until everything is there again."""

    @property
    def headers(self) -> Mapping[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers tells it."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={MINUTE}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.full_in}',
        }


class Buckets:
    """The buckets of one policy, by whose they are."""

    def __init__(
        self,
        policy: str,
        *,
        per_minute: int,
        most: int = MOST_BUCKETS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._quota = per_minute
        self._most = most
        self._seconds = seconds
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, whose: str) -> Rate | None:
        """Take one token; nothing is told where there is no limit.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        if not self._quota:
            return None
        self.require(whose)
        now, per_second = self._seconds(), self._quota / MINUTE
        tokens = self._tokens_of(whose, now) - 1
        self._keep(whose, tokens, now)
        full_in = ceil((self._quota - tokens) / per_second)
        return Rate(self._policy, self._quota, int(tokens), full_in)

    def require(self, whose: str) -> None:
        """Let pass who could take a token, without taking one.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        if not self._quota:
            return
        tokens, per_second = self._tokens_of(whose, self._seconds()), self._quota / MINUTE
        if tokens < 1:
            full_in = ceil((self._quota - tokens) / per_second)
            told = Rate(self._policy, self._quota, 0, full_in).headers
            raise TooManyRequests(ceil((1 - tokens) / per_second), told=told)

    def _tokens_of(self, whose: str, now: float) -> float:
        tokens, since = self._tokens.get(whose, (float(self._quota), now))
        return min(self._quota, tokens + (now - since) * self._quota / MINUTE)

    def _keep(self, whose: str, tokens: float, now: float) -> None:
        self._tokens[whose] = (tokens, now)
        self._tokens.move_to_end(whose)
        if len(self._tokens) > self._most:
            self._tokens.popitem(last=False)


class Rates:
    """The rate of each principal, whatever their keys, and of each address that shows none."""

    def __init__(self, *, principals: int, strangers: int) -> None:
        self._principals = Buckets("principal", per_minute=principals)
        self._strangers = Buckets("stranger", per_minute=strangers)

    def admit(self, request: Request, principal: Principal) -> None:
        """Count a request of somebody who was let in.

        Raises:
            TooManyRequests: they made too many.
        """
        request.state.rate = self._principals.take(f"{principal.tenant}/{principal.subject_id}")

    def admit_stranger(self, request: Request) -> None:
        """Count a request of somebody who showed no key, or none that opens anything.

        Raises:
            TooManyRequests: that address made too many.
        """
        request.state.rate = self._strangers.take(_place_of(request))

    def require_stranger(self, request: Request) -> None:
        """Let pass who might show a key that opens nothing, before it is looked up.

        Raises:
            TooManyRequests: that address made too many.
        """
        self._strangers.require(_place_of(request))


def rates_of(request: Request) -> Rates:
    """The rates of the running application."""
    return cast("Rates", request.app.state.rates)


def _place_of(request: Request) -> str:
    host = "" if request.client is None else request.client.host
    return _network(host) if ":" in host else host


def _network(host: str) -> str:
    address = host.partition("%")[0]
    return str(IPv6Network((address, NETWORK_BITS), strict=False))
