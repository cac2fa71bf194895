"""What a connector's key is for: each scope opens the operations of one job, and no other."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class ConnectorScope(StrEnum):
    """A job that a connector does."""

    INTAKE = "intake"
    INVOICES = "invoices"
    ERP = "erp"
    EVENTS = "events"


JOBS: Final = MappingProxyType(
    {
        ConnectorScope.INTAKE: "registers complaints and contacts, and passes on what customers "
        "and mediators say",
        ConnectorScope.INVOICES: "mirrors invoices and their clearings",
        ConnectorScope.ERP: "speaks for the ERP: payment blocks, settlements, clearings",
        ConnectorScope.EVENTS: "follows what happens to the cases that it sees, "
        "without what people wrote",
    },
)
"""What each job is, for documents and refusals."""
