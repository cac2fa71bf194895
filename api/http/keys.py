"""API keys: made, listed, replaced and revoked by an admin, within the reach of the admin's own."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema

from api.http.calls import Asking, Call
from api.http.describing import keeps, reads
from api.http.operations import operations
from api.http.values import Answer, Body, Code, Identifier, Instant, OneOf, SetOf
from application import key_desk
from application.keys import GRACE, GRANTABLE, LONGEST_GRACE, IssuedKey, Key, KeyTerms
from application.reach import Reach
from application.scopes import ConnectorScope
from domain.parties import Role

router = operations("/v1/keys", tag="operations")


def _grantable(role: Role) -> Role:
    if role not in GRANTABLE:
        raise ValueError(f"a key can have the role {', '.join(GRANTABLE)}")
    return role


Limits = Annotated[SetOf[Code], Field(min_length=1, max_length=200)]


class KeyWanted(Body):
    """Whose key, and with which role. The subject is a pseudonym, never a name."""

    subject_id: Code
    role: Annotated[
        OneOf[Role],
        AfterValidator(_grantable),
        WithJsonSchema({"type": "string", "enum": [str(role) for role in GRANTABLE]}),
    ]
    scopes: Annotated[
        SetOf[OneOf[ConnectorScope]], Field(description="What a connector's key is for")
    ] = ()
    companies: Annotated[
        Limits | None, Field(description="The legal entities that it reaches; all, if not said")
    ] = None
    teams: Annotated[
        Limits | None, Field(description="The teams that it reaches; all, if not said")
    ] = None
    expires_at: Annotated[
        Instant | None, Field(description="When it ends by itself; never, if not said")
    ] = None

    def as_terms(self) -> KeyTerms:
        """The same, in the application's words."""
        return KeyTerms(
            subject_id=self.subject_id,
            role=self.role,
            scopes=frozenset(self.scopes),
            reach=Reach(companies=_set(self.companies), teams=_set(self.teams)),
            expires_at=self.expires_at,
        )


class RotationWanted(Body):
    """How long the old key goes on working."""

    grace_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=int(LONGEST_GRACE.total_seconds()),
            description="A day, if not said; 30 days at most",
        ),
    ] = int(GRACE.total_seconds())


class KeyView(Answer):
    """A key, without its secret."""

    key_id: UUID
    prefix: str = Field(description="How its secret begins")
    subject_id: str
    role: str
    scopes: list[ConnectorScope]
    companies: list[str] | None
    teams: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    retires_at: datetime | None = Field(description="When it ends because another one replaced it")
    replaces: UUID | None = Field(description="The key whose holder got this one instead")
    last_used_at: datetime | None = Field(description="To the minute")
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: Key) -> Self:
        """Show a key."""
        terms = key.terms
        return cls(
            key_id=key.key_id,
            prefix=key.prefix,
            subject_id=terms.subject_id,
            role=terms.role,
            scopes=sorted(terms.scopes),
            companies=_sorted(terms.reach.companies),
            teams=_sorted(terms.reach.teams),
            created_at=key.created_at,
            expires_at=terms.expires_at,
            retires_at=key.retires_at,
            replaces=key.replaces,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class IssuedKeyView(Answer):
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
    services, within = call.services, call.principal.reach
    issued = key_desk.issue_key(
        wanted.as_terms(), keys=services.keys, clock=services.clock, within=within
    )
    return _handed_over(issued, call)


@router.get("", operation_id="keys.list", responses=reads())
def list_keys(call: Asking) -> list[KeyView]:
    """Every key, oldest first, without its secret."""
    listed = key_desk.list_keys(keys=call.services.keys, within=call.principal.reach)
    return [KeyView.of(key) for key in listed]


@router.post(
    "/{key_id}/rotation",
    status_code=HTTPStatus.CREATED,
    operation_id="keys.rotate",
    responses=keeps(HTTPStatus.CREATED),
)
def rotate(key_id: Identifier, wanted: RotationWanted, call: Asking) -> IssuedKeyView:
    """Make another key for the same holder, on the same terms and for as long as the old one was.

    The old one goes on working for the grace, and `retires_at` says until when.
    """
    keys, within, grace = call.services.keys, call.principal.reach, wanted.grace_seconds
    issued = key_desk.rotate_key(key_id, keys=keys, grace=timedelta(seconds=grace), within=within)
    return _handed_over(issued, call)


@router.delete("/{key_id}", operation_id="keys.revoke", responses=reads())
def revoke(key_id: Identifier, call: Asking) -> KeyView:
    """Let a key open nothing any more; elsewhere it may still do so for a few seconds."""
    keys, within = call.services.keys, call.principal.reach
    return KeyView.of(key_desk.revoke_key(key_id, keys=keys, within=within))


def _handed_over(issued: IssuedKey, call: Call) -> IssuedKeyView:
    call.told["Cache-Control"] = "no-store"
    return IssuedKeyView(key=KeyView.of(issued.key), secret=issued.secret)


def _set(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
