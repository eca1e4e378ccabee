"""SQL of memories."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from cowork_desktop.errors import NotFound
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.memories import Memory, MemoryCreate, MemoryPatch, MemoryQuery, MemorySource
from cowork_desktop.store import conversations, projects
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, json_object, page, timestamp, to_json, update
from cowork_desktop.store.search_words import WORD, words

_FIELDS = expressions(Memory, created_at=timestamp("created_at"), updated_at=timestamp("updated_at"))
_COLUMNS = ", ".join(_FIELDS.values())
_JSON = json_object(_FIELDS)
_MOST_WORDS = 32
_MOST_MATCHES = 2_000
_LONGEST_HALF = 2_000
"""Of a longer input the beginning and the end are read: what is asked stands there."""


def list_(tx: Tx, query: MemoryQuery) -> Encoded[Page[Memory]]:
    """Newest first: those of one project, or the global ones."""
    where, values = conditions("project_id IS ?", source=query.source)
    values = [query.project_id, *values]
    rows = tx.execute(
        f"SELECT {_JSON} FROM memories WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM memories WHERE {where}", values).fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def get(tx: Tx, id: str) -> Memory:
    row = tx.execute(f"SELECT {_COLUMNS} FROM memories WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound.of("memory", id)
    return _memory(row)


def those(tx: Tx, ids: Iterable[str]) -> list[Memory]:
    """Those of the ids that there are, oldest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM memories WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (to_json(list(ids)),),
    )
    return [_memory(row) for row in rows]


def create(tx: Tx, id: str, now: int, body: MemoryCreate) -> Memory:
    if body.project_id is not None:
        projects.check(tx, body.project_id)
    return _insert(tx, id, now, body.content, body.project_id, "user")


def remember(tx: Tx, id: str, now: int, content: str, project_id: str | None, source: MemorySource) -> Memory:
    """Make a memory, unless one stands that says the same to the same conversations or to more: it counts as
    updated."""
    standing = tx.execute(
        "SELECT id FROM memories WHERE gist = ? AND (project_id IS NULL OR project_id = ?)"
        " ORDER BY id LIMIT 1",
        (_gist(content), project_id),
    ).fetchone()
    if standing is None:
        return _insert(tx, id, now, content, project_id, source)
    update(tx, "memories", standing[0], {"updated_at": now}, condition="1")
    return get(tx, standing[0])


def patch(tx: Tx, id: str, now: int, body: MemoryPatch) -> Memory:
    changes: dict[str, Any] = body.model_dump()
    if changes:
        update(tx, "memories", id, _stored(changes["content"]) | {"updated_at": now}, condition="1")
    return get(tx, id)


def delete(tx: Tx, id: str) -> None:
    if not tx.execute("DELETE FROM memories WHERE id = ?", (id,)).rowcount:
        raise NotFound.of("memory", id)


def ranked(tx: Tx, project_id: str | None, input: str, budget: int) -> list[Memory]:
    """The global memories and the project's that go with the input, best first, in `budget` characters.

    First come those that have words of the input, then the latest: a preference says how to answer, not what
    is asked. What does not fit whole is left out, and a smaller one behind it may still fit.
    """
    room, chosen = budget, dict[int, None]()
    smallest = _smallest(tx, project_id)
    if room >= smallest:
        for n, size in chain(_matching(tx, project_id, input), _latest(tx, project_id)):
            if size <= room and n not in chosen:
                chosen[n] = None
                room -= size
            if room < smallest:
                break
    return _numbered(tx, chosen)


def scope_of(tx: Tx, conversation_id: str) -> str | None:
    """The project whose memories the conversation is told beside the global ones. None: those alone. General
    is a project like others, and what has no project is not in it."""
    return conversations.get(tx, conversation_id).project_id


def in_reach(tx: Tx, project_id: str | None, words: str, limit: int, offset: int) -> tuple[list[Memory], int]:
    """The global memories and the project's, and how many there are: those that have one of the words, best
    first, or where there are none all, the latest first."""
    found = _matching(tx, project_id, words) if words else _latest(tx, project_id)
    numbers = [n for n, _ in found]
    return _numbered(tx, numbers[offset : offset + limit]), len(numbers)


def _smallest(tx: Tx, project_id: str | None) -> float:
    """The size of the smallest candidate."""
    sizes = tx.execute(
        "SELECT min(size) FROM memories WHERE project_id IS NULL"
        " UNION ALL SELECT min(size) FROM memories WHERE project_id = ?",
        (project_id,),
    ).fetchall()
    return min((size for (size,) in sizes if size is not None), default=math.inf)


def _matching(tx: Tx, project_id: str | None, input: str) -> Iterator[tuple[int, int]]:
    """Number and size of those that have one of the words."""
    query = " OR ".join(_telling(tx, _words(input)))
    if query:
        yield from tx.execute(
            "SELECT m.n, m.size FROM memory_words JOIN memories m ON m.n = memory_words.rowid"
            " WHERE memory_words MATCH ? AND (m.project_id IS NULL OR m.project_id = ?)"
            " ORDER BY bm25(memory_words), m.updated_at DESC, m.id DESC",
            (query, project_id),
        )


def _latest(tx: Tx, project_id: str | None) -> Iterator[tuple[int, int]]:
    """Number and size of all; both parts come in the order of one index, so no more are read than are
    asked for."""
    rows = tx.execute(
        "SELECT n, size, updated_at, id FROM memories WHERE project_id IS NULL"
        " UNION ALL SELECT n, size, updated_at, id FROM memories WHERE project_id = ?"
        " ORDER BY updated_at DESC, id DESC",
        (project_id,),
    )
    return ((n, size) for n, size, *_ in rows)


def _telling(tx: Tx, asked: Iterable[str]) -> list[str]:
    """The rarest of the words, as many as some thousand memories have: one that most have tells none from
    another, and ranking by it takes long."""
    counts = {word: _count(tx, word) for word in asked}
    room, telling = _MOST_MATCHES, list[str]()
    for word, count in sorted(counts.items(), key=lambda counted: counted[1]):
        if count > room and telling:
            break
        if count:
            telling.append(word)
            room -= count
    return telling


def _count(tx: Tx, word: str) -> int:
    [count] = tx.execute("SELECT count(*) FROM memory_words WHERE memory_words MATCH ?", (word,)).fetchone()
    return int(count)


def _words(input: str) -> list[str]:
    """The words to look for, in quotes and without anything that FTS5 could take for its syntax. Of many the
    longest, which say the most in any language."""
    if len(input) > 2 * _LONGEST_HALF:
        input = f"{input[:_LONGEST_HALF]} {input[-_LONGEST_HALF:]}"
    found = dict.fromkeys(WORD.findall(words(input).lower()))
    return [f'"{word}"' for word in sorted(found, key=len, reverse=True)[:_MOST_WORDS]]


def _gist(content: str) -> str:
    """What two memories have in common that say the same, but for case and whitespace."""
    return hashlib.sha256(" ".join(content.casefold().split()).encode()).hexdigest()


def _stored(content: str) -> dict[str, Any]:
    """The columns that go with the content."""
    return {"content": content, "size": len(content), "gist": _gist(content)}


def _numbered(tx: Tx, numbers: Iterable[int]) -> list[Memory]:
    """The memories of these numbers, in their order."""
    rows = tx.execute(
        f"SELECT n, {_COLUMNS} FROM memories WHERE n IN (SELECT value FROM json_each(?))",
        (to_json(list(numbers)),),
    )
    found = {n: _memory(row) for n, *row in rows}
    return [found[n] for n in numbers]


def _insert(tx: Tx, id: str, now: int, content: str, project_id: str | None, source: MemorySource) -> Memory:
    tx.execute(
        "INSERT INTO memories (id, project_id, content, size, gist, source, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (id, project_id, *_stored(content).values(), source, now, now),
    )
    return get(tx, id)


def _memory(row: Sequence[Any]) -> Memory:
    return Memory.model_validate(dict(zip(_FIELDS, row, strict=True)))
