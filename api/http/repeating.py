"""Idempotency keys: a command that is sent again is recorded once, and answered alike."""

import re
from hashlib import sha256
from typing import Annotated, Final

import orjson
from fastapi import Header, Request

from api.http.errors import IdempotencyKeyUnreadable
from application.keys import Principal
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


async def read_once(request: Request, key: str, *, whose: Principal) -> Once:
    """Read what makes the request the same when it is sent again.

    Raises:
        IdempotencyKeyUnreadable: the key is none.
    """
    if _KEY.fullmatch(key) is None:
        raise IdempotencyKeyUnreadable
    said = fingerprint(request.method, request.url.path, await request.body())
    return Once(subject_id=whose.subject_id, key=key, fingerprint=said)


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
