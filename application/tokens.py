"""Bearer tokens of an OpenID Connect issuer, beside API keys."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from application.errors import ApplicationError
from application.keys import Principal


class TokenFault(StrEnum):
    """What is wrong with a token."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    HEADER = "header"
    TYPE = "type"
    KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    FROM_THE_FUTURE = "from_the_future"
    CLAIM = "claim"
    ROLE = "role"


IN_WORDS: Final[Mapping[TokenFault, str]] = MappingProxyType(
    {
        TokenFault.TOO_LARGE: "the token is too large",
        TokenFault.MALFORMED: "the token cannot be read",
        TokenFault.ALGORITHM: "the token's algorithm is not accepted",
        TokenFault.HEADER: "the token's header asks for what is not understood",
        TokenFault.TYPE: "the token is no access token that whoever bears it may use",
        TokenFault.KEY: "the issuer has no such key",
        TokenFault.SIGNATURE: "the token's signature is wrong",
        TokenFault.ISSUER: "the token is from another issuer",
        TokenFault.AUDIENCE: "the token is meant for somebody else",
        TokenFault.EXPIRED: "the token has expired",
        TokenFault.NOT_YET_VALID: "the token is not valid yet",
        TokenFault.FROM_THE_FUTURE: "the token was issued in the future",
        TokenFault.CLAIM: "a claim is missing or has the wrong form",
        TokenFault.ROLE: "the token names no role here, or several",
    },
)
"""The faults in words that repeat nothing of the token."""


class TokenRefused(ApplicationError):
    """The token opens nothing."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(IN_WORDS[fault])
        self.fault = fault


class IssuerAway(ApplicationError):
    """Tokens cannot be checked, because the issuer's keys cannot be had."""

    def __init__(self) -> None:
        super().__init__("the issuer's keys cannot be had now; try again")


class Tokens(Protocol):
    """Who bears a token."""

    async def authenticate(self, token: str) -> Principal:
        """Find out who bears the token; waits for the issuer only where a key is not known yet.

        Raises:
            TokenRefused: it opens nothing.
            IssuerAway: it cannot be checked now.
        """
        ...
