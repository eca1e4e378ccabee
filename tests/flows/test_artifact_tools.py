"""The agent's tools for artifacts, on a database and folders of their own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.agent.tools import (
    create_artifact,
    publish_scratchpad,
    read_artifact,
    update_artifact,
)
from cowork_desktop.agent.tools.tool import OUTPUT_LIMIT, Outcome, Tool, ToolFailed
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.conversations import ArtifactLink, ArtifactPart
from cowork_desktop.schemas.scratchpads import CellCreate, ScratchpadCreate
from cowork_desktop.store import artifacts, scratchpads
from cowork_desktop.store.changes import Change
from tests.fakes.artifacts import files_below
from tests.fakes.clock import FakeClock
from tests.fakes.means import Desk, means

PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>Herons</title>'
    '<script type="module" src="app.js"></script></head>\n<body><h1>Herons</h1></body></html>\n'
)
FILES = [{"path": "index.html", "content": PAGE}, {"path": "app.js", "content": "let n = 1;\nlet m = 1;\n"}]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with means(tmp_path, clock=FakeClock()) as desk:
        yield desk


async def create(desk: Desk, files: Any = FILES, **fields: Any) -> Outcome:
    given = {"title": "Herons", "type": "app", "files": files} | fields
    return await desk.call(create_artifact.TOOL, given)


async def made(desk: Desk, files: Any = FILES, **fields: Any) -> str:
    """The id of an artifact that was made."""
    return part_of(await create(desk, files, **fields)).artifact_id


async def document(desk: Desk, markdown: str, files: Any = (), **fields: Any) -> str:
    return await made(desk, list(files), type="doc", markdown=markdown, **fields)


async def update(desk: Desk, id: str, **fields: Any) -> Outcome:
    return await desk.call(update_artifact.TOOL, {"artifact_id": id} | fields)


async def read(desk: Desk, **fields: Any) -> Outcome:
    return await desk.call(read_artifact.TOOL, fields)


async def refused(desk: Desk, tool: Tool[Any], **arguments: Any) -> str:
    """What the model is told of a call that fails."""
    with pytest.raises((ToolFailed, CoworkError)) as failed:
        await desk.call(tool, arguments)
    return str(failed.value)


def part_of(outcome: Outcome) -> ArtifactPart:
    assert outcome.artifact is not None
    return outcome.artifact


async def folder_of(desk: Desk, id: str) -> Path:
    return desk.means.artifacts.folder(await desk.db.read(artifacts.get, id))


async def files_of(desk: Desk, id: str) -> dict[str, bytes]:
    return files_below(await folder_of(desk, id))


async def text_of(desk: Desk, id: str, path: str) -> str:
    return (await files_of(desk, id))[path].decode()


async def pad_of(desk: Desk, *contents: str, conversation_id: str | None = None) -> str:
    """A scratchpad with cells of Markdown."""
    id = desk.means.ids.new("pad")
    body = ScratchpadCreate(
        conversation_id=conversation_id or desk.conversation_id,
        cells=[CellCreate(type="markdown", content=content) for content in contents],
    )
    cell_ids = [desk.means.ids.new("cell") for _ in contents]
    await desk.db.write(scratchpads.create, id, desk.means.clock.now(), body, cell_ids)
    return id


# To make one


async def test_an_artifact_is_made_and_shown_with_its_receipt(desk: Desk) -> None:
    outcome = await create(desk)
    part = part_of(outcome)
    artifact = await desk.db.read(artifacts.get, part.artifact_id)
    assert part == ArtifactPart(artifact_id=artifact.id, version=1, title="Herons", artifact_type="app")
    assert outcome.links == [ArtifactLink(artifact_id=artifact.id, version=1, title="Herons")]
    assert (artifact.project_id, artifact.title, artifact.type) == (desk.project_id, "Herons", "app")
    for words in (artifact.id, artifact.path, "version: 1", "2 files"):
        assert words in outcome.text
    assert await files_of(desk, artifact.id) == {file["path"]: file["content"].encode() for file in FILES}


async def test_what_was_made_can_be_undone(desk: Desk) -> None:
    id = await made(desk)
    [noted] = await desk.changes()
    assert noted.change == Change("artifact", desk.project_id, id, "Herons", None, {"version": 1})


async def test_of_faults_all_are_told_and_nothing_is_made(desk: Desk) -> None:
    files = [{"path": "index.html", "content": PAGE}, {"path": "b.js", "content": "\nf("}]
    told = await refused(desk, create_artifact.TOOL, title="T", type="app", files=files)
    assert "index.html:2: <script src> app.js" in told
    assert "b.js:2:" in told
    assert (await read(desk)).text == "There are no artifacts in this project."
    assert await desk.changes() == []


async def test_hints_come_with_the_success(desk: Desk) -> None:
    outcome = await create(desk, [{"path": "index.html", "content": "<html><body>Hi</body></html>"}])
    assert "- index.html:1: give the page a <title>" in outcome.text
    assert outcome.artifact is not None


async def test_another_page_can_be_the_one_that_is_opened(desk: Desk) -> None:
    id = await made(desk, [{"path": "start.html", "content": PAGE}, FILES[1]], page="start.html")
    assert (await desk.db.read(artifacts.get, id)).path.endswith("/start.html")


async def test_bytes_can_come_from_the_working_folder(desk: Desk) -> None:
    (desk.work / "out").mkdir()
    (desk.work / "out" / "chart.png").write_bytes(b"\x89PNG\x00")
    id = await made(desk, [*FILES, {"path": "img/a.png", "from_file": "out/chart.png"}])
    assert (await files_of(desk, id))["img/a.png"] == b"\x89PNG\x00"


@pytest.mark.parametrize("path", ["none.png", "../../cowork.db", "/etc/passwd"])
async def test_a_file_that_is_not_in_the_working_folder_is_not_taken(desk: Desk, path: str) -> None:
    files = [*FILES, {"path": "a.png", "from_file": path}]
    told = await refused(desk, create_artifact.TOOL, title="T", type="app", files=files)
    assert "a.png" in told
    assert str(desk.data) not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"files": []}, "Give files"),
        ({"files": [FILES[0], FILES[0]]}, "index.html is given twice"),
        ({"files": [{"path": "a.js"}]}, "Give either content or from_file"),
        ({"files": [{"path": "a.js", "content": "", "from_file": "x"}]}, "Give either content or from_file"),
        ({"files": [*FILES, {"path": "../a.js", "content": ""}]}, "cannot be the path"),
        ({"files": FILES, "page": "x.html"}, "not among the files"),
        ({"markdown": "x"}, "markdown makes a doc or a report"),
        ({"type": "doc", "markdown": "x", "files": FILES}, "leave them and page out"),
    ],
)
async def test_arguments_that_do_not_fit_are_told(desk: Desk, arguments: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"title": "T", "type": "app"} | arguments
    assert words in await refused(desk, create_artifact.TOOL, **given)


async def test_what_a_call_would_do_is_said_before(desk: Desk) -> None:
    demand = await desk.demand(create_artifact.TOOL, {"title": "Herons", "type": "app", "files": FILES})
    assert (demand.effect, demand.summary) == ("project", "Make the app “Herons”")
    demand = await desk.demand(update_artifact.TOOL, {"artifact_id": await made(desk)})
    assert (demand.effect, demand.summary) == ("project", "Change the app “Herons”")


# A document


async def test_markdown_becomes_a_page_with_its_images(desk: Desk) -> None:
    image = [{"path": "chart.svg", "content": "<svg xmlns='http://www.w3.org/2000/svg'/>"}]
    outcome = await create(
        desk,
        image,
        type="report",
        markdown="# Herons\n\nThey *are*.\n\n![Counts](chart.svg)\n\n|a|\n|-|\n|1|",
    )
    page = await text_of(desk, part_of(outcome).artifact_id, "index.html")
    for words in ("<em>are</em>", '<img src="chart.svg" alt="Counts">', "img-src data: 'self'", "<table>"):
        assert words in page
    assert page.count("<h1>") == 1
    assert "hints" not in outcome.text


async def test_an_image_that_is_not_there_is_told_with_its_line(desk: Desk) -> None:
    given = {"title": "T", "type": "doc", "markdown": "x\n\n![Counts](a.png)"}
    assert "document.md:3: the image a.png" in await refused(desk, create_artifact.TOOL, **given)


async def test_a_change_of_its_source_makes_the_page_anew(desk: Desk) -> None:
    id = await document(desk, "One heron.")
    await update(desk, id, replace=[{"path": "document.md", "old": "One", "new": "Two"}])
    page = await text_of(desk, id, "index.html")
    assert "Two heron." in page
    assert "One heron." not in page


async def test_a_new_title_stands_on_the_page_of_a_document(desk: Desk) -> None:
    id = await document(desk, "One heron.")
    await update(desk, id, title="Egrets")
    assert "<h1>Egrets</h1>" in await text_of(desk, id, "index.html")


async def test_a_page_that_is_given_is_not_made_anew(desk: Desk) -> None:
    id = await document(desk, "One heron.")
    files = [
        {
            "path": "index.html",
            "content": PAGE.replace("<script", "<!-- <script").replace("</head>", "--></head>"),
        }
    ]
    await update(desk, id, files=files, replace=[{"path": "document.md", "old": "One", "new": "Two"}])
    assert "Two heron." not in await text_of(desk, id, "index.html")


# To change one


async def test_a_piece_of_text_is_replaced_in_a_new_version(desk: Desk) -> None:
    id = await made(desk)
    outcome = await update(desk, id, replace=[{"path": "app.js", "old": "n = 1", "new": "n = 2"}])
    assert part_of(outcome).version == 2
    assert await text_of(desk, id, "app.js") == "let n = 2;\nlet m = 1;\n"
    assert await text_of(desk, id, "index.html") == PAGE
    assert [noted.change.before for noted in await desk.changes()] == [None, {"version": 1}]


async def test_files_come_and_go(desk: Desk) -> None:
    id = await made(desk)
    await update(
        desk,
        id,
        files=[{"path": "b.js", "content": "let b"}],
        remove=["app.js"],
        replace=[{"path": "index.html", "old": "app.js", "new": "b.js"}],
    )
    assert set(await files_of(desk, id)) == {"index.html", "b.js"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"replace": [{"path": "app.js", "old": "= 1", "new": "= 2"}]}, "occurs 2 times"),
        ({"replace": [{"path": "app.js", "old": "= 3", "new": "= 2"}]}, "does not occur"),
        ({"replace": [{"path": "c.js", "old": "= 3", "new": "= 2"}]}, "no file 'c.js'"),
        ({"remove": ["c.js"]}, "no file 'c.js'"),
        ({"remove": ["app.js"]}, "app.js is no file of the artifact"),
        ({"files": [{"path": "app.js", "content": "let n = ("}]}, "app.js:1:"),
        ({}, "changes nothing"),
        ({"title": "Herons"}, "changes nothing"),
    ],
)
async def test_an_update_that_would_do_harm_or_nothing_leaves_all_as_it_was(
    desk: Desk, fields: dict[str, Any], words: str
) -> None:
    id = await made(desk)
    assert words in await refused(desk, update_artifact.TOOL, artifact_id=id, **fields)
    assert (await desk.db.read(artifacts.get, id)).version == 1


async def test_line_ends_of_windows_are_kept(desk: Desk) -> None:
    id = await made(desk, [FILES[0], {"path": "app.js", "content": "let a;\r\nlet b;\r\n"}])
    await update(desk, id, replace=[{"path": "app.js", "old": "a;\nlet b", "new": "c;\nlet d"}])
    await update(desk, id, replace=[{"path": "app.js", "old": "let d;", "new": "let d;\nlet e;"}])
    assert await text_of(desk, id, "app.js") == "let c;\r\nlet d;\r\nlet e;\r\n"


async def test_an_artifact_of_many_files_is_listed_before_it_is_read(desk: Desk) -> None:
    lines = "\n".join(f"const name_{n} = {n};" for n in range(1_000))
    many = [{"path": f"assets/{'long' * 10}/{n}.js", "content": lines} for n in range(150)]
    id = await made(desk, [FILES[0], {"path": "app.js", "content": lines}, *many])
    listed, offset = list[str](), 0
    while True:
        text = (await read(desk, artifact_id=id, offset=offset)).text
        assert len(text) < OUTPUT_LIMIT
        shown = [line for line in text.split("\n") if line.startswith("- ")]
        listed += shown
        offset += len(shown)
        if f"go on with offset={offset}" not in text:
            break
    assert len(listed) == len(set(listed)) == 152
    assert "Give a path" in text
    text = (await read(desk, artifact_id=id, path="app.js")).text
    shown = [line for line in text.split("\n") if line.startswith("const ")]
    assert f"lines 1-{len(shown)} of 1,000" in text
    assert "assets/" not in text


async def test_two_updates_side_by_side_both_count(desk: Desk) -> None:
    id = await made(desk)
    await asyncio.gather(
        *(
            update(desk, id, replace=[{"path": "app.js", "old": f"{name} = 1", "new": f"{name} = 2"}])
            for name in "nm"
        )
    )
    assert await text_of(desk, id, "app.js") == "let n = 2;\nlet m = 2;\n"
    assert (await desk.db.read(artifacts.get, id)).version == 3


async def test_what_the_user_changed_by_hand_is_built_upon(desk: Desk) -> None:
    id = await made(desk)
    place = await folder_of(desk, id) / "app.js"
    place.write_text("let n = 1; // mine\n")
    await update(desk, id, replace=[{"path": "app.js", "old": "n = 1", "new": "n = 2"}])
    assert place.read_text() == "let n = 2; // mine\n"
    assert (await desk.changes())[-1].change.before == {"version": 2}  # what the user made of it


async def test_an_artifact_whose_folder_is_gone_is_changed_as_it_was_saved(desk: Desk) -> None:
    id = await made(desk)
    (await folder_of(desk, id)).rename(desk.data / "elsewhere")
    await update(desk, id, title="Egrets")
    assert set(await files_of(desk, id)) == {"index.html", "app.js"}


async def test_an_artifact_of_another_project_is_out_of_reach(desk: Desk) -> None:
    id, other = await made(desk), await desk.new_project()
    for tool in (update_artifact.TOOL, read_artifact.TOOL):
        with pytest.raises(ToolFailed, match=f"There is no artifact '{id}'"):
            await desk.call(tool, {"artifact_id": id}, project_id=other)
    outcome = await desk.call(read_artifact.TOOL, {}, project_id=other)
    assert outcome.text == "There are no artifacts in this project."


# To read one


async def test_a_file_is_read_with_the_list_of_all(desk: Desk) -> None:
    id = await made(desk)
    outcome = await read(desk, artifact_id=id, path="app.js")
    assert outcome.text.endswith("app.js [lines 1-2 of 2]\nlet n = 1;\nlet m = 1;")
    assert "- index.html: " in outcome.text
    assert outcome.source == "the artifact Herons"
    assert outcome.links == [ArtifactLink(artifact_id=id, version=1, title="Herons")]


async def test_without_a_path_the_page_is_read_or_the_source_of_a_document(desk: Desk) -> None:
    assert (await read(desk, artifact_id=await made(desk))).text.endswith(PAGE.rstrip("\n"))
    assert (await read(desk, artifact_id=await document(desk, "One heron."))).text.endswith("One heron.")


async def test_a_long_file_is_read_in_pieces_that_make_the_whole(desk: Desk) -> None:
    lines = [f"let v{n} = '{'x' * (n % 90)}';" for n in range(2_000)]
    id = await made(desk, [FILES[0], {"path": "app.js", "content": "\n".join(lines) + "\n"}])
    got, offset = list[str](), 0
    while offset < len(lines):
        text = (await read(desk, artifact_id=id, path="app.js", offset=offset)).text
        assert len(text) < OUTPUT_LIMIT
        piece = text[text.index("[lines") :].split("\n")[1:]
        got, offset = got + piece, offset + len(piece)
    assert got == lines


async def test_a_line_that_is_longer_than_a_page_is_read_on(desk: Desk) -> None:
    line = f"'{'x' * 20_000}{'y' * 20_000}'"
    id = await made(desk, [FILES[0], {"path": "app.js", "content": f"{line}\nlet a"}])
    texts = [(await read(desk, artifact_id=id, path="app.js", offset=n)).text for n in range(3)]
    assert "[lines 1-1 of 2; go on with offset=1]" in texts[0]
    assert "[lines 1-2 of 2, beginning within line 1]" in texts[2]
    assert "".join(text.rpartition("]\n")[2] for text in texts) == f"{line}\nlet a"


@pytest.mark.parametrize(
    ("fields", "words"), [({"path": "x.js"}, "no file 'x.js'"), ({"path": "app.js", "offset": 2}, "2 lines")]
)
async def test_what_is_not_there_to_be_read_is_told(desk: Desk, fields: dict[str, Any], words: str) -> None:
    assert words in await refused(desk, read_artifact.TOOL, artifact_id=await made(desk), **fields)


async def test_the_projects_artifacts_are_listed(desk: Desk) -> None:
    first, second = await made(desk), await document(desk, "x", title="Notes")
    assert (await read(desk)).text == (
        "Artifacts of this project:\n"
        f"- {second}: Notes (doc, version 1, changed 2026-01-01)\n"
        f"- {first}: Herons (app, version 1, changed 2026-01-01)"
    )


# A report of the scratchpad


async def test_the_newest_scratchpad_is_published_and_then_anew(desk: Desk) -> None:
    await pad_of(desk, "Old")
    id = await pad_of(desk, "Counted *herons*.")
    first = await desk.call(publish_scratchpad.TOOL, {"title": "Counts"})
    again = await desk.call(publish_scratchpad.TOOL, {"title": "Counts 2", "scratchpad_id": id})
    report = part_of(again)
    assert (part_of(first).artifact_id, part_of(first).version) == (report.artifact_id, 1)
    assert (report.version, report.title, report.artifact_type) == (2, "Counts 2", "report")
    assert "<em>herons</em>" in await text_of(desk, report.artifact_id, "index.html")
    assert [noted.change.before for noted in await desk.changes()] == [None, {"version": 1}]
    pad = await desk.db.scan(scratchpads.get, id)
    assert (pad.saved, pad.artifact_id, pad.title) == (True, report.artifact_id, "Counts 2")


async def test_without_cells_there_is_nothing_to_publish(desk: Desk) -> None:
    assert "no scratchpad yet" in await refused(desk, publish_scratchpad.TOOL, title="T")
    await pad_of(desk)
    assert "is empty" in await refused(desk, publish_scratchpad.TOOL, title="T")


async def test_the_scratchpad_of_another_conversation_is_out_of_reach(desk: Desk) -> None:
    await pad_of(desk, "Mine")
    other = await pad_of(desk, "Theirs", conversation_id=await desk.new_conversation())
    told = await refused(desk, publish_scratchpad.TOOL, title="T", scratchpad_id=other)
    assert told == f"This conversation has no scratchpad '{other}'."
