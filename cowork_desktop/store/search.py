"""SQL that finds words in everything."""

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cowork_desktop.errors import InvalidRequest
from cowork_desktop.schemas.search import SearchHit, SearchPage, SearchQuery
from cowork_desktop.schemas.texts import Place
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import timestamp
from cowork_desktop.store.search_words import Term, first_match, normal, read_terms, snippet

_MOST_RANKED = 1_000
"""To rank takes time for each hit, and for each text that has one of the words. Where there are more than
these, nobody asks for the best of them, and the newest come first."""
_NEWEST_AT_ONCE = 200
_END = 2**62
_LONGEST = 100_000
"""Bytes of a cursor that is unpacked."""
_OF_A_SCOPE = "\ue000"
"""What the words begin with by which one filters."""
_WEIGHTS = "5.0, 1.0, 0.0"
"""A title counts more than a text; the scope counts nothing."""

_TIME = timestamp("created_at")
# What a hit shows, by its kind, where it is not hidden: title, text, place, project, conversation, time.
_SHOWN = {
    "conversation": f"SELECT title, goal, NULL, project_id, id, {_TIME} FROM conversations"
    " WHERE id = :ref AND deleted_at IS NULL",
    "item": f"SELECT c.title, i.content, NULL, c.project_id, c.id, {timestamp('i.created_at')} FROM items i"
    " JOIN conversations c ON c.id = i.conversation_id WHERE i.id = :ref AND c.deleted_at IS NULL"
    # The index keeps what has left: to take it out would take time for each word of it.
    " AND NOT EXISTS (SELECT 1 FROM left_items l WHERE l.conversation_id = i.conversation_id AND l.n = i.n)",
    "file": f"SELECT name, p.text, p.place, project_id, conversation_id, {_TIME} FROM files"
    " LEFT JOIN passages p ON p.owner_id = id AND p.n = :n WHERE id = :ref AND deleted_at IS NULL",
    "artifact": f"SELECT title, p.text, p.place, project_id, NULL, {_TIME} FROM artifacts"
    " LEFT JOIN passages p ON p.owner_id = id AND p.n = :n WHERE id = :ref AND deleted_at IS NULL",
    "memory": f"SELECT NULL, content, NULL, project_id, NULL, {_TIME} FROM memories WHERE id = :ref",
    "skill": "SELECT name, description || ' ' || instructions, NULL, NULL, NULL,"
    f" {_TIME} FROM skills WHERE id = :ref",
    "project": f"SELECT name, description, NULL, id, NULL, {_TIME} FROM projects"
    " WHERE id = :ref AND deleted_at IS NULL",
}
_COUNTED = ("line", "row", "paragraph")
"""What of a place grows by one with each line of a passage's text."""


@dataclass(frozen=True)
class _Cursor:
    """How far somebody has read: a rank changes with all that is in the index, so of ranked hits each is
    known that was shown."""

    upper: int
    """The newest entry that can come."""
    shown: Sequence[int] | None = None
    """None: the newest come first."""

    @classmethod
    def read(cls, text: str) -> "_Cursor":
        try:
            packed = base64.urlsafe_b64decode(text.encode())
            upper, shown = json.loads(zlib.decompressobj().decompress(packed, _LONGEST))
            is_whole = shown is None or isinstance(shown, list)
            if is_whole and all(
                type(entry) is int and 0 <= entry <= _END for entry in [upper, *(shown or ())]
            ):
                return cls(upper, shown)
        except (ValueError, TypeError, zlib.error, RecursionError):
            pass
        raise InvalidRequest("query.cursor: is not the cursor of a page.", param="query.cursor")

    def write(self) -> str:
        content = json.dumps([self.upper, self.shown], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(zlib.compress(content)).decode()


def search(tx: Tx, query: SearchQuery) -> SearchPage:
    """A page of hits; one after the other they show each hit once that there was when the first was asked
    for."""
    terms = read_terms(query.q)
    if not terms:
        return SearchPage(data=[], has_more=False, next_cursor=None)
    match = match_of(query, terms)
    cursor = _Cursor.read(query.cursor) if query.cursor is not None else _begin(tx, match, query.order)
    entries = _newest_first(tx, match, cursor) if cursor.shown is None else _ranked(tx, match, cursor)
    found: list[tuple[int, SearchHit]] = []
    for entry in entries:
        hit = _show(tx, entry, terms)
        if hit and _is_asked_for(hit, query):
            found.append((entry, hit))
        if len(found) > query.limit:
            break
    has_more, found = len(found) > query.limit, found[: query.limit]
    return SearchPage(
        data=[hit for _, hit in found],
        has_more=has_more,
        next_cursor=_behind(cursor, [entry for entry, _ in found]).write() if has_more else None,
    )


def _begin(tx: Tx, match: str, order: str) -> _Cursor:
    rows = _newest(tx, match, _END, _MOST_RANKED + 1) if order == "relevance" else ()
    if not rows or len(rows) > _MOST_RANKED:
        return _Cursor(_END)
    return _Cursor(rows[0], ())


def _behind(cursor: _Cursor, seen: Sequence[int]) -> _Cursor:
    if cursor.shown is None:
        return _Cursor(seen[-1] - 1)
    return _Cursor(cursor.upper, [*cursor.shown, *seen])


def match_of(query: SearchQuery, terms: Sequence[Term]) -> str:
    """What FTS5 is asked (https://www.sqlite.org/fts5.html#full_text_query_syntax)."""
    scopes = [f"k{query.kind}"] if query.kind else []
    scopes += [id for id in (query.project_id, query.conversation_id, query.file_id) if id is not None]
    plain = ["".join(ch for ch in scope if ch.isascii() and ch.isalnum()) for scope in scopes]
    return " AND ".join([*(term.match for term in terms), *(f'"{_OF_A_SCOPE}{word}"' for word in plain)])


def _newest(tx: Tx, match: str, upper: int, limit: int) -> list[int]:
    rows = tx.execute(
        "SELECT rowid FROM search_index WHERE search_index MATCH ? AND rowid <= ?"
        " ORDER BY rowid DESC LIMIT ?",
        (match, upper, limit),
    )
    return [entry for (entry,) in rows]


def _newest_first(tx: Tx, match: str, cursor: _Cursor) -> Iterator[int]:
    upper = cursor.upper
    while rows := _newest(tx, match, upper, _NEWEST_AT_ONCE):
        yield from rows
        upper = rows[-1] - 1


def _ranked(tx: Tx, match: str, cursor: _Cursor) -> Iterator[int]:
    """The best first, and of equals the newest; without what was shown."""
    rows = tx.execute(
        f"SELECT bm25(search_index, {_WEIGHTS}), -rowid FROM search_index"
        " WHERE search_index MATCH ? AND rowid <= ?",
        (match, cursor.upper),
    ).fetchall()
    shown = set(cursor.shown or ())
    return (-entry for _, entry in sorted(rows) if -entry not in shown)


def _is_asked_for(hit: SearchHit, query: SearchQuery) -> bool:
    """Whether the hit is in the scope to the letter: words of the index know no signs and no capitals."""
    asked = (query.kind, query.project_id, query.conversation_id, query.file_id)
    has = (hit.kind, hit.project_id, hit.conversation_id, hit.id)
    return all(wanted in (None, given) for wanted, given in zip(asked, has, strict=True))


def _show(tx: Tx, entry: int, terms: Sequence[Term]) -> SearchHit | None:
    """The hit, where what was found is not hidden."""
    named = tx.execute("SELECT kind, ref, n FROM search_entries WHERE id = ?", (entry,)).fetchone()
    if named is None:  # swept since it was found
        return None
    kind, ref, n = named
    row: tuple[Any, ...] | None = tx.execute(_SHOWN[kind], {"ref": ref, "n": n}).fetchone()
    if row is None:
        return None
    title, text, place, project_id, conversation_id, created_at = row
    text = normal(text or title or "")
    return SearchHit(
        kind=kind,
        id=ref,
        title=title or "",
        snippet=snippet(text, terms),
        place=_place(json.loads(place), text, terms) if place else None,
        project_id=project_id,
        conversation_id=conversation_id,
        created_at=created_at,
    )


def _place(of_passage: dict[str, Any], text: str, terms: Sequence[Term]) -> Place:
    """Where the first match is: so many lines after the passage's first."""
    lines = text.count("\n", 0, first_match(text, terms) or 0)
    return Place(**{name: value + lines if name in _COUNTED else value for name, value in of_passage.items()})
