"""Blocks that are ordered, asked for and let go while something is killed, and what must hold."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx2

from application import disputes
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import Status
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_server import running_simulator
from infrastructure.event_store.event_types import product_event_types
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.rebuilding import rebuild
from tests.databases import Database
from tests.faults.harness import Program, until
from tests.faults.worker import start_worker
from tests.infrastructure.read_models.histories import dump
from tests.infrastructure.read_models.office import Office

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MISCHIEF: Final = Faults(lose=0.1, repeat=0.2, garble=0.05, pending_looks=1)
"""What the ERP does wrong on top of everything."""


@dataclass
class Blocking:
    """A customer's disputes, and the ERP that is to hold their money back."""

    office: Office
    address: str
    wanted: list[UUID] = field(default_factory=list[UUID])
    withdrawn: list[UUID] = field(default_factory=list[UUID])

    def start_worker(self, database: Database) -> Program:
        """Start one more worker process."""
        return start_worker(database.application_url, erp=self.address, secret=SECRET)

    def order(self, count: int) -> None:
        """Want the money of so many more disputes held back."""
        for _ in range(count):
            dispute_id = self.office.dispute()
            self.office.order_block(dispute_id)
            self.wanted.append(dispute_id)

    def withdraw(self) -> None:
        """Let go of every dispute that is still wanted, blocked or not."""
        for dispute_id in self.wanted:
            disputes.withdraw(self.office.on(dispute_id), cases=self.office.cases)
        self.withdrawn += self.wanted
        self.wanted.clear()

    def until_answered(self, more: int, *, programs: Sequence[Program]) -> None:
        """Wait until the ERP has answered so many more times, and we know."""
        goal = self._answered() + more
        until(lambda: self._answered() >= goal, programs=programs)

    def settle(self, programs: Sequence[Program]) -> None:
        """Wait until the ERP need not be asked anything more, and everybody knows."""
        until(self._is_settled, programs=programs)

    def _answered(self) -> int:
        return sum(
            recorded.event.type in {"block.confirmed", "block.released"}
            for recorded in self.office.cases.everything()
        )

    def _is_settled(self) -> bool:
        # First whether all is known, then what is known: not the other way round.
        projected = self.office.questions.projections()
        known = all(found.lag == 0 and found.failure is None for found in projected)
        return known and not self.office.questions.unfinished_blocks(limit=1)

    def check(self, database: Database) -> None:
        """Whatever was killed: nothing is done twice, forgotten, or believed that is not so."""
        with httpx2.Client(base_url=f"{self.address}/simulator", trust_env=False) as person:
            books = person.get("/ledger").raise_for_status().json()
        assert books["standing_twice"] == []
        assert max(block["effected"] for block in books["blocks"]) == 1
        assert max(block["release_effected"] for block in books["blocks"]) <= 1
        there = {UUID(block["block_id"]): block["state"] for block in books["blocks"]}
        every = [*self.wanted, *self.withdrawn]
        here = {
            b.block_id: b.status for each in every for b in self.office.questions.blocks_of(each)
        }
        assert here == there
        expected = {Status.PAYMENT_BLOCKED: self.wanted, Status.RESOLVED: self.withdrawn}
        for status, those in expected.items():
            assert {self._status(each) for each in those} <= {status}
        check_read_models(database)

    def _status(self, dispute_id: UUID) -> Status:
        return self.office.cases.load(Dispute, dispute_id).status


def check_read_models(database: Database) -> None:
    """What was projected through all the kills equals what a rebuild gives."""
    projected = dump(database)
    assert projected["case_timeline"]
    for projection in PROJECTIONS:
        rebuild(
            database.owner_url,
            projection,
            schema=database.schema,
            event_types=product_event_types(),
            progress=_ignore,
        )
    rebuilt = dump(database)
    for table, rows in projected.items():
        assert rows == rebuilt[table], f"{table} differs from its rebuild"


@contextmanager
def mischievous_erp(directory: Path) -> Generator[str]:
    """An ERP that keeps its books and little else."""
    with running_simulator(
        state_file=directory / "erp.sqlite", secret=SECRET, faults=MISCHIEF
    ) as address:
        yield address


def _ignore(_: int) -> None:
    """Progress that nobody looks at."""
