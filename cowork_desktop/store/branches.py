"""SQL of branches: conversations that begin with what was said in another one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cowork_desktop.errors import Conflict, InvalidRequest
from cowork_desktop.schemas.conversations import Conversation, ConversationBranch
from cowork_desktop.store import compactions, conversations, files, items, turns
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import to_json

_FILE = re.compile(r"file_[0-9a-z]{26}")


@dataclass(frozen=True)
class Taken:
    """What a branch takes over. Items do not change, so it is the same when the branch is made."""

    places: Sequence[int]
    last_id: str | None
    file_ids: Sequence[str]
    """Those of the conversation alone that the items name."""
    summaries: Sequence[int]


def gather(tx: Tx, origin_id: str, item_id: str | None) -> Taken:
    """The items up to that one, but for those of a turn that runs. Raises NotFound, InvalidRequest and
    Conflict."""
    conversations.get(tx, origin_id)
    if conversations.is_of_subtask(tx, origin_id):
        raise Conflict("This is the conversation of a sub-task. Branch the one whose sub-task it is.")
    running = {response.id for response in turns.in_progress(tx, origin_id)}
    found = tx.execute(
        f"SELECT n, id, turn_id FROM items WHERE conversation_id = ? AND {items.IS_CURRENT} ORDER BY n",
        (origin_id,),
    ).fetchall()
    if item_id is not None:
        end = next((i for i, (_, id, _) in enumerate(found) if id == item_id), None)
        if end is None:
            raise InvalidRequest.unknown_reference("body.item_id", "message", item_id)
        if found[end][2] in running:
            turns.check_none_runs(tx, origin_id)
        found = found[: end + 1]
    taken = [(n, id) for n, id, turn_id in found if turn_id not in running]
    last, last_id = taken[-1] if taken else (0, None)
    summaries = compactions.up_to(tx, origin_id, last)
    return Taken([n for n, _ in taken], last_id, _files_of(tx, origin_id, last), summaries)


def create(
    tx: Tx,
    id: str,
    now: int,
    origin_id: str,
    taken: Taken,
    *,
    item_ids: Sequence[str],
    file_ids: Sequence[str],
    body: ConversationBranch,
) -> tuple[Conversation, list[str]]:
    """The branch, and those of its files whose text is to be read. The ids are for what is taken, one each.

    The copies are of no turn: what was used for them counts once, and they stay when the origin goes. Its
    items keep their places.
    """
    origin = conversations.get(tx, origin_id)
    last = taken.places[-1] if taken.places else 0
    conversations.branch(tx, id, now, origin, item_id=taken.last_id, last=last, title=body.title)
    tx.executemany(
        "INSERT INTO items (conversation_id, n, id, role, content, parts, created_at)"
        " SELECT ?, n, ?, role, content, parts, created_at FROM items WHERE conversation_id = ? AND n = ?",
        [(id, item_id, origin_id, n) for item_id, n in zip(item_ids, taken.places, strict=True)],
    )
    compactions.copy(tx, origin_id, id, taken.summaries)
    copies = dict(zip(taken.file_ids, file_ids, strict=True))
    to_read = [copy for file, copy in copies.items() if files.copy(tx, file, copy, id, now)]
    _rename_files(tx, id, last, copies)
    return conversations.get(tx, id), to_read


def _files_of(tx: Tx, conversation_id: str, last: int) -> list[str]:
    """What also belongs to a project stays in the branch's reach, and outlives the conversation."""
    named = {id for _, _, parts in _with_files(tx, conversation_id, last) for id in _FILE.findall(parts)}
    rows = tx.execute(
        "SELECT id FROM files WHERE conversation_id = ? AND project_id IS NULL AND deleted_at IS NULL"
        " AND id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (conversation_id, to_json(sorted(named))),
    )
    return [id for (id,) in rows]


def _rename_files(tx: Tx, conversation_id: str, last: int, copies: Mapping[str, str]) -> None:
    """Let the items name the branch's own files wherever they name one: what the agent has seen of them is
    what it goes by."""

    def renamed(text: str) -> str:
        return _FILE.sub(lambda found: copies.get(found[0], found[0]), text)

    for n, content, parts in _with_files(tx, conversation_id, last) if copies else ():
        tx.execute(
            "UPDATE items SET content = ?, parts = ? WHERE conversation_id = ? AND n = ?",
            (renamed(content), renamed(parts), conversation_id, n),
        )


def _with_files(tx: Tx, conversation_id: str, last: int) -> Iterator[tuple[int, str, str]]:
    """Place, content and parts of the items up to the last that name files."""
    return tx.execute(
        "SELECT n, content, parts FROM items WHERE conversation_id = ? AND n <= ? AND instr(parts, 'file_')"
        f" AND {items.IS_CURRENT} ORDER BY n",
        (conversation_id, last),
    )
