"""How far the read models have come."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.http.calls import Call, asking
from api.http.describing import reads
from api.http.permissions import Operation
from api.http.values import ListAnswer

router = APIRouter(prefix="/v1/projections", tags=["operations"])

ReadingProjections = Annotated[Call, Depends(asking(Operation.READ_PROJECTIONS))]


class ProjectionView(ListAnswer):
    """How far a read model has come."""

    name: str
    position: int
    lag: int
    failed_position: int | None
    failure: str | None


@router.get("", operation_id="projections.list", responses=reads())
def projections(call: ReadingProjections) -> list[ProjectionView]:
    """How far each read model has come, and where one stopped."""
    return [ProjectionView.model_validate(one) for one in call.services.questions.projections()]
