"""Scratchpads, operation by operation: what needs no kernel."""

import asyncio
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import aiohttp
import nbformat
import pytest

from cowork_desktop.http.uploads import LARGEST_FORM
from cowork_desktop.schemas.scratchpads import Scratchpad
from tests.fakes.clock import FakeClock
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Answer, Server, fault, running_server

NOW = "2026-01-01T00:00:00.000Z"
NOTEBOOK: dict[str, Any] = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"title": "Sales"},
    "cells": [
        {"id": "a", "cell_type": "markdown", "metadata": {}, "source": "# Sales"},
        {
            "id": "b",
            "cell_type": "code",
            "metadata": {},
            "source": "print(1)\n2",
            "execution_count": 3,
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "1\n"},
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": "2"},
                    "metadata": {},
                    "execution_count": 3,
                },
            ],
        },
        {
            "id": "c",
            "cell_type": "code",
            "metadata": {},
            "source": "later()",
            "execution_count": None,
            "outputs": [],
        },
    ],
}


pytestmark = pytest.mark.no_spare_kernel


async def new(server: Server, *cells: dict[str, Any], **fields: Any) -> Any:
    conversation = fields.pop("conversation_id", None) or await server.conversation()
    return await server.post(
        "/scratchpads", {"conversation_id": conversation, "cells": list(cells), **fields}
    )


async def patch(server: Server, id: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", f"/scratchpads/{id}", json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def upload(
    server: Server, conversation: str, content: bytes, *, name: str = "sales.ipynb", **fields: str
) -> Answer:
    form = aiohttp.FormData({"conversation_id": conversation, **fields}, quote_fields=False)
    form.add_field("file", io.BytesIO(content), filename=name, content_type="application/x-ipynb+json")
    return await server.call("POST", "/scratchpads/import", data=form)


async def swept() -> None:
    """Wait for what takes away the contents of deleted things."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "sweep"))


def rows(data_dir: Path, *tables: str) -> list[int]:
    """How many rows the tables have, once the server has ended."""
    database = sqlite3.connect(f"file:{data_dir / 'cowork.db'}?mode=ro", uri=True)
    try:
        return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    finally:
        database.close()


def without_ids(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in cell.items() if name != "id"} for cell in cells]


async def test_a_scratchpad_needs_only_its_conversation(timed: Server) -> None:
    conversation = await timed.conversation()
    answer = await timed.call("POST", "/scratchpads", json={"conversation_id": conversation})
    made = answer.json()
    assert answer.status == 201
    assert made == {
        "id": made["id"],
        "conversation_id": conversation,
        "title": "Scratchpad",
        "cells": [],
        "saved": False,
        "artifact_id": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert re.fullmatch(r"sp_[0-9a-z]{26}", made["id"])


async def test_a_scratchpad_takes_a_title_and_its_first_cells(timed: Server) -> None:
    outputs = [{"mime": "text/plain", "data": "42"}, {"mime": "application/json", "data": {"a": [None]}}]
    made = await new(
        timed,
        {"type": "markdown", "content": "# Sales"},
        {"type": "code", "content": "6 * 7"},
        {"type": "output", "outputs": outputs},
        {"type": "code", "language": "sql", "content": "SELECT 1"},
        title="  Sales analysis  ",
    )
    assert made["title"] == "Sales analysis"
    never_run = {
        "run_id": None,
        "execution_count": None,
        "queued_at": None,
        "started_at": None,
        "finished_at": None,
    }
    assert without_ids(made["cells"]) == [
        {"type": "markdown", "content": "# Sales", "status": "success", "error": None, "index": 0},
        {
            "type": "code",
            "content": "6 * 7",
            "language": "python",
            "status": "pending",
            "error": None,
            "index": 1,
            **never_run,
        },
        {
            "type": "output",
            "content": "",
            "status": "success",
            "outputs": outputs,
            "error": None,
            "index": 2,
        },
        {
            "type": "code",
            "content": "SELECT 1",
            "language": "sql",
            "status": "pending",
            "error": None,
            "index": 3,
            **never_run,
        },
    ]
    assert all(re.fullmatch(r"cell_[0-9a-z]{26}", cell["id"]) for cell in made["cells"])
    assert await timed.get(f"/scratchpads/{made['id']}") == made


@pytest.mark.parametrize(
    ("cells", "param"),
    [
        ([{"type": "output"}], "body.cells.0.type"),
        ([{"type": "markdown"}, {"type": "output"}], "body.cells.1.type"),
        ([{"type": "code"}, {"type": "output"}, {"type": "output"}], "body.cells.2.type"),
        ([{"type": "markdown", "language": "python"}], "body.cells.0.language"),
        ([{"type": "code", "outputs": []}], "body.cells.0.outputs"),
        ([{"type": "code", "color": "red"}], "body.cells.0.color"),
        ([{"type": "code", "content": "x" * 1_000_001}], "body.cells.0.content"),
    ],
)
async def test_a_cell_that_cannot_be_is_named_and_nothing_is_made(
    cells: list[dict[str, Any]], param: str, server: Server
) -> None:
    body = {"conversation_id": await server.conversation(), "cells": cells}
    answer = await server.call("POST", "/scratchpads", json=body)
    assert fault(answer) == (422, "invalid_request", param)
    assert (await server.get("/scratchpads"))["total"] == 0


async def test_ten_thousand_cells_are_the_most(server: Server) -> None:
    body = {"conversation_id": await server.conversation(), "cells": [{"type": "markdown"}] * 10_001}
    assert fault(await server.call("POST", "/scratchpads", json=body)) == (
        422,
        "invalid_request",
        "body.cells",
    )
    body["cells"] = [{"type": "markdown"}] * 10_000
    made = await server.post("/scratchpads", body)
    assert [cell["index"] for cell in made["cells"]] == list(range(10_000))


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
async def test_a_title_has_1_to_200_characters(title: str, server: Server) -> None:
    body = {"conversation_id": await server.conversation(), "title": title}
    answer = await server.call("POST", "/scratchpads", json=body)
    assert fault(answer) == (422, "invalid_request", "body.title")
    pad = await new(server, title="x" * 200)
    answer = await server.call("PATCH", f"/scratchpads/{pad['id']}", json={"title": title})
    assert fault(answer) == (422, "invalid_request", "body.title")


async def test_what_the_database_writes_as_json_is_what_the_models_would(server: Server) -> None:
    text = '"quoted" \\ \u2028 \u0001 \u007f Zoë 🐢 %d</script>'
    cells: list[dict[str, Any]] = [
        {"type": "code", "content": text},
        {"type": "output", "outputs": [{"mime": "a/b", "data": text}]},
    ]
    made = await new(server, *cells, title=text)
    shown = await server.get(f"/scratchpads/{made['id']}")
    assert shown["title"] == shown["cells"][0]["content"] == shown["cells"][1]["outputs"][0]["data"] == text
    read = Scratchpad.model_validate(shown)
    assert shown == read.model_dump(mode="json", exclude_unset=True)


async def test_the_list_is_of_a_conversation_and_newest_first(timed: Server, clock: FakeClock) -> None:
    one, two = await timed.conversation(), await timed.conversation()
    made = []
    for n in range(3):
        clock.advance(1)
        made.append(await new(timed, {"type": "code", "content": str(n)}, conversation_id=one))
    other = await new(timed, conversation_id=two)
    await patch(timed, made[0]["id"], title="Touched")
    made[0] = await timed.get(f"/scratchpads/{made[0]['id']}")
    assert await timed.get("/scratchpads", params={"conversation_id": one}) == {
        "data": [made[2], made[1], made[0]],
        "total": 3,
        "has_more": False,
    }
    assert (await timed.get("/scratchpads", params={"conversation_id": two}))["data"] == [other]
    everything = await timed.get("/scratchpads")
    assert [pad["id"] for pad in everything["data"]] == [
        other["id"],
        *(pad["id"] for pad in reversed(made)),
    ]


async def test_pages_of_the_list_hold_each_scratchpad_once(server: Server) -> None:
    conversation = await server.conversation()
    made = [(await new(server, conversation_id=conversation))["id"] for _ in range(7)]
    seen: list[str] = []
    for offset in (0, 3, 6, 9):
        query = {"conversation_id": conversation, "limit": "3", "offset": str(offset)}
        page = await server.get("/scratchpads", params=query)
        assert (page["total"], page["has_more"]) == (7, offset + 3 < 7)
        seen += [pad["id"] for pad in page["data"]]
    assert seen == list(reversed(made))


@pytest.mark.parametrize("conversation", ["conv_01jz0000000000000000000000", "", "x", "\0"])
async def test_a_filter_by_a_conversation_that_does_not_exist_matches_nothing(
    conversation: str, server: Server
) -> None:
    await new(server)
    page = await server.get("/scratchpads", params={"conversation_id": conversation})
    assert page == {"data": [], "total": 0, "has_more": False}


async def test_a_patch_changes_what_it_names_and_the_time_of_change(timed: Server, clock: FakeClock) -> None:
    made = await new(timed, {"type": "code"})
    clock.advance(1)
    changed = await patch(timed, made["id"], title="  Final  ")
    assert changed == {**made, "title": "Final", "updated_at": "2026-01-01T00:00:01.000Z"}
    clock.advance(1)
    assert await patch(timed, made["id"]) == changed
    assert await timed.get(f"/scratchpads/{made['id']}") == changed


async def test_a_deleted_scratchpad_is_gone_with_its_cells(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        gone, kept = (
            await new(server, {"type": "code"}, {"type": "output"}),
            await new(server, {"type": "code"}),
        )
        cell = gone["cells"][0]["id"]
        answer = await server.call("DELETE", f"/scratchpads/{gone['id']}")
        assert (answer.status, answer.body) == (204, b"")
        for path in ("", "/kernel", "/export", f"/cells/{cell}"):
            assert fault(await server.call("GET", f"/scratchpads/{gone['id']}{path}"))[:2] == (
                404,
                "not_found",
            )
        assert fault(await server.call("DELETE", f"/scratchpads/{gone['id']}"))[:2] == (404, "not_found")
        assert await server.get("/scratchpads") == {"data": [kept], "total": 1, "has_more": False}
    assert rows(tmp_path / "data", "scratchpads", "cells") == [1, 1]


@pytest.mark.parametrize(
    "id", ["sp_01jz0000000000000000000000", "x", "%00", "%ED%A0%80", "..%2f..", "import"]
)
async def test_an_id_that_no_scratchpad_has_is_not_found(id: str, server: Server) -> None:
    pad = await new(server, {"type": "markdown"})
    cell = pad["cells"][0]["id"]
    one = f"/scratchpads/{id}"
    requests: list[tuple[str, str, Any]] = [
        ("GET", f"{one}/export", None),
        ("GET", f"{one}/kernel", None),
        ("POST", f"{one}/interrupt", None),
        ("POST", f"{one}/restart", None),
        ("POST", f"{one}/run-all", None),
        ("POST", f"{one}/complete", {"code": "a"}),
        ("POST", f"{one}/cells", {"type": "code"}),
        ("GET", f"{one}/cells/{cell}", None),
        ("PATCH", f"{one}/cells/{cell}", {}),
        ("DELETE", f"{one}/cells/{cell}", None),
        ("POST", f"{one}/cells/{cell}/run", None),
        ("GET", f"{one}/cells/{cell}/events", None),
    ]
    if id != "import":
        requests += [
            ("GET", one, None),
            ("PATCH", one, {}),
            ("PATCH", one, {"saved": True}),
            ("DELETE", one, None),
        ]
    for method, path, body in requests:
        answer = await server.call(method, path, **({} if body is None else {"json": body}))
        assert fault(answer) == (404, "not_found", None), (method, path)
    assert (await server.get(f"/scratchpads/{pad['id']}"))["cells"] == pad["cells"]


async def test_a_scratchpad_goes_with_its_conversation(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        gone, kept = await new(server, {"type": "code", "content": "canary"}), await new(server)
        await server.call("DELETE", f"/conversations/{gone['conversation_id']}")
        assert fault(await server.call("GET", f"/scratchpads/{gone['id']}"))[:2] == (404, "not_found")
        cell = f"/scratchpads/{gone['id']}/cells/{gone['cells'][0]['id']}"
        assert fault(await server.call("GET", cell))[:2] == (404, "not_found")
        assert await server.get("/scratchpads") == {"data": [kept], "total": 1, "has_more": False}
        body = {"conversation_id": gone["conversation_id"]}
        assert fault(await server.call("POST", "/scratchpads", json=body))[2] == "body.conversation_id"
        await swept()
    assert rows(tmp_path / "data", "scratchpads", "cells", "conversations") == [1, 0, 1]


async def test_scratchpads_reports_and_folders_go_with_their_project(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        gone, kept = [(await server.post("/projects", {"name": name}))["id"] for name in ("Gone", "Kept")]
        pads = []
        for project in (gone, kept):
            conversation = await server.conversation(project_id=project)
            pads.append(await new(server, {"type": "code"}, conversation_id=conversation))
            await patch(server, pads[-1]["id"], saved=True)
        assert {path.name for path in (tmp_path / "data" / "projects").iterdir()} == {gone, kept}
        assert (await server.call("DELETE", f"/projects/{gone}")).status == 204
        assert fault(await server.call("GET", f"/scratchpads/{pads[0]['id']}"))[:2] == (404, "not_found")
        await swept()
        assert {path.name for path in (tmp_path / "data" / "projects").iterdir()} == {kept}
        assert (await server.get(f"/scratchpads/{pads[1]['id']}"))["saved"] is True
    assert rows(tmp_path / "data", "scratchpads", "cells", "artifacts", "conversations") == [1, 1, 1, 1]


async def test_a_report_of_a_deleted_conversation_stays_in_its_project(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        pad = await new(server, {"type": "code"})
        await patch(server, pad["id"], saved=True)
        await server.call("DELETE", f"/conversations/{pad['conversation_id']}")
        await swept()
    assert rows(tmp_path / "data", "scratchpads", "cells", "artifacts") == [0, 0, 1]
    [_] = (tmp_path / "data" / "projects").rglob("index.html")


async def test_saving_makes_a_report_of_the_project_and_saving_again_renews_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with running_server(tmp_path / "data", clock=clock) as server:
        await no_spare_kernel(server)
        project = (await server.post("/projects", {"name": "P"}))["id"]
        conversation = await server.conversation(project_id=project)
        prose = {"type": "markdown", "content": "The **first** word"}
        made = await new(server, prose, conversation_id=conversation, title="Übersicht Q2")
        clock.advance(1)
        saved = await patch(server, made["id"], saved=True)
        assert saved == {
            **made,
            "saved": True,
            "artifact_id": saved["artifact_id"],
            "updated_at": "2026-01-01T00:00:01.000Z",
        }
        assert re.fullmatch(r"art_[0-9a-z]{26}", saved["artifact_id"])
        root = tmp_path / "data" / "projects" / project / "artifacts"
        [page] = root.rglob("*.html")
        assert re.fullmatch(r"ubersicht_q2_[0-9a-z]{8}/index\.html", page.relative_to(root).as_posix())
        first = page.read_text("utf-8")
        assert "The <strong>first</strong> word" in first
        assert "Übersicht Q2" in first

        cell = f"/scratchpads/{made['id']}/cells/{made['cells'][0]['id']}"
        await server.call("PATCH", cell, json={"content": "Another word"})
        assert page.read_text("utf-8") == first
        again = await patch(server, made["id"], saved=True, title="Renamed")
        assert (again["artifact_id"], again["title"]) == (saved["artifact_id"], "Renamed")
        second = page.read_text("utf-8")
        assert list(root.rglob("*.html")) == [page]
        assert "Another word" in second
        assert "Renamed" in second
        assert "<strong>first</strong>" not in second
        rest = await patch(server, made["id"], saved=False)
        assert (rest["saved"], rest["artifact_id"]) == (False, saved["artifact_id"])
        assert page.exists()
    database = sqlite3.connect(f"file:{tmp_path / 'data' / 'cowork.db'}?mode=ro", uri=True)
    found = database.execute("SELECT id, project_id, title, type, path FROM artifacts").fetchall()
    database.close()
    path = page.relative_to(root).as_posix()
    assert found == [(saved["artifact_id"], project, "Renamed", "report", path)]


async def test_a_report_of_a_conversation_without_a_project_lies_in_general(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        [general] = [p["id"] for p in (await server.get("/projects"))["data"] if p["is_general"]]
        await patch(server, (await new(server))["id"], saved=True)
    [page] = (tmp_path / "data" / "projects").rglob("*.html")
    assert page.is_relative_to(tmp_path / "data" / "projects" / general / "artifacts")


async def test_saving_at_the_same_time_makes_one_report(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        pad = await new(server, {"type": "code"})
        saved = await asyncio.gather(*(patch(server, pad["id"], saved=True) for _ in range(5)))
        last = await server.get(f"/scratchpads/{pad['id']}")
        assert {one["artifact_id"] for one in saved} == {last["artifact_id"]}
    assert rows(tmp_path / "data", "artifacts") == [1]
    assert len(list((tmp_path / "data" / "projects").rglob("*.html"))) == 1


async def test_a_scratchpad_without_a_kernel_says_so(server: Server) -> None:
    pad = await new(server)
    assert await server.get(f"/scratchpads/{pad['id']}/kernel") == {
        "state": "none",
        "running": [],
        "idle_since": None,
    }
    answer = await server.call("POST", f"/scratchpads/{pad['id']}/interrupt")
    assert (answer.status, answer.json()["state"]) == (200, "none")


@pytest.mark.parametrize(
    ("format", "content_type", "begins"),
    [
        ("ipynb", "application/x-ipynb+json", b"{"),
        ("html", "text/html", b"<!"),
        ("py", "text/x-python", b"# -*- coding: utf-8 -*-\n"),
    ],
)
async def test_an_export_is_a_file_to_keep(
    format: str, content_type: str, begins: bytes, server: Server
) -> None:
    pad = await new(server, {"type": "code", "content": "1"}, title='Zoë\'s "Q2" / 5%; a\\b')
    answer = await server.call("GET", f"/scratchpads/{pad['id']}/export", params={"format": format})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == f"{content_type}; charset=utf-8"
    name = f"Zo%C3%AB%27s%20%20Q2%20%205%20%20a%20b.{format}"
    disposition, _, shown = answer.headers["Content-Disposition"].partition("; filename*=UTF-8''")
    assert disposition.startswith('attachment; filename="Zo')
    assert disposition.isascii()
    assert re.sub("(%20)+", "%20", shown) == re.sub("(%20)+", "%20", name)
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.body.lower().startswith(begins)


async def test_an_export_is_a_notebook_unless_told_otherwise(server: Server) -> None:
    pad = await new(server, {"type": "code", "content": "1"})
    assert json.loads(await exported(server, pad["id"]))["nbformat"] == 4
    answer = await server.call("GET", f"/scratchpads/{pad['id']}/export?format=pdf")
    assert fault(answer) == (422, "invalid_request", "query.format")


async def exported(server: Server, id: str) -> str:
    answer = await server.call("GET", f"/scratchpads/{id}/export")
    assert answer.status == 200
    return answer.body.decode()


async def test_a_notebook_that_is_exported_is_valid_and_imported_gives_equal_cells(server: Server) -> None:
    outputs = [
        {"mime": "text/plain", "data": "1\n", "kind": "stream", "name": "stdout"},
        {
            "mime": "image/png",
            "data": "data:image/png;base64,iVBORw0KGgo=",
            "kind": "display",
            "alternatives": {"text/plain": "<Figure>"},
        },
        {"mime": "application/json", "data": {"a": [1, None, "x"]}, "kind": "display"},
    ]
    pad = await new(
        server,
        {"type": "markdown", "content": "# Sales\n\nZoë 🐢"},
        {"type": "code", "content": "print(1)"},
        {"type": "output", "outputs": outputs},
        {"type": "code", "language": "sql", "content": "SELECT 1"},
        {"type": "code", "language": "r", "content": "x <- 1"},
        title="Sales",
    )
    notebook = await exported(server, pad["id"])
    nbformat.validate(json.loads(notebook))
    answer = await upload(server, pad["conversation_id"], notebook.encode(), name="other.ipynb")
    assert answer.status == 201
    made = answer.json()
    assert await server.get(f"/scratchpads/{made['id']}") == made
    assert made["title"] == "Sales"
    assert (made["saved"], made["artifact_id"], made["conversation_id"]) == (
        False,
        None,
        pad["conversation_id"],
    )
    assert {cell["id"] for cell in made["cells"]}.isdisjoint(cell["id"] for cell in pad["cells"])

    def plain(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Without ids, and with every field that an output can leave out."""
        read = Scratchpad.model_validate({**pad, "cells": cells})
        return without_ids(read.model_dump()["cells"])

    assert plain(made["cells"]) == plain(pad["cells"])
    again = json.loads(await exported(server, made["id"]))
    first = json.loads(notebook)
    assert [cell["source"] for cell in again["cells"]] == [cell["source"] for cell in first["cells"]]
    assert [cell.get("outputs") for cell in again["cells"]] == [
        cell.get("outputs") for cell in first["cells"]
    ]


async def test_a_foreign_notebook_becomes_cells(timed: Server) -> None:
    conversation = await timed.conversation()
    made = (await upload(timed, conversation, json.dumps(NOTEBOOK).encode())).json()
    assert (made["title"], made["created_at"]) == ("Sales", NOW)
    assert [
        (cell["type"], cell["content"], cell["status"], cell.get("execution_count"), cell["index"])
        for cell in made["cells"]
    ] == [
        ("markdown", "# Sales", "success", None, 0),
        ("code", "print(1)\n2", "success", 3, 1),
        ("output", "", "success", None, 2),
        ("code", "later()", "pending", None, 3),
    ]
    assert [output["data"] for output in made["cells"][2]["outputs"]] == ["1\n", "2"]


async def test_a_title_in_the_form_comes_before_that_of_the_notebook(server: Server) -> None:
    conversation = await server.conversation()
    answer = await upload(server, conversation, json.dumps(NOTEBOOK).encode(), title=" Mine ")
    assert answer.json()["title"] == "Mine"
    untitled = json.dumps({**NOTEBOOK, "metadata": {}}).encode()
    answer = await upload(server, conversation, untitled, name="../Report of May.ipynb")
    assert answer.json()["title"] == "Report of May"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"nbformat": 5}',
        b'{"nbformat": 2, "worksheets": []}',
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 1}',
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "poem"}]}',
        b"[" * 100_000,
    ],
    ids=range(10),
)
async def test_a_file_that_is_no_notebook_is_refused(content: bytes, server: Server) -> None:
    answer = await upload(server, await server.conversation(), content)
    assert fault(answer) == (422, "invalid_request", "form.file")
    assert (await server.get("/scratchpads"))["total"] == 0


async def test_an_import_into_a_conversation_that_does_not_exist_is_refused(server: Server) -> None:
    for conversation in ("conv_01jz0000000000000000000000", "", "x"):
        answer = await upload(server, conversation, json.dumps(NOTEBOOK).encode())
        status, type, param = fault(answer)
        assert (status, type) == (422, "invalid_request")
        assert param == "form.conversation_id"


async def test_an_import_needs_a_form_with_a_file_and_a_conversation(server: Server) -> None:
    conversation = await server.conversation()
    answer = await server.call("POST", "/scratchpads/import", json={"conversation_id": conversation})
    assert fault(answer) == (415, "unsupported_media_type", None)
    answer = await server.call("POST", "/scratchpads/import")
    assert answer.status == 415
    cases: list[tuple[dict[str, str], bool, str]] = [
        ({"conversation_id": conversation}, False, "form.file"),
        ({"conversation_id": conversation, "file": "{}"}, False, "form.file"),
        ({}, True, "form.conversation_id"),
        ({"conversation_id": conversation, "color": "red"}, True, "form.color"),
        ({"conversation_id": conversation, "title": " "}, True, "form.title"),
        ({"conversation_id": conversation, "title": "a\0b"}, True, "form.title"),
    ]
    for fields, has_file, param in cases:
        form = aiohttp.FormData(fields, default_to_multipart=True)
        if has_file:
            form.add_field("file", json.dumps(NOTEBOOK).encode(), filename="n.ipynb")
        answer = await server.call("POST", "/scratchpads/import", data=form)
        assert fault(answer) == (422, "invalid_request", param), param
    assert (await server.get("/scratchpads"))["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"--b\r\n",
        b"--b\r\nnonsense\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="n"\r\n\r\n{',
        b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\n\xff\r\n--b--\r\n',
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
        b"--b\r\n: x\r\n\r\n--b--\r\n",
        b"--b\r\nX: " + b"x" * 100_000 + b"\r\n\r\n--b--\r\n",
    ],
    ids=range(10),
)
async def test_a_form_that_is_broken_is_invalid(body: bytes, server: Server) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await server.call("POST", "/scratchpads/import", data=body, headers=headers)
    assert fault(answer)[:2] == (422, "invalid_request")


async def test_a_form_without_a_boundary_is_invalid(server: Server) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    answer = await server.call("POST", "/scratchpads/import", data=b"--b--", headers=headers)
    assert fault(answer)[:2] == (422, "invalid_request")


async def test_a_field_that_stands_twice_is_invalid(server: Server) -> None:
    form = aiohttp.FormData(default_to_multipart=True)
    for _ in range(2):
        form.add_field("conversation_id", "x")
    answer = await server.call("POST", "/scratchpads/import", data=form)
    assert fault(answer)[:2] == (422, "invalid_request")


async def test_a_form_over_the_limit_is_refused(server: Server) -> None:
    answer = await upload(server, await server.conversation(), b" " * (LARGEST_FORM + 1))
    assert fault(answer) == (413, "payload_too_large", None)


async def test_a_notebook_larger_than_a_json_body_may_be_is_taken(server: Server) -> None:
    large = {**NOTEBOOK, "cells": [{**NOTEBOOK["cells"][0], "source": "x" * 900_000}] * 8}
    large["cells"] = [{**cell, "id": str(n)} for n, cell in enumerate(large["cells"])]
    answer = await upload(server, await server.conversation(), json.dumps(large).encode())
    assert answer.status == 201
    assert [len(cell["content"]) for cell in answer.json()["cells"]] == [900_000] * 8


async def test_a_script_is_python_with_the_prose_in_comments(server: Server) -> None:
    pad = await new(server, {"type": "markdown", "content": "Prose"}, {"type": "code", "content": "x = 1"})
    answer = await server.call("GET", f"/scratchpads/{pad['id']}/export?format=py")
    assert answer.body.decode() == "# -*- coding: utf-8 -*-\n\n# %% [markdown]\n# Prose\n\n# %%\nx = 1\n"


async def test_scratchpads_are_there_after_the_server_has_ended(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        made = await new(server, {"type": "code", "content": "1"}, {"type": "markdown", "content": "2"})
    async with running_server(tmp_path / "data") as server:
        assert await server.get(f"/scratchpads/{made['id']}") == made
