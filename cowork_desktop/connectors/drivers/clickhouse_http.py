"""Asks ClickHouse over HTTP: who is asked and with what settings, and the end of a query at the server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
from yarl import URL

from cowork_desktop.connectors.drivers.clickhouse_failures import ServerError, failure, server_error
from cowork_desktop.connectors.drivers.clickhouse_rows import FORMAT, Table
from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.unreached import reaching

_CONNECT_SECONDS = 10.0
_KILL_SECONDS = 3.0
_CANCEL = "cancel_http_readonly_queries_on_client_close"
_UNKNOWN_SETTING, _READ_ONLY = 115, 164
_LEVEL = "SELECT value FROM system.settings WHERE name = 'readonly'"


@dataclass(frozen=True)
class Server:
    url: URL
    headers: Mapping[str, str] = field(repr=False)
    database: str


def server_of(target: Target) -> Server:
    """Raises DriverFailed. The credentials are in headers: addresses are written into logs."""
    is_safe = target.flag("tls", True)
    port = target.number("port", 8443 if is_safe else 8123)
    try:
        url = URL.build(scheme="https" if is_safe else "http", host=target.text("host"), port=port, path="/")
    except ValueError:
        url = URL()
    if not url.host:
        raise DriverFailed("failed", "The host should be a name or an address alone, such as db.example.com.")
    headers = {
        "X-ClickHouse-User": target.text("user", "default"),
        "X-ClickHouse-Key": target.text("password"),
    }
    if not all(value.isprintable() for value in headers.values()):
        raise DriverFailed(
            "authentication", "The user or the password has characters that no header can hold."
        )
    return Server(url, headers, target.text("database"))


@asynccontextmanager
async def running(target: Target, sql: str, seconds: float) -> AsyncIterator[Table]:
    """A query, which ends at the server as well when it is left before its last row. Raises DriverFailed."""
    server, id = server_of(target), str(uuid4())
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        table: Table | None = None
        has_begun = True
        try:
            try:
                with reaching(server.url):
                    answer = await _begin(session, server, sql, id, _settings(target, seconds))
            except DriverFailed:
                has_begun = False
                raise
            async with answer:
                table = await Table.read(answer)
                yield table
        finally:
            if has_begun and not (table and table.has_ended):
                await asyncio.shield(asyncio.ensure_future(_kill(server, id)))


def _settings(target: Target, seconds: float) -> dict[str, str]:
    """`readonly` is the last: older servers take them one by one, and after it none can be set."""
    limits = {"max_execution_time": str(max(1, round(seconds)))}
    return limits | ({_CANCEL: "1", "readonly": "1"} if target.access == "read" else {})


async def _begin(
    session: aiohttp.ClientSession, server: Server, sql: str, id: str, settings: dict[str, str]
) -> aiohttp.ClientResponse:
    """The answer of a server that accepts the query. Not all of the settings are known everywhere, and a user
    who is read-only already can set none. Raises DriverFailed."""
    while True:
        answer = await _post(session, server, sql, {"query_id": id} | settings)
        if answer.status == 200 and "X-ClickHouse-Exception-Code" not in answer.headers:
            return answer
        error = await server_error(answer)
        answer.close()
        if error.code == _UNKNOWN_SETTING and _CANCEL in error.message and _CANCEL in settings:
            settings = {name: value for name, value in settings.items() if name != _CANCEL}
        elif error.code == _READ_ONLY and "setting" in error.message.lower() and settings:
            settings = await _settings_of_reader(session, server, settings, error)
        else:
            raise failure(error, answer.status)


async def _settings_of_reader(
    session: aiohttp.ClientSession, server: Server, settings: dict[str, str], error: ServerError
) -> dict[str, str]:
    """Without those that a read-only user cannot set, once the server has said that this user is one."""
    async with await _post(session, server, _LEVEL, {}) as answer:
        level = (await answer.text()).strip().rpartition("\n")[2]
    if level == "1":
        return {}
    if level == "2" and "readonly" in settings:
        return {name: value for name, value in settings.items() if name != "readonly"}
    raise failure(error, 403)


async def _post(
    session: aiohttp.ClientSession, server: Server, sql: str, parameters: Mapping[str, str]
) -> aiohttp.ClientResponse:
    named = {"database": server.database} if server.database else {}
    url = server.url.with_query({"default_format": FORMAT} | named | dict(parameters))
    # What redirects is no ClickHouse, and would be sent the credentials.
    return await session.post(url, data=sql.encode(), headers=server.headers, allow_redirects=False)


async def _kill(server: Server, id: str) -> None:
    """As far as it can be done: when it next writes, the server notices by itself that nobody reads."""
    timeout = aiohttp.ClientTimeout(total=_KILL_SECONDS)
    with suppress(aiohttp.ClientError, TimeoutError):
        async with aiohttp.ClientSession(timeout=timeout) as session:
            (await _post(session, server, f"KILL QUERY WHERE query_id = '{id}' ASYNC", {})).close()
