"""Judges what a token says, once its signature is proven: to whom it speaks, when, and of whom."""

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, cast

from pydantic import SecretStr

from application.keys import DEFAULT_TENANT, GRANTABLE, Principal
from application.reach import Reach
from application.scopes import ConnectorScope
from application.tokens import TokenFault, TokenRefused
from domain.parties import Role

SKEW: Final = timedelta(seconds=60)
"""How far the issuer's clock and ours may lie apart."""

EVERY: Final = frozenset({"*"})
"""What a claim of companies or teams says for no limit."""

_LONGEST: Final = 255
_MARKS_OF_OTHER_TOKENS: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events", "cnf"})
"""An ID token speaks to the client, a logout or security event token to nobody's login; a token
that is bound to a key (`cnf`) is worth nothing without the proof, which we do not check."""
_BEARER: Final = "bearer"

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """What a token must say, and where it says who somebody is."""

    issuer: str
    audience: str
    pseudonym_key: SecretStr
    subject_claim: str = "sub"
    role_claim: str = "role"
    scope_claim: str = "scope"
    companies_claim: str | None = None
    teams_claim: str | None = None
    tenant_claim: str | None = None
    """Without it, every token is of the default tenant."""

    def judge(self, claims: Claims, *, now: datetime) -> tuple[Principal, datetime]:
        """Answer with who bears the token, and until when.

        Raises:
            TokenRefused: it is not for us, not now, or does not say who.
        """
        _refuse_other_tokens(claims)
        if claims.get("iss") != self.issuer:
            raise TokenRefused(TokenFault.ISSUER)
        if self.audience not in _texts(claims.get("aud")):
            raise TokenRefused(TokenFault.AUDIENCE)
        ends = _check_times(claims, now)
        return self._principal(claims), ends

    def _principal(self, claims: Claims) -> Principal:
        role = _role(_found(claims, self.role_claim))
        named = _texts(_found(claims, self.scope_claim))
        scopes = {scope for text in named for scope in text.split()}
        return Principal(
            subject_id=self._pseudonym(_found(claims, self.subject_claim)),
            role=role,
            reach=Reach(
                companies=_limits(claims, self.companies_claim),
                teams=_limits(claims, self.teams_claim),
            ),
            scopes=frozenset(scope for scope in ConnectorScope if scope in scopes)
            if role is Role.CONNECTOR
            else frozenset(),
            tenant=self._tenant(claims),
        )

    def _tenant(self, claims: Claims) -> str:
        if self.tenant_claim is None:
            return DEFAULT_TENANT
        named = _found(claims, self.tenant_claim)
        if not isinstance(named, str):
            raise TokenRefused(TokenFault.CLAIM)
        return named

    def _pseudonym(self, subject: object) -> str:
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST:
            raise TokenRefused(TokenFault.CLAIM)
        key = self.pseudonym_key.get_secret_value().encode()
        said = f"{self.issuer}\n{subject}".encode("utf-8", "surrogatepass")
        return f"oidc:{hmac.new(key, said, sha256).hexdigest()[:32]}"


def _refuse_other_tokens(claims: Claims) -> None:
    kind = claims.get("typ", _BEARER)
    if not isinstance(kind, str) or kind.lower() != _BEARER:
        raise TokenRefused(TokenFault.TYPE)  # Keycloak marks ID and refresh tokens so
    if not _MARKS_OF_OTHER_TOKENS.isdisjoint(claims):
        raise TokenRefused(TokenFault.TYPE)


def _check_times(claims: Claims, now: datetime) -> datetime:
    moment, skew = now.timestamp(), SKEW.total_seconds()
    ends, issued = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    begins = _seconds(claims.get("nbf", issued))
    if ends <= moment - skew:
        raise TokenRefused(TokenFault.EXPIRED)
    if issued > moment + skew:
        raise TokenRefused(TokenFault.FROM_THE_FUTURE)
    if begins > moment + skew:
        raise TokenRefused(TokenFault.NOT_YET_VALID)
    return now + timedelta(seconds=min(ends - moment, SKEW.total_seconds()))


def _seconds(said: object) -> float:
    # True is a number in Python, and an integer may be too large to be a float.
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise TokenRefused(TokenFault.CLAIM)
    try:
        seconds = float(said)
    except OverflowError as error:
        raise TokenRefused(TokenFault.CLAIM) from error
    if not math.isfinite(seconds):
        raise TokenRefused(TokenFault.CLAIM)
    return seconds


def _role(said: object) -> Role:
    named = _texts(said)
    if not named:
        raise TokenRefused(TokenFault.CLAIM)
    roles = [role for role in GRANTABLE if role in named]
    if len(roles) != 1:
        raise TokenRefused(TokenFault.ROLE)
    return roles[0]


def _limits(claims: Claims, name: str | None) -> frozenset[str] | None:
    if name is None:
        return None
    named = _texts(_found(claims, name))
    if not named or not all(0 < len(one) <= _LONGEST for one in named):
        raise TokenRefused(TokenFault.CLAIM)
    return None if named == EVERY else named


def _texts(said: object) -> frozenset[str]:
    """One text, or the texts of a list; nothing of anything else."""
    if isinstance(said, str):
        return frozenset({said})
    if not isinstance(said, list):
        return frozenset()
    listed = cast("list[object]", said)
    return frozenset(one for one in listed if isinstance(one, str))


def _found(claims: Claims, name: str) -> object:
    """A claim by its name, or by a path of names such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    inner: object = claims
    for part in name.split("."):
        if not isinstance(inner, dict):
            return None
        inner = cast("Claims", inner).get(part)
    return inner
