"""The keys of an issuer's JWKS document that signatures can be checked with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey, import_key

from infrastructure.oidc.algorithms import ALGORITHMS, AsymmetricKey

MOST_KEYS: Final = 100
FEWEST_RSA_BITS: Final = 2_048
MOST_RSA_BITS: Final = 8_192
"""A larger key would cost milliseconds for each token."""

_KINDS: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""By `kty`, the members of a public key; a shared secret (`oct`) is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey:
    """A public key, and the algorithms that it may be used with."""

    kid: str | None
    algorithms: frozenset[str]
    key: AsymmetricKey

    def verifies(self, signature: bytes, *, signed: bytes, algorithm: str) -> bool:
        """Whether it made the signature."""
        return ALGORITHMS[algorithm].verify(signed, signature, self.key)


def usable_keys(document: Mapping[str, object]) -> tuple[IssuerKey, ...]:
    """Take the usable keys out of a JWKS document; the others are for other purposes."""
    listed = document.get("keys")
    if not isinstance(listed, list):
        return ()
    read = map(_usable, cast("list[object]", listed)[:MOST_KEYS])
    return tuple(key for key in read if key is not None)


def _usable(listed: object) -> IssuerKey | None:
    if not isinstance(listed, dict):
        return None
    members = cast("dict[str, object]", listed)
    kind, kid = members.get("kty"), members.get("kid")
    named = _KINDS.get(kind) if isinstance(kind, str) else None
    if named is None or not _is_for_signatures(members) or not isinstance(kid, str | None):
        return None
    try:
        key = import_key({"kty": str(kind), **{name: str(members[name]) for name in named}})
    except (JoseError, KeyError, ValueError):
        return None
    public = cast("AsymmetricKey", key)  # the table of kinds knows no other
    algorithms = _algorithms(public, said=members.get("alg"))
    return IssuerKey(kid=kid, algorithms=algorithms, key=public) if algorithms else None


def _is_for_signatures(members: Mapping[str, object]) -> bool:
    operations = members.get("key_ops", ["verify"])
    return (
        members.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and "d" not in members  # who publishes a private key has lost it
    )


def _algorithms(key: AsymmetricKey, *, said: object) -> frozenset[str]:
    if isinstance(key, RSAKey) and not (FEWEST_RSA_BITS <= key.raw_value.key_size <= MOST_RSA_BITS):
        return frozenset()
    # Two names that stand for one algorithm are told apart by nobody.
    wanted = ALGORITHMS.get(said) if isinstance(said, str) else None
    if said is not None and wanted is None:
        return frozenset()
    return frozenset(
        name
        for name, algorithm in ALGORITHMS.items()
        if (said is None or algorithm is wanted) and _fits(key, name)
    )


def _fits(key: AsymmetricKey, name: str) -> bool:
    try:
        ALGORITHMS[name].check_key(key)
    except JoseError:
        return False
    return True
