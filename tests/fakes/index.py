"""The full-text index of a database, compared with one that is made anew of what the database holds."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from cowork_desktop.store.search_words import words

_EXISTING = [
    "SELECT 'conversation', id, -1, coalesce(title, ''), coalesce(goal, '') FROM conversations"
    " WHERE title IS NOT NULL OR goal IS NOT NULL OR id IN (SELECT ref FROM search_entries)",
    "SELECT 'item', id, -1, '', content FROM items",
    "SELECT 'project', id, -1, name, description FROM projects",
    "SELECT 'file', id, -1, name, '' FROM files",
    "SELECT 'file', owner_id, n, '', text FROM passages WHERE owner_id LIKE 'file\\_%' ESCAPE '\\'",
    "SELECT 'artifact', id, -1, title, '' FROM artifacts",
    "SELECT 'artifact', owner_id, n, '', text FROM passages WHERE owner_id LIKE 'art\\_%' ESCAPE '\\'",
    "SELECT 'memory', id, -1, '', content FROM memories",
    "SELECT 'skill', id, -1, name, description || ' ' || instructions FROM skills",
]


async def assert_index_is_of_what_exists(data_dir: Path) -> set[tuple[str, str]]:
    """Each word of what exists is in the index where it should be, and no other; nothing waits.

    Returns what exists, by kind and id.
    """
    return await asyncio.to_thread(_compare, data_dir / "cowork.db")


def _compare(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        existing = [row for query in _EXISTING for row in db.execute(query)]
        entries = {
            (kind, ref, n): (id, scope)
            for id, kind, ref, n, scope in db.execute("SELECT id, kind, ref, n, scope FROM search_entries")
        }
        assert entries.keys() == {row[:3] for row in existing}
        assert db.execute("SELECT count(*) FROM search_entries WHERE is_pending").fetchone() == (0,)
        db.execute("ATTACH ':memory:' AS fresh")
        [made] = db.execute("SELECT sql FROM sqlite_master WHERE name = 'search_index'").fetchone()
        db.execute(made.replace("TABLE search_index", "TABLE fresh.search_index"))
        for kind, ref, n, title, text in existing:
            id, scope = entries[kind, ref, n]
            row = (id, words(title), words(text), scope)
            db.execute("INSERT INTO fresh.search_index (rowid, title, text, scope) VALUES (?, ?, ?, ?)", row)
        for schema in ("main", "fresh"):
            vocabulary = f"fts5vocab('{schema}', 'search_index', 'instance')"
            db.execute(f"CREATE VIRTUAL TABLE temp.{schema}_words USING {vocabulary}")
        assert _rows(db, "temp.main_words") == _rows(db, "temp.fresh_words")
        assert _rows(db, "main.search_index_docsize") == _rows(db, "fresh.search_index_docsize")
        # The first record: how many texts and words there are, which the ranks are made of.
        assert _rows(db, "main.search_index_data WHERE id = 1") == _rows(
            db, "fresh.search_index_data WHERE id = 1"
        )
        return {(kind, ref) for kind, ref, *_ in existing}


def _rows(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return sorted(db.execute(f"SELECT * FROM {table}").fetchall())
