"""Tokens from a provider of OAuth on loopback."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.oauth import (
    Client,
    Pending,
    SignIns,
    Tokens,
    exchange,
    is_fresh,
    refresh,
    revoke,
)
from cowork_desktop.connectors.specs import ProviderData, SpecData
from tests.fakes.clock import START, FakeClock
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, Fault, OAuthServer, running_oauth
from tests.fakes.waiting import until

REDIRECT_URI = "http://127.0.0.1:8765/api/v1/connectors/oauth/callback"
CLIENT = Client(CLIENT_ID, CLIENT_SECRET)
SPEC = SpecData.model_validate(
    {
        "id": "cats",
        "name": "Cats",
        "description": "Cats.",
        "category": "work",
        "docs_url": "https://cats.example",
        "driver": "http",
        "methods": [
            {"id": "oauth", "name": "Sign in", "oauth": {"provider": "fake", "scopes": ["read", "write"]}}
        ],
    }
)


@pytest.fixture
async def oauth() -> AsyncIterator[OAuthServer]:
    async with running_oauth(redirect_uri=REDIRECT_URI) as running:
        yield running


async def begun(
    server: OAuthServer, clock: FakeClock, client: Client = CLIENT, provider: ProviderData | None = None
) -> tuple[Pending, str]:
    """A sign-in that the user has agreed to, and its code."""
    sign_ins = SignIns(clock)
    url, pending = sign_ins.start(SPEC, provider or server.provider(), client, REDIRECT_URI)
    came = await server.visit(url)
    assert came["state"] == pending.state
    return pending, came["code"]


async def signed_in(server: OAuthServer, clock: FakeClock, **more: Any) -> Tokens:
    provider, client = more.get("provider", server.provider()), more.get("client", CLIENT)
    pending, code = await begun(server, clock, client, provider)
    return await exchange(provider, client, pending, code, clock=clock)


async def login(server: OAuthServer, tokens: Tokens) -> int:
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/me", headers=headers) as answer,
    ):
        return answer.status


async def failure_of_refresh(server: OAuthServer, tokens: Tokens, **more: Any) -> DriverFailed:
    provider, client = more.pop("provider", server.provider()), more.pop("client", CLIENT)
    with pytest.raises(DriverFailed) as failed:
        await refresh(provider, client, tokens, **more)
    assert failed.value.__cause__ is None
    for secret in (tokens.access_token, tokens.refresh_token, CLIENT_SECRET):
        assert secret is None or secret not in failed.value.message
    return failed.value


# The first tokens


@pytest.mark.parametrize("client_auth", ["post", "basic"])
async def test_a_code_becomes_tokens_that_open_the_api(
    oauth: OAuthServer, clock: FakeClock, client_auth: str
) -> None:
    tokens = await signed_in(oauth, clock, provider=oauth.provider(client_auth=client_auth))

    assert await login(oauth, tokens) == 200
    assert (tokens.expires_at, tokens.scope) == (START + 3_600_000, "read write")
    assert {tokens.refresh_token} == oauth.refresh_tokens
    assert ("client_secret" in oauth.forms[0]) == (client_auth == "post")
    assert oauth.headers[0]["accept"] == "application/json"
    assert tokens.access_token not in repr(tokens)
    assert str(tokens.refresh_token) not in repr(tokens)


async def test_a_public_client_has_no_secret_to_send(oauth: OAuthServer, clock: FakeClock) -> None:
    oauth.client_secret = None

    tokens = await signed_in(
        oauth, clock, client=Client(CLIENT_ID), provider=oauth.provider(client_auth="basic")
    )

    assert await login(oauth, tokens) == 200
    assert "client_secret" not in oauth.forms[0]
    assert "authorization" not in oauth.headers[0]


async def test_a_user_who_says_no_brings_back_no_code(oauth: OAuthServer, clock: FakeClock) -> None:
    oauth.denies = True
    url, pending = SignIns(clock).start(SPEC, oauth.provider(), CLIENT, REDIRECT_URI)

    assert await oauth.visit(url) == {"error": "access_denied", "state": pending.state}


@pytest.mark.parametrize(
    "changes", [{"verifier": "v" * 43}, {"redirect_uri": "http://127.0.0.1:1/other"}], ids=["verifier", "uri"]
)
async def test_a_code_is_worth_nothing_to_who_has_not_begun(
    oauth: OAuthServer, clock: FakeClock, changes: dict[str, str]
) -> None:
    pending, code = await begun(oauth, clock)

    with pytest.raises(DriverFailed) as failed:
        await exchange(oauth.provider(), CLIENT, replace(pending, **changes), code)  # type: ignore[arg-type]

    assert failed.value.kind == "authentication"
    assert oauth.access_tokens == set()


async def test_a_code_is_good_once(oauth: OAuthServer, clock: FakeClock) -> None:
    pending, code = await begun(oauth, clock)
    await exchange(oauth.provider(), CLIENT, pending, code)

    with pytest.raises(DriverFailed) as failed:
        await exchange(oauth.provider(), CLIENT, pending, code)

    assert failed.value.kind == "authentication"
    assert code not in failed.value.message


async def test_a_wrong_client_is_said_to_be_so(oauth: OAuthServer, clock: FakeClock) -> None:
    pending, code = await begun(oauth, clock)

    with pytest.raises(DriverFailed, match="client ID or secret") as failed:
        await exchange(oauth.provider(), Client(CLIENT_ID, "wrong-s3cret"), pending, code)

    assert failed.value.kind == "forbidden"
    assert "wrong-s3cret" not in failed.value.message


# How providers differ


@pytest.mark.parametrize(
    ("told", "expires_at"),
    [(3600, START + 3_600_000), ("60", START + 60_000), (None, None), (0, None), ("soon", None)],
)
async def test_providers_say_in_several_ways_when_tokens_expire(
    oauth: OAuthServer, clock: FakeClock, told: int | str | None, expires_at: int | None
) -> None:
    oauth.expires_in = told

    assert (await signed_in(oauth, clock)).expires_at == expires_at


async def test_tokens_can_come_as_a_form(oauth: OAuthServer, clock: FakeClock) -> None:
    oauth.is_form = True

    tokens = await signed_in(oauth, clock)

    assert await login(oauth, tokens) == 200
    assert (tokens.expires_at, tokens.scope) == (START + 3_600_000, "read write")


async def test_tokens_can_stand_deeper_in_the_answer(oauth: OAuthServer, clock: FakeClock) -> None:
    oauth.nested, oauth.token_type = "authed_user", "user"
    provider = oauth.provider(token_path=["authed_user"])

    tokens = await signed_in(oauth, clock, provider=provider)
    oauth.nested = None
    renewed = await refresh(provider, CLIENT, tokens)

    assert await login(oauth, tokens) == 200
    assert await login(oauth, renewed) == 200


async def test_a_first_answer_without_the_users_token_is_not_taken_for_one(
    oauth: OAuthServer, clock: FakeClock
) -> None:
    # Slack's token of the bot stands where others have the user's.
    with pytest.raises(DriverFailed, match="no token"):
        await signed_in(oauth, clock, provider=oauth.provider(token_path=["authed_user"]))


@pytest.mark.parametrize("token_type", ["bearer", "BEARER", None])
async def test_a_token_is_a_bearers(oauth: OAuthServer, clock: FakeClock, token_type: str | None) -> None:
    oauth.token_type = token_type

    assert await login(oauth, await signed_in(oauth, clock)) == 200


async def test_a_token_of_another_type_cannot_be_used(oauth: OAuthServer, clock: FakeClock) -> None:
    oauth.token_type = "mac"

    with pytest.raises(DriverFailed, match="no token"):
        await signed_in(oauth, clock)


# New tokens for old


def test_a_token_is_fresh_until_a_minute_before_its_end() -> None:
    tokens = Tokens("access", expires_at=START)

    assert is_fresh(tokens, START - 60_001)
    assert not is_fresh(tokens, START - 60_000)
    assert is_fresh(replace(tokens, expires_at=None), START)


async def test_a_refresh_brings_new_tokens_of_both_kinds(oauth: OAuthServer, clock: FakeClock) -> None:
    old = await signed_in(oauth, clock)
    oauth.expire_access()
    clock.advance(4_000)

    new = await refresh(oauth.provider(), CLIENT, old, clock=clock)

    assert (await login(oauth, old), await login(oauth, new)) == (401, 200)
    assert new.refresh_token not in (None, old.refresh_token)
    assert (new.expires_at, new.scope) == (START + 4_000_000 + 3_600_000, "read write")


async def test_a_refresh_token_stays_where_no_other_comes(oauth: OAuthServer, clock: FakeClock) -> None:
    oauth.rotates = False
    old = await signed_in(oauth, clock)

    new = await refresh(oauth.provider(), CLIENT, old)

    assert new.refresh_token == old.refresh_token
    assert new.access_token != old.access_token


async def test_a_revoked_sign_in_has_to_be_made_anew(oauth: OAuthServer, clock: FakeClock) -> None:
    tokens = await signed_in(oauth, clock)
    oauth.revoke_all()

    failed = await failure_of_refresh(oauth, tokens)

    assert (failed.kind, failed.message) == (
        "authentication",
        "The sign-in at Fake has ended (invalid_grant). Sign in again.",
    )


async def test_a_refresh_token_that_comes_twice_ends_the_sign_in(
    oauth: OAuthServer, clock: FakeClock
) -> None:
    old = await signed_in(oauth, clock)
    new = await refresh(oauth.provider(), CLIENT, old)

    assert (await failure_of_refresh(oauth, old)).kind == "authentication"
    assert await login(oauth, new) == 401


async def test_without_a_refresh_token_the_user_has_to_sign_in(oauth: OAuthServer) -> None:
    assert (await failure_of_refresh(oauth, Tokens("access"))).kind == "authentication"
    assert oauth.forms == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.ERROR_500, "failed"),
        (Fault.ERROR_IN_200, "authentication"),
        (Fault.GARBAGE, "failed"),
        (Fault.HUGE, "failed"),
        (Fault.INVALID_GRANT, "authentication"),
        (Fault.NOT_OK, "authentication"),
        (Fault.REDIRECT, "failed"),
    ],
)
async def test_what_goes_wrong_at_the_token_endpoint_has_a_kind(
    oauth: OAuthServer, clock: FakeClock, fault: Fault, kind: str
) -> None:
    tokens = await signed_in(oauth, clock)
    oauth.fault = fault

    assert (await failure_of_refresh(oauth, tokens)).kind == kind

    assert len(oauth.forms) == 2
    oauth.fault = None
    assert await login(oauth, await refresh(oauth.provider(), CLIENT, tokens)) == 200


async def test_a_provider_that_says_nothing_is_left(oauth: OAuthServer, clock: FakeClock) -> None:
    tokens = await signed_in(oauth, clock)
    oauth.fault = Fault.STALL

    assert (await failure_of_refresh(oauth, tokens, seconds=0.2)).kind == "timeout"

    async def has_left() -> bool:
        return oauth.left == 1

    await until(has_left)


async def test_a_provider_that_is_not_there_can_be_asked_again_later(
    oauth: OAuthServer, clock: FakeClock
) -> None:
    async with running_oauth() as gone:
        provider = gone.provider()

    failed = await failure_of_refresh(oauth, await signed_in(oauth, clock), provider=provider)

    assert failed.kind == "refused"


async def test_tokens_are_not_asked_for_over_plain_http(oauth: OAuthServer, clock: FakeClock) -> None:
    provider = oauth.provider(token_url="http://fake.example/token")

    failed = await failure_of_refresh(oauth, await signed_in(oauth, clock), provider=provider)

    assert failed.kind == "tls"


# Taking them back


async def test_revoked_tokens_open_nothing(oauth: OAuthServer, clock: FakeClock) -> None:
    tokens = await signed_in(oauth, clock)

    await revoke(oauth.provider(), CLIENT, tokens)

    assert await login(oauth, tokens) == 401
    assert (await failure_of_refresh(oauth, tokens)).kind == "authentication"


async def test_revoking_is_best_effort(oauth: OAuthServer, clock: FakeClock) -> None:
    tokens = await signed_in(oauth, clock)

    await revoke(oauth.provider(revoke_url=None), CLIENT, tokens)
    await revoke(oauth.provider(revoke_url=f"{oauth.url}/nowhere"), CLIENT, tokens)
    await revoke(oauth.provider(revoke_url="http://127.0.0.1:1/revoke"), CLIENT, tokens)

    assert await login(oauth, tokens) == 200
