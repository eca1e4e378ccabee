"""A server on loopback that speaks MongoDB's wire protocol with documents in memory.

It knows few operators: filters compare for equality. https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import bson

_HEADER = struct.Struct("<iiii")
"""Length, id, id of what is answered, kind."""
_REPLY, _QUERY, _MESSAGE = 1, 2004, 2013
_HELLO = {
    "ok": 1.0,
    "helloOk": True,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxWireVersion": 21,
    "minWireVersion": 0,
    "maxBsonObjectSize": 16_777_216,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "logicalSessionTimeoutMinutes": 30,
}
Document = dict[str, Any]


@dataclass
class MongoDB:
    collections: dict[str, list[Document]] = field(default_factory=dict)
    asked: list[Document] = field(default_factory=list)
    """All commands but those of the connection itself."""
    errors: dict[str, Document] = field(default_factory=dict)
    """What a command is answered with instead."""
    holds: bool = False
    """`find` is never answered."""
    is_held: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _cursors: dict[int, list[Document]] = field(default_factory=dict)

    async def answer(self, command: Document) -> Document | None:
        name = next(iter(command))
        if name in ("hello", "ismaster", "isMaster"):
            return _HELLO
        if name != "endSessions":
            self.asked.append(command)
        if name in self.errors:
            return {"ok": 0.0} | self.errors[name]
        if name == "find" and self.holds:
            self.is_held.set()
            return None
        return {"ok": 1.0} | self._answer(name, command)

    def _answer(self, name: str, command: Document) -> Document:
        documents = self.collections.get(str(command[name]), [])
        match name:
            case "buildInfo":
                return {"version": "7.0.5"}
            case "listCollections":
                listed = [{"name": name, "type": "collection"} for name in self.collections]
                return self._first(listed, command, "$cmd.listCollections")
            case "find":
                found = [one for one in documents if _matches(one, command.get("filter", {}))]
                limit = command.get("limit", 0)
                return self._first(found[:limit] if limit else found, command, command["find"])
            case "aggregate":
                found = _aggregated(documents, command["pipeline"])
                return self._first(found, command, command["aggregate"])
            case "getMore":
                return self._more(command)
            case "killCursors":
                for id in command["cursors"]:
                    self._cursors.pop(id, None)
                return {"cursorsKilled": command["cursors"]}
            case "count":
                return {"n": len(documents)}
            case "distinct":
                found = [one for one in documents if _matches(one, command.get("query", {}))]
                return {"values": list(dict.fromkeys(one[command["key"]] for one in found))}
            case "insert" | "update" | "delete":
                return self._write(name, command)
        return {}

    def _first(self, found: list[Document], command: Document, name: str) -> Document:
        size = command.get("batchSize", command.get("cursor", {}).get("batchSize", 101))
        id = len(self._cursors) + 1 if len(found) > size else 0
        if id:
            self._cursors[id] = found[size:]
        return {"cursor": {"id": bson.int64.Int64(id), "ns": f"shop.{name}", "firstBatch": found[:size]}}

    def _more(self, command: Document) -> Document:
        id, size = command["getMore"], command.get("batchSize", 101)
        left = self._cursors.pop(id)
        if len(left) > size:
            self._cursors[id] = left[size:]
        more = bson.int64.Int64(id if len(left) > size else 0)
        return {"cursor": {"id": more, "ns": f"shop.{command['collection']}", "nextBatch": left[:size]}}

    def _write(self, name: str, command: Document) -> Document:
        documents = self.collections.setdefault(str(command[name]), [])
        if name == "insert":
            documents += command["documents"]
            return {"n": len(command["documents"])}
        [one] = command["updates" if name == "update" else "deletes"]
        found = [document for document in documents if _matches(document, one["q"])]
        is_many = one.get("multi", False) if name == "update" else one["limit"] == 0
        for document in found if is_many else found[:1]:
            if name == "update":
                document.update(one["u"]["$set"])
            else:
                documents.remove(document)
        count = len(found) if is_many else min(1, len(found))
        return {"n": count, "nModified": count}


@asynccontextmanager
async def running_mongodb() -> AsyncIterator[MongoDB]:
    fake, writers = MongoDB(), set[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while True:
                await _exchange(fake, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def _exchange(fake: MongoDB, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    length, id, _, kind = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    if kind not in (_QUERY, _MESSAGE):
        raise ConnectionError("this is no message, but TLS for one")
    body = await reader.readexactly(length - _HEADER.size)
    if kind == _QUERY:
        at = body.index(b"\0", 4) + 9
        command = bson.decode(body[at : at + int.from_bytes(body[at : at + 4], "little")])
    else:
        command = _sections(body[4:])
    answer = await fake.answer(command)
    if answer is None:
        return
    told = bson.encode(answer)
    content = (struct.pack("<iqii", 8, 0, 0, 1) if kind == _QUERY else b"\0\0\0\0\0") + told
    head = _HEADER.pack(_HEADER.size + len(content), 0, id, _REPLY if kind == _QUERY else _MESSAGE)
    writer.write(head + content)
    await writer.drain()


def _sections(body: bytes) -> Document:
    """Of one message: a document, and lists of documents that belong into it."""
    command: Document = {}
    at = 0
    while at < len(body):
        kind, at = body[at], at + 1
        size = int.from_bytes(body[at : at + 4], "little")
        if kind == 0:
            command = bson.decode(body[at : at + size]) | command
        else:
            end = body.index(b"\0", at + 4)
            command[body[at + 4 : end].decode()] = bson.decode_all(body[end + 1 : at + size])
        at += size
    name = next(key for key in command if key not in ("documents", "updates", "deletes"))
    return {name: command[name]} | command


def _matches(document: Document, filter: Document) -> bool:
    return all(document.get(key) == value for key, value in filter.items())


def _aggregated(documents: list[Document], pipeline: list[Document]) -> list[Document]:
    for stage in pipeline:
        match stage:
            case {"$match": filter}:
                documents = [one for one in documents if _matches(one, filter)]
            case {"$sample": {"size": size}} | {"$limit": size}:
                documents = documents[:size]
            case {"$group": {"n": {"$sum": 1}}}:
                documents = [{"_id": 1, "n": len(documents)}] if documents else []
    return documents
