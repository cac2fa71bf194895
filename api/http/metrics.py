"""What Prometheus reads, for whoever's key may."""

from typing import cast

from fastapi import Request, Response

from api.http.entering import admitted, services_of, tenants_of
from api.http.measuring import CONTENT_TYPE, Metrics, of_one_tenant
from api.http.operations import operations

router = operations(tag="operations")


@router.get("/metrics", operation_id="metrics.read", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Every number that is the caller's to know, in Prometheus' text format."""
    return Response(_numbers(request), media_type=CONTENT_TYPE)


def _numbers(request: Request) -> bytes:
    if tenants_of(request).is_shared and len(tenants_of(request).lookouts()) > 1:
        # What the whole process does would tell a tenant how busy the others are.
        return of_one_tenant(admitted(request).tenant, services_of(request).lookout)
    return cast("Metrics", request.app.state.metrics).written()
