"""One bad token of each kind, with the fault that it is told."""

import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from joserfc.jwk import RSAKey

from application.tokens import TokenFault
from tests.infrastructure.oidc.issuer import (
    AUDIENCE,
    NOW,
    Claims,
    TestIssuer,
    encoded,
    public,
    signed,
)

STRANGER: Final = RSAKey.generate_key(2048)
FAULT: Final = TokenFault


def header(**changes: object) -> Claims:
    said = {"alg": "RS256", "kid": "one", "typ": "JWT", **changes}
    return {name: value for name, value in said.items() if value is not None}


def unsigned(issuer: TestIssuer) -> str:
    return f"{encoded(header(alg='none'))}.{encoded(issuer.claims())}."


def signed_with_the_public_key(issuer: TestIssuer) -> str:
    pem = issuer.keys["one"].as_pem(private=False)
    text = f"{encoded(header(alg='HS256'))}.{encoded(issuer.claims())}"
    return f"{text}.{encoded(hmac.new(pem, text.encode(), sha256).digest())}"


def twins(issuer: TestIssuer) -> str:
    said = json.dumps(issuer.claims(role="auditor"))[:-1] + ', "role": "admin"}'
    return signed(header(), said.encode(), key=issuer.keys["one"])


def twin_algorithms(issuer: TestIssuer) -> str:
    return signed(
        b'{"alg": "none", "alg": "RS256", "kid": "one"}', issuer.claims(), key=issuer.keys["one"]
    )


def with_header(**changes: object) -> Callable[[TestIssuer], str]:
    return lambda issuer: signed(header(**changes), issuer.claims(), key=issuer.keys["one"])


def with_claims(**changes: Any) -> Callable[[TestIssuer], str]:  # noqa: ANN401 - JSON
    return lambda issuer: issuer.token(**changes)


def with_payload(payload: object) -> Callable[[TestIssuer], str]:
    return lambda issuer: signed(header(), payload, key=issuer.keys["one"])


def endless(issuer: TestIssuer) -> str:
    said = json.dumps(issuer.claims()).replace(str(NOW + 300), "1e999")
    return signed(header(), said.encode(), key=issuer.keys["one"])


def by_a_stranger(**changes: object) -> Callable[[TestIssuer], str]:
    return lambda issuer: signed(header(**changes), issuer.claims(), key=STRANGER)


def text(said: str) -> Callable[[TestIssuer], str]:
    return lambda _: said


def loose_bits(issuer: TestIssuer) -> str:
    token = issuer.token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


BAD: Final[dict[str, tuple[TokenFault, Callable[[TestIssuer], str]]]] = {
    "nothing": (FAULT.MALFORMED, text("")),
    "garbage": (FAULT.MALFORMED, text("garbage")),
    "dots only": (FAULT.MALFORMED, text("..")),
    "no base64": (FAULT.MALFORMED, text("a.b!.c")),
    "one letter of base64": (FAULT.MALFORMED, text("a.b.c")),
    "no JSON": (FAULT.MALFORMED, text(f"{encoded(b'x')}.{encoded(b'x')}.{encoded(b'x')}")),
    "a list": (FAULT.MALFORMED, text(f"{encoded([])}.{encoded({})}.{encoded(b'x')}")),
    "no Unicode": (FAULT.MALFORMED, text(f"{encoded(bytes([255]))}.e30.e30")),
    "nested deeply": (FAULT.MALFORMED, text(f"{encoded(b'[' * 5_000)}.e30.e30")),
    "a number without end": (
        FAULT.MALFORMED,
        text(f"{encoded(b'{%salg%s:' % (b'%c' % 34, b'%c' % 34) + b'9' * 5_000 + b'}')}.e30.e30"),
    ),
    "encrypted (JWE)": (FAULT.MALFORMED, text("e30.e30.e30.e30.e30")),
    "a surrogate": (FAULT.MALFORMED, text("\ud800.e30.e30")),
    "padded": (FAULT.MALFORMED, lambda issuer: issuer.token() + "="),
    "bits to spare": (FAULT.MALFORMED, loose_bits),
    "too large": (FAULT.TOO_LARGE, with_claims(groups=["g" * 9_000])),
    "no signature": (FAULT.MALFORMED, unsigned),
    "the algorithm none": (FAULT.ALGORITHM, with_header(alg="none")),
    "the algorithm None": (FAULT.ALGORITHM, with_header(alg="None")),
    "HS256 with the public key": (FAULT.ALGORITHM, signed_with_the_public_key),
    "no algorithm": (FAULT.ALGORITHM, with_header(alg=None)),
    "an algorithm that is none": (FAULT.ALGORITHM, with_header(alg=["RS256"])),
    "another algorithm than the key's": (FAULT.KEY, with_header(alg="ES256")),
    "a critical header": (FAULT.HEADER, with_header(crit=["exp"])),
    "an empty critical header": (FAULT.HEADER, with_header(crit=[])),
    "an unencoded payload": (FAULT.HEADER, with_header(b64=False)),
    "a name that is a number": (FAULT.MALFORMED, with_header(kid=7)),
    "an empty name": (FAULT.MALFORMED, with_header(kid="")),
    "a name that is a path": (FAULT.KEY, with_header(kid="../../dev/null")),
    "a name that nobody has": (FAULT.KEY, with_header(kid="two")),
    "a stranger's key": (FAULT.SIGNATURE, by_a_stranger()),
    "a stranger's key without a name": (FAULT.SIGNATURE, by_a_stranger(kid=None)),
    "a key that it brings along": (FAULT.SIGNATURE, by_a_stranger(jwk=public(STRANGER))),
    "an address of keys": (FAULT.SIGNATURE, by_a_stranger(jku="http://127.0.0.1:1/keys")),
    "an address of certificates": (FAULT.SIGNATURE, by_a_stranger(x5u="http://127.0.0.1:1/c")),
    "certificates that it brings along": (FAULT.SIGNATURE, by_a_stranger(x5c=["AAAA"])),
    "a token in a token": (FAULT.TYPE, with_header(cty="JWT")),
    "a logout token": (FAULT.TYPE, with_header(typ="logout+jwt")),
    "a proof of possession": (FAULT.TYPE, with_header(typ="dpop+jwt")),
    "a type that is none": (FAULT.TYPE, with_header(typ=1)),
    "an ID token with a nonce": (FAULT.TYPE, with_claims(nonce="n")),
    "an ID token with a hash": (FAULT.TYPE, with_claims(at_hash="h")),
    "an ID token of Keycloak": (FAULT.TYPE, with_claims(typ="ID")),
    "a refresh token of Keycloak": (FAULT.TYPE, with_claims(typ="Refresh")),
    "a security event": (FAULT.TYPE, with_claims(events={})),
    "bound to a key": (FAULT.TYPE, with_claims(cnf={"jkt": "x"})),
    "a payload that is a list": (FAULT.MALFORMED, with_payload([])),
    "a payload that is no JSON": (FAULT.MALFORMED, with_payload(b"{")),
    "a payload with NaN": (FAULT.MALFORMED, with_payload(b'{"exp": NaN}')),
    "claims twice": (FAULT.MALFORMED, twins),
    "algorithms twice": (FAULT.MALFORMED, twin_algorithms),
    "no issuer": (FAULT.ISSUER, with_claims(iss=None)),
    "another issuer": (FAULT.ISSUER, with_claims(iss="https://evil.example")),
    "an issuer with a slash": (FAULT.ISSUER, lambda i: i.token(iss=i.url + "/")),
    "several issuers": (FAULT.ISSUER, lambda i: i.token(iss=[i.url])),
    "no audience": (FAULT.AUDIENCE, with_claims(aud=None)),
    "another audience": (FAULT.AUDIENCE, with_claims(aud=AUDIENCE + "/")),
    "other audiences": (FAULT.AUDIENCE, with_claims(aud=["a", "b"])),
    "an audience that is a number": (FAULT.AUDIENCE, with_claims(aud=7)),
    "expired": (FAULT.EXPIRED, with_claims(exp=NOW - 60)),
    "expired long ago": (FAULT.EXPIRED, with_claims(exp=-1e300)),
    "no end": (FAULT.CLAIM, with_claims(exp=None)),
    "an end in words": (FAULT.CLAIM, with_claims(exp=str(NOW + 300))),
    "an end that is true": (FAULT.CLAIM, with_claims(exp=True)),
    "an end beyond all numbers": (FAULT.CLAIM, with_claims(exp=10**400)),
    "an end at infinity": (FAULT.CLAIM, endless),
    "not valid yet": (FAULT.NOT_YET_VALID, with_claims(nbf=NOW + 61)),
    "valid from in words": (FAULT.CLAIM, with_claims(nbf="now")),
    "issued in the future": (FAULT.FROM_THE_FUTURE, with_claims(iat=NOW + 61)),
    "never issued": (FAULT.CLAIM, with_claims(iat=None)),
    "no subject": (FAULT.CLAIM, with_claims(sub=None)),
    "an empty subject": (FAULT.CLAIM, with_claims(sub="")),
    "a subject that is a number": (FAULT.CLAIM, with_claims(sub=7)),
    "an endless subject": (FAULT.CLAIM, with_claims(sub="s" * 256)),
    "no role": (FAULT.CLAIM, with_claims(role=None)),
    "a role that is an object": (FAULT.CLAIM, with_claims(role={"agent": True})),
    "an unknown role": (FAULT.ROLE, with_claims(role="king")),
    "a role of the product's own": (FAULT.ROLE, with_claims(role="system")),
    "several roles": (FAULT.ROLE, with_claims(role=["agent", "admin"])),
    "roles in one text": (FAULT.ROLE, with_claims(role="agent admin")),
}
