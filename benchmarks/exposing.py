"""exposure.asof: blocked money at any date, over a large ledger."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Final

from application.exposures import ExposureGroup, Exposures
from benchmarks.figures import Figures, Scale, at_most, percentile95, stated
from benchmarks.site import Ground, Site

FIRST_DAY: Final = datetime(2021, 1, 4, tzinfo=UTC)
DAYS: Final = 1_800
_ASKED: Final = (
    ("", None, 50.0),
    (".by_customer", ExposureGroup.CUSTOMER, 200.0),
    (".by_age", ExposureGroup.AGE, 200.0),
)
GOLDEN: Final = 0.618033988749895
"""Its multiples, without their whole part, spread evenly over any stretch of time."""

# 500 000 lines of 100 000 disputes: each is blocked once, for 1 to 240 days. Nine of ten facts are
# learnt of within minutes, the others up to 60 days late. `k` tells when.
_HELD: Final = """
    CREATE TEMPORARY TABLE held AS
    SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n / 5), 12, '0'))::uuid AS dispute_id
         , ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid AS line_id
         , 'C-' || (n / 5) %% 5000 AS customer_id, 'FR0' || n %% 4 AS company_code
         , '90' || n AS document, 1 AS document_line
         , (ARRAY['damaged_goods', 'price', 'quantity', 'not_ordered'])[1 + n %% 4] AS reason_code
         , (ARRAY['EUR', 'EUR', 'EUR', 'GBP', 'USD'])[1 + (n / 5) %% 5] AS currency
         , v AS opened_at, v::date - (n %% 90)::integer AS invoiced_on
         , 10 + n %% 1990 + 0.05 AS amount
         , v, w
         , v + late.of_block AS k
         , greatest(v + late.of_block, w + late.of_release) AS l
      FROM generate_series(0::bigint, %(rows)s / 2 - 1) AS n
         , LATERAL (SELECT %(first)s::timestamptz
                           + n * (%(span)s::interval / (%(rows)s / 2)) AS v) AS blocked
         , LATERAL (SELECT v + (1 + (n * 31) %% 240) * interval '1 day' AS w) AS released
         , LATERAL (SELECT ((n * 7919) %% 60) * interval '1 day' AS days
                         , (n %% 600) * interval '1 second' AS minutes) AS lag
         , LATERAL (SELECT CASE n %% 10 WHEN 0 THEN lag.days ELSE lag.minutes END AS of_block
                         , CASE n %% 10 WHEN 5 THEN lag.days ELSE lag.minutes END AS of_release
                   ) AS late
"""
_PERIODS: Final = """
    INSERT INTO blocked_period
    SELECT dispute_id, line_id, 'confirmed', 2 * n, told.learnt, customer_id, company_code, document
         , document_line, reason_code, currency, opened_at, invoiced_on, amount, v, told.valid
         , told.known
      FROM held, LATERAL (VALUES
               (2 * n, tstzrange(v, NULL), tstzrange(k, l))
             , (2 * n + 1, tstzrange(v, w), tstzrange(l, NULL))
           ) AS told (learnt, valid, known)
     WHERE NOT isempty(told.known)
     ORDER BY lower(told.known), n
"""
_OPEN: Final = """
    INSERT INTO blocked_period
    SELECT dispute_id, line_id, 'confirmed', 2 * n, 2 * n, customer_id, company_code, document
         , document_line, reason_code, currency, opened_at, invoiced_on, amount, v
         , tstzrange(v, NULL), tstzrange(k, NULL)
      FROM held
"""
_LEDGER: Final = """
    INSERT INTO blocked_payment
    SELECT told.position, 1, dispute_id, line_id, 'confirmed', told.movement, customer_id
         , company_code, document, document_line, reason_code, currency, opened_at, invoiced_on
         , told.sign * amount, told.valid_at, told.recorded_at
      FROM held, LATERAL (VALUES
               (2 * n, 'new', 1, v, k), (2 * n + 1, 'paid', -1, w, l)
           ) AS told (position, movement, sign, valid_at, recorded_at)
     ORDER BY told.recorded_at, n
"""


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure figures at dates all over the ledger, as known now and as known then."""
    with ground.site() as site:
        periods = fill(site, rows=scale.ledger)
        yield stated("exposure.ledger", value=scale.ledger, unit="rows", periods=periods)
        with site.product(remembered=0) as wiring:
            exposures = wiring.services.exposures
            dates = _dates(scale.questions)
            _check(exposures, site, dates[len(dates) // 2])
            for name, by, goal in _ASKED:
                for known, late in (("", None), (".known_at", timedelta(days=10))):
                    took = _asked(exposures, dates, known_after=late, by=by)
                    figure = f"exposure.asof{name}{known}"
                    yield at_most(goal, figure=figure, value=percentile95(took), unit="ms p95")
            took = [_took(partial(_year, exposures, at)) for at in dates[::4]]
            yield stated("exposure.series.year", value=percentile95(took), unit="ms p95")
            took = [_took(partial(_month, exposures, at)) for at in dates[::4]]
            yield stated("exposure.bridge.month", value=percentile95(took), unit="ms p95")


def fill(site: Site, *, rows: int) -> int:
    """Write a ledger of so many rows with its periods; answers how many those are."""
    with site.administration() as admin:
        parameters = {"rows": rows, "first": FIRST_DAY, "span": timedelta(days=DAYS)}
        admin.execute(_HELD, parameters)
        admin.execute(_LEDGER)
        periods = admin.execute(_PERIODS).rowcount
        admin.execute("VACUUM ANALYZE blocked_payment, blocked_period")
    return periods


def fill_open(site: Site, *, lines: int) -> None:
    """Write so many lines that are blocked and stay so."""
    with site.administration() as admin:
        parameters = {"rows": 2 * lines, "first": FIRST_DAY, "span": timedelta(days=DAYS)}
        admin.execute(_HELD, parameters)
        admin.execute(_OPEN)
        admin.execute("VACUUM ANALYZE blocked_period")


def _year(exposures: Exposures, at: datetime) -> object:
    ends = [at + timedelta(days=day) for day in range(-365, 1)]
    return exposures.series(ends, known_at=None)


def _month(exposures: Exposures, at: datetime) -> object:
    month = timedelta(days=30)
    return exposures.bridge(valid_from=at - month, valid_until=at, known_at=None)


def _dates(number: int) -> Sequence[datetime]:
    return [FIRST_DAY + timedelta(days=DAYS) * (k * GOLDEN % 1) for k in range(1, number + 1)]


def _asked(
    exposures: Exposures,
    dates: Sequence[datetime],
    *,
    known_after: timedelta | None,
    by: ExposureGroup | None,
) -> list[float]:
    milliseconds: list[float] = []
    for valid_at in dates:
        known_at = None if known_after is None else valid_at + known_after
        ask = partial(exposures.exposure, valid_at=valid_at, known_at=known_at, by=by)
        milliseconds.append(_took(ask))
    return milliseconds


def _took(ask: Callable[[], object]) -> float:
    began = perf_counter()
    ask()
    return 1_000 * (perf_counter() - began)


def _check(exposures: Exposures, site: Site, at: datetime) -> None:
    """The quick answer is the sum of the ledger's rows."""
    with site.administration() as admin:
        summed = admin.execute(
            "SELECT currency, sum(amount) FROM blocked_payment WHERE valid_at <= %s"
            " AND recorded_at <= %s GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1",
            [at, at],
        ).fetchall()
    told = exposures.exposure(valid_at=at, known_at=at, by=None)
    assert [(e.currency, e.amount) for e in told] == summed, "the answer is the ledger's sum"
