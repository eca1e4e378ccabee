"""Which addresses of pages are taken, whatever their spelling, and which of hosts."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cowork_desktop.web.addresses import PageFailed, is_public, may_reach, page_url

PRIVATE_V4 = (
    "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254"
    " 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7"
    " 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255"
)
PRIVATE_V6 = (
    ":: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1"
    " 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8 100::1 2001::1 2001:0:7f00:1::"
    " 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254"
    " fe80::1 fe80::1%eth0 2606:4700::1%1 fec0::1 ff02::1"
)
PUBLIC = (
    "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.167.1.1"
    " 223.255.255.255 2606:4700:4700::1111 2a00:1450:4001::68 64:ff9b::8.8.8.8 ::ffff:8.8.8.8"
)
PRIVATE_NETWORKS = ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
privately = st.sampled_from(PRIVATE_NETWORKS).flatmap(lambda network: st.ip_addresses(network=network))


@pytest.mark.parametrize("address", f"{PRIVATE_V4} {PRIVATE_V6}".split())
def test_an_address_that_is_not_everybodys_is_not_reached(address: str) -> None:
    assert not may_reach(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_a_public_address_is_reached(address: str) -> None:
    assert may_reach(ip_address(address))


@given(st.ip_addresses())
def test_nothing_is_public_that_python_takes_for_private(address: IPv4Address | IPv6Address) -> None:
    embeds = address.version == 6 and int(address) >> 32 in (0xFFFF, 0x0064_FF9B << 64)
    assume(is_public(address) and not embeds)
    assert address.is_global
    assert not address.is_multicast


@given(privately)
def test_no_embedding_makes_a_private_address_public(address: IPv4Address) -> None:
    inner = int(address)
    for prefix in (0, 0xFFFF << 32, 0xFFFF_0000 << 32, 0x0064_FF9B << 96, 0x0064_FF9B_0001 << 80):
        assert not is_public(IPv6Address(prefix | inner))
    assert not is_public(IPv6Address(0x2002 << 112 | inner << 80 | 1))
    assert not is_public(IPv6Address(0x2001_0000 << 96 | inner ^ 0xFFFF_FFFF))


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("2a00:1450:4001:1::1", "2a00:1450:4001:1:abcd::2"),
        ("2a00:1450:4001:1::1", "2a00:1450:4001:1::1"),
        ("8.8.8.8", "8.8.8.8"),
    ],
)
def test_this_machine_and_its_neighbours_are_not_reached_at_public_addresses_either(
    peer: str, own: str
) -> None:
    assert not may_reach(ip_address(peer), ip_address(own))


@pytest.mark.parametrize(
    ("peer", "own"), [("2a00:1450:4001:1::1", "2a00:1450:4001:2::1"), ("8.8.8.8", "192.168.1.7")]
)
def test_another_network_is_reached(peer: str, own: str) -> None:
    assert may_reach(ip_address(peer), ip_address(own))


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/",
        "http://LOCALHOST:8080",
        "http://localhost./",
        "http://a.localhost/",
        "http://printer/",
        "http://printer.local/",
        "http://printer.local./",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://router.lan",
        "http://nas.home.arpa",
        "http://wiki.corp",
        "http://ⓛocalhost/",
        "http://lo\uff43alhost/",
        "http://127.0.0.1",
        "http://127.0.0.1./",
        "http://127.0.0.1:80",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://169.254.169.254/latest/meta-data/",
        # Other spellings of addresses, public ones among them.
        "http://2130706433/",
        "http://134744072/",
        "http://017700000001/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://08.8.8.8/",
        "http://8.8.8.0x8/",
        "http://8.8.8/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://a.0x/",
        "http://１２７.0.0.1/",
        "http://８.8.8.8/",
        "http://8。8。8。8/",
        "http://①.①.①.①/",
        "http://[fe80::1%25eth0]/",
        "http://[2606:4700::1%1]/",
        "http://[127.0.0.1]/",
        "http://[::1/",
        "http://[v1.a]/",
        "http://2606:4700::1/",
        # Hosts that some take for another part.
        "http://user@heron.example/",
        "http://user:password@heron.example/",
        "http://@heron.example/",
        "http://heron.example@127.0.0.1/",
        "http://heron.example\\@127.0.0.1/",
        "http://heron.example%2f@127.0.0.1/",
        "http://heron.example%00.evil.example/",
        "http://heron%2eexample/",
        "http://127.0.0.1\\.heron.example/",
        "http:\\\\heron.example/",
        "http:heron.example/",
        "http:/heron.example/",
        "http:///heron.example/",
        "http://?heron.example",
        "http://#heron.example",
        "http://heron.example:80:80/",
        "http://heron.example:-1/",
        "http://heron.example:0/",
        "http://heron.example:65536/",
        "http://heron.example:٣/",
        "http://heron .example/",
        "http://heron.example/a b",
        "http://heron.example/\r\nHost: evil.example",
        "http://heron.example/\t",
        "http://heron.example/\x00",
        " http://heron.example/",
        "http://heron..example/",
        "http://.heron.example/",
        "http://heron.example../",
        "http://-heron.example/",
        "http://her,on.example/",
        "http://heron.example;evil/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        # No pages.
        "",
        "heron.example",
        "//heron.example/",
        "ftp://heron.example/",
        "file:///etc/passwd",
        "gopher://heron.example/",
        "data:text/html,x",
        "javascript:alert(1)",
        "unix:///run/docker.sock",
        "view-source:http://heron.example/",
        "httpſ://heron.example/",
        "http://heron.example/" + "a" * 4_000,
    ],
)
def test_this_is_no_address_of_a_page(url: str) -> None:
    with pytest.raises(PageFailed):
        page_url(url)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://heron.example", "https://heron.example/"),
        ("HTTP://Heron.Example:80/A?b=C#d", "http://heron.example/A?b=C"),
        ("https://heron.example:8443/", "https://heron.example:8443/"),
        ("https://heron.example./a", "https://heron.example/a"),
        ("https://bücher.example/ä?ö=ü", "https://xn--bcher-kva.example/%C3%A4?%C3%B6=%C3%BC"),
        ("https://a_b.heron.example/@user:x", "https://a_b.heron.example/@user:x"),
        ("https://heron.example?u=http://127.0.0.1", "https://heron.example/?u=http://127.0.0.1"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://[2606:4700:4700::1111]:8443/", "https://[2606:4700:4700::1111]:8443/"),
        ("https://3.example/", "https://3.example/"),
    ],
)
def test_an_address_of_a_page_is_taken_in_one_spelling(url: str, taken: str) -> None:
    assert str(page_url(url)) == taken
    assert str(page_url(taken)) == taken


def spellings(address: IPv4Address) -> list[str]:
    number, parts = int(address), address.packed
    return [
        str(address),
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(map(hex, parts)),
        ".".join(f"0{part:o}" for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
        str(address).translate({48 + n: 0xFF10 + n for n in range(10)}),
        str(address).replace(".", "\u3002"),
        f"[::ffff:{address}]",
        f"[64:ff9b::{address}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]",
    ]


@given(privately, st.sampled_from(["", ".", ":80", ".:80"]))
@example(IPv4Address("127.0.0.1"), "")
def test_no_spelling_of_a_private_address_passes(address: IPv4Address, tail: str) -> None:
    for host in spellings(address):
        with pytest.raises(PageFailed):
            page_url(f"http://{host}{tail}/")


@given(st.text(max_size=40), st.sampled_from(["http://", "https://", "http://heron.example", ""]))
def test_what_is_taken_has_a_host_that_all_read_alike(text: str, begin: str) -> None:
    try:
        url = page_url(begin + text)
    except PageFailed:
        return
    assert str(page_url(str(url))) == str(url)
    assert url.user is None
    assert str(url).isascii()
    assert "%" not in str(url.raw_host)
