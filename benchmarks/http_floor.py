"""The bare FastAPI application beside which the served product is measured.

One endpoint does one durable INSERT, with its body validated; one answers with stored bytes from
one SELECT. Nobody is let in, nothing is checked, and nothing can be sent again.
"""

import asyncio
import os
import socket
import sys
from typing import Annotated
from uuid import UUID

import anyio.to_thread
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, Field

from api.command_line.serving import address_of, limits_of, listening
from benchmarks.site import SCHEMA
from infrastructure.clock import TimeOrderedIdentities
from infrastructure.postgres.connections import open_pool
from infrastructure.settings import Settings

DATABASE: str = "FLOOR_DATABASE"
_INSERT = (
    "INSERT INTO floor_event"
    " (recorded_at, stream_id, version, schema_version, type, state, metadata)"
    " VALUES (clock_timestamp(), %s, 1, 1, 'note', %s, '{}')"
)
_SELECT = "SELECT answer FROM floor_answer WHERE case_id = %s"


class Note(BaseModel):
    """What is written."""

    text: Annotated[str, Field(min_length=1, max_length=20_000)]


class Written(BaseModel):
    """Where it was written."""

    id: UUID


def main() -> None:
    """Serve until killed, with the settings of `recours serve`."""
    identities = TimeOrderedIdentities()
    with (
        listening("127.0.0.1", port=0) as listener,
        open_pool(
            os.environ[DATABASE],
            schema=SCHEMA,
            min_size=1,
            max_size=Settings().recours_connections,
            application_name="floor",
        ) as pool,
    ):
        app = FastAPI(docs_url=None, redoc_url=None)

        @app.post("/notes", status_code=201)
        def write(note: Note) -> Written:  # pyright: ignore[reportUnusedFunction] - a route
            written = Written(id=identities.new())
            with pool.connection() as connection:
                connection.execute(_INSERT, [written.id, note.model_dump_json()])
            return written

        @app.get("/cases/{case_id}")
        def read(case_id: UUID) -> Response:  # pyright: ignore[reportUnusedFunction] - a route
            with pool.connection() as connection:
                found = connection.execute(_SELECT, [case_id]).fetchone()
            assert found is not None, "only what is there is asked for"
            return Response(found[0], media_type="application/json")

        asyncio.run(_serve(app, listener))


async def _serve(app: FastAPI, listener: socket.socket) -> None:
    at_once = limits_of(Settings()).at_once
    anyio.to_thread.current_default_thread_limiter().total_tokens = at_once
    print(f"serving at {address_of(listener)}; kill stops it", file=sys.stderr, flush=True)
    settings = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, server_header=False
    )
    await uvicorn.Server(settings).serve(sockets=[listener])


if __name__ == "__main__":
    main()
