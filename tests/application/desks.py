"""A desk at work between an office and the simulated ERP, and how to look at all three."""

from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx2

from application.erp_desk import ErpDesk
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import Status
from infrastructure.clock import SystemClock, TimeOrderedIdentities
from infrastructure.erp.http_connector import HttpErp
from infrastructure.postgres.connections import open_pool
from tests.databases import Database
from tests.faults.harness import until
from tests.infrastructure.read_models.office import Office

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TIMEOUT: Final = 0.5
MOST_UNANSWERED: Final = 4
ANSWERED: Final = frozenset({"confirmed", "rejected", "unconfirmed"})


@dataclass
class Simulator:
    """The ERP's own side: its faults and its books."""

    address: str
    person: httpx2.Client

    def turn(self, **faults: object) -> None:
        """Set the faults; what is not named is none."""
        self.person.put("/faults", json=faults).raise_for_status()

    def states(self) -> dict[UUID, str]:
        """How every block stands, if nothing was ever done twice."""
        books = self.person.get("/ledger").raise_for_status().json()
        assert all(block["effected"] <= 1 for block in books["blocks"])
        assert all(block["release_effected"] <= 1 for block in books["blocks"])
        return {UUID(block["block_id"]): str(block["state"]) for block in books["blocks"]}

    def standing_twice(self) -> list[list[str]]:
        """The lines that are held twice."""
        books = self.person.get("/ledger").raise_for_status().json()
        found: list[list[str]] = books["standing_twice"]
        return found


def desk_at(office: Office, erp: HttpErp) -> ErpDesk:
    return ErpDesk(
        cases=office.cases,
        questions=office.questions,
        erp=erp,
        clock=SystemClock(),
        identities=TimeOrderedIdentities(),
        first_pause=timedelta(milliseconds=5),
        most_unanswered=MOST_UNANSWERED,
    )


def order(office: Office, *, count: int = 1) -> list[UUID]:
    """Disputes over two lines each that want to be blocked."""
    opened = [office.dispute(office.claim("30.00"), office.claim()) for _ in range(count)]
    for dispute_id in opened:
        office.order_block(dispute_id)
    return opened


def serve(office: Office, *desks: ErpDesk) -> None:
    """Let desks work until the ERP need not be asked anything any more."""
    with ThreadPoolExecutor(len(desks)) as threads:

        def is_done() -> bool:
            office.project()
            list(threads.map(ErpDesk.work_through, desks))
            office.project()
            return not office.questions.unfinished_blocks(limit=1)

        until(is_done)


def dispute_of(office: Office, dispute_id: UUID) -> Dispute:
    return office.cases.load(Dispute, dispute_id)


def blocks_of(office: Office, opened: list[UUID]) -> dict[UUID, str]:
    return {
        block.block_id: block.status
        for each in opened
        for block in office.questions.blocks_of(each)
    }


def check_blocks(office: Office, simulator: Simulator, opened: list[UUID]) -> Counter[str]:
    """Whatever went wrong: what we believe to be held is held, and what is refused is not."""
    there, here = simulator.states(), blocks_of(office, opened)
    assert set(here.values()) <= ANSWERED
    for block_id, status in here.items():
        if status != "unconfirmed":  # nobody knows, and a person must look
            assert there[block_id] == status
    for dispute_id in opened:
        statuses = set(blocks_of(office, [dispute_id]).values())
        blocked = dispute_of(office, dispute_id).status is Status.PAYMENT_BLOCKED
        assert blocked == (statuses == {"confirmed"})
    return Counter(here.values())


@contextmanager
def elsewhere(database: Database) -> Generator[Office]:
    """The same cases as another process sees them: other connections, another memory."""
    with open_pool(
        database.application_url,
        schema=database.schema,
        min_size=1,
        max_size=10,
        application_name="elsewhere",
    ) as pool:
        yield Office.open(pool)
