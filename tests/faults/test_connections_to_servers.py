"""The agent's tools on real servers, from the API to the rows: a million of them, and a server that dies."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.agent import Agent, running_agent, whole
from tests.fakes.connections import a_connection, until_tested
from tests.fakes.mail_server import PASSWORD, USER, mail_server
from tests.fakes.messages_endpoint import Json, reply, tool_block
from tests.fakes.postgres import Postgres, running_postgres
from tests.fakes.redis_server import running_redis

pytestmark = pytest.mark.slow

_FOREVER = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        server.run(
            "CREATE TABLE kept (id int PRIMARY KEY, name text NOT NULL)", "INSERT INTO kept VALUES (1, 'one')"
        )
        yield server


@pytest.fixture
async def agent(data: Path) -> AsyncIterator[Agent]:
    async with running_agent(data) as running:
        yield running


async def connect(agent: Agent, server: Any, spec_id: str, **fields: Any) -> Any:
    target = server.target()
    credentials = {**target.settings, **target.secrets}
    id = await a_connection(agent.server, "db", spec_id=spec_id, credentials=credentials, **fields)
    return await until_tested(agent.server, id)


async def until_busy(server: Postgres, is_busy: bool) -> None:
    """Wait until a statement of ours runs there, or none does."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cowork' AND state = 'active'"
    async with asyncio.timeout(20):
        while (await asyncio.to_thread(server.run, query))[0][0] != is_busy:
            await asyncio.sleep(0.02)


async def test_a_million_rows_become_a_dataframe(agent: Agent, postgres: Postgres) -> None:
    made = await connect(agent, postgres, "postgres")
    assert made["status"] == "connected", made["error"]
    assert made["server"].startswith("PostgreSQL ")
    conversation = await agent.server.conversation()
    sql = "SELECT n, md5(n::text) AS digest, n * 1.5 AS price, now() AS at FROM generate_series(1, 1000000) n"
    kept = await agent.call(conversation, "sql_query", {"connection": "db", "sql": sql, "name": "numbers"})
    assert "1,000,000 rows, 4 columns." in kept.text
    assert "as the DataFrame numbers." in kept.text
    code = {"code": "print(len(numbers), numbers['n'].sum(), numbers['digest'].nunique())"}
    counted = await agent.call(conversation, "run_code", code)
    assert "1000000 500000500000 1000000" in counted.text


async def test_the_tables_are_described_and_a_write_is_asked_for(agent: Agent, postgres: Postgres) -> None:
    await connect(agent, postgres, "postgres", access="write")
    conversation = await agent.server.conversation()
    told = await agent.call(conversation, "describe_connection", {"connection": "db", "table": "kept"})
    assert "- id (integer, key: primary, not null)" in told.text
    assert "\n1 | one" in told.text
    sql = "INSERT INTO kept VALUES (2, 'two') RETURNING id"
    agent.says(reply(tool_block("c", "sql_query", {"connection": "db", "sql": sql})), reply(text="Done."))
    response = await agent.begin(conversation)
    await agent.answer(await agent.asked(response), decision="allow")
    [written] = await agent.told(await agent.ended(response))
    assert written.text == "1 rows, 1 columns.\nid\n2"
    assert postgres.run("SELECT count(*) FROM kept") == [(2,)]


async def test_a_cancelled_turn_ends_its_query_at_the_server(agent: Agent, postgres: Postgres) -> None:
    await connect(agent, postgres, "postgres")
    agent.says(reply(tool_block("c", "sql_query", {"connection": "db", "sql": _FOREVER})))
    response = await agent.begin(await agent.server.conversation())
    await until_busy(postgres, True)
    await agent.server.post(f"/responses/{response}/cancel")
    assert (await agent.ended(response))["error"]["type"] == "cancelled"
    await until_busy(postgres, False)


async def test_a_server_that_dies_in_the_midst_of_a_query_fails_the_call_and_not_the_turn(
    agent: Agent,
) -> None:
    with running_postgres() as server:
        await connect(agent, server, "postgres")
        agent.says(
            reply(tool_block("c", "sql_query", {"connection": "db", "sql": _FOREVER})), reply(text="Gone.")
        )
        response = await agent.begin(await agent.server.conversation())
        await until_busy(server, True)
        with suppress(Exception):
            server.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cowork'"
            )
        [told] = await agent.told(ended := await agent.ended(response))
    assert (ended["status"], told.is_error) == ("completed", True)
    assert (await agent.server.get("/connectors/connections"))["data"][0]["status"] == "connected"


async def test_redis_is_asked_by_commands_that_read(agent: Agent) -> None:
    with running_redis() as server:
        server.run("HSET order:1 total 12 customer ada")
        made = await connect(agent, server, "redis")
        assert made["status"] == "connected", made["error"]
        conversation = await agent.server.conversation()
        arguments: Json = {"connection": "db", "query": "HGETALL order:1"}
        read = await agent.call(conversation, "run_query", arguments)
        assert "total | 12" in read.text
        refused = await agent.call(conversation, "run_query", {**arguments, "query": "DEL order:1"})
        assert refused.is_error
        assert server.run("EXISTS order:1")


async def test_a_mail_is_sent_when_the_user_has_seen_it(agent: Agent) -> None:
    async with mail_server() as server:
        credentials = {
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "user": USER,
            "password": PASSWORD,
            "from_address": USER,
        }
        id = await a_connection(agent.server, "mail", spec_id="smtp", credentials=credentials)
        made = await until_tested(agent.server, id)
        assert made["status"] == "connected", made["error"]
        conversation = await agent.server.conversation()
        await agent.call(conversation, "write_file", {"path": "herons.csv", "content": "heron,7\n"})
        arguments = {
            "connection": "mail",
            "to": ["bob@example.com"],
            "bcc": ["eve@example.com"],
            "subject": "Herons ü",
            "text": "Seven.",
            "attachments": ["herons.csv"],
        }
        agent.says(reply(tool_block("c", "send_email", arguments)), reply(text="Sent."))
        response = await agent.begin(conversation)
        approval = await agent.asked(response)
        assert approval["summary"] == (
            "Send 'Herons ü' to bob@example.com, eve@example.com from mail, with herons.csv"
        )
        assert server.received == []
        await agent.answer(approval, decision="allow")
        [told] = await agent.told(await agent.ended(response))
        assert told.text.startswith("Sent to 2 recipients; its Message-ID is <")
        [mail] = server.received
    assert (mail.message["Subject"], mail.message["Bcc"]) == ("Herons ü", None)
    [attached] = mail.message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("herons.csv", "heron,7\n")
    assert PASSWORD not in whole(agent.bodies[-1])
