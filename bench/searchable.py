"""A data folder with messages of many words, written through the product and all in its index."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.corpus import Corpus
from cowork_desktop.clock import SystemClock
from cowork_desktop.ids import Ids
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.search_index import bring_in

PROJECTS, CONVERSATIONS = 20, 100
_SECOND = 1_000
_BITES_A_COMMIT = 100


@dataclass(frozen=True)
class Searchable:
    data_dir: Path
    project_ids: list[str]
    conversation_ids: list[str]

    @property
    def database(self) -> Path:
        return self.data_dir / "cowork.db"


def seed_searchable(folder: Path, corpus: Corpus, items: int) -> Searchable:
    data_dir = folder / "searchable"
    data_dir.mkdir()
    ids = Ids(SystemClock())
    seeded = Searchable(
        data_dir,
        [ids.new("proj") for _ in range(PROJECTS)],
        [ids.new("conv") for _ in range(CONVERSATIONS)],
    )
    asyncio.run(_fill(seeded, corpus, items))
    return seeded


async def _fill(seeded: Searchable, corpus: Corpus, items: int) -> None:
    async with Database.open(seeded.database) as db:
        await db.write(_insert_places, seeded, corpus)
        await db.write(insert_items, seeded.conversation_ids, list(corpus.texts(items)))
        # Bites that wait together share a commit.
        while all(await asyncio.gather(*(db.write(bring_in) for _ in range(_BITES_A_COMMIT)))):
            pass


def _insert_places(tx: Tx, seeded: Searchable, corpus: Corpus) -> None:
    tx.executemany(
        "INSERT INTO projects (id, name, description, connector_ids, skill_ids, created_at, updated_at)"
        " VALUES (?, ?, ?, '[]', '[]', 0, 0)",
        [(id, corpus.text(3), corpus.text(10)) for id in seeded.project_ids],
    )
    tx.executemany(
        "INSERT INTO conversations (id, project_id, title, title_source, status, created_at, updated_at)"
        " VALUES (?, ?, ?, 'user', 'active', 0, 0)",
        [
            (id, seeded.project_ids[n % PROJECTS], corpus.text(5))
            for n, id in enumerate(seeded.conversation_ids)
        ],
    )


def insert_items(tx: Tx, conversation_ids: Sequence[str], texts: Sequence[str]) -> None:
    """Messages of all the conversations in turn, after those that are there."""
    clock = SystemClock()
    ids = Ids(clock)
    now = clock.now()
    [start] = tx.execute("SELECT count(*) FROM items").fetchone()
    tx.executemany(
        "INSERT INTO items (conversation_id, n, id, turn_id, role, content, parts, created_at)"
        " VALUES (?, ?, ?, NULL, 'user', ?, ?, ?)",
        (
            (
                conversation_ids[n % len(conversation_ids)],
                n,
                ids.new("msg"),
                text,
                json.dumps([{"type": "text", "text": text}]),
                now,
            )
            for n, text in enumerate(texts, start=start)
        ),
    )
