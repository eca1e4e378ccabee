"""What a turn changed is taken back, but for what has been changed since."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.schemas.artifacts import Artifact
from cowork_desktop.schemas.conversations import ConversationCreate
from cowork_desktop.schemas.memories import MemoryPatch
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.store import changes, conversations, memories, turns
from cowork_desktop.store.changes import Change
from cowork_desktop.store.database import Tx
from cowork_desktop.workspace.artifacts import Draft
from cowork_desktop.workspace.project_files import ProjectFiles
from tests.fakes.artifacts import files_below, folder_of, general, served, swept
from tests.fakes.server import Answer, Server, fault

UNKNOWN = "resp_01jz0000000000000000000000"
CHANGED_SINCE = "It has been changed since."


@dataclass
class Turn:
    """A turn that runs until it is ended, and changes things as the agent's tools do."""

    server: Server
    id: str
    conversation: str
    home: str
    """General."""

    async def end(self) -> None:
        def finish(tx: Tx) -> None:
            turns.finish(tx, self.id, output=[], usage=Usage(), error=None, now=self._now())

        await self.server.app[keys.DB].write(finish)

    async def undo(self) -> Any:
        return await self.server.post(f"/responses/{self.id}/undo")

    async def note(self, change: Change) -> None:
        await self.server.app[keys.DB].write(changes.note, self.id, 0, change)

    async def remember(self, content: str, project_id: str | None = None) -> str:
        id = self.server.app[keys.IDS].new("mem")

        def work(tx: Tx) -> None:
            memories.remember(tx, id, self._now(), content, project_id, "agent")
            after = {"content": content, "project_id": project_id}
            changes.note(tx, self.id, 0, Change("memory", self.home, id, content, None, after))

        await self.server.app[keys.DB].write(work)
        return id

    async def forget(self, id: str) -> None:
        def work(tx: Tx) -> None:
            was = memories.get(tx, id)
            memories.delete(tx, id)
            before = {"content": was.content, "project_id": was.project_id, "source": was.source}
            changes.note(tx, self.id, 0, Change("memory", self.home, id, was.content, before, None))

        await self.server.app[keys.DB].write(work)

    async def correct(self, id: str, content: str) -> None:
        def work(tx: Tx) -> None:
            was = memories.get(tx, id)
            memories.patch(tx, id, self._now(), MemoryPatch(content=content))
            before, after = (
                {"content": text, "project_id": was.project_id} for text in (was.content, content)
            )
            changes.note(tx, self.id, 0, Change("memory", self.home, id, content, before, after))

        await self.server.app[keys.DB].write(work)

    async def write(self, path: str, content: bytes) -> None:
        await files_of(self.server).write(self.home, path, lambda before: content, self.id, 0)

    def watching(self) -> AbstractAsyncContextManager[None]:
        """What changes in the working folder meanwhile is of the turn."""
        return files_of(self.server).watching(self.home, self.id, 0)

    async def save(self, text: bytes, artifact: Artifact | None = None) -> Artifact:
        """A new artifact, or the next version of one."""
        before = {"version": artifact.version} if artifact else None
        after = {"version": artifact.version + 1 if artifact else 1}

        def also(tx: Tx, id: str) -> None:
            changes.note(tx, self.id, 0, Change("artifact", self.home, id, "Sales", before, after))

        return await save(self.server, self.home, text, artifact, also=also)

    def _now(self) -> int:
        return self.server.app[keys.CLOCK].now()


async def save(
    server: Server, project: str, text: bytes, artifact: Artifact | None = None, **more: Any
) -> Artifact:
    """Save as somebody else than the turn does, unless `more` notes it."""
    files: Mapping[str, bytes] = {"index.html": text}
    draft = Draft("Sales", "app", files)
    id = artifact.id if artifact else None
    return await server.app[keys.ARTIFACTS].save(project, draft, artifact_id=id, **more)


def files_of(server: Server) -> ProjectFiles:
    return ProjectFiles(server.app[keys.DB], server.app[keys.FOLDERS], server.app[keys.CONTENTS])


async def work_of(server: Server, project: str) -> Path:
    """The project's working folder."""
    return await asyncio.to_thread(server.app[keys.FOLDERS].work, project)


async def new_turn(server: Server, parent: Turn | None = None) -> Turn:
    """A turn in a conversation of its own; with a parent a sub-task of that."""
    new, now = server.app[keys.IDS].new, server.app[keys.CLOCK].now()
    id, conversation = new("resp"), new("conv")

    def create(tx: Tx) -> None:
        of_turn = parent.id if parent else None
        conversations.create(tx, conversation, now, ConversationCreate(), parent_turn_id=of_turn)
        turns.create(
            tx,
            id=id,
            conversation_id=conversation,
            input="Do it.",
            model="m",
            provider="offline",
            now=now,
            parent=(of_turn, 0) if of_turn else None,
        )

    await server.app[keys.DB].write(create)
    return Turn(server, id, conversation, await general(server))


@pytest.fixture
async def turn(server: Server) -> Turn:
    return await new_turn(server)


async def memory(server: Server, content: str, **fields: Any) -> Any:
    return await server.post("/memories", {"content": content, **fields})


async def all_memories(server: Server) -> list[str]:
    return sorted(one["content"] for one in (await server.get("/memories"))["data"])


async def content_of(server: Server, artifact: Artifact) -> bytes:
    return (await served(server, artifact.model_dump(), "index.html")).body


def whats(changed: list[Any]) -> dict[str, str]:
    """What was done to each thing, by its name."""
    return {one["name"]: one["what"] for one in changed}


async def test_a_turn_that_changed_nothing_has_nothing_to_undo(turn: Turn) -> None:
    await turn.end()
    assert await turn.undo() == {"response_id": turn.id, "undone": [], "left": []}


async def test_a_memory_that_the_turn_made_is_gone(server: Server, turn: Turn) -> None:
    await memory(server, "Of the user")
    made = await turn.remember("Of the agent")
    await turn.end()
    assert await turn.undo() == {
        "response_id": turn.id,
        "undone": [
            {
                "kind": "memory",
                "ref": made,
                "name": "Of the agent",
                "project_id": turn.home,
                "what": "created",
            }
        ],
        "left": [],
    }
    assert await all_memories(server) == ["Of the user"]


@pytest.mark.parametrize("is_of_a_project", [False, True])
async def test_a_memory_that_the_turn_took_away_is_there_again(
    is_of_a_project: bool, server: Server, turn: Turn
) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"] if is_of_a_project else None
    was = await memory(server, "Sales are in EUR.", **({"project_id": project} if project else {}))
    await turn.forget(was["id"])
    await turn.end()
    told = await turn.undo()
    assert (whats(told["undone"]), told["left"]) == ({"Sales are in EUR.": "deleted"}, [])
    found = await server.get(f"/memories/{was['id']}")
    same = ("id", "content", "project_id", "source")
    assert {name: found[name] for name in same} == {name: was[name] for name in same}


async def test_a_memory_that_the_turn_changed_says_what_it_said(server: Server, turn: Turn) -> None:
    was = await memory(server, "In EUR")
    await turn.correct(was["id"], "In USD")
    await turn.correct(was["id"], "In GBP")
    await turn.end()
    told = await turn.undo()
    assert [one["what"] for one in told["undone"]] == ["changed"]
    assert await all_memories(server) == ["In EUR"]


async def test_a_memory_that_the_user_has_changed_since_stays(server: Server, turn: Turn) -> None:
    made, was = await turn.remember("Made"), await memory(server, "Before")
    await turn.correct(was["id"], "After")
    await turn.end()
    for id in (made, was["id"]):
        await server.call("PATCH", f"/memories/{id}", json={"content": f"Mine {id}"})
    told = await turn.undo()
    assert told["undone"] == []
    assert [(one["ref"], one["what"], one["reason"]) for one in told["left"]] == [
        (was["id"], "changed", CHANGED_SINCE),
        (made, "created", CHANGED_SINCE),
    ]
    assert await all_memories(server) == sorted([f"Mine {made}", f"Mine {was['id']}"])


async def test_a_memory_that_is_gone_already_counts_as_undone(server: Server, turn: Turn) -> None:
    made = await turn.remember("Made")
    await turn.end()
    assert (await server.call("DELETE", f"/memories/{made}")).status == 204
    assert whats((await turn.undo())["undone"]) == {"Made": "created"}


async def test_a_memory_that_was_changed_and_is_gone_since_is_not_made_again(
    server: Server, turn: Turn
) -> None:
    was = await memory(server, "Before")
    await turn.correct(was["id"], "After")
    await turn.end()
    assert (await server.call("DELETE", f"/memories/{was['id']}")).status == 204
    [left] = (await turn.undo())["left"]
    assert left["reason"] == "It has been deleted since."
    assert await all_memories(server) == []


async def test_what_the_user_noted_again_since_is_not_there_twice(server: Server, turn: Turn) -> None:
    was = await memory(server, "Sales are in EUR.")
    await turn.forget(was["id"])
    await turn.end()
    await memory(server, "Sales are in EUR.")
    assert (await turn.undo())["left"] == []
    assert await all_memories(server) == ["Sales are in EUR."]


async def test_several_changes_of_one_thing_are_told_as_one(server: Server, turn: Turn) -> None:
    made = await turn.remember("Made")
    await turn.correct(made, "Corrected")
    await turn.forget(made)
    await turn.end()
    told = await turn.undo()
    assert ([one["ref"] for one in told["undone"]], told["left"]) == ([made], [])
    assert await all_memories(server) == []


async def test_an_artifact_that_the_turn_made_is_gone_with_its_folder(
    server: Server, turn: Turn, data: Path
) -> None:
    first = await turn.save(b"One")
    await turn.save(b"Two", first)
    await turn.end()
    told = await turn.undo()
    assert [(one["kind"], one["ref"], one["what"]) for one in told["undone"]] == [
        ("artifact", first.id, "created")
    ]
    assert (await server.call("GET", f"/artifacts/{first.id}")).status == 404
    await swept()
    assert files_below(folder_of(data, first.model_dump())) == {}


async def test_an_artifact_that_the_turn_changed_is_as_it_was_before_the_first_change(
    server: Server, turn: Turn
) -> None:
    was = await save(server, turn.home, b"Before")
    second = await turn.save(b"Two", was)
    await turn.save(b"Three", second)
    await turn.end()
    told = await turn.undo()
    assert (whats(told["undone"]), told["left"]) == ({"Sales": "changed"}, [])
    assert await content_of(server, was) == b"Before"
    versions = await server.get(f"/artifacts/{was.id}/versions")
    assert [version["source"] for version in versions["data"]] == ["restore", "save", "save", "save"]


@pytest.mark.parametrize("is_new", [False, True])
async def test_turns_that_changed_an_artifact_one_after_the_other_are_undone_one_by_one(
    is_new: bool, server: Server, turn: Turn
) -> None:
    was = None if is_new else await save(server, turn.home, b"Before")
    second = await new_turn(server)
    changed = await turn.save(b"Of the first", was)
    await second.save(b"Of the second", changed)
    for one in (turn, second):
        await one.end()
    assert (await second.undo())["left"] == []
    assert await content_of(server, changed) == b"Of the first"
    assert (await turn.undo())["left"] == []
    if was:
        assert await content_of(server, was) == b"Before"
    else:
        assert (await server.call("GET", f"/artifacts/{changed.id}")).status == 404


@pytest.mark.parametrize("is_new", [False, True])
async def test_an_artifact_that_somebody_has_saved_since_stays(
    is_new: bool, server: Server, turn: Turn
) -> None:
    was = None if is_new else await save(server, turn.home, b"Before")
    changed = await turn.save(b"Of the turn", was)
    await turn.end()
    await save(server, turn.home, b"Of the user", changed)
    told = await turn.undo()
    assert (told["undone"], [one["reason"] for one in told["left"]]) == ([], [CHANGED_SINCE])
    assert await content_of(server, changed) == b"Of the user"


@pytest.mark.parametrize("is_new", [False, True])
async def test_an_artifact_that_somebody_has_changed_by_hand_since_stays(
    is_new: bool, server: Server, turn: Turn, data: Path
) -> None:
    was = None if is_new else await save(server, turn.home, b"Before")
    changed = await turn.save(b"Of the turn", was)
    await turn.end()
    page = folder_of(data, changed.model_dump()) / "index.html"
    page.write_bytes(b"By hand")
    told = await turn.undo()
    assert (told["undone"], [one["reason"] for one in told["left"]]) == ([], [CHANGED_SINCE])
    assert page.read_bytes() == b"By hand"


async def test_an_artifact_that_somebody_has_saved_between_two_changes_stays(
    server: Server, turn: Turn
) -> None:
    first = await turn.save(b"Of the turn")
    second = await save(server, turn.home, b"Of the user", first)
    third = await turn.save(b"Of the turn again", second)
    await turn.end()
    told = await turn.undo()
    reason = "Somebody else has changed it between two changes of the turn."
    assert (told["undone"], [one["reason"] for one in told["left"]]) == ([], [reason])
    assert await content_of(server, third) == b"Of the turn again"


async def test_an_artifact_that_is_gone_already_counts_as_undone(server: Server, turn: Turn) -> None:
    made, changed = await turn.save(b"Made"), await save(server, turn.home, b"Before")
    await turn.save(b"After", changed)
    await turn.end()
    for artifact in (made, changed):
        assert (await server.call("DELETE", f"/artifacts/{artifact.id}")).status == 204
    told = await turn.undo()
    assert [one["ref"] for one in told["undone"]] == [made.id]
    assert [(one["ref"], one["reason"]) for one in told["left"]] == [
        (changed.id, f"There is no artifact {changed.id!r}.")
    ]


async def test_files_are_as_they_were_before_the_turn(server: Server, turn: Turn) -> None:
    work = await work_of(server, turn.home)
    (work / "changed.txt").write_bytes(b"was")
    (work / "gone.txt").write_bytes(b"here")
    async with turn.watching():
        (work / "changed.txt").write_bytes(b"became")
        (work / "gone.txt").unlink()
    await turn.write("made/a.txt", b"one")
    await turn.write("made/a.txt", b"two")
    await turn.end()
    told = await turn.undo()
    assert (whats(told["undone"]), told["left"]) == (
        {"changed.txt": "changed", "gone.txt": "deleted", "made/a.txt": "created"},
        [],
    )
    assert files_below(work) == {"changed.txt": b"was", "gone.txt": b"here"}
    assert (await turn.undo())["undone"] == []


async def test_a_file_that_was_changed_since_stays_and_the_others_do_not(server: Server, turn: Turn) -> None:
    work = await work_of(server, turn.home)
    await turn.write("a.txt", b"made")
    await turn.write("b.txt", b"made")
    await turn.end()
    (work / "a.txt").write_bytes(b"of the user")
    told = await turn.undo()
    assert whats(told["undone"]) == {"b.txt": "created"}
    assert [(left["kind"], left["name"], left["what"], left["reason"]) for left in told["left"]] == [
        ("file", "a.txt", "created", CHANGED_SINCE)
    ]
    assert files_below(work) == {"a.txt": b"of the user"}


async def test_a_file_that_somebody_has_changed_between_two_changes_stays(server: Server, turn: Turn) -> None:
    work = await work_of(server, turn.home)
    await turn.write("a.txt", b"one")
    (work / "a.txt").write_bytes(b"of the user")
    await turn.write("a.txt", b"two")
    await turn.end()
    told = await turn.undo()
    assert (told["undone"], [left["reason"] for left in told["left"]]) == ([], [CHANGED_SINCE])
    assert files_below(work) == {"a.txt": b"of the user"}


async def test_what_cannot_be_undone_does_not_stop_the_rest(
    server: Server, turn: Turn, caplog: pytest.LogCaptureFixture
) -> None:
    first = await turn.remember("First")
    await turn.note(Change("memory", turn.home, "mem_broken", "Broken", {"nonsense": 1}, None))
    await turn.note(Change("artifact", turn.home, "art_1", "Lost", {"version": 1}, {"version": 2}))
    last = await turn.remember("Last")
    await turn.end()
    told = await turn.undo()
    assert [one["ref"] for one in told["undone"]] == [last, first]
    assert [(one["name"], one["reason"]) for one in told["left"]] == [
        ("Lost", "There is no artifact 'art_1'."),
        ("Broken", "Something went wrong inside the server; its log has the details."),
    ]
    assert "KeyError" in caplog.text
    assert await all_memories(server) == []


async def test_a_second_undo_finds_nothing_left(server: Server, turn: Turn) -> None:
    await turn.remember("Made")
    await turn.save(b"Made")
    await turn.end()
    assert len((await turn.undo())["undone"]) == 2
    await memory(server, "Made")
    assert await turn.undo() == {"response_id": turn.id, "undone": [], "left": []}
    assert await all_memories(server) == ["Made"]


async def test_a_second_undo_tries_again_what_was_left(server: Server, turn: Turn) -> None:
    made = await turn.remember("Made")
    await turn.end()
    await server.call("PATCH", f"/memories/{made}", json={"content": "Mine"})
    assert len((await turn.undo())["left"]) == 1
    await server.call("PATCH", f"/memories/{made}", json={"content": "Made"})
    assert whats((await turn.undo())["undone"]) == {"Made": "created"}


async def test_of_two_at_the_same_time_one_undoes_each_change(turn: Turn) -> None:
    for n in range(5):
        await turn.remember(f"Number {n}")
    await turn.end()
    both = await asyncio.gather(turn.undo(), turn.undo())
    assert sorted(len(told["undone"]) for told in both) == [0, 5]
    assert [told["left"] for told in both] == [[], []]


async def test_the_changes_of_sub_tasks_are_undone_too(server: Server, turn: Turn) -> None:
    task, other = await new_turn(server, turn), await new_turn(server)
    await turn.remember("Of the turn")
    await task.remember("Of its sub-task")
    await other.remember("Of another turn")
    for one in (turn, task, other):
        await one.end()
    assert whats((await turn.undo())["undone"]) == {"Of the turn": "created", "Of its sub-task": "created"}
    assert await all_memories(server) == ["Of another turn"]


async def test_the_changes_of_a_sub_task_can_be_undone_alone(server: Server, turn: Turn) -> None:
    task = await new_turn(server, turn)
    await turn.remember("Of the turn")
    await task.remember("Of its sub-task")
    await turn.end()
    await task.end()
    assert whats((await task.undo())["undone"]) == {"Of its sub-task": "created"}
    assert whats((await turn.undo())["undone"]) == {"Of the turn": "created"}


async def refused(turn: Turn) -> Answer:
    answer = await turn.server.call("POST", f"/responses/{turn.id}/undo")
    assert fault(answer) == (409, "conflict", None)
    return answer


async def test_while_the_turn_or_a_sub_task_runs_nothing_is_undone(server: Server, turn: Turn) -> None:
    task, other = await new_turn(server, turn), await new_turn(server)
    await turn.remember("Made")
    await task.end()
    assert (await refused(turn)).json()["error"]["details"] == [{"response_id": turn.id}]
    running = await new_turn(server, task)
    await turn.end()
    assert (await refused(turn)).json()["error"]["details"] == [{"response_id": running.id}]
    assert await all_memories(server) == ["Made"]
    await running.end()
    assert whats((await turn.undo())["undone"]) == {"Made": "created"}
    await other.end()


async def test_an_unknown_response_cannot_be_undone(server: Server, turn: Turn) -> None:
    answer = await server.call("POST", f"/responses/{UNKNOWN}/undo")
    assert fault(answer) == (404, "not_found", None)
    await turn.end()
    await server.call("DELETE", f"/conversations/{turn.conversation}")
    answer = await server.call("POST", f"/responses/{turn.id}/undo")
    assert fault(answer) == (404, "not_found", None)


async def test_what_could_be_undone_goes_with_the_conversation(server: Server, turn: Turn) -> None:
    await turn.remember("Made")
    await turn.end()
    assert (await server.call("DELETE", f"/conversations/{turn.conversation}")).status == 204
    await swept()
    assert await rows_of(server, "conversations", "turns", "turn_changes") == [0, 0, 0]
    assert await all_memories(server) == ["Made"]


async def test_sub_tasks_stand_in_no_list_and_go_with_their_conversation(server: Server, turn: Turn) -> None:
    task, kept = await new_turn(server, turn), await new_turn(server)
    of_task, of_kept = await new_turn(server, task), await new_turn(server, kept)
    for one in (turn, task, of_task, kept, of_kept):
        await one.remember("Made")
        await one.end()
    page = await server.get("/conversations")
    assert [one["id"] for one in page["data"]] == [kept.conversation, turn.conversation]
    assert page["total"] == 2
    assert (await server.get(f"/conversations/{task.conversation}"))["id"] == task.conversation
    assert (await server.call("DELETE", f"/conversations/{turn.conversation}")).status == 204
    for one in (turn, task, of_task):
        assert (await server.call("GET", f"/conversations/{one.conversation}")).status == 404
    await swept()
    assert await rows_of(server, "conversations", "turns") == [2, 2]
    assert (await server.get(f"/responses/{of_kept.id}"))["id"] == of_kept.id


async def rows_of(server: Server, *tables: str) -> list[int]:
    """How many rows there are, deleted things' too."""
    return await server.app[keys.DB].read(
        lambda tx: [tx.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    )
