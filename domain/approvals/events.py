"""What can have happened to the approval policy."""

from datetime import date
from typing import ClassVar

from domain.approvals.matrix import Limit
from domain.event import Event


class ApprovalMatrixAdopted(Event):
    """The company decided who approves how much from that day on (UTC)."""

    type: ClassVar[str] = "approval_policy.matrix_adopted"

    valid_from: date
    limits: tuple[Limit, ...]
