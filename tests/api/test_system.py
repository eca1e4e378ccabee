"""Health, the description's page, and usage."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.schemas.responses import Usage
from cowork_desktop.settings import ServerSettings
from cowork_desktop.store.database import MIGRATIONS
from cowork_desktop.version import __version__
from tests.fakes.clock import FakeClock
from tests.fakes.model import ScriptedModel, say
from tests.fakes.secrets import NoSecrets
from tests.fakes.server import Server, running_server

DAY = 86_400


async def test_health_tells_which_server_it_is_and_how_it_is(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_server(tmp_path / "data", clock=clock) as server:
        clock.advance(12.3456)
        health = await server.get("/health")
    assert health == {
        "status": "ok",
        "version": __version__,
        "instance_id": health["instance_id"],
        "uptime_s": 12.346,
        "model_configured": False,
        "secrets": "keyring",
        "schema_version": len([file for file in MIGRATIONS.iterdir() if file.name.endswith(".sql")]),
    }


async def test_the_instance_is_new_at_every_start_and_the_same_until_then(tmp_path: Path) -> None:
    seen: list[str] = []
    for _ in range(2):
        async with running_server(tmp_path / "data") as server:
            ids = {(await server.get("/health"))["instance_id"] for _ in range(3)}
        assert len(ids) == 1
        seen += ids
    assert seen[0] != seen[1]


async def test_health_tells_that_there_is_no_keyring(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", secrets=NoSecrets()) as server:
        assert (await server.get("/health"))["secrets"] == "unavailable"


async def test_health_tells_that_a_model_is_set_up(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", model=ScriptedModel()) as server:
        assert (await server.get("/health"))["model_configured"] is True


async def test_health_needs_no_token(tmp_path: Path) -> None:
    settings = ServerSettings(token="a-token-of-more-than-16-characters")
    async with running_server(tmp_path / "data", settings=settings) as server:
        assert (await server.get("/health"))["status"] == "ok"
        assert (await server.call("GET", "/settings")).status == 401


class References(HTMLParser):
    """What a page loads or leads to, and what it runs by itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.found += [value for name in ("src", "href", "action", "data") if (value := given.get(name))]
        if tag == "script" and "src" not in given:
            self.inline.append(tag)
        self.inline += [name for name in given if name.startswith("on")]


async def loaded(server: Server) -> dict[str, Any]:
    """The page and what it loads, by path."""
    answers = {"/api/v1/docs": await server.call("GET", "/docs")}
    for path in References(answers["/api/v1/docs"].body.decode()).found:
        assert re.fullmatch(r"/api/v1/[\w./-]+", path), path
        if path != "/api/v1/openapi.json":  # a link to read it
            answers[path] = await server.call("GET", f"/{path}")
    return answers


async def test_the_page_and_all_its_files_are_served_with_their_types(server: Server) -> None:
    types = {path: answer.headers["Content-Type"] for path, answer in (await loaded(server)).items()}
    assert types.pop("/api/v1/docs") == "text/html; charset=utf-8"
    assert types == {
        path: {
            "js": "text/javascript; charset=utf-8",
            "css": "text/css; charset=utf-8",
            "svg": "image/svg+xml; charset=utf-8",
        }[path.rpartition(".")[2]]
        for path in types
    }
    assert len(types) >= 3


async def test_the_page_may_run_and_load_only_what_the_server_gives(server: Server) -> None:
    for answer in (await loaded(server)).values():
        assert answer.status == 200
        policy = dict(
            part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        sources = {source for value in policy.values() for source in value.split()}
        assert sources <= {"'none'", "'self'", "'unsafe-inline'", "data:"}


async def test_the_page_holds_no_script_of_its_own_that_its_policy_would_stop(server: Server) -> None:
    page = (await server.call("GET", "/docs")).body.decode()
    assert References(page).inline == []


async def test_the_page_fetches_nothing_from_outside(server: Server) -> None:
    for path, answer in (await loaded(server)).items():
        if path.endswith("swagger-ui-bundle.js"):
            continue  # holds addresses as text; its policy lets it fetch none of them
        text = re.sub(r"http://www\.w3\.org/[\w/]+", "", answer.body.decode())
        assert re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+", text) == [], path
        assert re.findall(r"@import|url\((?!\"?data:)", text) == [], path


async def test_the_page_shows_the_description_of_this_server(server: Server) -> None:
    scripts = [answer.body for path, answer in (await loaded(server)).items() if path.endswith(".js")]
    assert any(b"openapi.json" in script for script in scripts)
    assert (await server.get("/openapi.json"))["info"]["version"] == __version__


def usage(input: int, output: int, read: int = 0, written: int = 0) -> dict[str, int]:
    return {
        "input_tokens": input,
        "output_tokens": output,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
    }


NOTHING = {"data": [], "responses": 0, "usage": usage(0, 0), "cost_usd": 0.0}
UNPRICED = {"model": None, "cost_usd": None}


class Used:
    """A server on which four turns ran: two on the 1st of January, one on the 2nd, one on the 4th."""

    def __init__(self, server: Server, project: str, inside: str, outside: str) -> None:
        self.server, self.project, self.inside, self.outside = server, project, inside, outside

    async def report(self, **query: str) -> Any:
        return await self.server.get("/usage", params=query)

    async def keys(self, **query: str) -> list[tuple[str | None, int, int]]:
        """Key, responses and input tokens of each group."""
        data = (await self.report(**query))["data"]
        return [(group["key"], group["responses"], group["usage"]["input_tokens"]) for group in data]


@pytest.fixture
async def used(tmp_path: Path) -> AsyncIterator[Used]:
    counts = [(1, 10, 100, 1000), (2, 20, 200, 2000), (4, 40, 400, 4000), (8, 80, 800, 8000)]
    scripts = [
        say(
            "x",
            usage=Usage(
                input_tokens=a, output_tokens=b, cache_read_input_tokens=c, cache_creation_input_tokens=d
            ),
        )
        for a, b, c, d in counts
    ]
    clock = FakeClock()
    async with running_server(tmp_path / "data", clock=clock, model=ScriptedModel(*scripts)) as server:
        project = (await server.post("/projects", {"name": "P"}))["id"]
        inside, outside = await server.conversation(project_id=project), await server.conversation()
        await server.say(inside, "Hi", model="small")
        clock.advance(DAY - 0.001)
        await server.say(outside, "Hi", model="large")
        clock.advance(0.001)
        await server.say(inside, "Hi", model="large")
        clock.advance(2 * DAY)
        await server.say(outside, "Hi", model="large")
        yield Used(server, project, inside, outside)


async def test_the_usage_of_a_response_is_what_the_model_counted(used: Used) -> None:
    items = (await used.server.get(f"/conversations/{used.inside}/items"))["data"]
    response = await used.server.get(f"/responses/{items[0]['response_id']}")
    assert response["usage"] == usage(1, 10, 100, 1000)


async def test_usage_is_summed_by_day_newest_first(used: Used) -> None:
    assert await used.report() == await used.report(group_by="day")
    assert await used.report() == {
        "data": [
            {"key": "2026-01-04", "responses": 1, "usage": usage(8, 80, 800, 8000), **UNPRICED},
            {"key": "2026-01-02", "responses": 1, "usage": usage(4, 40, 400, 4000), **UNPRICED},
            {"key": "2026-01-01", "responses": 2, "usage": usage(3, 30, 300, 3000), **UNPRICED},
        ],
        "responses": 4,
        "usage": usage(15, 150, 1500, 15000),
        "cost_usd": None,
    }


async def test_usage_is_summed_by_model_most_first(used: Used) -> None:
    assert await used.keys(group_by="model") == [("large", 3, 14), ("small", 1, 1)]


async def test_usage_is_summed_by_conversation(used: Used) -> None:
    assert await used.keys(group_by="conversation") == [(used.outside, 2, 10), (used.inside, 2, 5)]


async def test_usage_is_summed_by_project_with_null_for_none(used: Used) -> None:
    assert await used.keys(group_by="project") == [(None, 2, 10), (used.project, 2, 5)]


async def test_usage_can_be_filtered_and_its_sum_is_of_what_is_left(used: Used) -> None:
    assert await used.report(model="large", conversation_id=used.inside, group_by="model") == {
        "data": [{"key": "large", "responses": 1, "usage": usage(4, 40, 400, 4000), **UNPRICED}],
        "responses": 1,
        "usage": usage(4, 40, 400, 4000),
        "cost_usd": None,
    }
    assert (await used.report(project_id=used.project))["usage"] == usage(5, 50, 500, 5000)


async def test_usage_takes_whole_days_from_the_first_to_the_last(used: Used) -> None:
    days = ["2026-01-01", "2026-01-02", "2026-01-04"]
    for since, until, expected in (
        ("2026-01-01", "2026-01-01", days[:1]),
        ("2026-01-02", "2026-01-02", days[1:2]),
        ("2026-01-02", "2026-01-04", days[1:]),
        ("2026-01-03", "2026-01-03", []),
        ("2026-01-04", "2026-01-01", []),
    ):
        keys = [key for key, _, _ in await used.keys(since=since, until=until)]
        assert keys == list(reversed(expected))
    assert len(await used.keys(since="2026-01-02")) == 2
    assert len(await used.keys(until="2026-01-02")) == 2


@pytest.mark.parametrize("query", [{"since": "0001-01-01"}, {"until": "9999-12-31"}, {"until": "2026-12-31"}])
async def test_usage_takes_every_day_that_there_is(query: dict[str, str], used: Used) -> None:
    assert (await used.report(**query))["responses"] == 4


async def test_usage_of_what_does_not_exist_is_nothing(used: Used) -> None:
    for name in ("project_id", "conversation_id", "model"):
        assert await used.report(**{name: "x"}) == NOTHING


async def test_a_new_server_has_no_usage(server: Server) -> None:
    assert await server.get("/usage") == NOTHING


async def test_the_offline_model_uses_no_tokens(server: Server) -> None:
    await server.say(await server.conversation(), "Hello")
    report = await server.get("/usage", params={"group_by": "model"})
    assert report == {
        "data": [{**report["data"][0], "responses": 1, "usage": usage(0, 0), "cost_usd": 0.0}],
        "responses": 1,
        "usage": usage(0, 0),
        "cost_usd": 0.0,
    }
