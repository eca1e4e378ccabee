"""Which pages may be read: those of public hosts, never of this machine or of the networks around it."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from yarl import URL

Address = IPv4Address | IPv6Address
LONGEST_URL = 4_000
# IANA's special-purpose registries, as Python's own tables differ by version: what is not for everybody, and
# what is deprecated. 168.63.129.16 is where Azure's machines reach their host.
_NOT_PUBLIC_V4 = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
_GLOBAL_UNICAST = ip_network("2000::/3")
# Teredo and the other protocol assignments, documentation, 6to4.
_NOT_PUBLIC_V6 = [ip_network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
# RFC 4291 and 6052: the last four bytes are the IPv4 address that is reached.
_EMBEDDING_V4 = [ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96")]
_NEIGHBOURS_SHARE = 64
"""Bits of the addresses of one IPv6 network."""
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private")
_BEGINS = re.compile(r"https?://(\[[0-9a-f:.]+\]|[^/?#@%:\[\]]+)(:[0-9]*)?(?=[/?#]|\Z)", re.A | re.I)
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,62})"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_NO_URL = (
    "It is not the address of a web page: that begins with http:// or https:// and a host, written in the"
    " usual way, without a user name or blanks."
)
NOT_PUBLIC = "It is not on the public web: pages of this machine and of the networks around it are not read."


class PageFailed(Exception):
    """The page cannot be read. The words say why, for the model and the user, and repeat nothing of what a
    server said."""


def page_url(text: str) -> URL:
    """The URL as it is asked for: without a fragment, its host in ASCII. Raises PageFailed.

    What other programs would read as another host than we do is no URL here: addresses that are not written
    the one way, escapes, credentials.
    """
    begins = _BEGINS.match(text)
    if not begins or len(text) > LONGEST_URL or "\\" in text or _has_control(text):
        raise PageFailed(_NO_URL)
    try:
        url = URL(text).with_fragment(None)
        host = (url.raw_host or "").removesuffix(".")
        if url.scheme not in ("http", "https") or url.port == 0:
            raise PageFailed(_NO_URL)
        _check_host(host, is_ascii=begins[1].isascii())
        url = url.with_path("/", keep_query=True) if url.raw_path == "/" else url
        return url if host == url.raw_host else url.with_host(host)
    except ValueError as error:
        raise PageFailed(_NO_URL) from error


def literal(host: str) -> Address | None:
    """The address that a host of a `page_url` is, if it is one."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether anybody on the internet would reach the same host there."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    if address.scope_id is not None:
        return False
    if any(address in network for network in _EMBEDDING_V4):
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_PUBLIC_V6)


def may_reach(peer: Address, own: Address | None = None) -> bool:
    """Whether a page may be read there. `own` is this end of the connection, once there is one: then the
    machine itself and its neighbours are known even where their addresses are public."""
    return is_public(peer) and not (own and is_near(peer, own))


def is_near(peer: Address, own: Address) -> bool:
    """Whether it is the same machine, or of IPv6 the same network."""
    if isinstance(peer, IPv6Address) and isinstance(own, IPv6Address):
        return (int(peer) ^ int(own)) >> (128 - _NEIGHBOURS_SHARE) == 0
    return peer == own


def _has_control(text: str) -> bool:
    return any(character <= " " or character == "\x7f" or character.isspace() for character in text)


def _check_host(host: str, *, is_ascii: bool) -> None:
    """Raises PageFailed, or ValueError for what is no host."""
    address = literal(host)
    if address:
        if not is_ascii or (address.version == 4 and str(address) != host):
            raise PageFailed(_NO_URL)
        if not is_public(address):
            raise PageFailed(NOT_PUBLIC)
        return
    labels = host.split(".")
    # WHATWG URL 3.5: with a number at its end it is an IPv4 address, in some other spelling.
    if not _NAME.fullmatch(host) or _NUMBER.fullmatch(labels[-1]):
        raise PageFailed(_NO_URL)
    if len(labels) == 1 or labels[-1] in _LOCAL_NAMES or labels[-2:] == ["home", "arpa"]:
        raise PageFailed(NOT_PUBLIC)
