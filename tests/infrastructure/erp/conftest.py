"""A simulated ERP on loopback, and a connector to it."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from infrastructure.erp.http_connector import HttpErp
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_server import running_simulator
from tests.infrastructure.erp.erp_examples import SECRET


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with running_simulator(
        state_file=tmp_path / "erp.sqlite", secret=SECRET, faults=Faults()
    ) as url:
        yield url


@pytest.fixture
def erp(address: str) -> Iterator[HttpErp]:
    with HttpErp(address, secret=SECRET, timeout=5) as connector:
        yield connector


@pytest.fixture
def desk(address: str) -> Iterator[httpx2.Client]:
    """What the person at the simulator's machine can steer."""
    with httpx2.Client(base_url=f"{address}/simulator", trust_env=False) as client:
        yield client
