"""The trace that a request belongs to, as W3C Trace Context tells it.

We make no spans of our own, so that nothing is passed on or answered; the trace's identity joins
our events and our log to what the caller has.
"""

import re
from collections.abc import Iterable
from typing import Final
from uuid import UUID

_HEADER: Final = b"traceparent"
_PARENT: Final = re.compile(
    rb"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}(?P<more>-.*)?"
)
_NO_SPAN: Final = b"0" * 16


def trace_of(headers: Iterable[tuple[bytes, bytes]]) -> UUID | None:
    """The identity of the caller's trace; nothing when there is none, or it is malformed."""
    given = [value for name, value in headers if name == _HEADER]
    if len(given) != 1:
        return None
    read = _PARENT.fullmatch(given[0].strip())
    if read is None or read["version"] == b"ff" or read["span"] == _NO_SPAN:
        return None
    if read["version"] == b"00" and read["more"] is not None:
        return None  # the first version ends here; only later ones may say more
    trace = UUID(hex=read["trace"].decode())
    return trace if trace.int else None
