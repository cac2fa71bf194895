"""Keys to the API."""

from datetime import timedelta
from uuid import UUID

from api.command_line.opening import opened
from api.command_line.output import Column, answer_json, instant, say, show, table
from api.http.keys import IssuedKeyView, KeyView
from application import key_desk
from application.keys import IssuedKey, Key, KeyTerms

COLUMNS = (
    "key",
    "prefix",
    "role",
    "scopes",
    "companies",
    "teams",
    "issued (UTC)",
    "last used (UTC)",
    "ends (UTC)",
    "revoked (UTC)",
    "subject",
)
EVERY = "all"


def issue_key(terms: KeyTerms, *, as_json: bool) -> None:
    """Make a key and print its secret."""
    with opened() as wiring:
        services = wiring.services
        issued = key_desk.issue_key(terms, keys=services.keys, clock=services.clock)
    _hand_over(issued, as_json=as_json)


def rotate_key(key_id: UUID, *, grace: timedelta, as_json: bool) -> None:
    """Make another key for the same holder, and print its secret."""
    with opened() as wiring:
        keys = wiring.services.keys
        issued = key_desk.rotate_key(key_id, keys=keys, grace=grace)
        old = keys.find(key_id)
    _hand_over(issued, as_json=as_json)
    say("key {} goes on working until {} (UTC)", key_id, instant(old.retires_at))


def show_keys(*, as_json: bool) -> None:
    """List the keys."""
    with opened() as wiring:
        keys = key_desk.list_keys(keys=wiring.services.keys)
    if as_json:
        answer_json({"keys": [KeyView.of(key).model_dump() for key in keys]})
    elif keys:
        show(table(tuple(map(Column, COLUMNS)), map(_row, keys)))
    else:
        say("there is no key; make one with: recours keys issue --role agent --subject NAME")


def revoke_key(key_id: UUID, *, as_json: bool) -> None:
    """Let a key open nothing any more."""
    with opened() as wiring:
        key = key_desk.revoke_key(key_id, keys=wiring.services.keys)
    if as_json:
        answer_json(KeyView.of(key).model_dump())
    else:
        say("key {} of {} opens nothing any more", key.key_id, key.terms.subject_id)


def _hand_over(issued: IssuedKey, *, as_json: bool) -> None:
    if as_json:
        shown = IssuedKeyView(key=KeyView.of(issued.key), secret=issued.secret)
        answer_json(shown.model_dump())
        return
    show(issued.secret)
    key, terms = issued.key, issued.key.terms
    say(
        "key {} for {} ({}); this secret is not shown again",
        key.key_id,
        terms.subject_id,
        terms.role,
    )


def _row(key: Key) -> tuple[object, ...]:
    terms = key.terms
    ends = [end for end in (terms.expires_at, key.retires_at) if end is not None]
    return (
        key.key_id,
        key.prefix,
        terms.role,
        _named(terms.scopes, otherwise=""),
        _named(terms.reach.companies, otherwise=EVERY),
        _named(terms.reach.teams, otherwise=EVERY),
        instant(key.created_at),
        instant(key.last_used_at),
        instant(min(ends, default=None)),
        instant(key.revoked_at),
        terms.subject_id,
    )


def _named(names: frozenset[str] | None, *, otherwise: str) -> str:
    return " ".join(sorted(names)) if names else otherwise
