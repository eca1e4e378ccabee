"""The agent's tools on connections: what they read, what they refuse, what is asked, and where they reach."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.agent import Agent, names, running_agent, whole
from tests.fakes.clock import FakeClock
from tests.fakes.connections import a_connection, database
from tests.fakes.messages_endpoint import reply, tool_block

pytestmark = pytest.mark.slow


@pytest.fixture
async def agent(data: Path) -> AsyncIterator[Agent]:
    async with running_agent(data) as running:
        yield running


@pytest.fixture
async def shop(agent: Agent, data: Path) -> Any:
    """A connection for reading."""
    return await database(agent.server, data.with_name("shop.db"))


@pytest.fixture
async def conversation(agent: Agent) -> str:
    return await agent.server.conversation()


def stored(data: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(data.with_name("shop.db"))) as db:
        return db.execute(query).fetchall()


async def test_tools_are_offered_by_what_is_in_reach(agent: Agent, data: Path) -> None:
    conversation = await agent.server.conversation()
    agent.says(reply(text="Hello."))
    await agent.say(conversation)
    assert not {"sql_query", "run_query", "http_request", "send_email"} & set(names(agent.bodies[-1]))
    assert "<connections>" not in whole(agent.bodies[-1])
    await database(agent.server, data.with_name("shop.db"))
    agent.says(reply(text="Hello."))
    await agent.say(conversation)
    assert {"describe_connection", "sql_query"} <= set(names(agent.bodies[-1]))
    assert not {"run_query", "http_request", "send_email"} & set(names(agent.bodies[-1]))
    assert "- shop (SQLite, for reading; sql_query)" in whole(agent.bodies[-1])


async def test_a_query_shows_its_rows_and_says_from_where(agent: Agent, shop: Any, conversation: str) -> None:
    sql = "SELECT customer, count(*) AS n, sum(total) AS total FROM orders GROUP BY 1 ORDER BY 1"
    called = await agent.call(conversation, "sql_query", {"connection": "shop", "sql": sql})
    assert called.text.startswith("7 rows, 3 columns.\ncustomer | n | total\ncustomer 0 | 71 | ")
    assert (called.source, called.is_error) == ("the connection shop", False)
    assert called.links == [{"type": "query", "connection_id": shop["id"], "name": "shop", "query": sql}]


async def test_of_many_rows_the_columns_are_profiled(agent: Agent, shop: Any, conversation: str) -> None:
    called = await agent.call(
        conversation, "sql_query", {"connection": shop["id"], "sql": "SELECT * FROM orders ORDER BY id"}
    )
    assert called.text.startswith("500 rows, 4 columns.\nThe columns, by 500 rows:\n- id: ")
    assert (
        "The first 100 rows:\nid | customer | total | at\n1 | customer 1 | 1.5 | 2026-01-02\n" in called.text
    )


async def test_a_named_result_is_a_file_and_a_dataframe(
    agent: Agent, shop: Any, conversation: str, data: Path
) -> None:
    arguments = {"connection": "shop", "sql": "SELECT * FROM orders", "name": "orders"}
    called = await agent.call(conversation, "sql_query", arguments)
    assert "Kept as queries/orders.parquet (" in called.text
    assert "and as the DataFrame orders." in called.text
    assert {link["type"] for link in called.links} == {"query", "file", "cell"}
    code = {"code": "print(len(orders), orders['total'].sum(), orders['id'].dtype)"}
    counted = await agent.call(conversation, "run_code", code)
    assert "500 187875.0 int64" in counted.text
    # What holds the rows on their way is gone.
    assert await asyncio.to_thread(lambda: list((data / "contents" / "incoming").iterdir())) == []


async def test_undo_takes_the_file_of_a_result_away(
    agent: Agent, shop: Any, conversation: str, data: Path
) -> None:
    arguments = {"connection": "shop", "sql": "SELECT * FROM orders", "name": "orders"}
    await agent.call(conversation, "sql_query", arguments)
    [place] = await asyncio.to_thread(lambda: list(data.glob("projects/*/work/queries/orders.parquet")))
    items = (await agent.server.get(f"/conversations/{conversation}/items"))["data"]
    await agent.server.post(f"/responses/{items[-1]['response_id']}/undo")
    assert not await asyncio.to_thread(place.exists)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM orders",
        "WITH gone AS (SELECT 1) DELETE FROM orders",
        "SELECT 1; DROP TABLE orders",
        "ATTACH DATABASE '/tmp/x.db' AS x",
        "PRAGMA writable_schema = 1",
        "SELECT load_extension('x')",
    ],
)
async def test_a_connection_for_reading_changes_nothing(
    sql: str, agent: Agent, shop: Any, conversation: str, data: Path
) -> None:
    called = await agent.call(conversation, "sql_query", {"connection": "shop", "sql": sql})
    assert called.is_error
    assert await agent.waiting() == []
    assert stored(data, "SELECT count(*) FROM orders") == [(500,)]


async def test_on_a_connection_for_writing_the_user_is_asked_each_time(agent: Agent, data: Path) -> None:
    shop = await database(agent.server, data.with_name("shop.db"), access="write")
    conversation = await agent.server.conversation()
    sql = "DELETE FROM orders WHERE id > 100"
    agent.says(reply(tool_block("c", "sql_query", {"connection": "shop", "sql": sql})), reply(text="Done."))
    response = await agent.begin(conversation)
    approval = await agent.asked(response)
    assert (approval["effect"], approval["subject"]) == ("outside", f"{shop['id']} DELETE")
    assert approval["summary"] == f"Change shop: {sql}"
    assert stored(data, "SELECT count(*) FROM orders") == [(500,)]
    await agent.answer(approval, decision="allow")
    [called] = await agent.told(await agent.ended(response))
    assert called.text == "Done; it gives no rows. It changed 400 rows."
    assert stored(data, "SELECT count(*) FROM orders") == [(100,)]


async def test_a_write_that_gives_many_rows_is_done_for_good(agent: Agent, data: Path) -> None:
    await database(agent.server, data.with_name("shop.db"), access="write")
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    sql = f"INSERT INTO orders SELECT i + 1000, 'new', 1.0, '' FROM ({many} SELECT i FROM n) RETURNING id"
    agent.says(reply(tool_block("c", "sql_query", {"connection": "shop", "sql": sql})), reply(text="Done."))
    response = await agent.begin(await agent.server.conversation())
    await agent.answer(await agent.asked(response), decision="allow")
    [called] = await agent.told(await agent.ended(response))
    assert called.text.startswith("20,000 rows, 1 columns.")
    assert stored(data, "SELECT count(*) FROM orders") == [(20_500,)]


@pytest.mark.parametrize("name", ["__builtins__", "_", "class", "len", "pd", "None", "In"])
async def test_a_result_takes_no_name_of_pythons(
    name: str, agent: Agent, shop: Any, conversation: str
) -> None:
    arguments = {"connection": "shop", "sql": "SELECT 1", "name": name}
    called = await agent.call(conversation, "sql_query", arguments)
    assert called.is_error
    assert "Choose another one" in called.text


async def test_what_is_refused_by_the_user_is_not_done(agent: Agent, data: Path) -> None:
    await database(agent.server, data.with_name("shop.db"), access="write")
    conversation = await agent.server.conversation()
    arguments = {"connection": "shop", "sql": "DELETE FROM orders"}
    agent.says(reply(tool_block("c", "sql_query", arguments)), reply(text="Done."))
    response = await agent.begin(conversation)
    await agent.answer(await agent.asked(response), decision="deny")
    await agent.ended(response)
    assert stored(data, "SELECT count(*) FROM orders") == [(500,)]


async def test_reading_on_a_connection_for_writing_asks_nobody(agent: Agent, data: Path) -> None:
    await database(agent.server, data.with_name("shop.db"), access="write")
    conversation = await agent.server.conversation()
    called = await agent.call(
        conversation, "sql_query", {"connection": "shop", "sql": "SELECT count(*) AS n FROM orders"}
    )
    assert called.text == "1 rows, 1 columns.\nn\n500"


async def test_describing_tells_the_tables_and_one_of_them(
    agent: Agent, shop: Any, conversation: str
) -> None:
    listed = await agent.call(conversation, "describe_connection", {"connection": "shop"})
    assert "- orders (table" in listed.text
    assert "customer TEXT" in listed.text
    one = await agent.call(conversation, "describe_connection", {"connection": "shop", "table": "orders"})
    assert "- id (INTEGER, key: primary" in one.text
    assert "By its first 200 rows:" in one.text
    assert "1 | customer 1 | 1.5 | 2026-01-02" in one.text
    none = await agent.call(conversation, "describe_connection", {"connection": "shop", "table": "herons"})
    assert none.is_error


async def test_a_project_reaches_the_connections_that_it_names_and_no_other(agent: Agent, data: Path) -> None:
    mine = await database(agent.server, data.with_name("shop.db"), "mine")
    other = await database(agent.server, data.with_name("other.db"), "other")
    project = await agent.server.post("/projects", {"name": "P", "connector_ids": [mine["id"]]})
    conversation = await agent.server.conversation(project_id=project["id"])
    sql = "SELECT count(*) AS n FROM orders"
    read = await agent.call(conversation, "sql_query", {"connection": "mine", "sql": sql})
    assert not read.is_error
    assert "- other" not in whole(agent.bodies[-1])
    for name in ("other", other["id"]):
        refused = await agent.call(conversation, "sql_query", {"connection": name, "sql": sql})
        assert refused.is_error
        assert "There is no connection" in refused.text
        assert "Those that are: mine." in refused.text


async def test_a_project_without_connections_reaches_none(agent: Agent, shop: Any) -> None:
    project = await agent.server.post("/projects", {"name": "P"})
    conversation = await agent.server.conversation(project_id=project["id"])
    agent.says(reply(text="Hello."))
    await agent.say(conversation)
    assert "sql_query" not in names(agent.bodies[-1])
    assert "shop" not in whole(agent.bodies[-1])


async def test_a_connection_taken_from_a_project_is_out_of_reach_at_once(
    agent: Agent, shop: Any, data: Path
) -> None:
    project = await agent.server.post("/projects", {"name": "P", "connector_ids": [shop["id"]]})
    conversation = await agent.server.conversation(project_id=project["id"])

    async def take_away() -> None:
        path = f"/projects/{project['id']}"
        assert (await agent.server.call("PATCH", path, json={"connector_ids": []})).status == 200

    await take_away()
    arguments = {"connection": "shop", "sql": "SELECT 1"}
    called = await agent.call(conversation, "sql_query", arguments)
    assert called.is_error


async def test_of_two_connections_with_one_name_the_id_is_asked_for(agent: Agent, data: Path) -> None:
    one = await database(agent.server, data.with_name("shop.db"), "twin")
    two = await database(agent.server, data.with_name("other.db"), "twin")
    conversation = await agent.server.conversation()
    called = await agent.call(conversation, "sql_query", {"connection": "twin", "sql": "SELECT 1"})
    assert called.is_error
    assert one["id"] in called.text
    assert two["id"] in called.text
    called = await agent.call(conversation, "sql_query", {"connection": two["id"], "sql": "SELECT 1 AS one"})
    assert called.text == "1 rows, 1 columns.\none\n1"


async def test_a_connection_that_fails_says_so_as_content_of_others(agent: Agent, conversation: str) -> None:
    await a_connection(agent.server, "gone")
    called = await agent.call(conversation, "sql_query", {"connection": "gone", "sql": "SELECT 1"})
    assert (called.is_error, called.source) == (True, "the connection gone")


async def test_a_query_that_takes_too_long_is_stopped(agent: Agent, shop: Any, conversation: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    arguments = {"connection": "shop", "sql": endless, "timeout_seconds": 1}
    called = await agent.call(conversation, "sql_query", arguments)
    assert called.is_error
    assert "did not end within 1 s" in called.text


async def test_a_cancelled_turn_stops_its_query(agent: Agent, shop: Any, conversation: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    agent.says(reply(tool_block("c", "sql_query", {"connection": "shop", "sql": endless})))
    response = await agent.begin(conversation)
    async with agent.server.stream("GET", f"/responses/{response}/events") as frames:
        async for frame in frames:
            if frame.type == "response.tool_call.added":
                break
    async with asyncio.timeout(20):
        await agent.server.post(f"/responses/{response}/cancel")
        ended = await agent.ended(response)
    assert ended["error"]["type"] == "cancelled"


async def test_a_scheduled_turn_uses_the_connections_of_its_project(data: Path, clock: FakeClock) -> None:
    async with running_agent(data, clock=clock) as agent:
        shop = await database(agent.server, data.with_name("shop.db"))
        project = await agent.server.post("/projects", {"name": "P", "connector_ids": [shop["id"]]})
        body = {"project_id": project["id"], "cron": "@yearly", "prompt": "Count.", "timezone": "UTC"}
        schedule = await agent.server.post("/schedules", body)
        arguments = {"connection": "shop", "sql": "SELECT count(*) AS n FROM orders"}
        agent.says(reply(tool_block("c", "sql_query", arguments)), reply(text="500."))
        answer = await agent.server.call("POST", f"/schedules/{schedule['id']}/run")
        assert answer.status == 202
        async with asyncio.timeout(20):
            while agent.script:
                await asyncio.sleep(0.01)
        assert "n\\n500" in whole(agent.bodies[-1])


async def test_the_rows_of_a_query_taint_the_turn(agent: Agent, shop: Any, conversation: str) -> None:
    await agent.call(conversation, "sql_query", {"connection": "shop", "sql": "SELECT 1"})
    agent.says(
        reply(tool_block("c", "remember", {"content": "The shop has 500 orders."})), reply(text="Done.")
    )
    response = await agent.begin(conversation)
    approval = await agent.asked(response)
    assert approval["tool"] == "remember"
    await agent.answer(approval, decision="deny")
    await agent.ended(response)


def test_no_tool_takes_credentials() -> None:
    from cowork_desktop.agent.toolbox import TOOLS

    for tool in TOOLS.values():
        told = json.dumps(tool.spec.input_schema)
        assert not {"password", "credential", "secret", "api_key"} & set(told.lower().split('"'))
