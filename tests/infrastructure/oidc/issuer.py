"""A real issuer on this machine: documents over HTTP, keys that rotate, faults on demand."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

AUDIENCE: Final = "https://recours.example"
NOW: Final = 1_800_000_000
PSEUDONYM_KEY: Final = "a-key-that-nobody-else-has-0123456789"

Claims = dict[str, Any]  # Any: JSON
PrivateKey = RSAKey | ECKey | OKPKey


def encoded(part: object) -> str:
    """A part of a token: bytes as they are, anything else as JSON."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: object, payload: object, *, key: PrivateKey, algorithm: str = "RS256") -> str:
    """A token with exactly this header and payload."""
    text = f"{encoded(header)}.{encoded(payload)}"
    signature = JWSRegistry.algorithms[algorithm].sign(text.encode(), key)
    return f"{text}.{encoded(signature)}"


@dataclass
class TestIssuer:
    """What the issuer says, and how it behaves; a test changes it."""

    __test__ = False  # a part of tests, and none itself

    keys: dict[str, PrivateKey]
    url: str = ""
    asked: list[str] = field(default_factory=list[str])
    document: object = None
    """Instead of the keys, where a test says so."""
    discovery: Claims = field(default_factory=dict[str, Any])
    """What differs in the discovery document."""
    status: int = 200
    hold: threading.Event = field(default_factory=threading.Event)
    """Answers wait until it is set."""
    dripping: bool = False

    def claims(self, **changes: object) -> Claims:
        """What a good token says; a change to None leaves the claim out."""
        said = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "f3b1",
            "iat": NOW - 10,
            "exp": NOW + 300,
            "role": "agent",
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def token(self, *, kid: str = "one", header: Claims | None = None, **changes: object) -> str:
        """A token; good, unless something is changed."""
        key = self.keys[kid]
        algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}[key.key_type]
        said = {"alg": algorithm, "kid": kid, "typ": "at+jwt", **(header or {})}
        return signed(said, self.claims(**changes), key=key, algorithm=algorithm)

    def jwks(self) -> object:
        """The document of its public keys."""
        if self.document is not None:
            return self.document
        return {"keys": [public(key, kid=kid) for kid, key in self.keys.items()]}


def public(key: PrivateKey, **members: object) -> Claims:
    """A key as the issuer publishes it."""
    return {**key.as_dict(private=False), "use": "sig", **members}


@contextmanager
def serving(issuer: TestIssuer) -> Generator[TestIssuer]:
    """Let the issuer answer on a port of this machine."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            issuer.hold.wait(30)
            document = issuer.jwks()
            if self.path.endswith("/openid-configuration"):
                document = {
                    "issuer": issuer.url,
                    "jwks_uri": f"{issuer.url}/keys",
                    **issuer.discovery,
                }
            body = json.dumps(document).encode()
            self.send_response(issuer.status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", f"{issuer.url}/keys")
            self.end_headers()
            try:
                for piece in (
                    [body[i : i + 1] for i in range(len(body))] if issuer.dripping else [body]
                ):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    if issuer.dripping:
                        time.sleep(0.05)
            except OSError:
                return  # whoever asked has left

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    issuer.hold.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        issuer.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
