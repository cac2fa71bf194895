"""The simulated ERP behind the real connector, and a desk between it and an office."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from application.erp_desk import ErpDesk
from infrastructure.erp.http_connector import HttpErp
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_server import running_simulator
from tests.application.desks import SECRET, TIMEOUT, Simulator, desk_at
from tests.infrastructure.read_models.office import Office, Pool


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    with (
        running_simulator(
            state_file=tmp_path / "erp.sqlite", secret=SECRET, faults=Faults()
        ) as address,
        httpx2.Client(base_url=f"{address}/simulator", trust_env=False, timeout=30) as person,
    ):
        yield Simulator(address, person)


@pytest.fixture
def erp(simulator: Simulator) -> Iterator[HttpErp]:
    with HttpErp(simulator.address, secret=SECRET, timeout=TIMEOUT) as connector:
        yield connector


@pytest.fixture
def office(pool: Pool) -> Office:
    """Who orders blocks and asks questions, beside the desk."""
    return Office.open(pool)


@pytest.fixture
def desk(office: Office, erp: HttpErp) -> ErpDesk:
    """One worker's desk."""
    return desk_at(office, erp)
