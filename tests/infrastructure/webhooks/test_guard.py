"""Where a webhook may be sent: a table of addresses, and of the ways to write one."""

import asyncio
from ipaddress import ip_address
from typing import Final

import pytest

from application.webhooks import AddressRefused
from infrastructure.webhooks.guard import Guard, is_public, look_up

PUBLIC: Final = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "193.0.0.1",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2400:cb00::1",
    "2606:4700:4700::1111",
    "2a00:1450:4007::200e",
)
NOT_PUBLIC: Final = (
    "0.0.0.0",  # noqa: S104 - nobody listens here
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",  # a provider's metadata
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",  # a provider's own services
    "169.254.0.1",
    "169.254.169.254",  # most providers' metadata
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",  # global to the library
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",  # global to the library
    "192.52.193.1",
    "192.88.99.1",  # global to the library
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",  # global to the library
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1; global to the library
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",  # Teredo
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "2002:a9fe:a9fe::1",
    "2620:4f:8000::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # a provider's metadata
    "fe80::1",
    "fe80::1%1",
    "2606:4700:4700::1111%1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",  # global to the library
)
REFUSED: Final = (
    "",
    "hooks.example.com",
    "//hooks.example.com/",
    "https:hooks.example.com",
    "https:///hooks.example.com",
    "https://",
    "https://?a",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com/",
    "http://hooks.example.com/",
    "http://127.0.0.1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://intranet/",
    "https://hooks.example.com./",
    "https://hooks..example.com/",
    "https://-hooks.example.com/",
    "https://hooks_1.example.com/",
    "https://user@hooks.example.com/",
    "https://user:secret@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://hooks.example.com%40127.0.0.1/",
    "https://127.0.0.1%2f.example.com/",
    "https://hooks.example.com#@127.0.0.1/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://127.0.0.1\\.example.com/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:25/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:65536/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:/",
    "https://hooks.example.com:443:8443/",
    "https://hooks.example.com: 443/",
    "https://hooks.example.com:+443/",
    "https://hooks.example.com:\uff14\uff14\uff13/",  # full-width digits
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://127.0.0.1./",
    "https://127.0.0.0x1/",
    "https://0/",
    "https://0x/",
    "https://1.1.1.1.1/",
    "https://1.1.1.256/",
    "https://8.8.8.08/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://127。0。0。1/",
    "https://ⓔxample.com/",
    "https://bücher.example/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700::1%eth0]/",
    "https://[2606:4700::1%25eth0]/",
    "https://[::]/",
    "https://[]/",
    "https://[1.1.1.1]/",
    "https://[v1.fe80::a]/",
    "https://2606:4700::1/",
    "https://[2606:4700::1]x/",
    "https://hooks.example.com/#here",
    "https://hooks.example.com/ here",
    "https://hooks.example.com/\r\nHost: 127.0.0.1",
    "https://hooks.example.com/\x00",
    "https://hooks.example.com/" + "a" * 2_000,
    " https://hooks.example.com/",
    "https://hooks.example.com/\n",
)
TAKEN: Final = {
    "https://hooks.example.com": ("hooks.example.com", 443, "/", "hooks.example.com"),
    "https://hooks.example.com/a/b?c=d%20e": (
        "hooks.example.com",
        443,
        "/a/b?c=d%20e",
        "hooks.example.com",
    ),
    "HTTPS://Hooks.Example.COM:8443/A": ("hooks.example.com", 8443, "/A", "hooks.example.com:8443"),
    "https://hooks.example.com?a=b": ("hooks.example.com", 443, "/?a=b", "hooks.example.com"),
    "https://hooks.example.com:443/": ("hooks.example.com", 443, "/", "hooks.example.com"),
    "https://xn--bcher-kva.example/": ("xn--bcher-kva.example", 443, "/", "xn--bcher-kva.example"),
    "https://8.8.8.8/": ("8.8.8.8", 443, "/", "8.8.8.8"),
    "https://[2606:4700:4700::1111]/": (
        "2606:4700:4700::1111",
        443,
        "/",
        "[2606:4700:4700::1111]",
    ),
}


def resolved(url: str, *answers: str, loopback: bool = False) -> str:
    asked: list[tuple[str, int]] = []

    async def answer(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return list(answers)

    guard = Guard(loopback=loopback, look_up=answer)
    found = asyncio.run(guard.resolve(guard.read(url)))
    assert len(asked) <= 1, "a name is looked up once"
    return str(found)


def test_there_are_enough_of_them() -> None:
    assert len(PUBLIC) + len(NOT_PUBLIC) + len(REFUSED) + len(TAKEN) >= 160


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_unicast_address_passes(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_any_other_address_does_not(address: str) -> None:
    assert not is_public(ip_address(address))


def test_what_the_library_calls_global_is_no_guard() -> None:
    assert sum(ip_address(address).is_global for address in NOT_PUBLIC) > 5


@pytest.mark.parametrize("url", REFUSED)
def test_what_can_be_read_in_two_ways_or_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().read(url)


@pytest.mark.parametrize("url", TAKEN)
def test_a_plain_address_is_taken_apart(url: str) -> None:
    read = Guard().read(url)

    assert (read.host, read.port, read.target, read.authority) == TAKEN[url]


def test_a_name_leads_to_the_address_that_was_looked_up() -> None:
    assert (
        resolved("https://hooks.example.com/", "93.184.216.34", "2606:2800::1") == "93.184.216.34"
    )


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_one_answer_that_is_not_public_is_enough_to_refuse(address: str) -> None:
    with pytest.raises(AddressRefused):
        resolved("https://hooks.example.com/", "93.184.216.34", address)


def test_a_name_without_an_address_leads_nowhere() -> None:
    with pytest.raises(OSError, match="no address"):
        resolved("https://hooks.example.com/")


def test_the_system_is_asked_for_names() -> None:
    assert "127.0.0.1" in asyncio.run(look_up("localhost", 443))


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("http://localhost:9000/hook", ["127.0.0.1"]),
        ("http://127.0.0.1:80/", []),
        ("https://[::1]:8443/", []),
        ("http://hooks.example.com/", ["127.0.0.1"]),
        ("https://hooks.example.com/", ["93.184.216.34"]),
    ],
)
def test_for_trying_out_this_machine_may_be_written_to(url: str, answers: list[str]) -> None:
    assert resolved(url, *answers, loopback=True)


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("http://hooks.example.com/", ["93.184.216.34"]),
        ("http://8.8.8.8/", []),
        ("https://hooks.example.com/", ["10.0.0.1"]),
        ("https://169.254.169.254/", []),
        ("https://[::ffff:127.0.0.1]/", []),
    ],
)
def test_and_nothing_else_than_in_production(url: str, answers: list[str]) -> None:
    with pytest.raises(AddressRefused):
        resolved(url, *answers, loopback=True)
