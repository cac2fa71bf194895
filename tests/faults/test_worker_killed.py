"""Worker processes, projector and desk in one, that are killed while they work."""

from pathlib import Path

from infrastructure.postgres.connections import open_pool
from tests.databases import Database
from tests.faults.blocking import Blocking, mischievous_erp
from tests.faults.harness import Program
from tests.infrastructure.read_models.office import Office

KILLS = 6
ORDERS_BETWEEN_KILLS = 12
ANSWERS_BETWEEN_KILLS = 4


def test_killed_workers_ask_the_erp_for_nothing_twice_and_project_nothing_twice(
    database: Database, programs: list[Program], tmp_path: Path
) -> None:
    with (
        mischievous_erp(tmp_path) as address,
        open_pool(
            database.application_url,
            schema=database.schema,
            min_size=1,
            max_size=4,
            application_name="tests",
        ) as pool,
    ):
        blocking = Blocking(Office.open(pool), address)
        workers = [blocking.start_worker(database) for _ in range(2)]
        programs += workers
        for number in range(KILLS):
            if number % 2:
                blocking.withdraw()
            blocking.order(ORDERS_BETWEEN_KILLS)
            blocking.until_answered(ANSWERS_BETWEEN_KILLS, programs=workers)
            # In the middle of its work: most of what was ordered is still to be asked for.
            workers.pop(0).kill()
            workers.append(blocking.start_worker(database))
            programs.append(workers[-1])
        blocking.settle(workers)
        for worker in workers:
            worker.end()
        blocking.check(database)
