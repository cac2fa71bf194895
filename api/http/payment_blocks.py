"""Payment blocks: what the ERP, or those who speak for it, say of one."""

from api.http.actions import Kind, command
from api.http.answers import block_after, block_at
from api.http.calls import NOTHING_SAID, Changing, Circumstances, ReadingCase
from api.http.case_views import BlockCaseView
from api.http.describing import reads
from api.http.moments import AsOf
from api.http.operations import operations
from api.http.values import Code, Identifier
from application import blocks

router = operations("/v1/payment-blocks", tag="payment blocks")
KIND = Kind.BLOCK


class Confirmation(Circumstances):
    """The ERP's own name for the block."""

    erp_reference: Code | None = None


class Refused(Circumstances):
    """Why the ERP did not do it."""

    cause: Code


@router.get("/{case_id}", operation_id="payment-blocks.read", responses=reads(of_a_case=True))
def read(case_id: Identifier, moment: AsOf, call: ReadingCase) -> BlockCaseView:
    """Show a payment block as it is, or as it was."""
    return block_at(call, case_id, moment)


@command(router, KIND, "send")
def send(call: Changing, said: Circumstances = NOTHING_SAID) -> BlockCaseView:
    """Note, before asking the ERP, that it is asked (again)."""
    recorded = blocks.send(call.on(said), cases=call.cases)
    return block_after(call, recorded)


@command(router, KIND, "confirm")
def confirm(said: Confirmation, call: Changing) -> BlockCaseView:
    """Learn that the ERP holds the document back."""
    recorded = blocks.confirm(call.on(said), erp_reference=said.erp_reference, cases=call.cases)
    return block_after(call, recorded)


@command(router, KIND, "reject")
def reject(said: Refused, call: Changing) -> BlockCaseView:
    """Learn that the ERP refused."""
    recorded = blocks.reject(call.on(said), cause=said.cause, cases=call.cases)
    return block_after(call, recorded)


@command(router, KIND, "give_up")
def give_up(call: Changing, said: Circumstances = NOTHING_SAID) -> BlockCaseView:
    """Stop waiting for the ERP's answer."""
    recorded = blocks.give_up(call.on(said), cases=call.cases)
    return block_after(call, recorded)


@command(router, KIND, "drift")
def drift(call: Changing, said: Circumstances = NOTHING_SAID) -> BlockCaseView:
    """Learn that the block is gone in the ERP, though nobody here released it."""
    recorded = blocks.drift(call.on(said), cases=call.cases)
    return block_after(call, recorded)


@command(router, KIND, "request_release")
def request_release(call: Changing, said: Circumstances = NOTHING_SAID) -> BlockCaseView:
    """Ask the ERP to release a superseded block, which no dispute waits for."""
    recorded = blocks.retry_release(call.on(said), cases=call.cases)
    return block_after(call, recorded)


@command(router, KIND, "confirm_release")
def confirm_release(call: Changing, said: Circumstances = NOTHING_SAID) -> BlockCaseView:
    """Learn that the ERP released the document."""
    recorded = blocks.confirm_release(call.on(said), cases=call.cases)
    return block_after(call, recorded)


@command(router, KIND, "fail_release")
def fail_release(said: Refused, call: Changing) -> BlockCaseView:
    """Learn that the ERP did not release the document."""
    recorded = blocks.fail_release(call.on(said), cause=said.cause, cases=call.cases)
    return block_after(call, recorded)
