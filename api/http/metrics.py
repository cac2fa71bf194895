"""What Prometheus reads, for whoever's key may."""

from typing import cast

from fastapi import Request, Response

from api.http.measuring import CONTENT_TYPE, Metrics
from api.http.operations import operations

router = operations(tag="operations")


@router.get("/metrics", operation_id="metrics.read", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Every number of this process, in Prometheus' text format."""
    measured = cast("Metrics", request.app.state.metrics)
    return Response(measured.written(), media_type=CONTENT_TYPE)
