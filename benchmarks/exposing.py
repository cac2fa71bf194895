"""exposure.asof: blocked money at any date, over a large ledger."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Final

from application.queries import ExposureGroup, Questions
from benchmarks.figures import Figures, Scale, at_most, percentile95, stated
from benchmarks.site import Ground, Site

FIRST_DAY: Final = datetime(2021, 1, 4, tzinfo=UTC)
DAYS: Final = 1_800
GOAL_MS: Final = 50.0
GOLDEN: Final = 0.618033988749895
"""Its multiples, without their whole part, spread evenly over any stretch of time."""

# Every odd row blocks, the even one after it lets go 1 to 240 days later. Nine of ten rows are
# learnt of within minutes, the others up to 60 days late.
_LEDGER: Final = """
    INSERT INTO blocked_payment
    SELECT n
         , ('00000000-0000-7000-8000-' || lpad(to_hex(n / 2), 12, '0'))::uuid
         , ('00000000-0000-7000-9000-' || lpad(to_hex(n / 2), 12, '0'))::uuid
         , 'C-' || (n / 2) %% 5000, 'FR0' || (n / 2) %% 4, '90' || n / 2
         , (ARRAY['damaged_goods', 'price', 'quantity', 'not_ordered'])[1 + (n / 2) %% 4]
         , (ARRAY['EUR', 'EUR', 'EUR', 'GBP', 'USD'])[1 + (n / 2) %% 5]
         , opened
         , CASE n %% 2 WHEN 0 THEN 1 ELSE -1 END * (10 + (n / 2) %% 1990 + 0.05)
         , opened + stays
         , opened + stays
           + CASE (n * 7919) %% 10 WHEN 0 THEN (n * 104729) %% 60 * interval '1 day'
                                ELSE (n %% 600) * interval '1 second' END
      FROM generate_series(0::bigint, %(rows)s - 1) AS n
         , LATERAL (SELECT %(first)s::timestamptz + (n / 2) * (%(span)s::interval / (%(rows)s / 2))
                           AS opened) AS born
         , LATERAL (SELECT (n %% 2) * (1 + (n * 31) %% 240) * interval '1 day' AS stays) AS held
"""
_DAYS: Final = """
    INSERT INTO blocked_payment_day
    SELECT (occurred_at AT TIME ZONE 'UTC')::date, (recorded_at AT TIME ZONE 'UTC')::date
         , currency, sum(amount)
      FROM blocked_payment GROUP BY 1, 2, 3
"""


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure the total at dates all over the ledger, as known now and as known then."""
    with ground.site() as site:
        days = _fill(site, rows=scale.ledger)
        yield stated("exposure.ledger", value=scale.ledger, unit="rows", days=days)
        with site.product(remembered=0) as wiring:
            questions = wiring.services.questions
            dates = _dates(scale.questions)
            _check(questions, site, dates[len(dates) // 2])
            now = _asked(questions, dates, known_after=None, by=None)
            then = _asked(questions, dates, known_after=timedelta(days=10), by=None)
            grouped = _asked(questions, dates[::40], known_after=None, by=ExposureGroup.CUSTOMER)
    yield at_most(GOAL_MS, figure="exposure.asof", value=percentile95(now), unit="ms p95")
    figure = "exposure.asof.known_at"
    yield at_most(GOAL_MS, figure=figure, value=percentile95(then), unit="ms p95")
    yield stated("exposure.asof.by_customer", value=percentile95(grouped), unit="ms p95")


def _fill(site: Site, *, rows: int) -> int:
    with site.administration() as admin:
        parameters = {"rows": rows, "first": FIRST_DAY, "span": timedelta(days=DAYS)}
        admin.execute(_LEDGER, parameters)
        days = admin.execute(_DAYS).rowcount
        admin.execute("VACUUM ANALYZE blocked_payment, blocked_payment_day")
    return days


def _dates(number: int) -> Sequence[datetime]:
    return [FIRST_DAY + timedelta(days=DAYS) * (k * GOLDEN % 1) for k in range(1, number + 1)]


def _asked(
    questions: Questions,
    dates: Sequence[datetime],
    *,
    known_after: timedelta | None,
    by: ExposureGroup | None,
) -> list[float]:
    milliseconds: list[float] = []
    for valid_at in dates:
        known_at = None if known_after is None else valid_at + known_after
        began = perf_counter()
        questions.exposure(valid_at=valid_at, known_at=known_at, by=by)
        milliseconds.append(1_000 * (perf_counter() - began))
    return milliseconds


def _check(questions: Questions, site: Site, at: datetime) -> None:
    """The quick answer is the sum of the ledger's rows."""
    with site.administration() as admin:
        summed = admin.execute(
            "SELECT currency, sum(amount) FROM blocked_payment WHERE occurred_at <= %s"
            " AND recorded_at <= %s GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1",
            [at, at],
        ).fetchall()
    told = questions.exposure(valid_at=at, known_at=at, by=None)
    assert [(e.currency, e.amount) for e in told] == summed, "the answer is the ledger's sum"
