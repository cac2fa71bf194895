"""What is counted and timed, for Prometheus.

Labels are operations, statuses and other words of ours, so that their number is bounded: never an
address, a customer, a person or a key.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.lookout import Condition, ConnectionUse, Lookout

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

NOT_ANSWERED: Final = 0
"""The status of a request whose caller left before the answer."""


class Outcome(StrEnum):
    """What became of a command."""

    RECORDED = "recorded"
    REFUSED = "refused"
    """The rules, or the state of the case, say no."""
    STALE = "stale"
    """The case was not as the caller believed, or they did not say."""
    NOT_LET_IN = "not_let_in"
    MALFORMED = "malformed"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    """Our fault."""
    NOT_ANSWERED = "not_answered"


_S: Final = HTTPStatus
_OUTCOMES: Final = {
    NOT_ANSWERED: Outcome.NOT_ANSWERED,
    _S.UNAUTHORIZED: Outcome.NOT_LET_IN,
    _S.FORBIDDEN: Outcome.NOT_LET_IN,
    _S.CONFLICT: Outcome.REFUSED,
    _S.UNPROCESSABLE_ENTITY: Outcome.REFUSED,
    _S.PRECONDITION_FAILED: Outcome.STALE,
    _S.PRECONDITION_REQUIRED: Outcome.STALE,
    _S.TOO_MANY_REQUESTS: Outcome.TOO_MANY,
    _S.SERVICE_UNAVAILABLE: Outcome.UNAVAILABLE,
}


def outcome_of(status: int) -> Outcome:
    """What became of a command that was answered with this status."""
    known = _OUTCOMES.get(status)
    if known is not None:
        return known
    if status < _S.BAD_REQUEST:
        return Outcome.RECORDED
    return Outcome.MALFORMED if status < _S.INTERNAL_SERVER_ERROR else Outcome.FAILED


class Seen(Collector):
    """What the lookouts of all tenants see, as metrics."""

    def __init__(self, lookouts: Callable[[], Mapping[str, Lookout]]) -> None:
        self._lookouts = lookouts

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: the registry would look, to learn the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Look."""
        families = [_family(told) for told in _TOLD]
        for tenant, lookout in self._lookouts().items():
            seen, pool = lookout.look(), lookout.connections()
            for told, family in zip(_TOLD, families, strict=True):
                for which, value in told.values(seen, pool).items():
                    labels = [tenant] if told.label is None else [tenant, which]
                    family.add_metric(labels, float(value))
        yield from families


class Counted(Collector):
    """A number that is counted elsewhere."""

    def __init__(self, name: str, told: str, now: Callable[[], float]) -> None:
        self._name = name
        self._told = told
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Look it up."""
        yield CounterMetricFamily(self._name, self._told, value=self._now())


@dataclass(frozen=True, slots=True)
class _Told:
    name: str
    told: str
    label: str | None
    values: Callable[[Condition, ConnectionUse], Mapping[str, float]]


def _position(seen: Condition, _pool: ConnectionUse) -> Mapping[str, float]:
    return {} if seen.position is None else {"": seen.position}


_TOLD: Final = (
    _Told(
        "recours_ready",
        "1 while the lookout finds no fault",
        None,
        lambda seen, _: {"": not seen.faults},
    ),
    _Told(
        "recours_event_store_position",
        "Position of the last event in the history",
        None,
        _position,
    ),
    _Told(
        "recours_projection_lag_events",
        "Events that a read model lacks, at most",
        "projection",
        lambda seen, _: {lag.name: lag.events for lag in seen.lags},
    ),
    _Told(
        "recours_projection_lag_seconds",
        "For how long the oldest event that a read model lacks has been recorded",
        "projection",
        lambda seen, _: {lag.name: lag.seconds for lag in seen.lags},
    ),
    _Told(
        "recours_projection_stopped",
        "1 for a read model that could not take an event in",
        "projection",
        lambda seen, _: {lag.name: lag.stopped_before is not None for lag in seen.lags},
    ),
    _Told(
        "recours_blocks",
        "Payment blocks that wait for the ERP or, unconfirmed or drifted, for a person",
        "status",
        lambda seen, _: seen.blocks,
    ),
    _Told(
        "recours_database_connections",
        "Connections of a tenant's pool, by what they do; and requests that wait for one",
        "use",
        lambda _, pool: {
            "busy": pool.open - pool.idle,
            "idle": pool.idle,
            "waited_for": pool.waiting,
        },
    ),
)


def _family(told: _Told) -> GaugeMetricFamily:
    labels = ["tenant"] if told.label is None else ["tenant", told.label]
    return GaugeMetricFamily(told.name, told.told, labels=labels)


def of_one_tenant(name: str, lookout: Lookout) -> bytes:
    """What the lookout of one tenant sees, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(Seen(lambda: {name: lookout}))
    return generate_latest(registry)


class Metrics:
    """The counters of one process. Each has its own registry, so that two never mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._seconds = Histogram(
            "recours_http_request_seconds",
            "Seconds from a request's first line to the end of its answer",
            ["operation"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._requests = Counter(
            "recours_http_requests",
            "Requests answered; status 0: the caller left before",
            ["operation", "status"],
            registry=self.registry,
        )
        self._commands = Counter(
            "recours_commands",
            "Commands answered, by what became of them",
            ["operation", "outcome"],
            registry=self.registry,
        )
        self._refused = Counter(
            "recours_requests_refused",
            "Requests that were not taken up: busy, too_many",
            ["reason"],
            registry=self.registry,
        )
        # A label's child is looked up under a lock; these are a dictionary's look-ups.
        self._known: dict[tuple[str, int, bool], Callable[[float], None]] = {}

    def answered(self, operation: str, *, status: int, is_command: bool, seconds: float) -> None:
        """Count an answer."""
        key = (operation, status, is_command)
        count = self._known.get(key)
        if count is None:
            count = self._known[key] = self._counting(operation, status, is_command=is_command)
        count(seconds)

    def refused(self, reason: str) -> None:
        """Count a request that was not taken up."""
        self._refused.labels(reason).inc()

    def gauge(self, name: str, told: str, now: Callable[[], float]) -> None:
        """Tell a number that is looked up whenever somebody asks."""
        Gauge(name, told, registry=self.registry).set_function(now)

    def count(self, name: str, told: str, now: Callable[[], float]) -> None:
        """Tell a number that only grows, looked up whenever somebody asks."""
        self.registry.register(Counted(name, told, now))

    def watch(self, lookouts: Callable[[], Mapping[str, Lookout]]) -> None:
        """Tell what the lookout of each tenant sees, whenever somebody asks."""
        self.registry.register(Seen(lookouts))

    def written(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counting(
        self, operation: str, status: int, *, is_command: bool
    ) -> Callable[[float], None]:
        observe = self._seconds.labels(operation).observe
        request = self._requests.labels(operation, str(status)).inc
        if not is_command:

            def count(seconds: float) -> None:
                observe(seconds)
                request()

            return count
        command = self._commands.labels(operation, outcome_of(status)).inc

        def count_command(seconds: float) -> None:
            observe(seconds)
            request()
            command()

        return count_command
