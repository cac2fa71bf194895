"""Idempotency keys: a command that is sent again is recorded once, and answered alike."""

import re
from hashlib import sha256
from typing import Annotated, Final

import orjson
from fastapi import Header, Request

from api.http.errors import IdempotencyKeyUnreadable
from api.http.solving import SAID
from application.keys import Principal
from application.once import Once

REPEATED: Final = "Idempotency-Replayed"
"""What an answer carries that was given before."""

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_NOTHING_SAID: Final[dict[str, object]] = {}

GivenKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        json_schema_extra={"pattern": f"^{_KEY.pattern}$"},
        description="Chosen by you, a new one for each new command, such as a UUID: a request that"
        " is sent again with it is recorded once, and answered as the first time",
    ),
]


def read_once(request: Request, key: str, *, whose: Principal) -> Once:
    """Read what makes the request the same when it is sent again.

    Raises:
        IdempotencyKeyUnreadable: the key is none.
    """
    if _KEY.fullmatch(key) is None:
        raise IdempotencyKeyUnreadable
    said = request.scope["state"].get(SAID, _NOTHING_SAID)
    meant = fingerprint(request.method, request.scope["path"], said)
    return Once(subject_id=whose.subject_id, key=key, fingerprint=meant)


def fingerprint(method: str, path: str, said: object) -> bytes:
    """Digest what a request says: what it is sent to, and its body whatever its layout.

    The version that was seen is no part of it: whoever lost an answer and reads the case before
    asking again sees another one, and still means the same command.
    """
    body = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return sha256(b"\0".join((method.encode(), path.encode(), body))).digest()
