"""Why a request is refused at the door, before the trade's rules are asked.

ApplicationError
└── RequestRefused
    ├── KeyMissing             no key was given
    ├── NotPermitted           the key's role may not do this at all
    ├── VersionMissing         a change without If-Match
    ├── VersionUnreadable      an If-Match that is no list of entity tags
    ├── VersionUnmatched       an If-Match that no version of a case can match
    ├── IdempotencyKeyMissing     a new case without an Idempotency-Key
    ├── IdempotencyKeyUnreadable  an Idempotency-Key that is none
    ├── CorrelationUnreadable  an X-Correlation-Id that is no UUID
    ├── NotAcceptable          the caller does not take JSON
    ├── HeaderRepeated         a header stands twice of which one counts
    ├── UnsupportedContent     the body is not JSON
    ├── BodyUnreadable         the body is JSON by name only, or says two things at once
    ├── BodyTooLarge           the body is longer than anything that we take
    ├── NotReady               nothing should be asked of this process now
    ├── ServerBusy             more is asked of this process than it takes on
    ├── TooManyRequests        somebody asks more often than they may
    ├── BodyCutOff             the caller left before the body was whole
    ├── PositionAhead          the history has not come to the position to wait for
    ├── NotCaughtUp            the read models have not come to the position in time
    ├── ReachTooNarrow         webhooks are for who may see every case
    ├── TooManyStreams         one subject has as many live streams open as it may have
    └── StreamsFull            this process serves as many live streams as it can
"""

from collections.abc import Mapping, Sequence

from application.errors import ApplicationError
from application.lookout import OperatingFault
from domain.parties import Role


class RequestRefused(ApplicationError):
    """The request cannot be taken up as it is."""


class KeyMissing(RequestRefused):
    """No key was given."""

    def __init__(self) -> None:
        super().__init__("send an API key: Authorization: Bearer rcs_…")


class NotPermitted(RequestRefused):
    """The key's role may not do this, whatever the state of the case."""

    def __init__(self, operation: str, *, role: Role) -> None:
        super().__init__(f"the role {role} may not {operation.replace('_', ' ')}")
        self.operation = operation
        self.role = role


class VersionMissing(RequestRefused):
    """Who changes a case says which version of it they saw."""

    def __init__(self) -> None:
        super().__init__('send the ETag of the case as you read it: If-Match: "3"')


class VersionUnreadable(RequestRefused):
    """What was seen is not told in entity tags."""

    def __init__(self) -> None:
        super().__init__('send the ETag of the case, such as "3", several with commas, or *')


class VersionUnmatched(RequestRefused):
    """No case ever gave such a tag, or it is compared strongly and is weak."""

    def __init__(self) -> None:
        super().__init__('no ETag of a case is meant: a weak one (W/"3") never matches If-Match')


class IdempotencyKeyMissing(RequestRefused):
    """Who begins a case says under which key, so that it is begun once."""

    def __init__(self) -> None:
        super().__init__("send a key of your choice: Idempotency-Key: 01961f5e-0000-7000-…")


class IdempotencyKeyUnreadable(RequestRefused):
    """A key is a word that can be sent as it is."""

    def __init__(self) -> None:
        super().__init__("Idempotency-Key takes 1 to 255 visible ASCII characters, such as a UUID")


class CorrelationUnreadable(RequestRefused):
    """What joins the events of one request is a UUID."""

    def __init__(self) -> None:
        super().__init__("X-Correlation-Id takes a UUID; leave it out to have one made")


class NotAcceptable(RequestRefused):
    """The caller takes nothing that we can answer."""

    def __init__(self) -> None:
        super().__init__("answers are application/json; accept that")


class UnsupportedContent(RequestRefused):
    """The body is in a language that we do not read."""

    def __init__(self) -> None:
        super().__init__(
            "send the body as Content-Type: application/json, in UTF-8, and not compressed"
        )


class HeaderRepeated(RequestRefused):
    """A header stands twice, and one reader would take the first, another the last."""

    def __init__(self, header: str) -> None:
        super().__init__(f"send {header} once")
        self.header = header


class BodyUnreadable(RequestRefused):
    """The body is no JSON text, or one that two readers could read differently."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the body cannot be read: {why}")


class BodyTooLarge(RequestRefused):
    """The body is longer than anything that we take."""

    def __init__(self, most: int) -> None:
        super().__init__(f"a body has at most {most} bytes; keep documents elsewhere")
        self.most = most


class NotCaughtUp(RequestRefused):
    """The read models have not come to the position in time."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the read models have not come to position {position} yet; ask again")
        self.position = position


class PositionAhead(RequestRefused):
    """The history has not come to the position to wait for: no command of it was told this one."""

    def __init__(self, position: int) -> None:
        super().__init__(f"no event of this history has position {position} yet")
        self.position = position


class NotReady(RequestRefused):
    """Nothing should be asked of this process now."""

    def __init__(self, faults: Sequence[OperatingFault]) -> None:
        super().__init__(", ".join(f"{fault.name}: {fault.found}" for fault in faults))
        self.faults = tuple(faults)


class ReachTooNarrow(RequestRefused):
    """Webhooks are sent the events of every case: they are for who may see them all."""

    def __init__(self) -> None:
        super().__init__("webhooks tell of every case: ask for a key without limits of reach")


class TooManyStreams(RequestRefused):
    """One subject has as many live streams open as it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"close a stream first: one subject may have {most} open")
        self.most = most


class StreamsFull(RequestRefused):
    """This process serves as many live streams as it can, or is about to stop."""

    def __init__(self) -> None:
        super().__init__("no further stream can be served here now; read /v1/events meanwhile")


class ServerBusy(RequestRefused):
    """More is asked of this process than it takes on."""

    def __init__(self) -> None:
        super().__init__("too many requests are under way; nothing was done")


class TooManyRequests(RequestRefused):
    """Somebody asks more often than they may."""

    def __init__(self, seconds: int, *, told: Mapping[str, str]) -> None:
        super().__init__(f"ask again in {seconds} s")
        self.headers = {"Retry-After": str(seconds), **told}


class BodyCutOff(RequestRefused):
    """The caller left before the body was whole."""

    def __init__(self) -> None:
        super().__init__("the body ended too early")
