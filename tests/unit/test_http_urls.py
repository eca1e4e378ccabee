"""Where the requests of an API can go."""

from typing import Any

import pytest

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.http_urls import located

BASE = "https://api.example.com/v1"


def _target(base: str = BASE, settings: dict[str, Any] | None = None, **more: Any) -> Target:
    options = {"base_url": base, "also": more.pop("also", [])}
    return Target(settings=settings or {}, secrets=more.pop("secrets", {}), access="read", options=options)


def _url(asked: str, *, target: Target | None = None, **query: Any) -> str:
    return str(located(target or _target(), asked, query).url)


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        ("/", "https://api.example.com/v1/"),
        ("/things/1", "https://api.example.com/v1/things/1"),
        ("/a b/ü", "https://api.example.com/v1/a%20b/%C3%BC"),
        ("/projects/group%2Fproject", "https://api.example.com/v1/projects/group%2Fproject"),
        ("/things?page=2&q=a%26b", "https://api.example.com/v1/things?page=2&q=a%26b"),
        ("/100%25.txt", "https://api.example.com/v1/100%25.txt"),
        ("/a..b/...", "https://api.example.com/v1/a..b/..."),
        ("/user@evil.example/x", "https://api.example.com/v1/user@evil.example/x"),
        ("https://api.example.com/v1/things?page=2", "https://api.example.com/v1/things?page=2"),
    ],
)
def test_a_path_comes_below_the_base(asked: str, url: str) -> None:
    assert _url(asked) == url


def test_a_query_is_added_to_that_of_the_path_and_escaped() -> None:
    url = _url("/x?a=1", b=["2", "3"], c="&d=4#?")

    assert url == "https://api.example.com/v1/x?a=1&b=2&b=3&c=%26d%3D4%23?"


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "things",
        "@evil.example/",
        ".evil.example/",
        "//evil.example/",
        "/a//b",
        "/\\evil.example",
        "/a%5C..%5Cb",
        "/..",
        "/../v2/x",
        "/a/./b",
        "/%2e%2e/x",
        "/.%2E/x",
        "/%252e%252e/x",
        "/%25252e%25252e%25252fx",
        "/a%2f..%2fb",
        "/..;/admin",
        "/..%3Bx/admin",
        "/a\nb",
        "/a\r\nHost: evil.example",
        "/a%0d%0ab",
        "/a%00",
        "/a\x85b",
        "/x?a=\nb",
        "/a#b",
        "/x?a#b",
        "/" + "%25" * 20 + "41" + "%2525252525252e" * 2,
        "/" + "a" * 9_000,
        "/\ud800",
        "/.\ud800./x",
        "/a/.\ud800./x",
        "http://api.example.com/v1/x",
        "https://api.example.com/v2/x",
        "https://api.example.com/v1x",
        "https://api.example.com/v1/../v2",
        "https://api.example.com/v1@evil.example/x",
        "https://api.example.com.evil.example/v1/x",
        "https://user@api.example.com/v1/x",
        "https://evil.example/v1/x",
        "file:///etc/passwd",
    ],
)
def test_what_leads_out_of_the_base_or_is_no_path_is_refused(asked: str) -> None:
    with pytest.raises(DriverFailed) as refused:
        _url(asked)

    assert refused.value.kind == "not_allowed"


def test_further_bases_can_be_named_by_whole_urls() -> None:
    target = _target(also=["https://content.example.com/2"])

    assert (
        _url("https://content.example.com/2/files?x=1", target=target)
        == "https://content.example.com/2/files?x=1"
    )
    with pytest.raises(DriverFailed, match=r"content\.example\.com/2"):
        _url("https://content.example.com/3/files", target=target)


def test_fields_fill_in_the_base() -> None:
    settings = {"domain": "acme", "port": 8443, "base_url": "https://git.acme.example/gitlab/"}

    assert _url("/x", target=_target("https://{domain}.example.net:{port}/a", settings)) == (
        "https://acme.example.net:8443/a/x"
    )
    assert _url("/x", target=_target("{base_url}/api/v4", settings)) == (
        "https://git.acme.example/gitlab/api/v4/x"
    )


@pytest.mark.parametrize(
    "domain",
    [
        "evil.example/",
        "a@evil",
        "evil.example:1",
        "evil#",
        "evil?",
        "evil\\",
        "a b",
        "ä",
        "..",
        "%2f",
        "",
        "{x}",
    ],
)
def test_a_field_is_one_part_of_a_host_and_no_more(domain: str) -> None:
    target = _target("https://{domain}.example.net", {"domain": domain})

    with pytest.raises(DriverFailed, match="field domain"):
        _url("/x", target=target)


@pytest.mark.parametrize(
    "base",
    [
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https:///x",
        "https://user:password@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com#x",
        "https://api.example.com/a/../b",
        "https://api.example.com\\x",
        "https://api.example.com/\nx",
        "https://api.example.com:0",
        "https://api.example.com:99999",
        "https://a%2eb/",
        "javascript:alert(1)",
    ],
)
def test_a_base_that_is_no_plain_address_is_refused_without_repeating_it(base: str) -> None:
    with pytest.raises(DriverFailed) as refused:
        _url("/x", target=_target("{base_url}", {"base_url": base}))

    assert refused.value.kind == "failed"
    assert "password" not in refused.value.message


def test_a_secret_is_never_a_part_of_an_address() -> None:
    with pytest.raises(DriverFailed, match="field token is needed"):
        _url("/x", target=_target("https://api.example.com/bot{token}", secrets={"token": "abcdef"}))


def test_secrets_do_not_go_over_plain_http_unless_that_is_allowed() -> None:
    base, secrets = "http://intranet.example", {"token": "abcdef"}

    with pytest.raises(DriverFailed) as refused:
        _url("/x", target=_target(base, secrets=secrets))
    assert refused.value.kind == "tls"
    assert (
        _url("/x", target=_target(base, {"insecure": True}, secrets=secrets)) == "http://intranet.example/x"
    )
    assert _url("/x", target=_target(base)) == "http://intranet.example/x"
    assert _url("/x", target=_target("http://[::1]:8000", secrets=secrets)) == "http://[::1]:8000/x"
