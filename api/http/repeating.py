"""Idempotency keys: a command that is sent again is recorded once, and answered alike."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

import orjson
from fastapi import Depends, Header, Request

from api.http.errors import IdempotencyKeyUnreadable
from application.once import Once

REPEATED: Final = "Idempotency-Replayed"
"""What an answer carries that was given before."""

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_NOTHING_SAID: Final = b"{}"

GivenKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Chosen by you, a new one for each new command, such as a UUID: a request that"
        " is sent again with it is recorded once, and answered as the first time",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatable:
    """A request under the key that makes it the same when it is sent again."""

    key: str
    fingerprint: bytes

    def once(self, subject_id: str) -> Once:
        """The request as somebody's: everybody has keys of their own."""
        return Once(subject_id=subject_id, key=self.key, fingerprint=self.fingerprint)


async def may_repeat(request: Request, key: GivenKey = None) -> Repeatable | None:
    """Read the key, where one is given."""
    if key is None:
        return None
    if _KEY.fullmatch(key) is None:
        raise IdempotencyKeyUnreadable
    said = fingerprint(request.method, request.url.path, await request.body())
    return Repeatable(key=key, fingerprint=said)


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Digest what a request says: what it is sent to, and its body whatever its layout.

    The version that was seen is no part of it: whoever lost an answer and reads the case before
    asking again sees another one, and still means the same command.
    """
    return sha256(b"\0".join((method.encode(), path.encode(), _canonical(body)))).digest()


def _canonical(body: bytes) -> bytes:
    try:
        return orjson.dumps(orjson.loads(body or _NOTHING_SAID), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        return body  # it is refused as what it is; until then it is itself


MayRepeat = Annotated[Repeatable | None, Depends(may_repeat)]
