"""Drops connections without an answer, which ASGI knows no word for.

An application can only end in an answer or in a 500: to be silent like a cut cable, it needs the
transport itself. The protocol below hands it to the application in the connection's state.
"""

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT: Final = "transport"


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 whose application may drop the connection."""

    def connection_made(  # type: ignore[override]  # as in the parent: the streams are TCP
        self, transport: asyncio.Transport
    ) -> None:
        """Take a connection and remember it for the application."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


class DroppedConnection(Response):
    """No answer at all: the connection is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drop the connection and wait until it is gone."""
        transport = scope["state"].get(_TRANSPORT)
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("connections can only be dropped under the DroppableProtocol")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            continue
        # The server must see an answer begin, or it logs an error; it goes nowhere.
        await super().__call__(scope, receive, send)
