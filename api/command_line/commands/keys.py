"""`recours keys`: who may use the API."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import typer

from api.command_line.commands.options import AsJson, a_moment
from application.scopes import ConnectorScope

app = typer.Typer(help="Say who may use the API.")

GrantableRole = Literal["agent", "manager", "finance", "auditor", "connector", "admin"]
KeyNamed = Annotated[UUID, typer.Argument(metavar="KEY", help="The key's identity, as listed.")]
Several = "may be said several times."


@app.command("issue")
def issue(
    *,
    role: Annotated[GrantableRole, typer.Option(help="What the key may be used for.")],
    subject: Annotated[
        str, typer.Option(help="The pseudonym under which its holder stands in the history.")
    ],
    scope: Annotated[
        list[ConnectorScope] | None,
        typer.Option(help=f"What a connector's key is for; {Several}"),
    ] = None,
    company: Annotated[
        list[str] | None,
        typer.Option(help=f"A legal entity that it reaches (all, if not said); {Several}"),
    ] = None,
    team: Annotated[
        list[str] | None,
        typer.Option(help=f"A team that it reaches (all, if not said); {Several}"),
    ] = None,
    expires_at: Annotated[
        datetime | None, a_moment("When it ends by itself; never, if not said.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print its secret, this once."""
    from api.command_line.keyring import issue_key
    from application.keys import KeyTerms
    from application.reach import Reach
    from domain.parties import Role

    terms = KeyTerms(
        subject_id=subject,
        role=Role(role),
        scopes=frozenset(scope or ()),
        reach=Reach(
            companies=frozenset(company) if company else None,
            teams=frozenset(team) if team else None,
        ),
        expires_at=expires_at,
    )
    issue_key(terms, as_json=as_json)


@app.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List the keys, without their secrets."""
    from api.command_line.keyring import show_keys

    show_keys(as_json=as_json)


@app.command("rotate")
def rotate(
    key_id: KeyNamed,
    *,
    grace_hours: Annotated[
        int, typer.Option(min=0, max=720, help="How long the old key goes on working.")
    ] = 24,
    as_json: AsJson = False,
) -> None:
    """Make another key for the same holder, and print its secret, this once."""
    from datetime import timedelta

    from api.command_line.keyring import rotate_key

    rotate_key(key_id, grace=timedelta(hours=grace_hours), as_json=as_json)


@app.command("revoke")
def revoke(key_id: KeyNamed, *, as_json: AsJson = False) -> None:
    """Let a key open nothing any more."""
    from api.command_line.keyring import revoke_key

    revoke_key(key_id, as_json=as_json)
