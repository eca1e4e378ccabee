"""What one bite of the sweep takes: so little that no other writer waits long."""

from itertools import pairwise
from pathlib import Path

import pytest

from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.search_index import bring_in
from cowork_desktop.store.sweep import bite


def fill(tx: Tx, items: int, characters: int) -> None:
    tx.execute(
        "INSERT INTO conversations (id, title_source, status, created_at, updated_at)"
        " VALUES ('conv_1', 'none', 'active', 1, 1)"
    )
    tx.executemany(
        "INSERT INTO items (conversation_id, n, id, role, content, parts, created_at)"
        " VALUES ('conv_1', ?, ?, 'user', ?, '[]', 1)",
        [(n, f"msg_{n}", "word " * (characters // 5)) for n in range(1, items + 1)],
    )
    tx.execute("UPDATE conversations SET deleted_at = 1")


@pytest.mark.parametrize(("characters", "most"), [(50, 500), (5_000, 10), (50_000, 1)])
async def test_a_bite_of_messages_is_measured_in_words(characters: int, most: int, tmp_path: Path) -> None:
    async with Database.open(tmp_path / "x.db") as db:
        items = 3 * most
        await db.write(fill, items, characters)
        while await db.write(bring_in):
            pass
        left = [items]
        while left[-1]:
            assert await db.write(bite)
            left.append(await db.read(lambda tx: tx.execute("SELECT count(*) FROM items").fetchone()[0]))
        taken = [before - after for before, after in pairwise(left)]
        assert max(taken) == most
        assert sum(taken) == items
