"""Carries the orders of payment blocks to the ERP, and its answers back into the cases.

What is to be done is read from the blocks themselves, so that nothing is lost with a process. The
attempt is recorded before the ERP is asked: of two workers that take the same order one meets a
conflict and leaves it. The ERP tells repeated orders by the block's identity.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application import blocks
from application.commands import OnCase
from application.erp import (
    BlockOrder,
    Erp,
    ErpBlockState,
    ErpDocument,
    ErpRefused,
    ErpReply,
    ErpUnavailable,
)
from application.errors import CaseChanged, CaseContended, OutcomeUnknown
from application.ports import Cases, Clock, Identities
from application.queries import BlockView, Questions
from domain.blocks.block import PaymentBlock
from domain.blocks.lifecycle import Status
from domain.event import Channel, Envelope
from domain.parties import SYSTEM, Actor, ActorKind, Role
from domain.refusals import Refusal

PAGE: Final = 100
MOST_UNANSWERED: Final = 8
"""So many unanswered attempts end in `unconfirmed`: a person must look."""

AT_ONCE: Final = 8
"""Orders served at the same time: an ERP that answers one slowly does not delay the others."""

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=5)
NO_ANSWER: Final = "no_answer"


@dataclass(slots=True)
class _Patience:
    unanswered: int = 0
    not_before: datetime | None = None
    pending_as: Status | None = None
    """The ERP has taken the order of this status in and not decided yet."""


@dataclass(slots=True)
class ErpDesk:
    """One worker's desk. Only its patience lives in memory: a new one asks again at once."""

    cases: Cases
    questions: Questions
    erp: Erp
    clock: Clock
    identities: Identities
    first_pause: timedelta = FIRST_PAUSE
    most_unanswered: int = MOST_UNANSWERED
    at_once: int = AT_ONCE
    _patience: dict[UUID, _Patience] = field(default_factory=dict[UUID, _Patience])

    def work_through(self) -> int:
        """Serve every order that is due; answers how many cases moved on."""
        # Blocks that are waited for do not keep the others from being served.
        unfinished = self.questions.unfinished_blocks(limit=PAGE + len(self._patience))
        waiting = {block.block_id for block in unfinished}
        self._patience = {k: v for k, v in self._patience.items() if k in waiting}
        due = [block for block in unfinished if self._is_due(block)]
        with ThreadPoolExecutor(self.at_once, thread_name_prefix="erp") as threads:
            return sum(threads.map(self._serve, due))

    def _serve(self, seen: BlockView) -> bool:
        block = self.cases.load(PaymentBlock, seen.block_id)
        if block.version != seen.version:
            return False  # the list lags; what is newer than the list may not be durable yet
        try:
            match block.status:
                case Status.REQUESTED | Status.SENT:
                    return self._ask_for_block(block)
                case Status.RELEASE_REQUESTED:
                    return self._ask_for_release(block)
                case _:
                    return False  # nothing to ask the ERP
        except (CaseChanged, CaseContended, OutcomeUnknown, Refusal):
            # Another worker, or a person, was faster, or the database's answer was lost: the list
            # will tell how the block stands, and every order may be repeated.
            return False

    def _ask_for_block(self, block: PaymentBlock) -> bool:
        if self._is_pending_there(block):
            return self._told(block, lambda: self._look_up(block, or_else=self._request))
        sent = blocks.send(self._on(block, SYSTEM), cases=self.cases)
        block = self.cases.load(PaymentBlock, sent.case_id)
        return self._told(block, lambda: self._request(block))

    def _ask_for_release(self, block: PaymentBlock) -> bool:
        if self._is_pending_there(block):
            return self._told(block, lambda: self._look_up(block, or_else=self._release))
        return self._told(block, lambda: self._release(block))

    def _request(self, block: PaymentBlock) -> ErpReply:
        return self.erp.request_block(_order(block))

    def _release(self, block: PaymentBlock) -> ErpReply:
        return self.erp.release_block(block.id)

    def _look_up(
        self, block: PaymentBlock, *, or_else: Callable[[PaymentBlock], ErpReply]
    ) -> ErpReply:
        reply = self.erp.look_up(block.id)
        return or_else(block) if reply is None else reply

    def _is_pending_there(self, block: PaymentBlock) -> bool:
        patience = self._patience.get(block.id)
        return patience is not None and patience.pending_as == block.status

    def _told(self, block: PaymentBlock, ask: Callable[[], ErpReply]) -> bool:
        try:
            reply = ask()
        except ErpUnavailable:
            return self._unanswered(block)
        except ErpRefused as refusal:
            return self._take_refusal(block, str(refusal))
        return self._take_answer(block, reply)

    def _take_answer(self, block: PaymentBlock, reply: ErpReply) -> bool:
        on = self._on(block, erp_of(block), at=reply.decided_at)
        releasing = block.status is Status.RELEASE_REQUESTED
        match reply.state:
            case ErpBlockState.PENDING:
                pause = self._pause(0)
                self._patience[block.id] = _Patience(not_before=pause, pending_as=block.status)
                return False
            case ErpBlockState.CONFIRMED if releasing:
                cause = reply.reason or "denied"
                blocks.fail_release(on, cause=cause, cases=self.cases)
            case ErpBlockState.CONFIRMED:
                blocks.confirm(on, erp_reference=reply.reference, cases=self.cases)
            case _ if releasing:
                blocks.confirm_release(on, cases=self.cases)
            case _:
                blocks.reject(on, cause=reply.reason or str(reply.state), cases=self.cases)
        return True

    def _take_refusal(self, block: PaymentBlock, cause: str) -> bool:
        on = self._on(block, erp_of(block))
        if block.status is Status.RELEASE_REQUESTED:
            blocks.fail_release(on, cause=cause, cases=self.cases)
        else:
            blocks.reject(on, cause=cause, cases=self.cases)
        return True

    def _unanswered(self, block: PaymentBlock) -> bool:
        patience = self._patience.setdefault(block.id, _Patience())
        patience.unanswered += 1
        releasing = block.status is Status.RELEASE_REQUESTED
        attempts = patience.unanswered if releasing else max(patience.unanswered, block.attempts)
        if attempts < self.most_unanswered:
            patience.not_before = self._pause(patience.unanswered)
            return False
        on = self._on(block, SYSTEM)
        if releasing:
            blocks.fail_release(on, cause=NO_ANSWER, cases=self.cases)
        else:
            blocks.give_up(on, cases=self.cases)
        return True

    def _is_due(self, block: BlockView) -> bool:
        patience = self._patience.get(block.block_id)
        return (
            patience is None
            or patience.not_before is None
            or patience.not_before <= self.clock.now()
        )

    def _pause(self, unanswered: int) -> datetime:
        doubled: timedelta = self.first_pause * 2**unanswered
        return self.clock.now() + min(doubled, LONGEST_PAUSE)

    def _on(self, block: PaymentBlock, actor: Actor, at: datetime | None = None) -> OnCase:
        now = self.clock.now()
        envelope = Envelope(
            actor=actor,
            channel=Channel.API,
            # The ERP's clock may be ahead of ours; nothing is recorded before it happens.
            occurred_at=now if at is None else min(at, now),
            correlation_id=self.identities.new(),
            causation_id=f"{block.id}:{block.version}",
        )
        return OnCase(case_id=block.id, envelope=envelope, expected_version=block.version)


def erp_of(block: PaymentBlock) -> Actor:
    """The ERP that a block stands in, as somebody who does things."""
    system = block.order.document.system
    return Actor(kind=ActorKind.ERP, subject_id=f"erp:{system}", role=Role.CONNECTOR)


def _order(block: PaymentBlock) -> BlockOrder:
    order = block.order
    return BlockOrder(
        block_id=block.id,
        holder=str(block.dispute_id),
        document=ErpDocument(
            system=order.document.system,
            company_code=order.document.company_code,
            number=order.document.number,
            line=order.document.line,
        ),
        scope=order.scope,
        amount=order.amount,
        currency=order.currency,
        reason_code=order.reason_code,
        review_by=order.review_by,
    )
