"""Every read model of the product."""

from typing import Final

from infrastructure.read_models.audit_trail import AUDIT_TRAIL
from infrastructure.read_models.blocked_payments import BLOCKED_PAYMENTS
from infrastructure.read_models.case_reach import CASE_REACH
from infrastructure.read_models.case_timeline import CASE_TIMELINE
from infrastructure.read_models.case_words import CASE_WORDS
from infrastructure.read_models.customer_contacts import CUSTOMER_CONTACTS
from infrastructure.read_models.payment_blocks import PAYMENT_BLOCKS
from infrastructure.read_models.receivables import RECEIVABLES
from infrastructure.read_models.worklist import WORKLIST

PROJECTIONS: Final = (
    CASE_TIMELINE,
    AUDIT_TRAIL,
    CUSTOMER_CONTACTS,
    WORKLIST,
    CASE_WORDS,
    CASE_REACH,
    BLOCKED_PAYMENTS,
    PAYMENT_BLOCKS,
    RECEIVABLES,
)
