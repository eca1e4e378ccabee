"""Data folders with many rows, written straight into the file that the product's own migrations made."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Broken
from cowork_desktop.clock import SystemClock
from cowork_desktop.ids import Ids
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.search_index import bring_in

_SAMPLE = 200
_SECOND = 1_000
_WORDS = "Compare last quarter's sales by region with the plan and say where the gap is largest. "


@dataclass(frozen=True)
class Seeded:
    data_dir: Path
    """For the product."""
    copy: Path
    """The same database, for the limit."""
    conversation_ids: list[str]
    """Some of them, from all over the list."""
    long_id: str
    """The conversation that has the items."""
    item_ids: list[str]
    """Some of its items, none of the oldest."""


def seed(folder: Path, name: str, *, conversations: int, items: int = 0) -> Seeded:
    data_dir = folder / name
    data_dir.mkdir()
    conversation_ids, item_ids = asyncio.run(_fill(data_dir / "cowork.db", conversations, items))
    copy = folder / f"{name}-limit.db"
    shutil.copyfile(data_dir / "cowork.db", copy)
    _drop_triggers(copy)
    newer = item_ids[len(item_ids) // 10 :]
    return Seeded(
        data_dir,
        copy,
        conversation_ids[:: max(1, conversations // _SAMPLE)],
        conversation_ids[0],
        newer[:: max(1, len(newer) // _SAMPLE)],
    )


def _drop_triggers(path: Path) -> None:
    """The limit lets nothing be found by its words; what that costs is the product's to pay."""
    with closing(sqlite3.connect(path)) as tx:
        of_search = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%search_entries%'"
        for (name,) in tx.execute(of_search).fetchall():
            tx.execute(f"DROP TRIGGER {name}")


async def _fill(path: Path, conversations: int, items: int) -> tuple[list[str], list[str]]:
    clock = SystemClock()
    ids = Ids(clock)
    async with Database.open(path) as db:
        await db.write(_check_durability)
        conversation_ids = [ids.new("conv") for _ in range(conversations)]
        item_ids = [ids.new("msg") for _ in range(items)]
        await db.write(_insert, conversation_ids, item_ids, clock.now() - conversations * _SECOND)
        while await db.write(bring_in):
            pass
    return conversation_ids, item_ids


def _check_durability(tx: Tx) -> None:
    """What the limit does too: comparing writes that are safe with writes that are not would say nothing."""
    found = [tx.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    if found != ["wal", 2]:
        raise Broken(f"The product writes with {found}, and the limit with WAL and synchronous=FULL.")


def _insert(tx: Tx, conversation_ids: list[str], item_ids: list[str], start: int) -> None:
    tx.executemany(
        "INSERT INTO conversations (id, title, title_source, status, created_at, updated_at)"
        " VALUES (?1, ?2, 'user', 'active', ?3, ?3)",
        (
            (id, f"Sales of the quarter, part {n}", start + n * _SECOND)
            for n, id in enumerate(conversation_ids)
        ),
    )
    parts = json.dumps([{"type": "text", "text": _WORDS * 2}])
    tx.executemany(
        "INSERT INTO items (conversation_id, n, id, turn_id, role, content, parts, created_at)"
        " VALUES (?, ?, ?, NULL, ?, ?, ?, ?)",
        (
            (
                conversation_ids[0],
                n,
                id,
                "assistant" if n % 2 else "user",
                _WORDS * 2,
                parts,
                start + n * _SECOND,
            )
            for n, id in enumerate(item_ids, start=1)
        ),
    )
