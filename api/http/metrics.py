"""What Prometheus reads, for whoever's key may."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response

from api.http.calls import Call, asking
from api.http.measuring import CONTENT_TYPE, Metrics
from api.http.permissions import Operation

router = APIRouter(tags=["operations"])

ReadingMetrics = Annotated[Call, Depends(asking(Operation.READ_METRICS))]


@router.get("/metrics", operation_id="metrics.read", include_in_schema=False)
def metrics(request: Request, call: ReadingMetrics) -> Response:  # noqa: ARG001 - who has a call was let in
    """Every number of this process, in Prometheus' text format."""
    measured = cast("Metrics", request.app.state.metrics)
    return Response(measured.written(), media_type=CONTENT_TYPE)
