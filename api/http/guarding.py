"""What every answer tells a browser: run nothing, guess nothing, embed nothing, keep nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.datastructures import MutableHeaders
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

STRICT_TRANSPORT: Final = "max-age=31536000"
"""A year. Whether it holds for other hosts of the domain is not ours to say."""


def guard(headers: MutableHeaders, *, scope: Scope) -> None:
    """Add to the headers of an answer what a browser must know."""
    for name, value in GUARDS.items():
        headers.setdefault(name, value)
    if scope.get("scheme") == "https":
        # Over plain HTTP browsers ignore it: a proxy tells us that it was reached over TLS.
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
