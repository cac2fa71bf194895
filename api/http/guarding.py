"""What every answer tells a browser: run nothing, guess nothing, embed nothing, keep nothing."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from starlette.types import Scope

GUARDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Nearly every answer tells of a customer. What does not says so itself.
        "Cache-Control": "no-store",
    },
)
"""On every answer; one that needs less says so itself."""

_RAW: Final = {name.lower().encode(): value.encode() for name, value in GUARDS.items()}

STRICT_TRANSPORT: Final = "max-age=31536000"
"""A year. Whether it holds for other hosts of the domain is not ours to say."""

_STRICT_TRANSPORT: Final = (b"strict-transport-security", STRICT_TRANSPORT.encode())

Header = tuple[bytes, bytes]


def guarded(headers: Iterable[Header], *, scope: Scope) -> list[Header]:
    """Add to the headers of an answer what a browser must know."""
    told = list(headers)
    said = {name for name, _ in told}
    told += [guard for guard in _RAW.items() if guard[0] not in said]
    if scope.get("scheme") == "https":
        # Over plain HTTP browsers ignore it: a proxy tells us that it was reached over TLS.
        told.append(_STRICT_TRANSPORT)
    return told
