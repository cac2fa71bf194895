"""A program that runs the product's worker, with the real connector to an ERP."""

import sys
from threading import Event, Thread
from typing import Final

from pydantic import BaseModel, ConfigDict, SecretStr

from infrastructure.bootstrap import desk_for, wire
from infrastructure.erp.http_connector import HttpErp
from infrastructure.postgres.connections import open_pool
from infrastructure.settings import Settings
from infrastructure.worker import run_worker
from tests.databases import SCHEMA
from tests.faults.harness import Program

MODULE: Final = "tests.faults.worker"
ERP_TIMEOUT: Final = 2.0


class Orders(BaseModel):
    """What a worker is told on standard input, on one line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    erp: str
    secret: str


def start_worker(url: str, *, erp: str, secret: str) -> Program:
    """Start a worker for a database and an ERP."""
    orders = Orders(url=url, erp=erp, secret=secret)
    return Program.start(MODULE, orders=orders.model_dump_json().encode())


def main() -> None:
    """Read the orders, work until standard input ends."""
    orders = Orders.model_validate_json(sys.stdin.buffer.readline())
    settings = Settings(
        database_url=SecretStr(orders.url), recours_schema=SCHEMA, recours_webhooks_loopback=True
    )
    stop = Event()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        stop.set()

    with (
        open_pool(
            orders.url,
            schema=SCHEMA,
            min_size=1,
            max_size=12,
            application_name=MODULE,
        ) as pool,
        HttpErp(orders.erp, secret=orders.secret, timeout=ERP_TIMEOUT) as erp,
    ):
        wiring = wire(pool, settings=settings)
        Thread(target=wait_for_the_end, daemon=True).start()
        run_worker(wiring, desk=desk_for(erp, wiring.services), stop=stop)


if __name__ == "__main__":
    main()
