"""Sign-ins that have begun."""

import base64
import hashlib
from typing import Any

import pytest
from yarl import URL

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.oauth import Client, Pending, SignIns
from cowork_desktop.connectors.specs import ProviderData, SpecData
from tests.fakes.clock import START, FakeClock

REDIRECT_URI = "http://127.0.0.1:8765/api/v1/connectors/oauth/callback"
CLIENT = Client("cowork", "s3cret")


def _spec(**oauth: Any) -> SpecData:
    method = {"id": "oauth", "name": "Sign in", "oauth": {"provider": "fake", **oauth}}
    return SpecData.model_validate(
        {
            "id": "cats",
            "name": "Cats",
            "description": "Cats.",
            "category": "work",
            "docs_url": "https://cats.example",
            "driver": "http",
            "methods": [{"id": "token", "name": "Token"}, method],
        }
    )


def _provider(**changes: Any) -> ProviderData:
    told = {
        "id": "fake",
        "name": "Fake",
        "docs_url": "https://fake.example",
        "authorize_url": "https://fake.example/authorize?tenant=all",
        "token_url": "https://fake.example/token",
    }
    return ProviderData.model_validate(told | changes)


def _start(sign_ins: SignIns, spec: SpecData | None = None, **more: Any) -> tuple[URL, Pending]:
    provider = more.pop("provider", _provider())
    url, pending = sign_ins.start(spec or _spec(), provider, CLIENT, REDIRECT_URI, **more)
    return URL(url), pending


def test_the_browser_is_sent_with_all_that_the_provider_needs(clock: FakeClock) -> None:
    spec = _spec(scopes=["read:cats", "a b"], parameters={"access_type": "offline"})
    provider = _provider(parameters={"prompt": "consent"}, scope_separator=",")

    url, pending = _start(SignIns(clock), spec, provider=provider)

    digest = hashlib.sha256(pending.verifier.encode()).digest()
    assert url.with_query(None) == URL("https://fake.example/authorize")
    assert dict(url.query) == {
        "tenant": "all",
        "prompt": "consent",
        "access_type": "offline",
        "response_type": "code",
        "client_id": "cowork",
        "redirect_uri": REDIRECT_URI,
        "scope": "read:cats,a b",
        "state": pending.state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }


def test_further_parameters_do_not_replace_those_that_protect(clock: FakeClock) -> None:
    spec = _spec(parameters={"state": "fixed", "code_challenge_method": "plain", "redirect_uri": "x"})

    url, pending = _start(SignIns(clock), spec)

    assert (url.query["state"], url.query["code_challenge_method"]) == (pending.state, "S256")
    assert url.query.getall("redirect_uri") == [REDIRECT_URI]


def test_what_waits_knows_what_it_is_for_and_shows_no_secret(clock: FakeClock) -> None:
    _, pending = _start(SignIns(clock), connection_id="conn_1", name="Mine", access="write")

    assert (pending.spec_id, pending.method_id, pending.provider) == ("cats", "oauth", "fake")
    assert (pending.connection_id, pending.name, pending.access) == ("conn_1", "Mine", "write")
    assert pending.expires_at == START + 600_000
    assert 43 <= len(pending.verifier) <= 128
    assert pending.verifier not in repr(pending)
    assert "s3cret" not in repr(CLIENT)


def test_a_state_is_good_once(clock: FakeClock) -> None:
    sign_ins = SignIns(clock)
    _, first = _start(sign_ins)
    _, second = _start(sign_ins)

    assert first.state != second.state
    assert sign_ins.take(second.state) == second
    assert sign_ins.take(second.state) is None
    assert sign_ins.take(first.state) == first


@pytest.mark.parametrize("state", ["", "unknown", "\ud800"])
def test_a_state_that_nobody_gave_is_not_known(clock: FakeClock, state: str) -> None:
    assert SignIns(clock).take(state) is None


def test_a_state_lives_for_ten_minutes(clock: FakeClock) -> None:
    sign_ins = SignIns(clock)
    _, early = _start(sign_ins)
    clock.advance(1)
    _, late = _start(sign_ins)
    clock.advance(599)

    assert sign_ins.take(early.state) is None
    assert sign_ins.take(late.state) == late


def test_of_more_than_a_hundred_the_oldest_go(clock: FakeClock) -> None:
    sign_ins = SignIns(clock)
    states = [_start(sign_ins)[1].state for _ in range(102)]

    assert [sign_ins.take(state) is not None for state in states] == [False] * 2 + [True] * 100


def test_a_sign_in_over_plain_http_does_not_begin(clock: FakeClock) -> None:
    with pytest.raises(DriverFailed) as failed:
        _start(SignIns(clock), provider=_provider(authorize_url="http://fake.example/authorize"))
    assert failed.value.kind == "tls"

    assert _start(SignIns(clock), provider=_provider(authorize_url="http://localhost:1/authorize"))
