"""The issuer's documents: found by discovery, fetched within bounds of time and size.

No redirect is followed, because it would let whoever answers choose where the keys come from.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final, cast

import httpx2

from infrastructure.oidc.issuer_keys import IssuerKey, usable_keys

PATIENCE: Final = 5.0
"""Seconds for everything, from the first connection to the last byte."""

LARGEST_DOCUMENT: Final = 256 * 1024
_DISCOVERY: Final = "/.well-known/openid-configuration"


class IssuerFault(Exception):
    """The issuer does not give us its keys."""


class UnusableIssuer(ValueError):
    """The settings name no issuer whose keys could be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose tokens are taken, and where the keys are, if not where discovery says."""

    name: str
    jwks_url: str | None = None

    def __post_init__(self) -> None:
        """Refuse addresses at which anybody on the way could answer."""
        for url in (self.name, self.jwks_url):
            if url is not None and not is_safe(url):
                # The address itself may hold a password, and is not repeated.
                raise UnusableIssuer(
                    "the issuer and its keys are named by addresses that begin with https:// and "
                    "hold no user, query or fragment (http:// is for this machine only)"
                )

    async def fetch_keys(self) -> tuple[IssuerKey, ...]:
        """Ask for the keys that can be used.

        Raises:
            IssuerFault: there is no answer, or none with a usable key.
        """
        try:
            async with httpx2.AsyncClient(
                timeout=PATIENCE,
                follow_redirects=False,
                trust_env=False,  # the settings say where the keys are, and nothing else does
                headers={"accept": "application/json, application/jwk-set+json"},
            ) as client:
                url = self.jwks_url or await self._discover(client)
                keys = usable_keys(await _fetch(client, url))
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise IssuerFault(f"{self.name} gives no answer: {type(error).__name__}") from error
        if not keys:
            raise IssuerFault(f"{url} holds no key that signatures can be checked with")
        return keys

    async def _discover(self, client: httpx2.AsyncClient) -> str:
        document = await _fetch(client, self.name.rstrip("/") + _DISCOVERY)
        if document.get("issuer") != self.name:
            raise IssuerFault(f"the discovery document is not about {self.name}, to the letter")
        url = document.get("jwks_uri")
        if not isinstance(url, str) or not is_safe(url, query=True):
            raise IssuerFault("the discovery document names no https:// address of keys")
        return url


def is_safe(url: str, *, query: bool = False) -> bool:
    """Whether what is answered there can be believed."""
    try:
        read = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    if not read.host or read.userinfo or read.fragment or (read.query and not query):
        return False
    return read.scheme == "https" or (read.scheme == "http" and _is_here(read.host))


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _fetch(client: httpx2.AsyncClient, url: str) -> Mapping[str, object]:
    received = bytearray()
    async with client.stream("GET", url) as response:
        if response.status_code != HTTPStatus.OK:
            raise IssuerFault(f"{url} answers with status {response.status_code}")
        async for chunk in response.aiter_bytes():
            received += chunk
            if len(received) > LARGEST_DOCUMENT:
                raise IssuerFault(f"{url} answers with more than {LARGEST_DOCUMENT} bytes")
    try:
        document: object = json.loads(received)
    except (ValueError, RecursionError) as error:
        raise IssuerFault(f"{url} answers with something that is no JSON") from error
    if not isinstance(document, dict):
        raise IssuerFault(f"{url} answers with something that is no JSON object")
    return cast("Mapping[str, object]", document)
