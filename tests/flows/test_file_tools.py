"""The agent's tools for files, on a database and folders of their own."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from cowork_desktop.agent.tools import list_files, read_file, search_files, write_file
from cowork_desktop.agent.tools.paging import PAGE, page_of_lines
from cowork_desktop.agent.tools.tool import OUTPUT_LIMIT, Outcome, Tool, ToolFailed
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.conversations import ConversationCreate, FileLink
from cowork_desktop.schemas.texts import Place
from cowork_desktop.store import conversations, texts
from cowork_desktop.store import files as stored_files
from cowork_desktop.workspace import working_folder
from tests.documents.worker import DOCUMENTS
from tests.fakes.artifacts import files_below
from tests.fakes.clock import FakeClock
from tests.fakes.files import digest, pdf
from tests.fakes.means import Desk, means

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with means(tmp_path, clock=FakeClock(auto_advance=True)) as desk:
        yield desk


async def listed(desk: Desk, **fields: Any) -> str:
    return (await desk.call(list_files.TOOL, fields)).text


async def read(desk: Desk, file: str, **fields: Any) -> Outcome:
    return await desk.call(read_file.TOOL, {"file": file} | fields)


async def found(desk: Desk, query: str, **context: Any) -> Outcome:
    return await desk.call(search_files.TOOL, {"query": query}, **context)


async def write(desk: Desk, path: str, content: str, **fields: Any) -> Outcome:
    return await desk.call(write_file.TOOL, {"path": path, "content": content} | fields)


async def refused(desk: Desk, tool: Tool[Any], **arguments: Any) -> str:
    """What the model is told of a call that fails."""
    with pytest.raises((ToolFailed, CoworkError)) as failed:
        await desk.call(tool, arguments)
    assert str(desk.data) not in str(failed.value)
    return str(failed.value)


async def all_pages(desk: Desk, tool: Tool[Any], **arguments: Any) -> list[str]:
    """The results of a call and of those that go on from it, without their heads."""
    pages, offset = [], 0
    while True:
        text = (await desk.call(tool, arguments | {"offset": offset})).text
        assert len(text) <= OUTPUT_LIMIT
        head, _, rest = text.partition("\n")
        pages.append(rest)
        if (going_on := re.search(r"go on with offset=(\d+)\]", head)) is None:
            return pages
        assert int(going_on[1]) > offset
        offset = int(going_on[1])


def put(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def link(file_id: str, name: str, **place: Any) -> FileLink:
    return FileLink(file_id=file_id, path=None, name=name, place=Place(**place) if place else None)


def link_to_path(path: str, line: int | None = None) -> FileLink:
    return FileLink(file_id=None, path=path, name=path, place=Place(line=line) if line else None)


# To list


async def test_files_are_listed_newest_first_then_those_of_the_folder(desk: Desk) -> None:
    first = await desk.upload("herons.txt", b"Heron")
    second = await desk.upload("gulls.bin", b"\x00\xff")
    put(desk.work / "out/made.csv", b"a,b\n")
    outcome = await desk.call(list_files.TOOL, {})
    assert outcome.source == "the list of files"
    assert outcome.text == (
        "[files 1-3 of 3]\n"
        "- files/gulls.bin: application/octet-stream, 2 bytes, uploaded 2026-01-01T00:00,"
        f" id {second}, named 'gulls.bin', text: none\n"
        "- files/herons.txt: text/plain, 5 bytes, uploaded 2026-01-01T00:00,"
        f" id {first}, named 'herons.txt', text: ready\n"
        "- out/made.csv: 4 bytes"
    )


async def test_a_part_of_a_name_is_listed_whatever_its_case(desk: Desk) -> None:
    await desk.upload("Herons.bin", b"\x00")
    put(desk.work / "out/heron.csv", b"a")
    put(desk.work / "out/gull.csv", b"a")
    text = await listed(desk, query="HERON")
    assert ("files/Herons.bin" in text, "out/heron.csv" in text, "gull" in text) == (True, True, False)
    assert await listed(desk, query="tern") == "No file has such a name."


async def test_where_there_is_nothing_it_is_said(desk: Desk) -> None:
    assert await listed(desk) == "There are no files here."
    assert await refused(desk, read_file.TOOL, file="x") == (
        "There is no file 'x' here. list_files has those there are."
    )


async def test_a_long_list_is_read_without_a_gap(desk: Desk) -> None:
    names = [f"{n:03}-{'x' * 100}.txt" for n in range(300)]
    for name in names:
        put(desk.work / name, b"")
    pages = await all_pages(desk, list_files.TOOL)
    assert len(pages) > 1
    assert "\n".join(pages).splitlines() == [f"- {name}: 0 bytes" for name in names]
    assert await refused(desk, list_files.TOOL, offset=300) == "There are 300 files."


async def test_files_that_are_not_looked_at_are_told_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_folder, "MOST_FILES", 2)
    for name in "abc":
        put(desk.work / name, b"Heron")
    text = await listed(desk)
    assert text.startswith("[files 1-2 of 2]\n")
    assert text.endswith("\n(The working folder has more files, which were not looked at.)")
    assert (await read(desk, "c")).text == "[lines 1-1 of 1]\n1: Heron"
    assert "too many" in (await found(desk, "heron")).text


async def test_only_files_in_reach_are_listed_read_and_found(desk: Desk) -> None:
    project, other = await desk.new_project(), await desk.new_project("Gulls")
    theirs = await desk.upload("theirs.txt", b"Heron", project_id=other)
    ours = await desk.upload("ours.txt", b"Heron", project_id=project)
    conversation = await desk.new_conversation(project)
    put(desk.work / "general.txt", b"Heron")
    here = {"conversation_id": conversation, "project_id": project}
    text = (await desk.call(list_files.TOOL, {}, **here)).text
    assert ("ours.txt" in text, "theirs.txt" in text, "general.txt" in text) == (True, False, False)
    for name in (theirs, "theirs.txt", "files/theirs.txt", "general.txt", "../../cowork.db", "/etc/passwd"):
        with pytest.raises(ToolFailed, match="There is no file"):
            await desk.call(read_file.TOOL, {"file": name}, **here)
    assert (await found(desk, "heron", **here)).links == [link(ours, "ours.txt", line=1)]


async def test_a_file_of_a_project_is_out_of_reach_of_a_conversation_without_one(desk: Desk) -> None:
    id = await desk.upload("theirs.txt", b"Heron", project_id=await desk.new_project())
    assert "There is no file" in await refused(desk, read_file.TOOL, file=id)
    assert (await found(desk, "heron")).links == ()


async def test_a_deleted_file_is_out_of_reach(desk: Desk) -> None:
    id = await desk.upload("herons.txt", b"Heron")
    await listed(desk)
    await desk.db.write(stored_files.delete, id, desk.means.clock.now())
    assert await listed(desk) == "There are no files here."
    for name in (id, "herons.txt", "files/herons.txt"):
        assert "There is no file" in await refused(desk, read_file.TOOL, file=name)
    assert "Nothing found" in (await found(desk, "heron")).text


async def subtask(desk: Desk) -> str:
    """The conversation of a sub-task of the turn."""
    id, now = desk.means.ids.new("conv"), desk.means.clock.now()
    body, parent = ConversationCreate(), desk.response_id
    await desk.db.write(lambda tx: conversations.create(tx, id, now, body, parent_turn_id=parent))
    return id


async def test_a_sub_task_has_the_files_of_the_conversation_that_it_is_for(desk: Desk) -> None:
    id = await desk.upload("birds.txt", b"The grey heron has 7 young.\n")
    task = await subtask(desk)
    assert id in (await desk.call(list_files.TOOL, {}, conversation_id=task)).text
    for name in (id, "birds.txt", "files/birds.txt"):
        outcome = await desk.call(read_file.TOOL, {"file": name}, conversation_id=task)
        assert "The grey heron has 7 young." in outcome.text
    assert (await found(desk, "heron", conversation_id=task)).text.startswith("- birds.txt, line 1: ")


async def test_a_conversation_has_no_files_of_its_sub_tasks_and_these_none_of_others(desk: Desk) -> None:
    task, other = await subtask(desk), await desk.new_conversation()
    of_task = await desk.upload("task.txt", b"Heron", conversation_id=task)
    of_other = await desk.upload("other.txt", b"Heron", conversation_id=other)
    for conversation, id in ((desk.conversation_id, of_task), (task, of_other)):
        with pytest.raises(ToolFailed, match="There is no file"):
            await desk.call(read_file.TOOL, {"file": id}, conversation_id=conversation)
    assert "Nothing found" in (await found(desk, "heron")).text


# To read


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ("columns.pdf", ["[page 1]", "[page 2]", "[page 4]"]),
        ("ledger.xlsx", ["[sheet Landings, row 1]", "[sheet Q2, row "]),
        ("talk.pptx", ["[slide 1]", "[slide 4]"]),
        ("report.docx", ["[paragraph 1]"]),
    ],
)
async def test_a_document_is_read_with_its_places(desk: Desk, document: str, places: list[str]) -> None:
    id = await desk.upload(document, (DOCUMENTS / document).read_bytes())
    outcome = await read(desk, document)
    assert outcome.text.startswith("[passages 1-")
    for place in places:
        assert place in outcome.text
    assert outcome.source == f"the file {document}"
    [[passage], _] = await desk.db.scan(texts.read, id, 1, 0)
    assert outcome.links == [link(id, document, **passage.place.model_dump(exclude_none=True))]


async def test_a_long_document_is_read_without_a_gap(desk: Desk) -> None:
    pages = [f"Page {n} " + f"heron{n} " * 80 for n in range(40)]
    id = await desk.upload("long.pdf", pdf(*pages))
    read_of_it = await all_pages(desk, read_file.TOOL, file=id)
    assert len(read_of_it) > 1
    words = [word for page in read_of_it for word in page.split() if word.startswith("heron")]
    assert words == [f"heron{n}" for n in range(40) for _ in range(80)]
    second = await read(desk, id, offset=30)
    assert second.links == [link(id, "long.pdf", page=31)]
    assert await refused(desk, read_file.TOOL, file=id, offset=40) == "The file has 40 passages."


async def test_a_text_of_the_folder_is_read_without_a_gap(desk: Desk) -> None:
    lines = [f"{'heron ' * (n % 50)}{n}" for n in range(500)]
    put(desk.work / "a.txt", "\n".join(lines).encode() + b"\n")
    pages = await all_pages(desk, read_file.TOOL, file="a.txt")
    assert len(pages) > 1
    assert "\n".join(pages).split("\n") == [f"{n}: {line}" for n, line in enumerate(lines, 1)]
    outcome = await read(desk, "./a.txt", offset=400)
    assert (outcome.source, outcome.links) == ("the file a.txt", [link_to_path("a.txt", 401)])
    assert await refused(desk, read_file.TOOL, file="a.txt", offset=500) == "There are 500 lines."


async def test_a_line_that_is_longer_than_a_page_is_read_on(desk: Desk) -> None:
    put(desk.work / "a.json", b"first\n" + b"x" * 20_000 + b"y" * 20_000 + b"\nlast")
    pages = await all_pages(desk, read_file.TOOL, file="a.json")
    told = [line.partition(": ") for page in pages for line in page.split("\n")]
    assert "".join(text for n, _, text in told if n == "2") == "x" * 20_000 + "y" * 20_000
    assert (told[0][2], told[-1][0], told[-1][2]) == ("first", "3", "last")
    second = await read(desk, "a.json", offset=2)
    assert second.text.startswith("[lines 2-2 of 3, beginning within line 2; go on with offset=3]\n2: ")
    assert second.links == [link_to_path("a.json", 2)]


@given(
    st.lists(
        st.one_of(st.text("ab\t", max_size=9), st.integers(0, 3 * PAGE).map(lambda n: "x" * n)), max_size=9
    )
)
def test_pages_of_lines_come_to_all_of_them(lines: list[str]) -> None:
    text, offset = "", 0
    while True:
        head, _, rest = page_of_lines(lines, offset).text.partition("\n")
        assert len(rest) <= PAGE
        text += rest if "beginning within" in head or not offset else f"\n{rest}"
        going_on = re.search(r"offset=(\d+)\]", head)
        if going_on is None:
            break
        offset = int(going_on[1])
    assert text == "\n".join(lines)


async def test_a_file_without_words_says_so(desk: Desk) -> None:
    put(desk.work / "empty.txt", b"")
    assert (await read(desk, "empty.txt")).text == "[lines 0-0 of 0]\n"
    await desk.upload("nothing.txt", b"")
    assert "There are no words in this file." in await refused(desk, read_file.TOOL, file="nothing.txt")


async def test_pictures_are_shown(desk: Desk) -> None:
    id = await desk.upload("heron.png", PNG)
    put(desk.work / "out/chart.png", PNG)
    uploaded, made = await read(desk, "heron.png"), await read(desk, "out/chart.png")
    for outcome in (uploaded, made):
        [image] = outcome.images
        assert (image.media_type, image.data) == ("image/png", "iVBORw0KGgoAAAANSUhEUg==")
        assert "The picture follows." in outcome.text
    assert (uploaded.source, uploaded.links) == ("the file heron.png", [link(id, "heron.png")])
    assert (made.source, made.links) == ("the file out/chart.png", [link_to_path("out/chart.png")])


async def test_a_picture_that_is_too_large_is_for_code(desk: Desk) -> None:
    await desk.upload("heron.png", PNG + bytes(3_700_000))
    told = await refused(desk, read_file.TOOL, file="heron.png")
    assert told == (
        "'heron.png' is image/png, 3,700,016 bytes, and has no text."
        " Read it with run_code, at files/heron.png."
    )


async def test_what_is_no_text_is_for_code(desk: Desk) -> None:
    await desk.upload("birds.bin", b"\x00\xff\xfe")
    told = await refused(desk, read_file.TOOL, file="birds.bin")
    assert told.endswith("has no text. Read it with run_code, at files/birds.bin.")
    for content in (b"\x00\x01\x02", "Möwe".encode("latin-1")):
        put(desk.work / "made.bin", content)
        assert "no text of UTF-8. Read it with run_code." in await refused(
            desk, read_file.TOOL, file="made.bin"
        )


async def test_a_text_that_is_not_read_yet_is_waited_for_ten_seconds(desk: Desk) -> None:
    id = await desk.upload("herons.txt", b"Heron", is_read=False)
    assert "text: pending" in await listed(desk)
    before = desk.means.clock.monotonic()
    told = await refused(desk, read_file.TOOL, file=id)
    assert told == (
        "The text of this file is still being read. Try again in a while."
        " Read it with run_code, at files/herons.txt."
    )
    assert desk.means.clock.monotonic() - before == pytest.approx(10, abs=0.2)
    await desk.read_text(id)
    assert (await read(desk, id)).text == "[passages 1-1 of 1]\n[line 1]\nHeron"


async def test_a_text_of_which_only_a_part_has_been_read_says_so(desk: Desk) -> None:
    id = await desk.upload("herons.txt", b"Heron", is_read=False)
    await desk.db.write(texts.begin, id)
    await desk.db.write(texts.append, id, 0, [texts.Found('{"line": 1}', "Heron")], 1, None)
    told = (await read(desk, id)).text
    assert told.startswith("[passages 1-1 of 1] (its text is still being read: there will be more)\n")


async def test_a_text_that_cannot_be_read_says_why(desk: Desk) -> None:
    await desk.upload("password.pdf", (DOCUMENTS / "password.pdf").read_bytes())
    assert "text: failed" in await listed(desk)
    told = await refused(desk, read_file.TOOL, file="password.pdf")
    assert told.startswith("The text of this file could not be read: ")
    assert "password" in told
    assert told.endswith(" Read it with run_code, at files/password.pdf.")


async def test_a_picture_that_the_disk_has_lost_says_so(desk: Desk) -> None:
    await desk.upload("heron.png", PNG)
    await listed(desk)
    desk.means.contents.place(digest(PNG)).unlink()
    assert await refused(desk, read_file.TOOL, file="heron.png") == "The disk has lost this file."


async def test_of_files_with_one_name_each_has_a_path_and_an_id(desk: Desk) -> None:
    first, second = await desk.upload("a.txt", b"First"), await desk.upload("a.txt", b"Second")
    told = await refused(desk, read_file.TOOL, file="a.txt")
    assert told.startswith("Several files are named 'a.txt'; give one of the ids: ")
    assert (first in told, second in told) == (True, True)
    for name, words in ((first, "First"), (second, "Second"), ("files/a.txt", "First")):
        assert (await read(desk, name)).text.endswith(words)
    assert (await read(desk, "files/a (2).txt")).text.endswith("Second")


async def test_a_path_goes_before_a_name(desk: Desk) -> None:
    await desk.upload("a.txt", b"Uploaded")
    put(desk.work / "a.txt", b"Made")
    assert (await read(desk, "a.txt")).text == "[lines 1-1 of 1]\n1: Made"
    assert (await read(desk, "files/a.txt")).text.endswith("Uploaded")


async def test_a_copy_that_was_changed_is_read_as_it_is_and_the_upload_by_its_id(desk: Desk) -> None:
    id = await desk.upload("a.txt", b"Uploaded")
    await listed(desk)
    put(desk.work / "files/a.txt", b"Changed by code")
    assert (await read(desk, "files/a.txt")).text == "[lines 1-1 of 1]\n1: Changed by code"
    assert (await read(desk, id)).text.endswith("Uploaded")
    text = await listed(desk)
    assert text.endswith("\n- files/a.txt: 15 bytes, a copy of an uploaded file that was changed since")


async def test_on_a_full_disk_a_file_is_read_without_a_copy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await desk.upload("a.txt", b"Heron")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(working_folder, "pour", full)
    assert "- (no copy in the working folder): text/plain, 5 bytes" in await listed(desk)
    assert (await read(desk, id)).text.endswith("Heron")
    with pytest.raises(CoworkError, match="No space left"):
        await write(desk, "b.txt", "x")


async def test_a_file_of_a_byte_order_mark_alone_is_an_empty_text(desk: Desk) -> None:
    put(desk.work / "a.txt", b"\xef\xbb\xbf")
    assert (await read(desk, "a.txt")).text == "[lines 0-0 of 0]\n"


# To search


async def test_words_are_found_in_uploads_and_in_the_folder_with_their_places(desk: Desk) -> None:
    of_pdf = await desk.upload("birds.pdf", pdf("Nothing", "A grey heron stands"))
    of_sheet = await desk.upload("ledger.xlsx", (DOCUMENTS / "ledger.xlsx").read_bytes())
    put(desk.work / "notes/a.md", b"# Birds\n\x0cx\nGrey: the Heron\n")
    outcome = await found(desk, "grey heron")
    assert outcome.text.splitlines() == [
        "- birds.pdf, page 2: A grey heron stands",
        "- notes/a.md, line 3: Grey: the Heron",
    ]
    assert outcome.links == [link(of_pdf, "birds.pdf", page=2), link_to_path("notes/a.md", 3)]
    assert outcome.source == "the files"
    outcome = await found(desk, "quahog")
    assert outcome.links == [link(of_sheet, "ledger.xlsx", sheet="Q2", row=17)]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ('"grey heron"', True),
        ('"heron grey"', False),
        ("heron grey", True),
        ("heron gre", True),
        ("gre heron", False),
        ("ero", False),
        ("zurich", True),
        ("ZÜRICH", True),
        ("heron absent", False),
    ],
)
async def test_words_are_asked_for_in_the_same_way_in_both(desk: Desk, query: str, is_found: bool) -> None:
    line = "A grey heron of Zürich".encode()
    await desk.upload("uploaded.txt", line)
    put(desk.work / "made.txt", line)
    text = (await found(desk, query)).text
    assert ("- uploaded.txt" in text, "- made.txt" in text) == (is_found, is_found)


async def test_where_words_stand_in_a_long_line_what_is_around_is_told(desk: Desk) -> None:
    put(desk.work / "a.json", b"word " * 10_000 + b"heron " + b"word " * 10_000)
    text = (await found(desk, "heron")).text
    assert "heron" in text
    assert len(text) < 400


async def test_a_query_without_words_finds_nothing(desk: Desk) -> None:
    put(desk.work / "a.txt", b"?!")
    assert (await found(desk, "?!")).text.startswith("Nothing found: ")


async def test_a_file_of_conversation_and_project_is_found_once(desk: Desk) -> None:
    project = await desk.new_project()
    conversation = await desk.new_conversation(project)
    id = await desk.upload("a.txt", b"Heron", project_id=project, conversation_id=conversation)
    outcome = await found(desk, "heron", conversation_id=conversation, project_id=project)
    assert outcome.links == [link(id, "a.txt", line=1)]


async def test_of_many_hits_the_first_are_told_and_that_there_may_be_more(desk: Desk) -> None:
    put(desk.work / "a.txt", b"heron\n" * 100)
    outcome = await found(desk, "heron")
    assert len(outcome.links) == 20
    assert outcome.text.endswith("\n(There may be more: ask with more words.)")


async def test_what_is_too_large_or_no_text_is_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_files, "_LARGEST_TEXT", 100)
    put(desk.work / "binary.bin", b"\x00 heron")
    put(desk.work / "large.txt", b"heron " * 20)
    put(desk.work / "small.txt", b"heron")
    outcome = await found(desk, "heron")
    assert outcome.links == [link_to_path("small.txt", 1)]
    assert "(Some files of the working folder are too large, or too many, to look through.)" in outcome.text


# To write


async def test_a_file_is_made_with_its_folders_and_can_be_taken_back(desk: Desk) -> None:
    outcome = await write(desk, "./notes/a.md", "Grüße\n")
    assert (outcome.text, outcome.source) == ("Made notes/a.md: 8 bytes.", None)
    assert outcome.links == [link_to_path("notes/a.md")]
    assert files_below(desk.work) == {"notes/a.md": "Grüße\n".encode()}
    [noted] = await desk.changes()
    assert (noted.change.kind, noted.change.ref, noted.change.before) == ("file", "notes/a.md", None)
    assert noted.change.after == {"sha256": digest("Grüße\n".encode()), "size": 8}
    assert await desk.means.project_files.undo(noted) is None
    assert files_below(desk.work) == {}


WINDOWS, MIXED = b"one\r\ntwo\r\n", b"one\r\ntwo\n"


@pytest.mark.parametrize(
    ("before", "fields", "content", "after"),
    [
        (WINDOWS, {"mode": "overwrite"}, "new", b"new"),
        (WINDOWS, {"mode": "append"}, "three\n", b"one\r\ntwo\r\nthree\r\n"),
        (WINDOWS, {"mode": "replace", "old": "one"}, "1", b"1\r\ntwo\r\n"),
        (WINDOWS, {"mode": "replace", "old": "one\ntwo"}, "1\n2", b"1\r\n2\r\n"),
        (WINDOWS, {"mode": "replace", "old": "one\r\n"}, "", b"two\r\n"),
        (WINDOWS, {"mode": "replace", "old": "two"}, "2\n2.5", b"one\r\n2\r\n2.5\r\n"),
        (MIXED, {"mode": "append"}, "three\n", b"one\r\ntwo\nthree\n"),
        (MIXED, {"mode": "replace", "old": "two"}, "2\n3", b"one\r\n2\n3\n"),
        (MIXED, {"mode": "replace", "old": "one\ntwo"}, "1\n2", b"1\r\n2\n"),
    ],
)
async def test_each_mode_changes_what_is_there(
    desk: Desk, before: bytes, fields: dict[str, str], content: str, after: bytes
) -> None:
    put(desk.work / "a.txt", before)
    outcome = await write(desk, "a.txt", content, **fields)
    assert outcome.text == f"Changed a.txt: {len(after)} bytes."
    assert files_below(desk.work) == {"a.txt": after}
    [noted] = await desk.changes()
    assert noted.change.sha256 == digest(before)
    assert await desk.means.project_files.undo(noted) is None
    assert files_below(desk.work) == {"a.txt": before}


@pytest.mark.parametrize("mode", ["overwrite", "append"])
async def test_where_there_is_no_file_one_is_made(desk: Desk, mode: str) -> None:
    assert (await write(desk, "a.txt", "x", mode=mode)).text == "Made a.txt: 1 bytes."
    assert files_below(desk.work) == {"a.txt": b"x"}


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("a.txt", {}, "a.txt is there already. Read it first; then overwrite or replace."),
        ("a.txt", {"mode": "replace"}, "`old` goes with mode replace, and with no other."),
        ("a.txt", {"mode": "append", "old": "x"}, "`old` goes with mode replace, and with no other."),
        ("a.txt", {"mode": "replace", "old": "3"}, "`old` is there 0 times; it must be there exactly once."),
        ("a.txt", {"mode": "replace", "old": "o"}, "`old` is there 2 times; it must be there exactly once."),
        ("b.txt", {"mode": "replace", "old": "o"}, "There is no file b.txt."),
        ("a.bin", {"mode": "append"}, "a.bin is no text of UTF-8. Change it with run_code."),
        ("a.bin", {"mode": "replace", "old": "o"}, "a.bin is no text of UTF-8. Change it with run_code."),
        ("sub", {}, "sub is a folder."),
        ("a.txt/b", {}, "a.txt/b cannot be made: a file has the name of one of its folders."),
        ("../a", {}, "leads out of the project's folder"),
        ("/a", {}, "is no path of a file"),
        (".git/config", {}, "or to something hidden"),
        ("con.txt", {}, "has a name that not every system can have"),
    ],
)
async def test_what_would_do_harm_or_nothing_is_refused(
    desk: Desk, path: str, fields: dict[str, str], words: str
) -> None:
    put(desk.work / "a.txt", b"one two")
    put(desk.work / "a.bin", b"\xff\xfe")
    put(desk.work / "sub/b.txt", b"")
    before = files_below(desk.work)
    assert words in await refused(desk, write_file.TOOL, path=path, content="x", **fields)
    assert files_below(desk.work) == before
    assert await desk.changes() == []


async def test_words_that_cannot_be_written_are_refused(desk: Desk) -> None:
    for fields in ({}, {"mode": "append"}):
        assert await refused(desk, write_file.TOOL, path="a.txt", content="\ud800", **fields)
    assert files_below(desk.work) == {}


async def test_the_user_is_told_what_would_be_written(desk: Desk) -> None:
    demand = await desk.demand(write_file.TOOL, {"path": "a.txt", "content": "x" * 1234})
    assert (demand.effect, demand.summary) == ("project", "Write 1,234 characters to a.txt")


async def test_two_pieces_that_are_replaced_side_by_side_both_count(desk: Desk) -> None:
    put(desk.work / "a.txt", b"one two")
    await asyncio.gather(
        write(desk, "a.txt", "1", mode="replace", old="one"),
        write(desk, "a.txt", "2", mode="replace", old="two"),
    )
    assert files_below(desk.work) == {"a.txt": b"1 2"}
    assert len(await desk.changes()) == 2


async def test_an_uploaded_file_stays_whatever_is_written_over_its_copy(desk: Desk) -> None:
    id = await desk.upload("a.txt", b"Uploaded")
    await listed(desk)
    await write(desk, "files/a.txt", "Mine", mode="overwrite")
    assert (await read(desk, id)).text.endswith("Uploaded")
    assert (await read(desk, "files/a.txt")).text == "[lines 1-1 of 1]\n1: Mine"


@pytest.mark.parametrize("tool", [list_files.TOOL, read_file.TOOL, search_files.TOOL])
async def test_to_look_changes_nothing(desk: Desk, tool: Tool[BaseModel]) -> None:
    arguments = {"list_files": {}, "read_file": {"file": "a"}, "search_files": {"query": "a"}}[tool.name]
    assert (await desk.demand(tool, arguments)).effect == "read"
