"""One attempt to send something to an address that somebody else chose, bounded in every way."""

import asyncio
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self

import httpx2

from application.webhooks import AddressRefused
from infrastructure.webhooks.guard import Guard

SECONDS: Final = 15.0
"""For everything, from the look-up to the last byte of the answer that is read."""

MOST_READ: Final = 4_096
"""Bytes of an answer that are read; its status counts, whatever follows."""

KEPT: Final = 500
"""Characters of an answer that are kept."""

LONGEST_PAUSE: Final = timedelta(days=1)

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt."""

    status: int | None = None
    """What the receiver answered; nothing when there was no answer."""
    fault: str | None = None
    """Why there was no answer, in our words."""
    answer: str | None = None
    """The beginning of the answer, in the receiver's words."""
    pause: timedelta | None = None
    """How long the receiver wants to be left alone."""


class Poster:
    """Posts to addresses that the guard lets pass. Close it when done."""

    def __init__(
        self, guard: Guard, *, seconds: float = SECONDS, trusted: ssl.SSLContext | None = None
    ) -> None:
        self._guard = guard
        self._seconds = seconds
        self._client = httpx2.AsyncClient(
            timeout=seconds,
            follow_redirects=False,
            # A proxy from the environment would connect elsewhere than to the address looked up.
            trust_env=False,
            verify=trusted or ssl.create_default_context(),
            # A connection is to an address and verified for a name: another name must not get it.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def post(self, address: str, body: bytes, *, headers: dict[str, str]) -> Outcome:
        """Post, and tell what came of it; nothing is raised for what the receiver does."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(address, body, headers=headers)
        except TimeoutError:
            return Outcome(fault=f"no answer within {self._seconds:g} s")
        except AddressRefused as refused:
            return Outcome(fault=f"refused: {refused}")
        except OSError as error:
            return Outcome(fault=f"the name leads nowhere: {error.strerror or error}")
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            return Outcome(fault=f"no answer: {type(error).__name__}")

    async def _post(self, address: str, body: bytes, *, headers: dict[str, str]) -> Outcome:
        url = self._guard.read(address)
        found = await self._guard.resolve(url)
        host = f"[{found}]" if found.version == _IPV6 else str(found)
        async with self._client.stream(
            "POST",
            f"{url.scheme}://{host}:{url.port}{url.target}",
            content=body,
            headers={**headers, "host": url.authority, "accept-encoding": "identity"},
            # The certificate is verified for this name, though the connection is to the address.
            extensions={"sni_hostname": url.host} if url.is_secure else {},
        ) as response:
            return Outcome(
                status=response.status_code,
                answer=_legible(await _beginning(response)),
                pause=_pause(response.headers.get("retry-after")),
            )


_IPV6: Final = 6


async def _beginning(response: httpx2.Response) -> bytes:
    received = bytearray()
    async for chunk in response.aiter_raw():
        received += chunk
        if len(received) >= MOST_READ:
            break
    return bytes(received[:MOST_READ])


def _legible(answer: bytes) -> str:
    return _CONTROLS.sub(" ", answer.decode("utf-8", "replace"))[:KEPT]


def _pause(retry_after: str | None) -> timedelta | None:
    if retry_after is None:
        return None
    text = retry_after.strip()
    try:
        if re.fullmatch(r"[0-9]{1,9}", text):
            pause = timedelta(seconds=int(text))
        else:
            at = parsedate_to_datetime(text)
            pause = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(pause, timedelta()), LONGEST_PAUSE)
