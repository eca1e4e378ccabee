"""The limit: the product's SQL under bare aiohttp handlers, without what makes a product of it."""

import asyncio
import contextlib
import json
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from aiohttp import web
from pydantic_core import from_json, to_json

from bench.limit import serve

API = "/api/v1/conversations"
READERS = 100
FRAMES = 2_000
_FRAMES_A_WRITE = 16
_FRAME = (
    "id: {n}\nevent: response.output_text.delta\n"
    'data: {{"sequence_number":{n},"response_id":"resp_{n:026}","item_id":"msg_{n:026}","output_index":0,'
    '"content_index":0,"type":"response.output_text.delta","delta":"word{n} "}}\n\n'
)
_LARGEST_GROUP = 256


def _time(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')"


_NAMES = ("id", "project_id", "title", "goal", "status", "created_at", "updated_at")
_COLUMNS = f"id, project_id, title, goal, status, {_time('created_at')}, {_time('updated_at')}"
_LIST = (
    f"SELECT {_COLUMNS} FROM conversations WHERE deleted_at IS NULL AND parent_turn_id IS NULL"
    " ORDER BY updated_at DESC, id DESC LIMIT ? OFFSET ?"
)
_TOTAL = "SELECT coalesce(sum(n), 0) FROM conversation_counts"
_GET = f"SELECT {_COLUMNS} FROM conversations WHERE id = ? AND deleted_at IS NULL"
_INSERT = (
    "INSERT INTO conversations (id, project_id, title, title_source, goal, status, created_at, updated_at)"
    f" VALUES (?1, NULL, ?2, 'user', ?3, 'active', ?4, ?4) RETURNING {_COLUMNS}"
)
_PLACE = "SELECT n FROM items WHERE id = ? AND conversation_id = ?"
_ITEM_NAMES = ("id", "conversation_id", "response_id", "role", "content", "parts", "created_at")
_ITEMS = (
    f"SELECT id, conversation_id, turn_id, role, content, parts, {_time('created_at')} FROM items"
    " WHERE conversation_id = ? AND n < ? ORDER BY n DESC LIMIT ?"
)


@dataclass(eq=False, slots=True)
class _Write:
    values: tuple[Any, ...]
    done: asyncio.Future[Any]
    row: Any = None


class Writer:
    """One thread that commits all that waits in one transaction, safe against a power cut."""

    def __init__(self, path: str) -> None:
        self._path, self._loop = path, asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[_Write] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    async def insert(self, values: tuple[Any, ...]) -> Any:
        write = _Write(values, self._loop.create_future())
        self._waiting.put(write)
        return await write.done

    def _work(self) -> None:
        connection = _open(self._path)
        while True:
            group = [self._waiting.get()]
            with contextlib.suppress(queue.Empty):
                while len(group) < _LARGEST_GROUP:
                    group.append(self._waiting.get_nowait())
            connection.execute("BEGIN IMMEDIATE")
            for write in group:
                write.row = connection.execute(_INSERT, write.values).fetchone()
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_tell, group)


def _tell(group: Sequence[_Write]) -> None:
    for write in group:
        write.done.set_result(write.row)


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -16384"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _check_indexed(connection: sqlite3.Connection, query: str) -> None:
    """A limit that looks at every row is none."""
    plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", (None,) * query.count("?")).fetchall()
    for *_, step in plan:
        if "INDEX" not in step:
            raise RuntimeError(f"No index answers {query}: {step}")


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=to_json(value), status=status, content_type="application/json")


class Limit:
    def __init__(self, path: str) -> None:
        self._reader, self._writer = _open(path), Writer(path)
        for query in (_LIST, _GET, _ITEMS):
            _check_indexed(self._reader, query)
        self._waiting = 0
        self._all_here = asyncio.Event()
        frames = [_FRAME.format(n=n).encode() for n in range(FRAMES)]
        self._batches = [b"".join(frames[n : n + _FRAMES_A_WRITE]) for n in range(0, FRAMES, _FRAMES_A_WRITE)]

    async def list_conversations(self, request: web.Request) -> web.Response:
        limit, offset = int(request.query.get("limit", 50)), int(request.query.get("offset", 0))
        rows = self._reader.execute(_LIST, (limit, offset)).fetchall()
        [total] = self._reader.execute(_TOTAL).fetchone()
        data = [dict(zip(_NAMES, row, strict=True)) for row in rows]
        return _json({"data": data, "total": total, "has_more": offset + len(rows) < total})

    async def get_conversation(self, request: web.Request) -> web.Response:
        row = self._reader.execute(_GET, (request.match_info["id"],)).fetchone()
        return _json(dict(zip(_NAMES, row, strict=True)))

    async def create_conversation(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        now = time.time_ns() // 1_000_000
        row = await self._writer.insert(
            (f"conv_{now:013x}{token_hex(10)}", body["title"], body.get("goal"), now)
        )
        return _json(dict(zip(_NAMES, row, strict=True)), 201)

    async def list_items(self, request: web.Request) -> web.Response:
        id, limit = request.match_info["id"], int(request.query.get("limit", 100))
        self._reader.execute(_GET, (id,)).fetchone()
        [place] = self._reader.execute(_PLACE, (request.query["before"], id)).fetchone()
        rows = self._reader.execute(_ITEMS, (id, place, limit + 1)).fetchall()
        data = [dict(zip(_ITEM_NAMES, row, strict=True)) for row in reversed(rows[:limit])]
        for item in data:
            item["parts"] = from_json(item["parts"])
        has_more = len(rows) > limit
        return _json({"data": data, "has_more": has_more, "next_before": data[0]["id"] if has_more else None})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Frames as those of a turn, ready made, to readers that begin together."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": welcome\n\n")
        self._waiting += 1
        if self._waiting == READERS:
            self._waiting = 0
            self._all_here.set()
            self._all_here = asyncio.Event()
        else:
            await self._all_here.wait()
        for batch in self._batches:
            await response.write(batch)
        await response.write_eof()
        return response


async def main(path: str) -> None:
    limit, app = Limit(path), web.Application()
    app.router.add_get(API, limit.list_conversations)
    app.router.add_post(API, limit.create_conversation)
    app.router.add_get(API + "/{id}", limit.get_conversation)
    app.router.add_get(API + "/{id}/items", limit.list_items)
    app.router.add_get("/stream", limit.stream)
    await serve(app)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
