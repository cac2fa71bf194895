"""The door, and clients with keys of every role."""

from dataclasses import dataclass
from itertools import count
from typing import Final

from fastapi import FastAPI
from httpx2 import Request
from starlette.testclient import TestClient

from application.keys import KeyTerms, every_scope
from application.reach import EVERYWHERE, Reach
from application.scopes import ConnectorScope
from application.services import Services
from domain.parties import Role
from infrastructure.read_models.projector import Projector

_KEYS: Final = count(1)


def take_new_key(request: Request) -> None:
    """Give a command a key of its own, as every client should that sends none of its choice."""
    if request.method == "POST":
        request.headers.setdefault("Idempotency-Key", f"key-{next(_KEYS)}")


@dataclass(frozen=True)
class Door:
    """The application, its ports, and a client for whoever knocks."""

    app: FastAPI
    services: Services
    projector: Projector

    def stranger(self, *, raising: bool = True) -> TestClient:
        """Somebody without a key; `raising` lets the server's own errors end the test."""
        return TestClient(self.app, raise_server_exceptions=raising)

    def client(
        self,
        role: Role,
        *,
        subject_id: str | None = None,
        scopes: frozenset[ConnectorScope] | None = None,
        reach: Reach = EVERYWHERE,
    ) -> TestClient:
        """Somebody with a new key of this role, and of every scope if nothing else is said."""
        subject = subject_id or str(role)
        terms = KeyTerms(
            subject_id=subject,
            role=role,
            scopes=every_scope(role) if scopes is None else scopes,
            reach=reach,
        )
        issued = self.services.keys.issue(terms)
        client = self.stranger()
        client.event_hooks = {"request": [take_new_key]}
        client.headers["Authorization"] = f"Bearer {issued.secret}"
        return client
