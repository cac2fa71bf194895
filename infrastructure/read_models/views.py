"""Views over the tables of a read model, which go on showing them after a rebuild.

A view holds on to the table that it was made over. Made anew over the rebuilt one it keeps its
comments and who may read it, and whoever reads it waits for the swap and notices nothing.
"""

from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from infrastructure.read_models.projection import Table

_VIEWS: Final = """
    SELECT DISTINCT shown.relname, pg_get_viewdef(shown.oid)
      FROM pg_depend AS leans
      JOIN pg_rewrite AS rule ON rule.oid = leans.objid
      JOIN pg_class AS shown ON shown.oid = rule.ev_class
     WHERE leans.classid = 'pg_rewrite'::regclass AND leans.refobjid = ANY (%s::regclass[])
       AND shown.relkind = 'v'
     ORDER BY shown.relname
"""


def show_rebuilt(
    connection: Connection[TupleRow], tables: tuple[Table, ...], *, schema: str, beside: str
) -> None:
    """Let the views over these tables of a schema show those of the same names beside it."""
    _look_in(connection, schema)
    live = [sql.Identifier(schema, table.name).as_string() for table in tables]
    # Names that the search path finds are written without their schema.
    views = connection.execute(_VIEWS, [live]).fetchall()
    _look_in(connection, beside, schema)
    for name, definition in views:
        view = sql.SQL("CREATE OR REPLACE VIEW {} AS ").format(sql.Identifier(schema, name))
        connection.execute(view.as_bytes(connection) + str(definition).encode())


def _look_in(connection: Connection[TupleRow], *schemas: str) -> None:
    """Find names in these schemas, first to last, until the end of the transaction."""
    path = sql.SQL(", ").join(map(sql.Identifier, schemas))
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(path))
