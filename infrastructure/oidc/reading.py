"""Reads a token's parts, strictly, and believes none of them.

A token is refused for what it says about itself only where that could mislead us; keys that it
brings along (`jwk`, `jku`, `x5c`, `x5u`) are not even looked at.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn, cast

from application.tokens import TokenFault, TokenRefused
from infrastructure.oidc.algorithms import ALGORITHMS

LARGEST: Final = 8 * 1024
"""Bytes: the largest access tokens, with many groups, have half of it."""

_PARTS: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_LONGEST_KID: Final = 255

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token in its parts, of which nothing is proven."""

    algorithm: str
    kid: str | None
    signed: bytes
    signature: bytes
    payload: bytes


def read_token(text: str) -> Token:
    """Take a token apart.

    Raises:
        TokenRefused: it is none, or none that we take.
    """
    if len(text) > LARGEST:
        raise TokenRefused(TokenFault.TOO_LARGE)
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise TokenRefused(TokenFault.MALFORMED)
    header, payload, signature = map(_decoded, parts.groups())
    algorithm, kid = _check_header(read_object(header))
    return Token(
        algorithm=algorithm,
        kid=kid,
        signed=text.rpartition(".")[0].encode(),
        signature=signature,
        payload=payload,
    )


def read_object(text: bytes) -> Claims:
    """Read a JSON object in which no name stands twice.

    Raises:
        TokenRefused: it is none.
    """
    try:
        read: object = json.loads(
            text.decode(), object_pairs_hook=_without_twins, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise TokenRefused(TokenFault.MALFORMED) from error
    if not isinstance(read, dict):
        raise TokenRefused(TokenFault.MALFORMED)
    return cast("Claims", read)


def _check_header(header: Claims) -> tuple[str, str | None]:
    if "crit" in header or "b64" in header:
        raise TokenRefused(TokenFault.HEADER)
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefused(TokenFault.ALGORITHM)
    if not isinstance(kind, str) or kind.lower() not in _TYPES or "cty" in header:
        raise TokenRefused(TokenFault.TYPE)
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= _LONGEST_KID):
        raise TokenRefused(TokenFault.MALFORMED)
    return algorithm, kid


def _decoded(part: str) -> bytes:
    given = part.encode()
    try:
        decoded = urlsafe_b64decode(given + b"=" * (-len(given) % 4))
    except ValueError as error:
        raise TokenRefused(TokenFault.MALFORMED) from error
    if urlsafe_b64encode(decoded).rstrip(b"=") != given:
        raise TokenRefused(TokenFault.MALFORMED)  # bits to spare make one token look like several
    return decoded


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name stands twice")
    return read


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
