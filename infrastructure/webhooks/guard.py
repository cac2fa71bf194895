"""Where we may write to: an admin names an address, and our network must not be behind it.

A webhook is a request that somebody else aims. So a name is looked up once, every answer must be a
public unicast address, and the connection goes to that very address: a name that answers otherwise
a moment later (DNS rebinding) changes nothing. `ip_address.is_global` is no such guard: it lets
multicast pass, and NAT64, which carries any IPv4 address inside.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from application.webhooks import AddressRefused

Address = IPv4Address | IPv6Address
LookUp = Callable[[str, int], Awaitable[list[str]]]

LONGEST_URL: Final = 2_000
HTTPS: Final = 443
FIRST_FREE_PORT: Final = 1024
LAST_PORT: Final = 65_535

_URL: Final = re.compile(r"(https?)://([^/?#]*)([/?][^#]*)?", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_ALLOWED: Final = re.compile(r"[!#-;=?-\[\]_a-z~%]+", re.IGNORECASE)
"""Printable ASCII without quotes, `<`, `>`, backslash, `^`, backtick, braces and bar."""

_NAME: Final = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
_NUMERIC: Final = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)\.?")
"""What some readers take for an IPv4 address: the last part is a number, in whatever base."""

# IANA's special-purpose registries, and what cloud providers answer for on public addresses.
_NOT_PUBLIC_IPV4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a provider's own services, as seen from its machines
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_UNICAST_IPV6: Final = IPv6Network("2000::/3")
"""The only addresses that were ever given out; mapped, NAT64 and private ones are outside."""

_NOT_PUBLIC_IPV6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, benchmarks, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """A web address in its parts, none of which can be read in two ways."""

    scheme: str
    host: str
    """A name in lower case, or an address without brackets."""
    port: int
    target: str
    """The path and the query, as they are sent."""

    @property
    def is_secure(self) -> bool:
        """Whether what is sent is encrypted."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """The header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS if self.is_secure else 80
        return host if self.port == usual else f"{host}:{self.port}"


async def look_up(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in found]


def is_public(address: Address) -> bool:
    """Tell whether an address is a public unicast one."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_IPV4)
    if address.scope_id is not None or address not in _UNICAST_IPV6:
        return False
    return not any(address in network for network in _NOT_PUBLIC_IPV6)


class Guard:
    """Says where we may write to; `loopback` also allows this very machine, for trying out."""

    def __init__(self, *, loopback: bool = False, look_up: LookUp = look_up) -> None:
        self._loopback = loopback
        self._look_up = look_up

    def read(self, text: str) -> Url:
        """Take a web address apart, without looking anything up.

        Raises:
            AddressRefused: it is none, could be read in two ways, or leads where nobody may go.
        """
        if len(text) > LONGEST_URL or not _ALLOWED.fullmatch(text):
            raise AddressRefused("write the address in plain ASCII: a name outside it as xn--…")
        found = _URL.fullmatch(text)
        if found is None:
            raise AddressRefused("the address begins with https:// and has no fragment")
        scheme, authority, target = found[1].lower(), found[2], found[3] or "/"
        if "@" in authority:
            raise AddressRefused("the address names no user: deliveries are signed")
        parts = _AUTHORITY.fullmatch(authority)
        if parts is None:
            raise AddressRefused("the address names a host, and at most a port")
        port = HTTPS if parts["port"] is None else int(parts["port"])
        if scheme == "http":
            port = 80 if parts["port"] is None else port
        url = Url(
            scheme=scheme,
            host=self._host(parts["host"].lower()),
            port=port,
            target=target if target.startswith("/") else f"/{target}",
        )
        self._check(url)
        return url

    async def resolve(self, url: Url) -> Address:
        """Find the one address to connect to.

        Raises:
            AddressRefused: the name leads, or may lead, to an address that is not public.
            OSError: the name leads nowhere now.
        """
        literal = _literal(url.host)
        if literal is not None:
            found = [literal]
        else:
            found = [ip_address(text) for text in await self._look_up(url.host, url.port)]
        if not found:
            raise OSError("the name has no address")
        for address in found:
            self._check_address(address, url)
        return found[0]

    def _host(self, host: str) -> str:
        if host.startswith("["):
            try:
                return str(_without_scope(IPv6Address(host[1:-1])))
            except AddressValueError as error:
                raise AddressRefused("what stands in brackets is no IPv6 address") from error
        if _NUMERIC.fullmatch(host):
            try:
                # Takes four decimal numbers without leading zeros, and nothing else.
                return str(IPv4Address(host))
            except AddressValueError as error:
                raise AddressRefused("write an IPv4 address as four plain numbers") from error
        if not _NAME.fullmatch(host) and not (self._loopback and host == "localhost"):
            raise AddressRefused("the address names a host with its whole name, without a last dot")
        return host

    def _check(self, url: Url) -> None:
        if not url.is_secure and not self._loopback:
            raise AddressRefused("the address begins with https://")
        if url.port != HTTPS and not FIRST_FREE_PORT <= url.port <= LAST_PORT and url.is_secure:
            raise AddressRefused(f"the port is {HTTPS}, or {FIRST_FREE_PORT} or more")
        literal = _literal(url.host)
        if literal is not None:
            self._check_address(literal, url)

    def _check_address(self, address: Address, url: Url) -> None:
        if self._loopback and any(address in network for network in _LOOPBACK):
            return
        if not is_public(address):
            raise AddressRefused("the address leads into a network that is not public")
        if not url.is_secure:
            raise AddressRefused("only this machine is written to without https://")


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _without_scope(address: IPv6Address) -> IPv6Address:
    if address.scope_id is not None:
        raise AddressRefused("an address with a zone leads to this machine's own networks")
    return address
