"""Whether the process lives, and whether it can serve."""

from fastapi import APIRouter, Request

from api.http.entering import services_of
from api.http.values import Answer

router = APIRouter(tags=["operations"])


class Health(Answer):
    """All is well."""

    status: str = "ok"


@router.get("/healthz", operation_id="health.live")
def live() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", operation_id="health.ready")
def ready(request: Request) -> Health:
    """The database answers; otherwise this is a problem with status 503."""
    services_of(request).questions.projections()
    return Health()
