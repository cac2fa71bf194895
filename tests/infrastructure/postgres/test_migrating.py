"""How a schema comes to this version of the product."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from infrastructure.postgres.errors import (
    HistoryChanged,
    MigrationFailed,
    MigrationRefused,
    PhaseBlocked,
    RoleMissing,
)
from infrastructure.postgres.migrating import Applied, migrate, pending
from infrastructure.postgres.migration_files import (
    Migration,
    Phase,
    read_migrations,
    shipped_migrations,
)
from tests.databases import SCHEMA, Database, Server

PROCESS = """
import json, sys
from pathlib import Path
from infrastructure.postgres.migrating import migrate
from infrastructure.postgres.migration_files import read_migrations
url, schema, folder = sys.argv[1:]
sys.stdin.readline()
applied = migrate(url, schema=schema, migrations=read_migrations(Path(folder)))
print(json.dumps([each.number for each in applied]))
"""


class Release:
    """A folder of SQL files as a version of the product would ship it."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database

    def ships(self, **files: str) -> "Release":
        for name, content in files.items():
            (self.folder / f"{name.removeprefix('n')}.sql").write_text(content)
        return self

    def files(self) -> list[Migration]:
        return read_migrations(self.folder)

    def migrate(self, phase: Phase | None = None) -> list[str]:
        applied = migrate(
            self.database.owner_url, schema=SCHEMA, phase=phase or "all", migrations=self.files()
        )
        return list(map(str, applied))

    def pending(self) -> list[str]:
        found = pending(self.database.application_url, schema=SCHEMA, migrations=self.files())
        return list(map(str, found))


@pytest.fixture
def release(tmp_path: Path, empty_database: Database) -> Release:
    return Release(tmp_path, empty_database)


def recorded(database: Database) -> list[tuple[object, ...]]:
    with psycopg.connect(database.application_url) as connection:
        return connection.execute(
            "SELECT number, name, phase, checksum FROM recours.schema_migration ORDER BY number"
        ).fetchall()


def tables(database: Database) -> set[str]:
    with psycopg.connect(database.admin_url) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'recours'"
        ).fetchall()
    return {name for (name,) in rows}


def test_files_are_applied_once_in_the_order_of_their_numbers(release: Release) -> None:
    release.ships(
        n0002_post_second="ALTER TABLE a ADD COLUMN b integer",
        n0001_pre_first="CREATE TABLE a ()",
    )
    assert release.pending() == ["0001_pre_first", "0002_post_second"]
    assert release.migrate() == ["0001_pre_first", "0002_post_second"]
    assert release.pending() == []
    assert release.migrate() == []
    assert recorded(release.database) == [
        (file.number, file.name, file.phase.value, file.checksum) for file in release.files()
    ]


def test_what_was_applied_says_when(release: Release) -> None:
    release.ships(n0001_pre_first="SELECT 1")
    (applied,) = migrate(release.database.owner_url, schema=SCHEMA, migrations=release.files())
    assert isinstance(applied, Applied)
    assert applied.phase is Phase.PRE
    assert applied.applied_at.tzinfo is not None


def test_the_sql_needs_no_schema_and_may_say_anything(release: Release) -> None:
    release.ships(
        n0001_pre_first="""
            CREATE TABLE a (share text DEFAULT '100 %s; {}');
            CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE plpgsql
                AS $$ BEGIN RETURN n * 2; END $$;
            GRANT SELECT ON a TO recours_application, recours_reader;
        """
    )
    release.migrate()
    assert tables(release.database) == {"a", "schema_migration"}


def test_two_schemas_of_one_database_have_their_own_tables(release: Release) -> None:
    release.ships(n0001_pre_first="CREATE TABLE a ()")
    for schema in ("one", "two"):
        assert migrate(release.database.owner_url, schema=schema, migrations=release.files())
    assert pending(release.database.owner_url, schema="three", migrations=release.files())


def test_a_failing_file_leaves_nothing_and_those_before_it_stay(release: Release) -> None:
    release.ships(
        n0001_pre_first="CREATE TABLE a ()",
        n0002_pre_second="CREATE TABLE b (); SELECT 1 / 0",
        n0003_pre_third="CREATE TABLE c ()",
    )
    with pytest.raises(MigrationFailed, match=r"0002_pre_second.*division by zero"):
        release.migrate()
    assert tables(release.database) == {"a", "schema_migration"}
    assert release.pending() == ["0002_pre_second", "0003_pre_third"]


def test_a_file_may_ask_to_run_outside_a_transaction(release: Release) -> None:
    release.ships(
        n0001_pre_first="CREATE TABLE a (b integer)",
        n0002_pre_second="-- no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b)",
    )
    assert release.migrate() == ["0001_pre_first", "0002_pre_second"]


def test_a_changed_file_is_refused(release: Release) -> None:
    release.ships(n0001_pre_first="CREATE TABLE a ()").migrate()
    release.ships(n0001_pre_first="CREATE TABLE a (b integer)")
    with pytest.raises(HistoryChanged, match="0001_pre_first was changed"):
        release.migrate()
    with pytest.raises(HistoryChanged, match="0001_pre_first was changed"):
        release.pending()


def test_another_file_under_an_applied_number_is_refused(release: Release) -> None:
    release.ships(n0001_pre_first="SELECT 1").migrate()
    (release.folder / "0001_pre_first.sql").rename(release.folder / "0001_pre_other.sql")
    with pytest.raises(HistoryChanged, match=r"0001_pre_first was applied.*0001_pre_other"):
        release.migrate()


def test_a_missing_applied_file_is_refused(release: Release) -> None:
    release.ships(n0001_pre_first="SELECT 1", n0002_pre_second="SELECT 2").migrate()
    (release.folder / "0002_pre_second.sql").unlink()
    with pytest.raises(HistoryChanged, match="older than its database"):
        release.migrate()


def test_the_previous_version_runs_on_a_schema_with_the_next_ones_pre_files(
    release: Release,
) -> None:
    release.ships(n0001_pre_first="SELECT 1", n0002_pre_second="SELECT 2").migrate()
    (release.folder / "0002_pre_second.sql").unlink()
    assert release.pending() == []


def test_the_previous_version_does_not_run_after_the_next_ones_post_files(
    release: Release,
) -> None:
    release.ships(n0001_pre_first="SELECT 1", n0002_post_second="SELECT 2").migrate()
    (release.folder / "0002_post_second.sql").unlink()
    with pytest.raises(HistoryChanged, match="0002_post_second"):
        release.pending()


@pytest.mark.parametrize(
    "files",
    [
        {"n0002_pre_second": ""},
        {"n0001_pre_first": "", "n0003_pre_third": ""},
        {"n0001_pre_first": "", "n0001_post_also_first": ""},
        {"n1_pre_first": ""},
        {"n0001_during_first": ""},
        {"nfirst": ""},
    ],
    ids=" ".join,
)
def test_a_gap_a_double_or_an_unruly_name_is_refused(
    release: Release, files: dict[str, str]
) -> None:
    with pytest.raises(HistoryChanged):
        release.ships(**files).migrate()


def test_pre_files_are_applied_while_the_previous_version_runs_and_post_files_after_it(
    release: Release,
) -> None:
    release.ships(n0001_pre_add="SELECT 1", n0002_pre_more="SELECT 2", n0003_post_remove="SELECT 3")
    assert release.migrate(Phase.PRE) == ["0001_pre_add", "0002_pre_more"]
    assert release.pending() == ["0003_post_remove"]
    assert release.migrate(Phase.PRE) == []
    assert release.migrate(Phase.POST) == ["0003_post_remove"]


@pytest.mark.parametrize("phase", Phase)
def test_no_file_overtakes_one_of_the_other_phase(release: Release, phase: Phase) -> None:
    release.ships(n0001_pre_add="SELECT 1", n0002_post_remove="SELECT 2", n0003_pre_next="SELECT 3")
    with pytest.raises(PhaseBlocked, match="has to be applied before"):
        release.migrate(phase)
    assert len(release.pending()) == 3


def test_twenty_processes_at_once_apply_each_file_once(release: Release) -> None:
    release.ships(
        n0001_pre_first="CREATE TABLE a (b integer)",
        n0002_pre_second="-- no transaction\nCREATE INDEX CONCURRENTLY i ON a (b)",
        n0003_post_third="INSERT INTO a VALUES (1)",
    )
    arguments = [release.database.owner_url, SCHEMA, str(release.folder)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROCESS, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(20)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in processes]
    assert [errors for _, errors in ended] == [""] * 20
    assert sorted(number for out, _ in ended for number in json.loads(out)) == [1, 2, 3]
    with psycopg.connect(release.database.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM recours.a").fetchone() == (1,)


def test_the_applications_login_becomes_a_member_of_its_role(
    release: Release, server: Server
) -> None:
    release.ships(n0001_pre_first="CREATE TABLE a (); GRANT SELECT ON a TO recours_application")
    login = f"login_of_{release.database.name}"
    with server.administration() as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
        try:
            for _ in range(2):
                migrate(
                    release.database.admin_url,
                    schema=SCHEMA,
                    application_login=login,
                    migrations=release.files(),
                )
            assert admin.execute(
                "SELECT pg_has_role(%s, 'recours_application', 'USAGE')", [login]
            ).fetchone() == (True,)
        finally:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))


def test_who_may_not_set_up_roles_is_told_the_sql_for_who_may(
    release: Release, server: Server
) -> None:
    login = f"login_of_{release.database.name}"
    with server.administration() as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
        try:
            with pytest.raises(
                RoleMissing, match=f'run: GRANT "recours_application" TO "{login}";'
            ):
                migrate(
                    release.database.owner_url,
                    schema=SCHEMA,
                    application_login=login,
                    migrations=[],
                )
        finally:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))


def test_a_login_that_does_not_exist_is_named(release: Release) -> None:
    with pytest.raises(RoleMissing, match="there is no login nobody_here"):
        migrate(
            release.database.owner_url,
            schema=SCHEMA,
            application_login="nobody_here",
            migrations=[],
        )


def test_every_refusal_is_one_kind_of_error() -> None:
    assert {HistoryChanged, PhaseBlocked, RoleMissing, MigrationFailed} == set(
        MigrationRefused.__subclasses__()
    )


def test_the_shipped_files_bring_a_fresh_database_to_this_version(database: Database) -> None:
    assert pending(database.application_url, schema=database.schema) == []
    assert [row[0] for row in recorded(database)] == [file.number for file in shipped_migrations()]


def test_the_shipped_files_are_part_of_the_installed_product() -> None:
    root = Path(__file__).parents[3]
    in_tree = {file.name for file in root.glob("infrastructure/postgres/migrations/*.sql")}
    assert {f"{file}.sql" for file in shipped_migrations()} == in_tree
