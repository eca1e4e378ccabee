"""What one bite of the sweep takes: so little that no other writer waits long."""

from itertools import pairwise
from pathlib import Path

import pytest

from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.search_index import bring_in
from cowork_desktop.store.sweep import bite, delete_projects, sweep_conversations


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


def fill_turns(tx: Tx) -> None:
    """A conversation and a project of all that turns leave behind, both deleted."""
    tx.execute(
        "INSERT INTO projects (id, name, description, connector_ids, skill_ids, created_at, updated_at)"
        " VALUES ('proj_1', 'P', '', '[]', '[]', 1, 1)"
    )
    tx.execute(
        "INSERT INTO conversations (id, project_id, title_source, status, created_at, updated_at)"
        " VALUES ('conv_1', 'proj_1', 'none', 'active', 1, 1)"
    )
    tx.execute(
        "INSERT INTO turns (id, conversation_id, input, output, status, model, provider, memory_ids,"
        " created_at) VALUES ('resp_1', 'conv_1', '', '[]', 'completed', 'm', 'p', '[]', 1)"
    )
    tx.execute("INSERT INTO turn_calls VALUES ('resp_1', 0, 0, 'call_1', 'edit_file', '{}', NULL, 1)")
    tx.executemany(
        "INSERT INTO turn_changes (turn_id, n, content_index, project_id, kind, ref, name, before, after,"
        " sha256) VALUES ('resp_1', ?, 0, 'proj_1', 'file', 'a', 'a', 'null', 'null', ?)",
        [(1, None), (2, "digest of a change"), (3, "digest of a change")],
    )
    tx.execute(
        "INSERT INTO approvals (id, turn_id, conversation_id, project_id, content_index, kind, tool, effect,"
        " subject, summary, reason, arguments, status, created_at) VALUES ('appr_1', 'resp_1', 'conv_1',"
        " 'proj_1', 0, 'approval', 'edit_file', 'project', '', '', '', '{}', 'allowed', 1)"
    )
    tx.execute("INSERT INTO approval_rules VALUES ('rule_1', 'proj_1', 'edit_file', 'project', '', 1)")
    tx.execute("INSERT INTO compactions VALUES ('conv_1', 1, 'resp_1', 1, 0, 'S', 2, 1, 1, NULL)")
    tx.execute("INSERT INTO left_items VALUES ('conv_1', 1, 'msg_1')")
    tx.execute("INSERT INTO work_files VALUES ('proj_1', 'a', 1, 1, 'digest of a file')")
    tx.execute("INSERT INTO laid_out_files VALUES ('proj_1', 'file_1', 'files/a', 1, 1)")
    tx.execute("UPDATE conversations SET deleted_at = 1")
    tx.execute("UPDATE projects SET deleted_at = 1")


async def test_what_turns_leave_behind_goes_and_its_bytes_are_told(tmp_path: Path) -> None:
    tables = (
        "conversations",
        "turns",
        "turn_calls",
        "turn_changes",
        "approvals",
        "compactions",
        "left_items",
    )
    of_projects = ("projects", "approval_rules", "work_files", "laid_out_files")

    def rows(tx: Tx) -> list[int]:
        return [tx.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in (*tables, *of_projects)]

    async with Database.open(tmp_path / "x.db") as db:
        await db.write(fill_turns)
        assert await db.read(rows) == [1, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1]
        assert await sweep_conversations(db) == {"digest of a change"}
        assert await db.read(rows) == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]
        assert await db.write(delete_projects, ["proj_1"]) == ["digest of a file"]
        assert await db.read(rows) == [0] * 11
