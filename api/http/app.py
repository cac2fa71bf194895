"""The HTTP API as an application over the product's ports."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from fastapi import FastAPI

from api.http import (
    approvals,
    blocked_payments,
    cases,
    complaint_file,
    complaints,
    customers,
    dispute_steps,
    disputes,
    dunning,
    events,
    exposure_over_time,
    health,
    invoices,
    keys,
    metrics,
    payment_blocks,
    projections,
    receivables,
    webhooks,
)
from api.http.admission import Admission, HeldBodies, Limits
from api.http.broadcasting import Broadcast
from api.http.broadcasts import Broadcasts
from api.http.describing import ABOUT, describe
from api.http.differences import answer_with_differences
from api.http.documentation import add_pages
from api.http.doorway import LARGEST_BODY, Doorway
from api.http.entering import GivingBack, refuse_unguarded_routes
from api.http.finding import Index
from api.http.health import Readiness
from api.http.measuring import Metrics
from api.http.observing import Observing
from api.http.offering import refuse_with_offers
from api.http.rates import Rates
from api.http.refusing import answer_with_problems
from application.services import Services
from application.tenancy import OneTenant, Tenants

UNLIMITED: Final = Limits()

ROUTERS: Final = (
    complaints.router,
    complaint_file.router,
    disputes.router,
    dispute_steps.router,
    approvals.router,
    payment_blocks.router,
    invoices.router,
    cases.router,
    customers.router,
    blocked_payments.router,
    exposure_over_time.router,
    receivables.router,
    dunning.router,
    projections.router,
    events.router,
    webhooks.router,
    keys.router,
    health.router,
    metrics.router,
)


def create_app(
    services: Services,
    *,
    limits: Limits = UNLIMITED,
    tenants: Tenants | None = None,
    broadcasts: Broadcasts | None = None,
    largest_body: int = LARGEST_BODY,
) -> FastAPI:
    """Make the API over these ports, or over those of all `tenants`, of which these are one's."""
    app = FastAPI(
        title="Recours",
        version="1",
        summary="Complaints, disputes and payment blocks",
        description=ABOUT,
        # The stock page loads its scripts from elsewhere, and the document is asked without limit.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # It would write the texts of exceptions into logs, which can hold personal data.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.tenants = tenants = tenants or OneTenant(services)
    # As many as are let in at once: no operation waits for a thread.
    app.state.workers = ThreadPoolExecutor(limits.at_once, thread_name_prefix="operation")
    app.state.readiness = Readiness()
    app.state.broadcasts = broadcasts or Broadcasts(Broadcast(services.feed))
    app.state.metrics = measured = Metrics()
    measured.watch(tenants.lookouts)
    app.state.rates = Rates(principals=limits.rate, strangers=limits.stranger_rate)
    # The last one added stands outermost.
    if tenants.is_shared:
        app.add_middleware(GivingBack)
    app.add_middleware(Admission, limits=limits, metrics=measured)
    app.add_middleware(Doorway, identities=services.identities, largest_body=largest_body)
    app.add_middleware(HeldBodies, most=limits.most_held, metrics=measured)
    app.add_middleware(Observing, identities=services.identities, metrics=measured)
    answer_with_problems(app)
    answer_with_differences(app)
    refuse_with_offers(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    add_pages(app)
    refuse_unguarded_routes(app)
    app.router.routes.insert(0, Index(app.router.routes))
    app.openapi = partial(describe, app)  # type: ignore[method-assign]  # FastAPI's own way
    return app
