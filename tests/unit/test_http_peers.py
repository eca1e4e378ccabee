"""Who may be connected to when an API sends on to another host."""

import socket

import pytest
from aiohttp.connector import AddrInfoType

from cowork_desktop.connectors.drivers.http_sending import Peers


def _info(address: str) -> AddrInfoType:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    place = (address, 443, 0, 0) if ":" in address else (address, 443)
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place


def _opened(peers: Peers, address: str) -> bool:
    try:
        peers.open(_info(address)).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "fe80::1%1",
        "fd00::1",
    ],
)
def test_a_public_api_leads_nobody_into_a_private_network(address: str) -> None:
    peers = Peers()
    assert _opened(peers, "93.184.215.14")
    peers.is_elsewhere = True

    assert not _opened(peers, address)
    assert peers.has_refused


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_api_leads_to_other_public_hosts(address: str) -> None:
    peers = Peers(is_elsewhere=True)

    assert _opened(peers, address)


def test_an_api_of_a_private_network_may_lead_to_others_there() -> None:
    peers = Peers()
    assert _opened(peers, "10.0.0.1")
    peers.is_elsewhere = True

    assert _opened(peers, "10.0.0.2")
