"""Where cases live: streams of events, folded on the way in, appended on the way out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Final, TypeVar
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from application.case import Case
from application.errors import CaseChanged, CaseContended, CaseNotFound, OutcomeUnknown
from application.once import Once
from application.ports import Clock
from application.recorded import Recorded, RecordedEvent
from domain.approvals.events import ApprovalMatrixAdopted
from domain.approvals.policy import ApprovalPolicy
from domain.blocks.block import PaymentBlock
from domain.blocks.events import BlockOrdered
from domain.compensations.compensations import Compensations
from domain.compensations.events import CompensationGranted
from domain.complaints.complaint import Complaint
from domain.complaints.events import ComplaintRegistered
from domain.disputes.dispute import Dispute
from domain.disputes.events import DisputeOpened
from domain.event import Envelope, Event
from domain.invoices.events import InvoiceMirrored
from domain.invoices.invoice import Invoice
from domain.parties import SYSTEM
from domain.refusals import AlreadyBorn, OccurredInTheFuture
from infrastructure.event_store import recorder as store
from infrastructure.event_store.event_types import EventTypes
from infrastructure.event_store.memory import CaseMemory
from infrastructure.event_store.once import CasesOnce, CommandKeys
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.event_store.rows import (
    Append,
    CommandKey,
    Entry,
    Receipt,
    Signature,
    StreamVersion,
)

MOST_ATTEMPTS: Final = 8
"""A hot case is given up after so many lost races; the caller is told to try again."""

PAGE: Final = 1_000

TURNS: Final = 64
"""Cases whose losers wait for each other only by chance share one of so many locks."""

BORN_AS: Final[dict[type[Event], type[Case]]] = {
    ComplaintRegistered: Complaint,
    DisputeOpened: Dispute,
    BlockOrdered: PaymentBlock,
    InvoiceMirrored: Invoice,
    ApprovalMatrixAdopted: ApprovalPolicy,
    CompensationGranted: Compensations,
}

C = TypeVar("C", bound=Case)
Decision = Callable[["StagedWork"], UUID]


class RecordedCases:
    """Cases over the recorder, with a bounded memory of folded ones.

    A remembered case may be stale. That is never decided on: an append to a stale stream, or one
    that had read a stale stream, is a conflict at the recorder; a refusal, an error or finding
    nothing to do with remembered cases is decided again on freshly read ones.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        *,
        event_types: EventTypes,
        clock: Clock,
        remembered: int,
    ) -> None:
        self._recorder = recorder
        self._keys = CommandKeys(recorder.pool)
        self._event_types = event_types
        self._clock = clock
        self._memory = CaseMemory(most=remembered)
        self._turns = tuple(Lock() for _ in range(TURNS))

    def transact(self, envelope: Envelope, decide: Decision) -> Recorded:
        """Run a command; see the port."""
        return self.transact_all([(envelope, decide)])

    def transact_all(self, commands: Sequence[tuple[Envelope, Decision]]) -> Recorded:
        """Run several commands that become durable all or none; see the port."""
        return self.record(commands)

    def once(self, once: Once) -> CasesOnce:
        """Give the cases for one command that is recorded once; see the port."""
        return CasesOnce(self, keys=self._keys, once=once)

    def forget_keys(self, *, before: datetime) -> int:
        """Forget the keys of commands that were recorded before; see the port."""
        return self._keys.forget(before=before)

    def record(
        self,
        commands: Sequence[tuple[Envelope, Decision]],
        *,
        signature: Signature | None = None,
    ) -> Recorded:
        """Run commands that become durable all or none, and their key with them.

        Raises:
            KeyTaken: something was recorded under the key before.
        """
        now = self._clock.now()
        for envelope, _ in commands:
            if envelope.occurred_at > now:
                raise OccurredInTheFuture(occurred_at=envelope.occurred_at, now=now)
        work = StagedWork(self, self._memory, fresh=False)
        recorded = self._try(work, commands, signature)
        if recorded is not None:
            return recorded
        # Whoever lost a race waits for its turn. Measured with eight threads on one case: trying
        # again all at once gave up 29 % of the commands and did 50/s, by turns it is 2 % and 280/s.
        with self._turns[hash(next(iter(work.known), None)) % TURNS]:
            for _ in range(1, MOST_ATTEMPTS):
                work = StagedWork(self, self._memory, fresh=True)
                recorded = self._try(work, commands, signature)
                if recorded is not None:
                    return recorded
        raise CaseContended(MOST_ATTEMPTS)

    def load(self, kind: type[C], case_id: UUID) -> C:
        """Read a case; see the port."""
        case = self.find(case_id)
        if not isinstance(case, kind):
            raise CaseNotFound(kind.__name__, case_id)
        return case

    def history(self, case_id: UUID) -> Sequence[RecordedEvent]:
        """Read everything recorded of a case; see the port."""
        return list(self._event_types.decode_all(self._recorder.read_stream(case_id)))

    def histories(self, case_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RecordedEvent]]:
        """Read the histories of several cases at once; a case without one is left out."""
        histories: dict[UUID, list[RecordedEvent]] = {}
        for recorded in self._event_types.decode_all(self._recorder.read_streams(case_ids)):
            histories.setdefault(recorded.stream_id, []).append(recorded)
        return histories

    def everything(self, *, after: int = 0) -> Iterator[RecordedEvent]:
        """Read the whole history in order; see the port."""
        while rows := self._recorder.read_after(after, limit=PAGE):
            yield from self._event_types.decode_all(rows)
            after = rows[-1].position

    def find(self, case_id: UUID) -> Case | None:
        """Read a case of whatever kind it is; see the port."""
        # What is remembered is completed, not believed: the table is asked in any case. Its last
        # known event is asked for too, because a restored database may hold less than the memory.
        known = self._memory.get(case_id)
        case = None if known is None else self._completed(known)
        if case is None:
            self._memory.drop([case_id])
            case = self.fold(case_id)
        if case is not None:
            self._memory.keep(case)
        return case

    def fold(self, case_id: UUID, *, until: int | None = None) -> Case | None:
        """Read a case of whatever kind from the table, as it is or was in a version."""
        return fold(self.history(case_id)[:until])

    def encode(self, stream_id: UUID, version: int, event: Event, metadata: bytes) -> Entry:
        """Write an event for the table."""
        return self._event_types.encode(stream_id, version, event, metadata)

    def encode_envelope(self, envelope: Envelope) -> bytes:
        """Write an envelope for the table."""
        return self._event_types.encode_envelope(envelope)

    def _try(
        self,
        work: "StagedWork",
        commands: Sequence[tuple[Envelope, Decision]],
        signature: Signature | None,
    ) -> Recorded | None:
        # Answers with nothing when it has to be tried again on freshly read cases.
        try:
            case_id = self._decide(work, commands)
        except Exception:
            if work.forget():
                return None
            raise
        append = work.to_append(case_id, signature)
        if not append.entries:
            return None if work.forget() else work.recorded(case_id, None)
        try:
            receipt = self._append(append)
        except IntegrityError:
            work.forget()
            return None
        except BaseException:
            work.forget()
            raise
        work.remember()
        return work.recorded(case_id, receipt)

    def _completed(self, known: Case) -> Case | None:
        rows = self._recorder.read_since(known.id, known.version)
        if not rows:
            return None
        case = known
        for recorded in self._event_types.decode_all(rows[1:]):
            case = case.after(recorded.event, recorded.envelope)
        return case

    def _decide(self, work: "StagedWork", commands: Sequence[tuple[Envelope, Decision]]) -> UUID:
        *earlier, (envelope, decide) = commands
        for earlier_envelope, earlier_decide in earlier:
            work.take_up(earlier_envelope)
            earlier_decide(work)
        work.take_up(envelope)
        return decide(work)

    def _append(self, append: Append) -> Receipt:
        try:
            return self._recorder.append(append)
        except store.OutcomeUnknown as error:
            raise OutcomeUnknown from error


class StagedWork:
    """What a command has read, and what it will append."""

    def __init__(self, cases: RecordedCases, memory: CaseMemory, *, fresh: bool) -> None:
        self._cases = cases
        self._memory = memory
        self._fresh = fresh
        self._envelope: Envelope | None = None
        self._metadata = b""
        self._known: dict[UUID, Case | None] = {}
        self._from_memory: list[UUID] = []
        self._read_at: dict[UUID, int] = {}
        self._entries: list[Entry] = []

    @property
    def envelope(self) -> Envelope:
        """The circumstances of the command."""
        assert self._envelope is not None, "a command is taken up with its envelope"
        return self._envelope

    @property
    def known(self) -> Mapping[UUID, Case | None]:
        """The cases that were read, the first one first."""
        return self._known

    def take_up(self, envelope: Envelope) -> None:
        """Begin the next command."""
        if envelope is self._envelope:
            return  # commands in a row under the same circumstances: they are written out once
        self._envelope = envelope
        self._metadata = self._cases.encode_envelope(envelope)

    def load(self, kind: type[C], case_id: UUID, *, expected_version: int | None = None) -> C:
        """Read a case; see the port."""
        case = self.find(kind, case_id)
        if case is None:
            raise CaseNotFound(kind.__name__, case_id)
        if expected_version is not None and case.version != expected_version:
            raise CaseChanged(case_id, expected=expected_version, actual=case.version)
        return case

    def find(self, kind: type[C], case_id: UUID) -> C | None:
        """Read a case if there is one of that kind; see the port."""
        case = self._case(case_id)
        return case if isinstance(case, kind) else None

    def begin(self, kind: type[C], case_id: UUID, events: Sequence[Event]) -> C:
        """Record the first events of a new case; see the port."""
        # A new identity is looked up only once it has met a conflict.
        known = self._case(case_id) if self._fresh else self._known.get(case_id)
        if known is not None:
            raise AlreadyBorn(str(case_id))
        case = kind.born(case_id, events[0], self.envelope)
        self._entries.append(self._cases.encode(case_id, 1, events[0], self._metadata))
        return self._record(case, events[1:], self.envelope, self._metadata)

    def record(self, case: C, events: Sequence[Event]) -> C:
        """Record what was decided; see the port."""
        return self._record(case, events, self.envelope, self._metadata)

    def react(self, case: C, events: Sequence[Event], *, cause: Case) -> C:
        """Record what the system decides because of `cause`; see the port."""
        envelope = self.envelope.model_copy(
            update={
                "actor": SYSTEM,
                "causation_id": f"{cause.id}:{cause.version}",
                "evidence": (),
            },
        )
        return self._record(case, events, envelope, self._cases.encode_envelope(envelope))

    def to_append(self, case_id: UUID, signature: Signature | None) -> Append:
        """What is to become durable, and what was read for it beside that."""
        written = {entry.stream_id for entry in self._entries}
        reads = (StreamVersion(s, v) for s, v in self._read_at.items() if s not in written)
        key = None
        if signature is not None:
            key = CommandKey(signature, StreamVersion(case_id, self._answer(case_id).version))
        return Append(tuple(self._entries), tuple(reads), key)

    def recorded(self, case_id: UUID, receipt: Receipt | None) -> Recorded:
        """Answer the command."""
        case = self._answer(case_id)
        return Recorded(
            case_id=case_id,
            version=case.version,
            position=0 if receipt is None else receipt.last_position,
            recorded_at=self.envelope.occurred_at if receipt is None else receipt.recorded_at,
            types=tuple(entry.type for entry in self._entries),
            case=case,
        )

    def remember(self) -> None:
        """Keep the cases as they are now, for the next command."""
        for case in self._known.values():
            if case is not None:
                self._memory.keep(case)

    def forget(self) -> bool:
        """Drop what came from memory; answers whether anything did."""
        self._memory.drop(self._known)
        return bool(self._from_memory)

    def _answer(self, case_id: UUID) -> Case:
        case = self._known[case_id]
        assert case is not None, "a command answers with a case that it read or began"
        return case

    def _case(self, case_id: UUID) -> Case | None:
        if case_id in self._known:
            return self._known[case_id]
        case = None if self._fresh else self._memory.get(case_id)
        if case is not None:
            self._from_memory.append(case_id)
        else:
            case = self._cases.fold(case_id)
        self._known[case_id] = case
        self._read_at[case_id] = 0 if case is None else case.version
        return case

    def _record(
        self,
        case: C,
        events: Sequence[Event],
        envelope: Envelope,
        metadata: bytes,
    ) -> C:
        for event in events:
            self._entries.append(
                self._cases.encode(case.id, case.version + 1, event, metadata),
            )
            case = case.after(event, envelope)
        self._known[case.id] = case
        return case


def fold(history: Sequence[RecordedEvent]) -> Case | None:
    """Take a whole history in, from its first event on."""
    if not history:
        return None
    first = history[0]
    kind = BORN_AS[type(first.event)]
    case = kind.born(first.stream_id, first.event, first.envelope)
    for recorded in history[1:]:
        case = case.after(recorded.event, recorded.envelope)
    return case
