"""Which problems an operation can give, told from what the document says of it.

A client that reads of a problem handles it. What cannot happen to a question, such as a rule of the
trade that is broken, is not written there.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from api.http.permissions import OPEN
from api.http.problem_catalogue import rows
from api.http.problems import Row

Part = dict[str, Any]  # Any: OpenAPI

VERSION: Final = "If-Match"
KEY: Final = "Idempotency-Key"


class Operation(NamedTuple):
    """What of an operation decides which problems it can give."""

    name: str
    names: frozenset[str]
    """Its parameters."""
    in_path: frozenset[str]
    begins: bool
    """Whether it makes something new."""

    @classmethod
    def of(cls, described: Part) -> "Operation":
        """Read an operation of the document."""
        parameters = described.get("parameters", ())
        return cls(
            name=described["operationId"],
            names=frozenset(one["name"] for one in parameters),
            in_path=frozenset(one["name"] for one in parameters if one["in"] == "path"),
            begins="201" in described["responses"],
        )

    @property
    def commands(self) -> bool:
        """Whether it is decided by the rules of the trade, and recorded."""
        return KEY in self.names

    @property
    def changes(self) -> bool:
        """Whether it changes a case that somebody has seen."""
        return VERSION in self.names

    @property
    def insists(self) -> bool:
        """Whether it takes nothing without an idempotency key."""
        return self.commands and self.begins

    @property
    def asks_who(self) -> bool:
        """Whether it is for those only who have a key."""
        return self.name not in OPEN

    @property
    def tells_everything(self) -> bool:
        """Whether it is for those only whom no reach limits."""
        return self.name.startswith("webhooks.")


Can = Callable[[Operation], bool]


def _always(_operation: Operation) -> bool:
    return True


def _never(_operation: Operation) -> bool:
    # Where another method is sent, there is another operation or none.
    return False


def _takes(*parameters: str) -> Can:
    return lambda operation: not operation.names.isdisjoint(parameters)


def _is(*names: str) -> Can:
    return lambda operation: operation.name in names


def _finds(parameter: str) -> Can:
    return lambda operation: parameter in operation.in_path


def _commands(operation: Operation) -> bool:
    return operation.commands


def _changes(operation: Operation) -> bool:
    return operation.changes


def _asks_who(operation: Operation) -> bool:
    return operation.asks_who


_REPORTS: Final = frozenset(
    {
        "blocked-payments.exposure",
        "blocked-payments.series",
        "blocked-payments.bridge",
        "blocked-payments.learnt",
        "receivables.late-payments",
    }
)
"""Questions with rules of their own: dates in their order, a rate for every currency."""

GIVEN_BY: Final[Mapping[str, Can]] = MappingProxyType(
    {
        "refused": _commands,
        "rule-broken": lambda operation: operation.commands or operation.name in _REPORTS,
        "occurred-in-the-future": _commands,
        "invalid": _always,
        "action-not-allowed": _commands,
        "already-exists": _is("invoices.mirror"),
        "case-not-found": lambda operation: operation.commands or "case_id" in operation.in_path,
        "out-of-reach": _commands,
        "case-changed": _changes,
        "version-missing": _changes,
        "version-unmatched": _changes,
        "version-unreadable": _takes(VERSION, "If-None-Match"),
        "idempotency-key-missing": lambda operation: operation.insists,
        "idempotency-key-unreadable": _commands,
        "idempotency-key-reused": _commands,
        "command-under-way": _commands,
        "case-contended": _commands,
        "outcome-unknown": _commands,
        "no-such-moment": _takes("version"),
        "not-caught-up": _takes("after_position"),
        "position-ahead": _takes("after_position"),
        "bad-cursor": _takes("cursor", "after", "Last-Event-ID"),
        "format-unavailable": _takes("format"),
        "not-acceptable": _asks_who,
        "correlation-unreadable": _always,
        "header-repeated": _always,
        "bad-request": _always,
        "body-unreadable": _always,
        "unsupported-content": _always,
        "body-too-large": _always,
        "body-cut-off": _always,
        "key-missing": _asks_who,
        "key-refused": _asks_who,
        "token-refused": _asks_who,
        "issuer-away": _asks_who,
        "not-permitted": _asks_who,
        "too-many-requests": _always,
        "busy": _always,
        "unavailable": _asks_who,
        "no-such-address": lambda operation: bool(operation.in_path),
        "method-not-allowed": _never,
        "not-ready": _is("health.ready"),
        "reach-too-narrow": lambda operation: operation.tells_everything,
        "too-many-streams": _is("events.stream"),
        "streams-full": _is("events.stream"),
        "key-not-found": _finds("key_id"),
        "key-over": _is("keys.rotate"),
        "expiry-passed": _is("keys.issue"),
        "scopes-misplaced": _is("keys.issue"),
        "reach-exceeded": _is("keys.issue", "keys.rotate", "keys.revoke"),
        "webhook-not-found": _finds("webhook_id"),
        "webhook-disabled": _is("webhooks.resend"),
        "too-many-webhooks": _is("webhooks.create"),
        "address-refused": _is("webhooks.create", "webhooks.replace"),
        "delivery-not-found": _is("webhooks.resend"),
        "delivery-pending": _is("webhooks.resend"),
        "unexpected": _always,
    }
)
"""By the word of a problem, the operations that can give it."""


def problems_of(described: Part) -> Iterator[Row]:
    """The problems that an operation can give."""
    operation = Operation.of(described)
    return (row for row in rows() if GIVEN_BY[row.slug](operation))
