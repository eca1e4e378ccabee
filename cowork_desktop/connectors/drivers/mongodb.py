"""MongoDB by pymongo: https://www.mongodb.com/docs/languages/python/pymongo-driver/current/.

Fields: `uri` and `database`; or `host`, `port`, `database`, `user`, `password`, `auth_source`, `tls`.
Options: `connect_seconds`. Queries are JSON; `mongodb_queries.py` says of what shapes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.asynchronous.database import AsyncDatabase

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Result, Row, Target
from cowork_desktop.connectors.drivers.mongodb_catalog import catalog_of
from cowork_desktop.connectors.drivers.mongodb_connecting import Client, asking, connected, database_name
from cowork_desktop.connectors.drivers.mongodb_queries import Asked, parsed
from cowork_desktop.connectors.drivers.mongodb_values import plain
from cowork_desktop.schemas.connectors import Catalog

_ASK_SECONDS = 30.0

Database = AsyncDatabase[dict[str, Any]]
Cursor = AsyncCursor[dict[str, Any]] | AsyncCommandCursor[dict[str, Any]]


class MongoDB:
    async def probe(self, target: Target) -> str:
        async with _within(_ASK_SECONDS), connected(target) as client:
            database = client[database_name(target)]
            told = await database.command("buildInfo")
            await database.list_collection_names()
            return f"MongoDB {told['version']}"

    async def catalog(self, target: Target) -> Catalog:
        async with _within(_ASK_SECONDS), connected(target) as client:
            return await catalog_of(client[database_name(target)])

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        asked = parsed(query, can_write=target.access == "write")
        async with _within(seconds), connected(target) as client:
            database = client[database_name(target)]
            if asked.kind in ("find", "pipeline"):
                async with _cursor(client, database, asked, seconds) as cursor:
                    yield Result([Column("document", "object")], _documents(client, cursor))
            else:
                with asking(client):
                    result = await _at_once(database, asked, seconds)
                yield result

    def is_read(self, target: Target, query: str) -> bool:
        try:
            parsed(query, can_write=False)
        except DriverFailed:
            if target.access == "read":
                raise
            parsed(query, can_write=True)
            return False
        return True

    def sample(self, target: Target, table: str, rows: int) -> str:
        return json.dumps({"collection": table, "limit": rows}, ensure_ascii=False)


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DriverFailed("timeout", f"MongoDB did not end within {seconds:g} s, and was stopped.") from None


@asynccontextmanager
async def _cursor(client: Client, database: Database, asked: Asked, seconds: float) -> AsyncIterator[Cursor]:
    """Closed at its end, which kills it at the server where it has more."""
    collection, limit_ms = database[asked.collection], int(seconds * 1_000)
    cursor: Cursor
    if asked.kind == "pipeline":
        pipeline = asked.get("pipeline")
        with asking(client):
            cursor = await collection.aggregate(pipeline, batchSize=BATCH_ROWS, maxTimeMS=limit_ms)
    else:
        cursor = collection.find(
            asked.get("filter"),
            asked.get("projection"),
            skip=asked.get("skip", 0),
            limit=asked.get("limit", 0),
            sort=list(asked.get("sort", {}).items()) or None,
            batch_size=BATCH_ROWS,
            max_time_ms=limit_ms,
        )
    try:
        yield cursor
    finally:
        await asyncio.shield(asyncio.ensure_future(cursor.close()))


async def _documents(client: Client, cursor: Cursor) -> AsyncIterator[Sequence[Row]]:
    while True:
        with asking(client):
            documents = await cursor.to_list(BATCH_ROWS)
        if not documents:
            return
        yield [[plain(document)] for document in documents]


async def _at_once(database: Database, asked: Asked, seconds: float) -> Result:
    """What comes in one piece."""
    collection, limit_ms = database[asked.collection], int(seconds * 1_000)
    match asked.kind:
        case "count":
            count = await collection.count_documents(asked.get("count"), maxTimeMS=limit_ms)
            return Result([Column("count", "long")], _batches([[count]]))
        case "distinct":
            field = asked.get("distinct")
            values = await collection.distinct(field, asked.get("filter"), maxTimeMS=limit_ms)
            return Result([Column(field)], _batches([[plain(value)] for value in values]))
    return Result([], _batches([]), await _changed(database, asked))


async def _changed(database: Database, asked: Asked) -> int:
    collection, is_many = database[asked.collection], asked.get("many", False)
    if asked.kind == "insert":
        return len((await collection.insert_many(asked.get("insert"))).inserted_ids)
    if asked.kind == "update":
        update = collection.update_many if is_many else collection.update_one
        return (await update(asked.get("update"), {"$set": asked.get("set")})).modified_count
    delete = collection.delete_many if is_many else collection.delete_one
    return (await delete(asked.get("delete"))).deleted_count


async def _batches(rows: list[Row]) -> AsyncIterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]


DRIVER = MongoDB()
