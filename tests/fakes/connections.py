"""Connections of a server, to databases that the test makes."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.fakes.server import Server

PASSWORD = "heron-Canary-7Qx!"


async def a_connection(server: Server, name: str = "C", **fields: Any) -> str:
    """The id of a connection that leads nowhere."""
    body = {"spec_id": "sqlite", "name": name, "credentials": {"path": "/nowhere/at/all.db"}, **fields}
    return str((await server.post("/connectors/connections", body))["id"])


async def until_tested(server: Server, connection_id: str) -> Any:
    """The connection, when its first test has ended."""
    async with asyncio.timeout(30):
        while True:
            connection = await server.get(f"/connectors/connections/{connection_id}")
            if connection["status"] != "pending":
                return connection
            await asyncio.sleep(0.01)


async def one_of_each(server: Server) -> None:
    """Connections that lead nowhere, for every tool that comes with Cowork."""
    nowhere = {"host": "127.0.0.1", "port": 9}
    await a_connection(server, "sql")
    await a_connection(server, "query", spec_id="redis", credentials=nowhere)
    await a_connection(
        server, "http", spec_id="http-api", method="none", credentials={"base_url": "http://127.0.0.1:9"}
    )
    await a_connection(
        server, "email", spec_id="smtp", credentials={**nowhere, "from_address": "ada@example.com"}
    )


def make_database(place: Path) -> Path:
    """A SQLite file with orders in it."""
    with closing(sqlite3.connect(place)) as db:
        db.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, total REAL, at TEXT)"
        )
        rows = [(n, f"customer {n % 7}", n * 1.5, f"2026-01-{n % 28 + 1:02}") for n in range(1, 501)]
        db.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
        db.commit()
    return place


async def database(server: Server, place: Path, name: str = "shop", **fields: Any) -> Any:
    """A connection to a SQLite file with orders, tested."""
    path = await asyncio.to_thread(make_database, place)
    id = await a_connection(server, name, credentials={"path": str(path)}, **fields)
    return await until_tested(server, id)
