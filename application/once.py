"""Commands that are recorded once, however often they are sent.

ApplicationError
├── CommandUnderWay      the same command is at work at this moment
└── IdempotencyKeyReused the key was used for another command
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from application.errors import ApplicationError

KEPT_FOR: Final = timedelta(days=30)
"""So long an idempotency key is remembered at least; after that it may name a new command."""


class CommandUnderWay(ApplicationError):
    """The same command is at work at this moment, and its outcome not known yet."""

    def __init__(self) -> None:
        super().__init__("the first request with this key is still at work; ask again")


class IdempotencyKeyReused(ApplicationError):
    """The caller used this key for another command before."""

    def __init__(self) -> None:
        super().__init__("this key was used for another request; take a new key for a new one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """What makes two commands the same: who sends them, under which key, and what they say."""

    subject_id: str
    """Everybody has keys of their own."""

    key: str
    """Chosen by the caller, who takes a new one for every new command."""

    fingerprint: bytes
    """A digest of everything that the command says."""


class RememberedKeys(Protocol):
    """Where the keys of recorded commands are remembered."""

    def forget_keys(self, *, before: datetime) -> int:
        """Forget the keys of commands that were recorded before; answers how many there were."""
        ...


def forget_old_keys(keys: RememberedKeys, *, now: datetime) -> int:
    """Forget the keys that have been remembered long enough; answers how many there were."""
    return keys.forget_keys(before=now - KEPT_FOR)
