"""Connector specs and connections, operation by operation."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.errors import NotConfigured
from tests.fakes.clock import FakeClock
from tests.fakes.connections import PASSWORD, a_connection, database, make_database, until_tested
from tests.fakes.secrets import MemorySecrets, NoSecrets
from tests.fakes.server import Server, fault, running_server

NOBODY = {"host": "127.0.0.1", "port": 9, "database": "d", "user": "u", "password": PASSWORD}


async def patch(server: Server, id: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", f"/connectors/connections/{id}", json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def create(server: Server, credentials: Any, **fields: Any) -> Any:
    body = {"spec_id": "postgres", "name": "prod-db", "credentials": credentials, **fields}
    return await server.call("POST", "/connectors/connections", json=body)


async def test_specs_are_listed_by_name_and_each_can_be_had_alone(server: Server) -> None:
    page = await server.get("/connectors/specs")
    names = [spec["name"].lower() for spec in page["data"]]
    assert names == sorted(names)
    assert (page["total"], page["has_more"]) == (len(names), False)
    for spec in page["data"]:
        assert await server.get(f"/connectors/specs/{spec['id']}") == spec


async def test_specs_are_found_by_words_and_by_category(server: Server) -> None:
    found = (await server.get("/connectors/specs", params={"q": "postgresql DATABASE"}))["data"]
    assert "postgres" in {spec["id"] for spec in found}
    of_mail = (await server.get("/connectors/specs", params={"category": "mail"}))["data"]
    assert {spec["category"] for spec in of_mail} == {"mail"}
    assert (await server.get("/connectors/specs", params={"q": "no such thing"}))["data"] == []


async def test_an_unknown_spec_is_not_found(server: Server) -> None:
    assert fault(await server.call("GET", "/connectors/specs/abacus")) == (404, "not_found", None)


async def test_a_connection_is_pending_until_its_test_has_ended(timed: Server, data: Path) -> None:
    path = await asyncio.to_thread(make_database, data.with_name("shop.db"))
    body = {"spec_id": "sqlite", "name": "shop", "credentials": {"path": str(path)}}
    answer = await timed.call("POST", "/connectors/connections", json=body)
    assert answer.status == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "spec_id": "sqlite",
        "name": "shop",
        "status": "pending",
        "method": made["method"],
        "access": "read",
        "error": None,
        "server": None,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "tested_at": None,
    }
    after = await until_tested(timed, made["id"])
    assert after == made | {
        "status": "connected",
        "server": after["server"],
        "tested_at": "2026-01-01T00:00:00.000Z",
    }
    assert after["server"].startswith("SQLite ")
    assert (await timed.get("/connectors/connections"))["data"] == [after]


async def test_a_connection_that_does_not_work_says_why(server: Server) -> None:
    made = (await create(server, NOBODY)).json()
    after = await until_tested(server, made["id"])
    assert after["status"] == "error"
    assert "127.0.0.1" in after["error"]
    assert PASSWORD not in json.dumps(after)


async def test_connections_are_listed_newest_first_and_by_spec(server: Server) -> None:
    first, second = await a_connection(server, "one"), await a_connection(server, "two")
    third = (await create(server, NOBODY)).json()["id"]
    page = await server.get("/connectors/connections")
    assert [one["id"] for one in page["data"]] == [third, second, first]
    page = await server.get("/connectors/connections", params={"spec_id": "sqlite", "limit": 1})
    assert ([one["id"] for one in page["data"]], page["total"], page["has_more"]) == ([second], 2, True)
    assert (await server.get("/connectors/connections", params={"spec_id": "x"}))["data"] == []


@pytest.mark.parametrize(
    ("credentials", "faults"),
    [
        ({}, {"host": "missing", "database": "missing", "user": "missing", "password": "missing"}),
        ({**NOBODY, "hots": "h"}, {"hots": "extra_forbidden"}),
        ({**NOBODY, "host": "  "}, {"host": "missing"}),
        ({**NOBODY, "port": "many"}, {"port": "field_type"}),
        ({**NOBODY, "port": -1}, {"port": "field_type"}),
        ({**NOBODY, "tls": "perhaps"}, {"tls": "field_type"}),
        ({**NOBODY, "user": True}, {"user": "field_type"}),
        ({**NOBODY, "host": "a\nb"}, {"host": "field_type"}),
    ],
)
async def test_credentials_fit_their_spec(credentials: Any, faults: dict[str, str], server: Server) -> None:
    answer = await create(server, credentials)
    first = next(iter(faults))
    assert fault(answer) == (422, "invalid_request", f"body.credentials.{first}")
    told = {one["param"]: one["type"] for one in answer.json()["error"]["details"]}
    assert told == {f"body.credentials.{key}": type for key, type in faults.items()}
    assert PASSWORD not in answer.body.decode()
    assert (await server.get("/connectors/connections"))["total"] == 0


async def test_a_number_may_come_as_text_and_a_default_may_be_left_out(server: Server) -> None:
    assert (await create(server, NOBODY | {"port": "9"})).status == 201
    without = {key: value for key, value in NOBODY.items() if key != "port"}
    assert (await create(server, without)).status == 201


async def test_what_a_body_refers_to_must_be_there(server: Server) -> None:
    answer = await create(server, NOBODY, spec_id="abacus")
    assert fault(answer) == (422, "invalid_request", "body.spec_id")
    answer = await create(server, NOBODY, method="by-pigeon")
    assert fault(answer) == (422, "invalid_request", "body.method")
    answer = await create(server, {}, spec_id="google-sheets")
    assert fault(answer) == (422, "invalid_request", "body.method")
    assert "/connectors/oauth/google-sheets/start" in answer.json()["error"]["message"]


async def test_a_patch_keeps_the_credentials_that_it_does_not_name(server: Server, data: Path) -> None:
    secrets = server.app[keys.SECRETS]
    assert isinstance(secrets, MemorySecrets)
    id = (await create(server, NOBODY)).json()["id"]
    await until_tested(server, id)
    changed = await patch(server, id, credentials={"user": "v"})
    assert changed["status"] == "pending"
    await until_tested(server, id)
    [kept] = secrets.kept.values()
    assert json.loads(kept) == {"password": PASSWORD}
    await patch(server, id, credentials={"password": "another-Canary"})
    [kept] = secrets.kept.values()
    assert json.loads(kept) == {"password": "another-Canary"}


async def test_a_patch_of_the_name_alone_tests_nothing(server: Server, data: Path) -> None:
    made = await database(server, data.with_name("shop.db"))
    changed = await patch(server, made["id"], name="Shop of ours")
    assert changed == made | {"name": "Shop of ours", "updated_at": changed["updated_at"]}


async def test_a_required_field_cannot_be_taken_out(server: Server) -> None:
    id = (await create(server, NOBODY)).json()["id"]
    answer = await server.call(
        "PATCH", f"/connectors/connections/{id}", json={"credentials": {"password": None}}
    )
    assert fault(answer) == (422, "invalid_request", "body.credentials.password")


async def test_a_deleted_connection_leaves_keyring_and_projects(server: Server) -> None:
    secrets = server.app[keys.SECRETS]
    assert isinstance(secrets, MemorySecrets)
    id, other = (await create(server, NOBODY)).json()["id"], await a_connection(server)
    project = await server.post("/projects", {"name": "P", "connector_ids": [id, other]})
    assert (await server.call("DELETE", f"/connectors/connections/{id}")).status == 204
    assert secrets.kept == {}
    assert (await server.get(f"/projects/{project['id']}"))["connector_ids"] == [other]
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("GET", "/catalog"),
        ("GET", "/tools"),
    ):
        answer = await server.call(method, f"/connectors/connections/{id}{path}")
        assert fault(answer) == (404, "not_found", None)


async def test_a_project_names_connections_that_there_are(server: Server) -> None:
    answer = await server.call("POST", "/projects", json={"name": "P", "connector_ids": ["conn_1"]})
    assert fault(answer) == (422, "invalid_request", "body.connector_ids")
    project = await server.post("/projects", {"name": "P"})
    answer = await server.call("PATCH", f"/projects/{project['id']}", json={"connector_ids": ["conn_1"]})
    assert fault(answer) == (422, "invalid_request", "body.connector_ids")


async def test_a_test_can_be_asked_for_again(server: Server, data: Path) -> None:
    made = await database(server, data.with_name("shop.db"))
    await asyncio.to_thread(data.with_name("shop.db").unlink)
    answer = await server.call("POST", f"/connectors/connections/{made['id']}/test")
    assert answer.status == 200
    assert answer.json()["status"] == "error"
    await asyncio.to_thread(make_database, data.with_name("shop.db"))
    again = (await server.call("POST", f"/connectors/connections/{made['id']}/test")).json()
    assert (again["status"], again["error"]) == ("connected", None)


async def test_the_catalog_tells_the_tables(server: Server, data: Path) -> None:
    made = await database(server, data.with_name("shop.db"))
    catalog = await server.get(f"/connectors/connections/{made['id']}/catalog")
    [orders] = catalog["tables"]
    assert orders["name"] == "orders"
    assert [column["name"] for column in orders["columns"]] == ["id", "customer", "total", "at"]


async def test_the_catalog_of_what_cannot_be_reached_is_an_error_of_its_own(server: Server) -> None:
    id = await a_connection(server)
    answer = await server.call("GET", f"/connectors/connections/{id}/catalog")
    assert fault(answer) == (502, "connector_error", None)


async def test_a_database_has_no_tools(server: Server, data: Path) -> None:
    made = await database(server, data.with_name("shop.db"))
    answer = await server.call("GET", f"/connectors/connections/{made['id']}/tools")
    assert fault(answer) == (422, "invalid_request", None)


async def test_without_a_keyring_no_secret_is_taken_and_no_row_is_left(data: Path) -> None:
    async with running_server(data, secrets=NoSecrets()) as server:
        answer = await create(server, NOBODY)
        assert fault(answer) == (409, "not_configured", None)
        assert (await server.get("/connectors/connections"))["total"] == 0
        assert (await until_tested(server, await a_connection(server)))["status"] == "error"


class _Failing(MemorySecrets):
    """A keyring that cannot be asked for a while."""

    is_failing = False

    async def get(self, name: str) -> str | None:
        self._check()
        return await super().get(name)

    async def put(self, name: str, secret: str) -> None:
        self._check()
        await super().put(name, secret)

    async def delete(self, name: str) -> None:
        self._check()
        await super().delete(name)

    def _check(self) -> None:
        if self.is_failing:
            raise NotConfigured("The keyring is locked.")


async def test_what_the_keyring_could_not_be_rid_of_is_cleared_at_the_next_start(data: Path) -> None:
    secrets = _Failing()
    async with running_server(data, secrets=secrets) as server:
        id = (await create(server, NOBODY)).json()["id"]
        await until_tested(server, id)
        secrets.is_failing = True
        assert (await server.call("DELETE", f"/connectors/connections/{id}")).status == 204
        assert len(secrets.kept) == 1
    secrets.is_failing = False
    async with running_server(data, secrets=secrets), asyncio.timeout(20):
        while secrets.kept:
            await asyncio.sleep(0.01)


async def test_a_test_that_a_restart_cut_off_is_made_after_it(data: Path, clock: FakeClock) -> None:
    secrets = MemorySecrets()
    async with running_server(data, secrets=secrets) as server:
        id = (await create(server, NOBODY)).json()["id"]
    async with running_server(data, secrets=secrets) as server:
        assert (await until_tested(server, id))["status"] == "error"


async def test_a_connection_whose_secrets_are_gone_says_so(data: Path) -> None:
    secrets = MemorySecrets()
    async with running_server(data, secrets=secrets) as server:
        id = (await create(server, NOBODY)).json()["id"]
        await until_tested(server, id)
        secrets.kept.clear()
        after = (await server.call("POST", f"/connectors/connections/{id}/test")).json()
        assert "Enter them again" in after["error"]


async def test_windows_are_told_of_connections(server: Server) -> None:
    async with server.stream("GET", "/events") as told:
        await anext(told)
        id = await a_connection(server)
        made, after = await anext(told), await anext(told)
        assert [event.type for event in (made, after)] == ["connection.changed"] * 2
        assert [event.data["connection"]["status"] for event in (made, after)] == ["pending", "error"]
        await server.call("DELETE", f"/connectors/connections/{id}")
        assert (await anext(told)).data["connection_id"] == id


async def test_a_spec_of_the_users_own_needs_no_code(data: Path) -> None:
    folder = data / "connectors" / "specs"
    await asyncio.to_thread(folder.mkdir, parents=True)
    spec = {
        "id": "our-shop",
        "name": "Our shop",
        "description": "The database of the shop.",
        "category": "database",
        "docs_url": "https://example.com/",
        "driver": "sqlite",
        "methods": [{"id": "file", "name": "File", "fields": [{"key": "path", "label": "File"}]}],
    }
    await asyncio.to_thread((folder / "our-shop.json").write_text, json.dumps(spec))
    await asyncio.to_thread((folder / "broken.json").write_text, "{")
    async with running_server(data) as server:
        assert (await server.get("/connectors/specs/our-shop"))["name"] == "Our shop"
        path = await asyncio.to_thread(make_database, data.with_name("shop.db"))
        id = await a_connection(server, spec_id="our-shop", credentials={"path": str(path)})
        assert (await until_tested(server, id))["status"] == "connected"


@pytest.mark.parametrize("value", [None, 1.5, ["x"], {"a": 1}, "a\0b"])
async def test_a_value_is_a_text_a_number_or_a_switch(value: Any, server: Server) -> None:
    answer = await create(server, {**NOBODY, "password": value})
    assert fault(answer) == (422, "invalid_request", "body.credentials.password")
    assert len(answer.json()["error"]["details"]) == 1
