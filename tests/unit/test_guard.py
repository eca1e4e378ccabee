"""The gate, as a table of hostile and honest requests."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from cowork_desktop.errors import (
    CoworkError,
    Forbidden,
    MisdirectedRequest,
    Unauthorized,
    UnsupportedMediaType,
)
from cowork_desktop.http.guard import Gate

HOST = "localhost:26866"
OWN = f"http://{HOST}"
TOKEN = "0123456789abcdef-token"
GATE = Gate.at(26866)
GATE_WITH_TOKEN = Gate.at(26866, token=TOKEN)
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"}
Header = tuple[str, str]


def refusal(
    *headers: Header,
    method: str = "GET",
    host: str | None = HOST,
    gate: Gate = GATE,
    has_body: bool = False,
    is_page: bool = False,
    is_open: bool = False,
) -> type[CoworkError] | None:
    """The kind of the gate's refusal of a request with one honest `Host`, unless told otherwise."""
    given = CIMultiDict[str]([*([("Host", host)] if host is not None else []), *headers])
    refused = gate.refusal(
        method, CIMultiDictProxy(given), has_body=has_body, is_page=is_page, is_open=is_open
    )
    return None if refused is None else type(refused)


@pytest.mark.parametrize(
    "host", ["localhost:26866", "127.0.0.1:26866", "[::1]:26866", "LOCALHOST:26866", "LocalHost:26866"]
)
def test_each_name_of_this_machine_at_the_servers_port_is_taken(host: str) -> None:
    assert refusal(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "evil.example",
        "evil.example:26866",
        "rebound.evil.example:26866",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "localhost:80",
        "localhost:26867",
        "localhost:026866",
        "localhost:26866:26866",
        "localhost:26866 ",
        " localhost:26866",
        "localhost.:26866",
        "localhost.evil.example:26866",
        "art-01jz0000000000000000000000.localhost:26866",
        "sub.localhost:26866",
        "localhost:26866@evil.example",
        "evil.example@localhost:26866",
        "user:pass@localhost:26866",
        "localhost:26866/",
        "localhost:26866, localhost:26866",
        "127.0.0.2:26866",
        "127.1:26866",
        "2130706433:26866",
        "0x7f000001:26866",
        "0.0.0.0:26866",
        "192.168.0.10:26866",
        "::1:26866",
        "[::]:26866",
        "[0:0:0:0:0:0:0:1]:26866",
        "[::ffff:127.0.0.1]:26866",
        "localho\u017ft:26866",
    ],
)
def test_every_other_host_is_misdirected(host: str) -> None:
    assert refusal(host=host) is MisdirectedRequest


def test_a_request_without_a_host_is_misdirected() -> None:
    assert refusal(host=None) is MisdirectedRequest


def test_a_request_with_two_hosts_is_misdirected_even_if_both_are_ours() -> None:
    assert refusal(("Host", HOST)) is MisdirectedRequest
    assert refusal(("Host", "evil.example")) is MisdirectedRequest


def test_pages_and_open_endpoints_are_misdirected_too() -> None:
    hostile = {"host": "evil.example:26866"}
    assert refusal(*NAVIGATION.items(), is_page=True, **hostile) is MisdirectedRequest  # type: ignore[arg-type]
    assert refusal(is_open=True, host="evil.example:26866", gate=GATE_WITH_TOKEN) is MisdirectedRequest


def test_a_host_without_a_port_is_ours_only_at_port_80() -> None:
    gate = Gate.at(80)
    assert refusal(host="localhost", gate=gate) is None
    assert refusal(host="localhost:80", gate=gate) is None
    assert refusal(host="localhost:26866", gate=gate) is MisdirectedRequest


def test_a_server_on_one_outside_address_takes_that_address_and_no_other() -> None:
    gate = Gate.at(26866, bound_to="192.168.0.10", token=TOKEN)
    shown = ("Authorization", f"Bearer {TOKEN}")
    assert refusal(shown, host="192.168.0.10:26866", gate=gate) is None
    assert refusal(shown, host="192.168.0.11:26866", gate=gate) is MisdirectedRequest
    assert refusal(shown, host="192.168.0.10.evil.example:26866", gate=gate) is MisdirectedRequest


def test_a_server_on_an_ipv6_address_takes_it_in_brackets() -> None:
    gate = Gate.at(26866, bound_to="FD00::1", token=TOKEN)
    assert refusal(("Authorization", f"Bearer {TOKEN}"), host="[fd00::1]:26866", gate=gate) is None


@pytest.mark.parametrize("bound_to", ["0.0.0.0", "::"])
def test_a_server_on_every_address_takes_addresses_at_its_port_but_no_names(bound_to: str) -> None:
    gate = Gate.at(26866, bound_to=bound_to, token=TOKEN)
    shown = ("Authorization", f"Bearer {TOKEN}")
    for host in ("192.168.0.10:26866", "[fd00::1]:26866", "localhost:26866"):
        assert refusal(shown, host=host, gate=gate) is None
    for host in ("evil.example:26866", "192.168.0.10:80", "192.168.0.10", "rebound.localhost:26866"):
        assert refusal(shown, host=host, gate=gate) is MisdirectedRequest


@pytest.mark.parametrize("host", ["localhost:26866", "127.0.0.1:26866", "[::1]:26866"])
def test_the_servers_own_pages_may_call_it(host: str) -> None:
    assert refusal(("Origin", f"http://{host}"), ("Sec-Fetch-Site", "same-origin"), host=host) is None


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://evil.example:26866",
        f"https://{HOST}",
        f"HTTP://{HOST}",
        f"{OWN}/",
        f"{OWN}.evil.example",
        f"{OWN}0",
        f"{OWN}@evil.example",
        f"http://evil.example@{HOST}",
        f"http://sub.{HOST}",
        "http://art-01jz0000000000000000000000.localhost:26866",
        "http://localhost",
        "http://localhost:26867",
        "http://localhost.:26866",
        "http://127.0.0.1:26866",
        "http://[::1]:26866",
        HOST,
        f"{OWN}, https://evil.example",
        f"{OWN} ",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "app://cowork",
        "*",
    ],
)
def test_pages_of_every_other_origin_are_refused(origin: str) -> None:
    assert refusal(("Origin", origin)) is Forbidden
    assert refusal(("Origin", origin), ("Sec-Fetch-Site", "same-origin")) is Forbidden
    assert refusal(("Origin", origin), is_open=True) is Forbidden


def test_a_second_origin_cannot_hide_behind_the_servers_own() -> None:
    assert refusal(("Origin", OWN), ("Origin", "https://evil.example")) is Forbidden


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_requests_of_the_same_origin_or_of_the_user_pass(site: str) -> None:
    assert refusal(("Sec-Fetch-Site", site)) is None


@pytest.mark.parametrize(
    "site", ["cross-site", "same-site", "", "Same-Origin ", "unknown", "none, cross-site"]
)
def test_requests_of_another_site_are_refused(site: str) -> None:
    assert refusal(("Sec-Fetch-Site", site)) is Forbidden


def test_a_second_site_cannot_hide_behind_an_honest_one() -> None:
    assert refusal(("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")) is Forbidden


def test_a_client_that_sends_neither_origin_nor_site_passes() -> None:
    assert refusal(("User-Agent", "curl/8.0"), ("Accept", "*/*")) is None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_on_a_foreign_page_may_lead_to_a_page(method: str) -> None:
    assert refusal(*NAVIGATION.items(), method=method, is_page=True) is None


def test_a_link_on_a_foreign_page_may_not_lead_to_data() -> None:
    assert refusal(*NAVIGATION.items()) is Forbidden
    assert refusal(*NAVIGATION.items(), is_open=True) is Forbidden


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_form_on_a_foreign_page_may_not_be_sent_to_a_page(method: str) -> None:
    assert refusal(*NAVIGATION.items(), ("Origin", "null"), method=method, is_page=True) is Forbidden


@pytest.mark.parametrize(
    "changed",
    [
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "frame"},
        {"Sec-Fetch-Dest": "embed"},
        {"Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Dest": "empty"},
    ],
)
def test_a_foreign_page_may_not_frame_or_load_a_page(changed: dict[str, str]) -> None:
    assert refusal(*(NAVIGATION | changed).items(), is_page=True) is Forbidden


@pytest.mark.parametrize("missing", ["Sec-Fetch-Mode", "Sec-Fetch-Dest"])
def test_what_does_not_say_that_it_is_a_navigation_is_none(missing: str) -> None:
    headers = [(name, value) for name, value in NAVIGATION.items() if name != missing]
    assert refusal(*headers, is_page=True) is Forbidden


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; charset=utf8",
        "application/json ; charset=utf-8",
        "application/json;",
    ],
)
def test_a_body_of_json_is_taken(method: str, content_type: str) -> None:
    assert refusal(("Content-Type", content_type), method=method, has_body=True) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain;charset=UTF-8",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "application/jsonp",
        "application/json-patch+json",
        "application/vnd.api+json",
        "application/json, text/plain",
        "text/plain, application/json",
        "text/json",
        "json",
        "*/*",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=utf-7",
    ],
)
def test_a_body_of_another_type_is_refused(method: str, content_type: str) -> None:
    assert refusal(("Content-Type", content_type), method=method, has_body=True) is UnsupportedMediaType


def test_a_body_without_a_type_is_refused() -> None:
    assert refusal(method="POST", has_body=True) is UnsupportedMediaType


def test_a_body_with_two_types_is_refused() -> None:
    twice = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    assert refusal(*twice, method="POST", has_body=True) is UnsupportedMediaType
    assert refusal(*reversed(twice), method="POST", has_body=True) is UnsupportedMediaType


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_without_a_body_needs_no_type(method: str) -> None:
    assert refusal(method=method) is None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_body_that_changes_nothing_may_have_any_type(method: str) -> None:
    assert refusal(("Content-Type", "text/plain"), method=method, has_body=True) is None


def test_a_stranger_is_not_told_about_types_or_tokens() -> None:
    hostile = [("Origin", "https://evil.example"), ("Content-Type", "text/plain")]
    assert refusal(*hostile, method="POST", has_body=True, gate=GATE_WITH_TOKEN) is Forbidden


def test_a_caller_who_shows_the_token_passes() -> None:
    assert refusal(("Authorization", f"Bearer {TOKEN}"), gate=GATE_WITH_TOKEN) is None


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN} ",
        f"Bearer {TOKEN},Bearer {TOKEN}",
        "Bearer wrong",
        "Bearer \u00fc\u00f1\u00ef\U0001f511",
        "Bearer \udcff",
        "Bearer \0",
    ],
)
def test_a_caller_who_shows_anything_else_is_unauthorized(shown: str) -> None:
    assert refusal(("Authorization", shown), gate=GATE_WITH_TOKEN) is Unauthorized


def test_a_caller_without_the_token_is_unauthorized() -> None:
    assert refusal(gate=GATE_WITH_TOKEN) is Unauthorized


def test_a_token_that_is_shown_twice_counts_for_nothing() -> None:
    shown = ("Authorization", f"Bearer {TOKEN}")
    assert refusal(shown, shown, gate=GATE_WITH_TOKEN) is Unauthorized
    assert refusal(shown, ("Authorization", "Bearer wrong"), gate=GATE_WITH_TOKEN) is Unauthorized


def test_an_open_endpoint_needs_no_token() -> None:
    assert refusal(is_open=True, gate=GATE_WITH_TOKEN) is None


def test_a_page_needs_the_token_even_where_a_link_leads_to_it() -> None:
    assert refusal(*NAVIGATION.items(), is_page=True, gate=GATE_WITH_TOKEN) is Unauthorized


def test_the_token_does_not_make_a_foreign_page_a_friend() -> None:
    shown = ("Authorization", f"Bearer {TOKEN}")
    assert refusal(shown, ("Origin", "https://evil.example"), gate=GATE_WITH_TOKEN) is Forbidden
    assert refusal(shown, host="evil.example:26866", gate=GATE_WITH_TOKEN) is MisdirectedRequest


def test_a_refusal_for_want_of_the_token_says_how_to_show_it() -> None:
    refused = GATE_WITH_TOKEN.refusal("GET", CIMultiDictProxy(CIMultiDict(Host=HOST)), has_body=False)
    assert refused is not None
    assert refused.headers == {"WWW-Authenticate": "Bearer"}


def test_no_refusal_repeats_what_the_caller_sent() -> None:
    sent = CIMultiDict(Host="canary.example", Origin="https://canary.example", Authorization="Bearer canary")
    refused = GATE_WITH_TOKEN.refusal("GET", CIMultiDictProxy(sent), has_body=False)
    assert refused is not None
    assert "canary" not in refused.message
