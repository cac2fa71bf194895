"""Compares the blocks that we hold for confirmed with what the ERP holds, one after the other.

The ERP tells nobody that somebody removed a block by hand. So every confirmed block is looked up
from time to time, and one that the ERP no longer holds has drifted: its dispute counts as blocked
no more, and a person decides. Asking changes nothing, so that a round may be broken off, begun
anew, and gone by several workers at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from application import blocks
from application.commands import OnCase
from application.erp import Erp, ErpBlockState, ErpRefused, ErpReply, ErpUnavailable
from application.erp_desk import ErpDesk, erp_of
from application.errors import CaseChanged, CaseContended, OutcomeUnknown
from application.ports import Cases, Clock, Identities
from application.queries import BlockView, Questions
from domain.blocks.block import PaymentBlock
from domain.event import Channel, Envelope
from domain.refusals import Refusal

PAGE: Final = 200
MOST_SILENCES: Final = 10
"""After so many questions in a row without an answer, the round is broken off."""

_GONE: Final = frozenset({ErpBlockState.RELEASED, ErpBlockState.REJECTED})


@dataclass(slots=True)
class Round:
    """What a round found."""

    held: int = 0
    drifted: int = 0
    unknown: int = 0
    """Blocks that the ERP says it never met: another ERP, or one that lost its memory, says so of
    all of them. Nothing is given up over that; a person must look."""
    unanswered: int = 0
    """Questions that the ERP did not answer, or refused; they are asked again in the next round."""
    broken_off: bool = False
    """Whether the ERP answered nothing for so long that the rest was left to the next round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Goes through the confirmed blocks and asks the ERP about each."""

    cases: Cases
    questions: Questions
    erp: Erp
    clock: Clock
    identities: Identities

    @classmethod
    def beside(cls, desk: ErpDesk) -> Self:
        """One that asks the ERP of a desk."""
        return cls(
            cases=desk.cases,
            questions=desk.questions,
            erp=desk.erp,
            clock=desk.clock,
            identities=desk.identities,
        )

    def go_round(self, *, is_stopped: Callable[[], bool] = lambda: False) -> Round:
        """Ask about every confirmed block once, unless told to stop in between."""
        found, silences = Round(), 0
        for seen in self._confirmed():
            if is_stopped():
                found.broken_off = True
                break
            try:
                self._compare(seen, self.erp.look_up(seen.block_id), found)
                silences = 0
            except ErpRefused:
                found.unanswered += 1
            except ErpUnavailable:
                found.unanswered += 1
                silences += 1
                if silences == MOST_SILENCES:
                    found.broken_off = True
                    break
        return found

    def _confirmed(self) -> Iterator[BlockView]:
        page = self.questions.confirmed_blocks(after=None, limit=PAGE)
        while page:
            yield from page
            page = self.questions.confirmed_blocks(after=page[-1].block_id, limit=PAGE)

    def _compare(self, seen: BlockView, reply: ErpReply | None, found: Round) -> None:
        if reply is not None and reply.state not in _GONE:
            found.held += 1
            return
        block = self.cases.load(PaymentBlock, seen.block_id)
        if block.seen_by_people:
            found.held += 1  # two people saw it, where the ERP may hold it under another name
            return
        if reply is None:
            found.unknown += 1
            return
        now = self.clock.now()
        told = reply.decided_at
        envelope = Envelope(
            actor=erp_of(block),
            channel=Channel.API,
            # The ERP's clock may be ahead of ours; nothing is recorded before it happens.
            occurred_at=now if told is None else min(told, now),
            correlation_id=self.identities.new(),
            causation_id=f"{block.id}:{block.version}",
            reason=reply.reason,
        )
        on = OnCase(case_id=block.id, envelope=envelope, expected_version=seen.version)
        try:
            blocks.drift(on, cases=self.cases)
        except (CaseChanged, CaseContended, OutcomeUnknown, Refusal):
            return  # released or asked anew meanwhile, or found by another worker
        found.drifted += 1
