"""The signatures that are believed: public-key ones only, each with the keys that fit it."""

from types import MappingProxyType
from typing import Final

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

AsymmetricKey = RSAKey | ECKey | OKPKey

# EdDSA is what RFC 9864 renamed to Ed25519; issuers say both.
_SAME_NAME: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
ALGORITHMS: Final = MappingProxyType(
    {
        **{name: JWSRegistry.algorithms[name] for name in _SAME_NAME},
        "EdDSA": JWSRegistry.algorithms["Ed25519"],
        "Ed25519": JWSRegistry.algorithms["Ed25519"],
    },
)
"""By the name that a token gives. Never `none`, and never one whose key is a shared secret."""
