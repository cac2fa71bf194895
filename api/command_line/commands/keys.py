"""`recours keys`: who may use the API."""

from typing import Annotated, Literal
from uuid import UUID

import typer

from api.command_line.commands.options import AsJson
from application.scopes import ConnectorScope

app = typer.Typer(help="Say who may use the API.")

GrantableRole = Literal["agent", "manager", "finance", "auditor", "connector", "admin"]


@app.command("issue")
def issue(
    *,
    role: Annotated[GrantableRole, typer.Option(help="What the key may be used for.")],
    subject: Annotated[
        str, typer.Option(help="The pseudonym under which its holder stands in the history.")
    ],
    scope: Annotated[
        list[ConnectorScope] | None,
        typer.Option(help="What a connector's key is for; may be said several times."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print its secret, this once."""
    from api.command_line.keyring import issue_key

    issue_key(subject=subject, role=role, scopes=scope or (), as_json=as_json)


@app.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List the keys, without their secrets."""
    from api.command_line.keyring import show_keys

    show_keys(as_json=as_json)


@app.command("revoke")
def revoke(
    key_id: Annotated[UUID, typer.Argument(metavar="KEY", help="The key's identity, as listed.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Let a key open nothing any more."""
    from api.command_line.keyring import revoke_key

    revoke_key(key_id, as_json=as_json)
