"""Keys to the API."""

from collections.abc import Sequence
from uuid import UUID

from api.command_line.opening import opened
from api.command_line.output import Column, answer_json, instant, say, show, table
from application.keys import Key
from application.scopes import ConnectorScope
from domain.parties import Role


def issue_key(*, subject: str, role: str, scopes: Sequence[str], as_json: bool) -> None:
    """Make a key and print its secret."""
    with opened() as wiring:
        issued = wiring.services.keys.issue(
            subject_id=subject, role=Role(role), scopes=frozenset(map(ConnectorScope, scopes))
        )
    if as_json:
        answer_json(issued)
        return
    show(issued.secret)
    key = issued.key
    say("key {} for {} ({}); this secret is not shown again", key.key_id, key.subject_id, key.role)


def show_keys(*, as_json: bool) -> None:
    """List the keys."""
    with opened() as wiring:
        keys = wiring.services.keys.list()
    if as_json:
        answer_json({"keys": keys})
    elif keys:
        columns = map(Column, ("key", "role", "scopes", "issued (UTC)", "revoked (UTC)", "subject"))
        show(table(tuple(columns), map(_row, keys)))
    else:
        say("there is no key; make one with: recours keys issue --role agent --subject NAME")


def revoke_key(key_id: UUID, *, as_json: bool) -> None:
    """Let a key open nothing any more."""
    with opened() as wiring:
        key = wiring.services.keys.revoke(key_id)
    if as_json:
        answer_json(key)
    else:
        say("key {} of {} opens nothing any more", key.key_id, key.subject_id)


def _row(key: Key) -> tuple[object, ...]:
    scopes = " ".join(sorted(key.scopes))
    return (
        key.key_id,
        key.role,
        scopes,
        instant(key.created_at),
        instant(key.revoked_at),
        key.subject_id,
    )
