"""What each problem means and what to do about it, for its page and for the OpenAPI document."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from api.http.problems import BY_STATUS, PROBLEMS, TYPES, UNEXPECTED, Row


class Entry(NamedTuple):
    """What people read of a problem."""

    means: str
    remedy: str
    more: tuple[str, ...] = ()
    """Members that it has beside those of its row."""


class Member(NamedTuple):
    """What a problem tells beside what every problem tells."""

    means: str
    example: object


CATALOGUE: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "refused": Entry(
            "The rules of the trade say no, whatever the state of the case.",
            "Read detail: it says which rule. The same request will be refused again.",
        ),
        "rule-broken": Entry(
            "What was asked for would break a rule that the case must keep.",
            "Read rule and detail: they name the rule and what would satisfy it.",
            ("rule",),
        ),
        "occurred-in-the-future": Entry(
            "occurred_at lies after our clock.",
            "Record the fact once it has happened; now says what our clock showed.",
        ),
        "invalid": Entry(
            "Something in the body, the query, the path or a header is not as it must be.",
            "Mend what errors points at. What was sent is not repeated there.",
            ("errors",),
        ),
        "action-not-allowed": Entry(
            "The lifecycle has no such step from the case's present state, or not for this role.",
            "Choose from allowed, which lists what you may do now, or read the case again.",
        ),
        "already-exists": Entry(
            "What should begin exists already. One document line of the ERP is one invoice.",
            "Read case_id instead.",
        ),
        "format-unavailable": Entry(
            "What writes files of this format is not installed here.",
            "Ask for another format, or have the operator install what detail names.",
        ),
        "case-changed": Entry(
            "Somebody changed the case after the version that If-Match names.",
            "Read the case, look at what happened since, and decide again.",
            ("since", "changes"),
        ),
        "command-under-way": Entry(
            "The first request with this Idempotency-Key is still at work.",
            "Wait a moment and send the same request again: it is answered as the first.",
        ),
        "idempotency-key-reused": Entry(
            "The Idempotency-Key was used before, for another request.",
            "Take a new key for a new request.",
        ),
        "idempotency-key-missing": Entry(
            "What begins a case needs an Idempotency-Key, so that it can safely be sent again.",
            "Send one of your choice, such as a UUID, a new one for each new command.",
        ),
        "idempotency-key-unreadable": Entry(
            "The Idempotency-Key is empty, too long, or holds what is no visible ASCII.",
            "Send 1 to 255 visible ASCII characters, such as a UUID.",
        ),
        "case-contended": Entry(
            "Others wrote to the case each time that this was tried. Nothing was recorded.",
            "Try again after Retry-After.",
        ),
        "outcome-unknown": Entry(
            "The connection to the database was lost at the moment of recording.",
            "Send the same request with the same Idempotency-Key: it is recorded once. Without a"
            " key, read the case before trying again.",
        ),
        "bad-cursor": Entry(
            "The cursor was not given by this list, or was changed.",
            "Start the list again, and follow the header Link.",
        ),
        "no-such-moment": Entry(
            "The case did not exist yet at that moment, or has no such version.",
            "Ask for a later moment; current_version is the latest version.",
        ),
        "case-not-found": Entry(
            "There is no case of this kind with this id, or it is not yours to see.",
            "Check the id and the kind in the address.",
        ),
        "key-not-found": Entry("There is no API key with this id.", "List the keys."),
        "key-missing": Entry(
            "The request carries no key.",
            "Send the header Authorization: Bearer with an API key.",
        ),
        "key-refused": Entry(
            "The key is unknown, revoked or expired.",
            "Ask an admin for a new one.",
        ),
        "token-refused": Entry(
            "The access token opens nothing; fault says what is wrong with it.",
            "Get a new token from the issuer, for this audience.",
        ),
        "issuer-away": Entry(
            "The issuer's keys cannot be had, so that the token cannot be checked.",
            "Try again after Retry-After.",
        ),
        "not-permitted": Entry(
            "The role of the key may not do this in any state of any case.",
            "Ask somebody with another role.",
        ),
        "version-unmatched": Entry(
            "If-Match holds entity tags, but none that a case answer carries.",
            "Send the ETag of the case as you read it.",
        ),
        "expiry-passed": Entry(
            "The key would be over before it was made.",
            "Say an expires_at in the future, or leave it out.",
        ),
        "reach-exceeded": Entry(
            "The new key would reach legal entities or teams that yours does not.",
            "Name only some of yours, or ask somebody whose key reaches further.",
        ),
        "reach-too-narrow": Entry(
            "A webhook is sent the events of every case, and your key reaches some only.",
            "Ask an admin without limits, or follow the change feed, which tells what you see.",
        ),
        "too-many-streams": Entry(
            "You have as many live streams open as one subject may.",
            "Close one first. One stream may tell of any number of kinds of events.",
        ),
        "streams-full": Entry(
            "This process serves as many live streams as it can.",
            "Read the feed page by page, or come back after Retry-After.",
        ),
        "out-of-reach": Entry(
            "What would be recorded belongs to a legal entity or a team beyond your key's reach.",
            "Name one that it reaches, or take a key that reaches further.",
        ),
        "webhook-not-found": Entry("There is no webhook with this id.", "List the webhooks."),
        "delivery-not-found": Entry(
            "No event at this position was ever sent, or to be sent, to this webhook.",
            "List the deliveries of the webhook.",
        ),
        "delivery-pending": Entry(
            "The delivery is still being tried by itself.",
            "Wait until it has arrived or was given up; then it can be sent again.",
        ),
        "webhook-disabled": Entry(
            "The webhook is switched off: nothing is sent to it.",
            "Enable the webhook first.",
        ),
        "too-many-webhooks": Entry(
            "There are as many webhooks as one installation may have.",
            "Delete one that is not needed any more.",
        ),
        "address-refused": Entry(
            "The address is no public host over HTTPS, or nothing there may be reached from here.",
            "Read detail, and name an address of https:// on a public host.",
        ),
        "key-over": Entry(
            "The key has ended, was revoked, or was replaced already.",
            "List the keys and take the one that works.",
        ),
        "scopes-misplaced": Entry(
            "Scopes say what a connector's key is for: it has some, any other key has none.",
            "Give scopes for the role connector, and leave them out for any other.",
        ),
        "not-ready": Entry(
            "This process cannot serve: it is starting, stopping, or something it needs is away.",
            "Ask another process, or this one again after Retry-After. faults says what is wrong.",
        ),
        "version-missing": Entry(
            "A change must say which version of the case it was decided on.",
            "Read the case and send its ETag as If-Match.",
        ),
        "version-unreadable": Entry(
            "If-Match holds no version that a case answer carries.",
            'Send one ETag, such as "3", or * for any version.',
        ),
        "correlation-unreadable": Entry(
            "X-Correlation-Id holds no UUID.",
            "Send a UUID, or leave it out to have one made.",
        ),
        "bad-request": Entry(
            "The request cannot be taken up as it is.",
            "Read detail, and see the OpenAPI document.",
        ),
        "body-unreadable": Entry(
            "The body is no JSON text in UTF-8, or one that two readers could read differently.",
            "Read detail. Let a JSON library write the body.",
        ),
        "header-repeated": Entry(
            "A header of which only one can count was sent more than once.",
            "Send header once. A proxy may have added the second one.",
        ),
        "not-acceptable": Entry(
            "The header Accept does not take JSON.",
            "Accept application/json and application/problem+json.",
        ),
        "unsupported-content": Entry(
            "The body is not said to be JSON, is in another charset, or is compressed.",
            "Send Content-Type: application/json, in UTF-8, without Content-Encoding.",
        ),
        "body-too-large": Entry(
            "The body has more bytes than this installation takes.",
            "Keep documents elsewhere and send their hashes as evidence.",
        ),
        "busy": Entry(
            "More requests are under way than this process takes on; nothing was done.",
            "Ask again after Retry-After, later each time.",
        ),
        "too-many-requests": Entry(
            "You ask more often than you may.",
            "Wait for Retry-After; the header RateLimit says how you stand.",
        ),
        "body-cut-off": Entry(
            "The connection ended before the body was whole; nothing was done.",
            "Send the whole body.",
        ),
        "position-ahead": Entry(
            "after_position lies beyond the last event: it was told by another database, or lost.",
            "Ask without after_position, or with the X-Position that a command here answered.",
        ),
        "not-caught-up": Entry(
            "The read models have not come to after_position in time.",
            "Ask again after Retry-After, or without after_position.",
        ),
        "no-such-address": Entry(
            "Nothing is served at this address.",
            "See the OpenAPI document for the addresses that there are.",
        ),
        "method-not-allowed": Entry(
            "The address does not take this method.",
            "The header Allow names those that it takes.",
        ),
        "unavailable": Entry(
            "The database is away or not ready. Nothing was recorded.",
            "Try again after Retry-After.",
        ),
        "unexpected": Entry(
            "Something went wrong that we did not foresee. It was logged.",
            "Tell us the correlation_id. With an Idempotency-Key it is safe to try again.",
        ),
    }
)

_CASE: Final = "01961f5e-0000-7000-8000-00000000cafe"

MEMBERS: Final[Mapping[str, Member]] = MappingProxyType(
    {
        "action": Member("the step that was asked for", "accept_response"),
        "allowed": Member("the steps that you may take now", ["acknowledge", "start_review"]),
        "case_id": Member("the case", _CASE),
        "case_status": Member("the state of the case", "received"),
        "changes": Member(
            "the fields of the case that say something else now",
            {"status": {"was": "received", "now": "acknowledged"}},
        ),
        "current_version": Member("the version of the case now", 4),
        "errors": Member(
            "each fault: where (body, query, path, header), pointer (RFC 6901, or the parameter's"
            " name) and message",
            [{"where": "body", "pointer": "/language", "message": "Input should be 'fr' or 'en'"}],
        ),
        "expected_version": Member("the version that If-Match named", 3),
        "expires_at": Member("when the key would end", "2026-03-01T00:00:00Z"),
        "fault": Member("what is wrong with the token, in one word", "expired"),
        "faults": Member(
            "what keeps this process from serving",
            [{"name": "database", "found": "it does not answer"}],
        ),
        "header": Member("the header", "if-match"),
        "key_id": Member("the API key", _CASE),
        "most": Member("the most that is allowed: bytes, streams or webhooks", 262144),
        "now": Member("what our clock showed", "2027-03-01T09:30:00Z"),
        "occurred_at": Member("when it was said to happen", "2027-03-01T09:31:00Z"),
        "operation": Member("what the table of permissions calls it", "read_histories"),
        "position": Member("the position that was waited for", 4711),
        "role": Member("the role of the key", "agent"),
        "rule": Member("the rule that was broken", "wrong-precision"),
        "since": Member(
            "the events recorded since, oldest first",
            [
                {
                    "version": 4,
                    "type": "complaint.acknowledged",
                    "occurred_at": "2027-03-01T09:30:00Z",
                    "recorded_at": "2027-03-01T09:30:00.120000Z",
                    "actor_kind": "agent",
                    "role": "agent",
                }
            ],
        ),
        "webhook_id": Member("the webhook", _CASE),
    }
)


def rows() -> Iterator[Row]:
    """Every kind of problem there is, once."""
    yield from (*PROBLEMS.values(), *BY_STATUS.values(), UNEXPECTED)


def members_of(row: Row) -> dict[str, Member]:
    """What a problem of this kind tells beside what every problem tells."""
    shown = [shown.partition("=")[0] for shown in row.shown]
    return {name: MEMBERS[name] for name in (*shown, *CATALOGUE[row.slug].more)}


def example_of(row: Row) -> dict[str, object]:
    """A problem of this kind."""
    return {
        "type": TYPES + row.slug,
        "title": row.title,
        "status": row.status,
        **({"detail": CATALOGUE[row.slug].means} if row.tells else {}),
        "correlation_id": _CASE,
        **{name: member.example for name, member in members_of(row).items()},
    }
