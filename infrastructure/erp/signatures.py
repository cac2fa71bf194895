"""Signs and verifies messages as Standard Webhooks 1.0 says, in both directions."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

_PREFIX: Final = "whsec_"
_SHORTEST: Final = 24
_LONGEST: Final = 64
_LONGEST_MESSAGE_ID: Final = 128


class UnusableSecret(ValueError):
    """The secret is not `whsec_` and the base64 of 24 to 64 bytes."""


class BadSignature(Exception):
    """The message was not signed with our secret, or not within the last five minutes."""


def new_secret() -> str:
    """Make a secret to share with an ERP."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def new_message_id(operation: str, *, block_id: UUID) -> str:
    """Name a message so that its signature also covers what it asks and about which block.

    The signature covers the id, the time and the body, but neither the method nor the path: without
    this, a signed release could be sent again to another block's address.
    """
    return f"{_bound(operation, block_id=block_id)}{secrets.token_hex(16)}"


def is_about(message_id: str, *, operation: str, block_id: UUID) -> bool:
    """Tell whether a message's id was made for this operation and this block."""
    return message_id.startswith(_bound(operation, block_id=block_id))


class Signatures:
    """Signs and verifies with one shared secret."""

    def __init__(self, secret: str) -> None:
        # The library decodes leniently: a mistyped secret would silently become a short, weak key.
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnusableSecret("the secret is not valid base64") from error
        if not secret.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
            raise UnusableSecret(
                f"a secret is {_PREFIX} and the base64 of {_SHORTEST} to {_LONGEST} bytes"
            )
        self._webhook = Webhook(key)

    def sign(self, body: bytes, *, message_id: str, at: datetime) -> dict[str, str]:
        """Return the three headers that make the body a signed message."""
        # The library takes the wall-clock digits of any zone for UTC.
        moment = at.astimezone(UTC).replace(microsecond=0)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._webhook.sign(message_id, moment, body.decode()),
        }

    def verify(self, body: bytes, *, headers: Mapping[str, str]) -> str:
        """Return the id of a message that we can believe.

        Raises:
            BadSignature: the message must not be believed.
        """
        message_id = headers.get("webhook-id", "")
        if not message_id.isascii() or len(message_id) > _LONGEST_MESSAGE_ID:
            raise BadSignature("the message id is too long or not ASCII")
        try:
            self._webhook.verify(body, dict(headers), json_parse=False)
        except WebhookVerificationError as error:
            raise BadSignature(str(error)) from error
        except (ValueError, TypeError, OverflowError) as error:
            # The library splits and decodes hostile headers without a guard of its own.
            raise BadSignature("the signature headers cannot be read") from error
        return message_id


def _bound(operation: str, *, block_id: UUID) -> str:
    return f"{operation}_{block_id}_"
