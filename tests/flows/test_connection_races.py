"""Connections that change while they are used, tested, signed in for, or asked about."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.connectors.vault import Vault
from cowork_desktop.ids import Ids
from cowork_desktop.store import connections
from cowork_desktop.store.database import Database
from tests.fakes.agent import running_agent
from tests.fakes.clock import FakeClock
from tests.fakes.connections import a_connection, database, until_tested
from tests.fakes.messages_endpoint import reply, tool_block
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Server, running_server
from tests.flows.test_oauth_connections import herons, signed_in

pytestmark = pytest.mark.slow

DELETE = {"connection": "shop", "sql": "DELETE FROM orders"}


class _Slow(MemorySecrets):
    """A keyring that lets others go on in the midst of a deletion."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def delete(self, name: str) -> None:
        self.begun.set()
        await self.may_go_on.wait()
        await super().delete(name)


async def count(place: Path) -> int:
    import sqlite3

    def counted() -> int:
        with sqlite3.connect(place) as db:
            return int(db.execute("SELECT count(*) FROM orders").fetchone()[0])

    return await asyncio.to_thread(counted)


async def test_what_a_row_has_begun_to_use_is_not_cleared_away(tmp_path: Path, clock: FakeClock) -> None:
    async with Database.open(tmp_path / "cowork.db") as db:
        secrets, ids = _Slow(), Ids(clock)
        vault, id = Vault(db, secrets), ids.new("conn")
        await db.write(connections.loosen, "aa/old")
        async with vault.new(f"connection/{id}", {"password": "one"}) as name:
            clearing = asyncio.create_task(vault.clear())
            await secrets.begun.wait()
            await db.write(connections.settle_secret, name)
        secrets.may_go_on.set()
        await clearing
        assert await vault.get(name) == {"password": "one"}


async def test_what_the_user_allowed_is_not_done_to_another_connection(data: Path) -> None:
    async with running_agent(data) as agent:
        one = await database(agent.server, data.with_name("one.db"), "shop", access="write")
        two = await database(agent.server, data.with_name("two.db"), "other", access="write")
        agent.says(reply(tool_block("c", "sql_query", DELETE)), reply(text="Done."))
        response = await agent.begin(await agent.server.conversation())
        approval = await agent.asked(response)
        for id, name in ((one["id"], "was shop"), (two["id"], "shop")):
            path = f"/connectors/connections/{id}"
            assert (await agent.server.call("PATCH", path, json={"name": name})).status == 200
        await agent.answer(approval, decision="allow")
        [told] = await agent.told(await agent.ended(response))
        assert told.is_error
        assert "was changed after the user was asked" in told.text
        assert (await count(data.with_name("one.db")), await count(data.with_name("two.db"))) == (500, 500)


async def test_a_connection_that_leads_elsewhere_by_now_is_not_written_to(data: Path) -> None:
    async with running_agent(data) as agent:
        made = await database(agent.server, data.with_name("one.db"), "shop", access="write")
        await database(agent.server, data.with_name("two.db"), "other")
        agent.says(reply(tool_block("c", "sql_query", DELETE)), reply(text="Done."))
        response = await agent.begin(await agent.server.conversation())
        approval = await agent.asked(response)
        changed = {"credentials": {"path": str(data.with_name("two.db"))}}
        await agent.server.call("PATCH", f"/connectors/connections/{made['id']}", json=changed)
        await agent.answer(approval, decision="allow")
        [told] = await agent.told(await agent.ended(response))
        assert told.is_error
        assert (await count(data.with_name("one.db")), await count(data.with_name("two.db"))) == (500, 500)


async def test_a_connection_made_for_reading_while_the_user_is_asked_says_so(data: Path) -> None:
    async with running_agent(data) as agent:
        made = await database(agent.server, data.with_name("one.db"), "shop", access="write")
        agent.says(reply(tool_block("c", "sql_query", DELETE)), reply(text="Done."))
        response = await agent.begin(await agent.server.conversation())
        approval = await agent.asked(response)
        path = f"/connectors/connections/{made['id']}"
        await agent.server.call("PATCH", path, json={"access": "read"})
        await agent.answer(approval, decision="allow")
        [told] = await agent.told(await agent.ended(response))
        assert told.is_error
        assert "changed after the user was asked" in told.text
        assert await count(data.with_name("one.db")) == 500


async def test_a_change_beside_a_refresh_loses_no_token(data: Path, clock: FakeClock) -> None:
    async with herons(data, clock) as (server, provider):
        made = await signed_in(server, provider)
        path = f"/connectors/connections/{made['id']}"
        for _ in range(5):
            clock.advance(3_600)
            tested, patched = await asyncio.gather(
                server.post(f"{path}/test"), server.call("PATCH", path, json={"credentials": {}})
            )
            assert patched.status == 200, patched.body
            assert tested["error"] in (None, "")
            assert (await until_tested(server, made["id"]))["status"] == "connected"
        assert provider.seen["refresh_token"] == 5
        secrets = server.app[keys.SECRETS]
        assert isinstance(secrets, MemorySecrets)
        assert len(secrets.kept) == 2


async def test_changes_side_by_side_leave_one_secret_each(server: Server) -> None:
    secrets = server.app[keys.SECRETS]
    assert isinstance(secrets, MemorySecrets)
    body = {"host": "127.0.0.1", "port": 9, "database": "d", "user": "u", "password": "first-password"}
    ids = [await a_connection(server, spec_id="postgres", credentials=body) for _ in range(3)]

    async def change(id: str, n: int) -> int:
        path = f"/connectors/connections/{id}"
        given: dict[str, Any] = {"credentials": {"password": f"password-{n}"}}
        return (await server.call("PATCH", path, json=given)).status

    statuses = await asyncio.gather(*(change(id, n) for n in range(4) for id in ids))
    assert set(statuses) <= {200, 409}
    for id in ids:
        assert (await until_tested(server, id))["status"] == "error"
        again = await server.post(f"/connectors/connections/{id}/test")
        assert "Nobody listens" in again["error"]
    assert len(secrets.kept) == 3


async def test_a_connection_is_there_after_a_restart(data: Path) -> None:
    secrets = MemorySecrets()
    async with running_server(data, secrets=secrets) as server:
        made = await database(server, data.with_name("shop.db"))
    async with running_server(data, secrets=secrets) as server:
        assert await server.get(f"/connectors/connections/{made['id']}") == made
