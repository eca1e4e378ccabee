"""Brings what is new or changed into the full-text index, many texts at once, soon after it was written."""

import logging
import sqlite3
from contextlib import suppress

from cowork_desktop.clock import Clock
from cowork_desktop.errors import StorageFull
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.search_words import words

logger = logging.getLogger(__name__)

_BITE = 100
_BITE_CHARACTERS = 30_000
"""What one transaction brings in, so that no other writer waits long."""
_BITES_BEFORE_A_SEARCH = 1_000
_PAUSE_SECONDS = 0.5
_MOST_PAUSES = 2
"""It waits for a moment without writes, but not for ever: a text costs a tenth of what it costs in a
transaction of its own, and nothing while others write. A search does not wait for it."""

# What the index holds of each kind, as the triggers of the migrations take it out again.
_TITLE_AND_TEXT = {
    "conversation": "SELECT title, goal FROM conversations WHERE id = ?",
    "item": "SELECT NULL, content FROM items WHERE id = ?",
    "project": "SELECT name, description FROM projects WHERE id = ?",
    "file": "SELECT name, NULL FROM files WHERE id = ?",
    "artifact": "SELECT title, NULL FROM artifacts WHERE id = ?",
    "memory": "SELECT NULL, content FROM memories WHERE id = ?",
    "skill": "SELECT name, description || ' ' || instructions FROM skills WHERE id = ?",
}
_PASSAGE = "SELECT NULL, text FROM passages WHERE owner_id = ? AND n = ?"


class SearchIndex:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def keep_up(self) -> None:
        """Bring in what is written, for ever."""
        while True:
            await self._db.changed.wait()
            await self._await_quiet()
            try:
                if await self._db.read(has_pending):
                    while await self._db.write(bring_in):
                        pass
            except (StorageFull, sqlite3.Error):
                logger.exception("The search index waits for the next write")

    async def _await_quiet(self) -> None:
        for _ in range(_MOST_PAUSES):
            self._db.changed.clear()
            await self._clock.sleep(_PAUSE_SECONDS)
            if not self._db.changed.is_set():
                return

    async def catch_up(self) -> None:
        """Bring in what a search would miss; where that is very much, some of it."""
        with suppress(StorageFull):  # what is in the index already can be found all the same
            for _ in range(_BITES_BEFORE_A_SEARCH):
                if not (await self._db.read(has_pending) and await self._db.write(bring_in)):
                    return


def retell_file(tx: Tx, id: str) -> None:
    """Have a file found by another name, which it is given after this: what triggers do for other kinds."""
    tx.execute(
        "INSERT INTO search_index (search_index, rowid, title, text, scope)"
        " SELECT 'delete', e.id, words(f.name), '', e.scope FROM search_entries e"
        " JOIN files f ON f.id = e.ref WHERE e.ref = ? AND e.n = -1 AND NOT e.is_pending",
        (id,),
    )
    tx.execute("UPDATE search_entries SET is_pending = 1 WHERE ref = ? AND n = -1", (id,))


def has_pending(tx: Tx) -> bool:
    return tx.execute("SELECT 1 FROM search_entries WHERE is_pending LIMIT 1").fetchone() is not None


def bring_in(tx: Tx) -> bool:
    """Bring in some of what waits, oldest first; false when that was all."""
    pending = tx.execute(
        "SELECT id, kind, ref, n, scope FROM search_entries WHERE is_pending ORDER BY id LIMIT ?", (_BITE,)
    ).fetchall()
    taken: list[tuple[int, str, str, str]] = []
    room = _BITE_CHARACTERS
    while len(taken) < len(pending) and room > 0:
        id, kind, ref, n, scope = pending[len(taken)]
        found = tx.execute(_PASSAGE, (ref, n)) if n >= 0 else tx.execute(_TITLE_AND_TEXT[kind], (ref,))
        title, text = found.fetchone() or (None, None)
        taken.append((id, words(title or ""), words(text or ""), scope))
        room -= len(text or "")
    tx.executemany("INSERT INTO search_index (rowid, title, text, scope) VALUES (?, ?, ?, ?)", taken)
    tx.executemany("UPDATE search_entries SET is_pending = 0 WHERE id = ?", [(row[0],) for row in taken])
    return len(taken) < len(pending) or len(pending) == _BITE
