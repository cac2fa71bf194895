"""The database's schema, brought to this version of the product."""

from typing import Literal

from api.command_line.faults import read_settings
from api.command_line.output import Column, answer_json, instant, say, show, table
from infrastructure.bootstrap import migrate_database, open_database
from infrastructure.operating import migration_standing, naming_a_lost_database
from infrastructure.postgres.migrating import Applied
from infrastructure.postgres.migration_files import Migration, Phase


def apply_migrations(*, phase: Literal["pre", "post", "all"], as_json: bool) -> None:
    """Apply what is pending."""
    settings = read_settings()
    wanted: Phase | Literal["all"] = "all" if phase == "all" else Phase(phase)
    with naming_a_lost_database(), open_database(settings) as logins:
        applied = migrate_database(logins, settings, phase=wanted)
    if as_json:
        answer_json({"applied": list(map(str, applied))})
    elif applied:
        for migration in applied:
            show(f"applied {migration}")
    else:
        say("nothing was to do: the database is at this version")


def show_migrations(*, as_json: bool) -> None:
    """List what is applied and pending."""
    with naming_a_lost_database():
        standing = migration_standing(read_settings())
    if as_json:
        applied = [{"name": str(m), "applied_at": m.applied_at} for m in standing.applied]
        answer_json({"applied": applied, "pending": list(map(str, standing.pending))})
        return
    columns = (Column("migration"), Column("applied (UTC)"))
    rows = [*map(_row, standing.applied), *map(_row, standing.pending)]
    show(table(columns, rows))


def _row(migration: Applied | Migration) -> tuple[object, ...]:
    at = instant(migration.applied_at) if isinstance(migration, Applied) else "pending"
    return str(migration), at
