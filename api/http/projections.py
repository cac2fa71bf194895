"""How far the read models have come."""

from api.http.calls import Asking
from api.http.describing import reads
from api.http.operations import operations
from api.http.values import ListAnswer

router = operations("/v1/projections", tag="operations")


class ProjectionView(ListAnswer):
    """How far a read model has come."""

    name: str
    position: int
    lag: int
    failed_position: int | None
    failure: str | None


@router.get("", operation_id="projections.list", responses=reads())
def projections(call: Asking) -> list[ProjectionView]:
    """How far each read model has come, and where one stopped."""
    return [ProjectionView.model_validate(one) for one in call.services.questions.projections()]
