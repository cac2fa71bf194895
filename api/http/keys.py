"""API keys: made, listed and revoked by an admin."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AfterValidator, Field, WithJsonSchema

from api.http.calls import Asking
from api.http.describing import keeps, reads
from api.http.values import Body, Code, ListAnswer
from application.keys import GRANTABLE
from application.scopes import ConnectorScope
from domain.parties import Role

router = APIRouter(prefix="/v1/keys", tags=["operations"])


def _grantable(role: Role) -> Role:
    if role not in GRANTABLE:
        raise ValueError(f"a key can have the role {', '.join(GRANTABLE)}")
    return role


class KeyWanted(Body):
    """Whose key, and with which role. The subject is a pseudonym, never a name."""

    subject_id: Code
    role: Annotated[
        Role,
        AfterValidator(_grantable),
        WithJsonSchema({"type": "string", "enum": [str(role) for role in GRANTABLE]}),
    ]
    scopes: Annotated[
        frozenset[ConnectorScope], Field(description="What a connector's key is for")
    ] = frozenset()


class KeyView(ListAnswer):
    """A key, without its secret."""

    key_id: UUID
    subject_id: str
    role: str
    scopes: list[ConnectorScope]
    created_at: datetime
    revoked_at: datetime | None


class IssuedKeyView(ListAnswer):
    """A new key with its secret, which is shown this once."""

    key: KeyView
    secret: str


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    operation_id="keys.issue",
    responses=keeps(HTTPStatus.CREATED),
)
def issue(wanted: KeyWanted, call: Asking) -> IssuedKeyView:
    """Make a key. Its secret is shown this once."""
    issued = call.services.keys.issue(
        subject_id=wanted.subject_id, role=wanted.role, scopes=wanted.scopes
    )
    call.response.headers["Cache-Control"] = "no-store"
    return IssuedKeyView.model_validate(issued)


@router.get("", operation_id="keys.list", responses=reads())
def list_keys(call: Asking) -> list[KeyView]:
    """Every key, oldest first, without its secret."""
    return [KeyView.model_validate(key) for key in call.services.keys.list()]


@router.delete("/{key_id}", operation_id="keys.revoke", responses=reads())
def revoke(key_id: UUID, call: Asking) -> KeyView:
    """Let a key open nothing any more; elsewhere it may still do so for a few seconds."""
    return KeyView.model_validate(call.services.keys.revoke(key_id))
