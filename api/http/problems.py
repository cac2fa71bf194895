"""Errors as RFC 9457 problems: one table, and the most specific class wins.

An error's own words are shown only where they were written for the caller. What comes out of a
database or a library is never shown.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from fastapi.exceptions import RequestValidationError

from api.http.errors import (
    BodyCutOff,
    BodyTooLarge,
    BodyUnreadable,
    CorrelationUnreadable,
    HeaderRepeated,
    IdempotencyKeyMissing,
    IdempotencyKeyUnreadable,
    KeyMissing,
    NotAcceptable,
    NotCaughtUp,
    NotPermitted,
    NotReady,
    PositionAhead,
    ReachTooNarrow,
    RequestRefused,
    ServerBusy,
    StreamsFull,
    TooManyRequests,
    TooManyStreams,
    UnsupportedContent,
    VersionMissing,
    VersionUnmatched,
    VersionUnreadable,
)
from application.errors import (
    ApplicationError,
    BadCursor,
    CaseChanged,
    CaseContended,
    CaseNotFound,
    OutcomeUnknown,
)
from application.exports import FormatUnavailable
from application.keys import (
    ExpiryPassed,
    KeyNotFound,
    KeyOver,
    KeyRefused,
    ReachExceeded,
    ScopesMisplaced,
)
from application.once import CommandUnderWay, IdempotencyKeyReused
from application.reaching import OutOfReach
from application.replay import NoSuchMoment
from application.tokens import IssuerAway, TokenRefused
from application.webhooks import (
    AddressRefused,
    DeliveryNotFound,
    DeliveryPending,
    TooManyWebhooks,
    WebhookDisabled,
    WebhookNotFound,
)
from domain.refusals import (
    ActionNotAllowed,
    AlreadyBorn,
    OccurredInTheFuture,
    Refusal,
    RuleBroken,
)

TYPES: Final = "/problems/"
"""Where the page of a kind of problem is: its type is a path, which every installation resolves."""

SOON: Final = "1"
"""Seconds after which what failed by chance may be tried again."""

LATER: Final = "30"
"""Seconds after which who asked for too much may ask again."""


class Row(NamedTuple):
    """What is told of an error."""

    status: int
    slug: str
    title: str
    shown: tuple[str, ...] = ()
    """Its fields that may be shown; `name=field` renames one that the standard has a word for."""
    tells: bool = True
    """Whether its own words are the detail."""
    again: bool = True
    """Whether trying again soon is safe, where the status speaks of trying again."""

    retry_after: str | None = None
    """Seconds after which to try again, where the status does not speak of it."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with it."""
        if self.retry_after is not None:
            return {"Retry-After": self.retry_after}
        return dict(HEADERS.get(self.status, {})) if self.again else {}


HEADERS: Final[Mapping[int, Mapping[str, str]]] = MappingProxyType(
    {
        429: {"Retry-After": LATER},
        500: {"Connection": "close"},  # the server ends it over what it did not expect
        503: {"Retry-After": SOON},
    },
)

PROBLEMS: Final[Mapping[type[Exception], Row]] = MappingProxyType(
    {
        Refusal: Row(422, "refused", "The rules do not allow this"),
        ActionNotAllowed: Row(
            409,
            "action-not-allowed",
            "The case is not in a state where this may happen",
            ("action", "case_status=status", "role", "allowed"),
        ),
        AlreadyBorn: Row(409, "already-exists", "The case exists already", ("case_id",)),
        OccurredInTheFuture: Row(
            422,
            "occurred-in-the-future",
            "Nothing is recorded before it happens",
            ("occurred_at", "now"),
        ),
        RuleBroken: Row(422, "rule-broken", "A rule does not allow this"),
        ApplicationError: Row(503, "unavailable", "This cannot be served now", tells=False),
        CaseNotFound: Row(404, "case-not-found", "There is no such case", ("case_id",)),
        CaseChanged: Row(
            412,
            "case-changed",
            "The case has changed since you read it",
            ("case_id", "expected_version=expected", "current_version=actual"),
        ),
        CommandUnderWay: Row(
            409,
            "command-under-way",
            "The first request is still at work",
            retry_after=SOON,
        ),
        IdempotencyKeyReused: Row(
            422, "idempotency-key-reused", "The key was used for another request"
        ),
        CaseContended: Row(503, "case-contended", "Too many write to the case at once"),
        OutcomeUnknown: Row(
            503,
            "outcome-unknown",
            "It is not known whether this was recorded",
            again=False,
        ),
        FormatUnavailable: Row(406, "format-unavailable", "Such files are not written here"),
        BadCursor: Row(400, "bad-cursor", "The list did not give this cursor"),
        NoSuchMoment: Row(
            404,
            "no-such-moment",
            "The case has no state there",
            ("case_id", "current_version=version"),
        ),
        OutOfReach: Row(403, "out-of-reach", "This would belong to somebody else"),
        KeyRefused: Row(401, "key-refused", "The key opens nothing"),
        ExpiryPassed: Row(422, "expiry-passed", "The key would be over already", ("expires_at",)),
        ReachExceeded: Row(403, "reach-exceeded", "Nobody hands out more than they have"),
        KeyOver: Row(409, "key-over", "The key is over, or was replaced already", ("key_id",)),
        ScopesMisplaced: Row(422, "scopes-misplaced", "A connector's key has scopes, no other has"),
        KeyNotFound: Row(404, "key-not-found", "There is no such key", ("key_id",)),
        WebhookNotFound: Row(404, "webhook-not-found", "There is no such webhook", ("webhook_id",)),
        DeliveryNotFound: Row(
            404, "delivery-not-found", "There is no such delivery", ("webhook_id",)
        ),
        DeliveryPending: Row(409, "delivery-pending", "The delivery is still being tried"),
        WebhookDisabled: Row(
            409, "webhook-disabled", "The webhook is switched off", ("webhook_id",)
        ),
        TooManyWebhooks: Row(409, "too-many-webhooks", "There are too many webhooks", ("most",)),
        AddressRefused: Row(422, "address-refused", "Nothing may be sent to this address"),
        TokenRefused: Row(401, "token-refused", "The token opens nothing", ("fault",)),
        IssuerAway: Row(503, "issuer-away", "Tokens cannot be checked now"),
        RequestRefused: Row(400, "bad-request", "The request cannot be taken up"),
        KeyMissing: Row(401, "key-missing", "A key is needed"),
        NotPermitted: Row(403, "not-permitted", "The role may not do this", ("operation", "role")),
        VersionMissing: Row(428, "version-missing", "Say which version you saw"),
        VersionUnreadable: Row(400, "version-unreadable", "These are no entity tags"),
        VersionUnmatched: Row(412, "version-unmatched", "If-Match names no version of a case"),
        IdempotencyKeyMissing: Row(
            400, "idempotency-key-missing", "A key of your choice is needed"
        ),
        IdempotencyKeyUnreadable: Row(
            400, "idempotency-key-unreadable", "Idempotency-Key is no key"
        ),
        CorrelationUnreadable: Row(
            400,
            "correlation-unreadable",
            "X-Correlation-Id names no UUID",
        ),
        NotAcceptable: Row(406, "not-acceptable", "Answers are JSON"),
        HeaderRepeated: Row(400, "header-repeated", "A header stands twice", ("header",)),
        BodyUnreadable: Row(400, "body-unreadable", "The body is no JSON that we read"),
        UnsupportedContent: Row(415, "unsupported-content", "Bodies are JSON"),
        BodyTooLarge: Row(413, "body-too-large", "The body is too large", ("most",)),
        ServerBusy: Row(503, "busy", "More is asked than can be taken on"),
        TooManyRequests: Row(429, "too-many-requests", "You ask more often than you may"),
        BodyCutOff: Row(400, "body-cut-off", "The body ended too early"),
        NotReady: Row(503, "not-ready", "Ask nothing of this process now", ("faults",)),
        PositionAhead: Row(400, "position-ahead", "The history has not come so far", ("position",)),
        NotCaughtUp: Row(503, "not-caught-up", "The read models are behind", ("position",)),
        ReachTooNarrow: Row(403, "reach-too-narrow", "Webhooks tell of every case"),
        TooManyStreams: Row(429, "too-many-streams", "Too many streams are open", ("most",)),
        StreamsFull: Row(503, "streams-full", "No further stream can be served"),
        RequestValidationError: Row(
            422,
            "invalid",
            "The request says something that it may not say",
            tells=False,
        ),
    },
)

BY_STATUS: Final[Mapping[int, Row]] = MappingProxyType(
    {
        404: Row(404, "no-such-address", "There is nothing at this address"),
        405: Row(405, "method-not-allowed", "This address does not take this method"),
    },
)
"""What the framework refuses on its own, by status; any other of its refusals is a bad request."""

UNAVAILABLE: Final = PROBLEMS[ApplicationError]
BAD_REQUEST: Final = PROBLEMS[RequestRefused]
UNEXPECTED: Final = Row(500, "unexpected", "Something went wrong here", tells=False)

OUTAGES: Final = frozenset(
    {"psycopg.OperationalError", "eventsourcing.persistence.OperationalError"}
)
"""The database is away. The doors may not import its driver, so that its errors go by name."""


def row_of(error: type[BaseException]) -> Row:
    """What is told of errors of this class."""
    for ancestor in error.__mro__:
        if ancestor in PROBLEMS:
            return PROBLEMS[ancestor]
        if f"{ancestor.__module__}.{ancestor.__qualname__}" in OUTAGES:
            return UNAVAILABLE
    return UNEXPECTED
