"""Artifacts, operation by operation, and what their own origins answer."""

import asyncio
import os
import re
import shutil
import sqlite3
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.errors import NotFound
from cowork_desktop.store.artifacts import MOST_VERSIONS
from tests.fakes.artifacts import (
    APP,
    at_origin,
    files_below,
    folder_of,
    general,
    origin_of,
    preview_of,
    save,
    served,
    stored,
    swept,
    unzipped,
)
from tests.fakes.clock import FakeClock
from tests.fakes.server import Server, fault, running_server

NOW = "2026-01-01T00:00:00.000Z"
UNKNOWN = "art_01jz0000000000000000000000"


pytestmark = pytest.mark.no_spare_kernel


async def versions(server: Server, artifact: Any) -> Any:
    return (await server.get(f"/artifacts/{artifact['id']}/versions"))["data"]


async def a_report(server: Server, *, content: str = "Prose", **fields: Any) -> tuple[Any, Any]:
    """A scratchpad that is saved, and the artifact that it became."""
    body = {
        "conversation_id": await server.conversation(**fields),
        "title": "Q2",
        "cells": [{"type": "markdown", "content": content}],
    }
    pad = await server.post("/scratchpads", body)
    answer = await server.call("PATCH", f"/scratchpads/{pad['id']}", json={"saved": True})
    return answer.json(), await server.get(f"/artifacts/{answer.json()['artifact_id']}")


# The list


async def test_an_artifact_has_every_field_of_the_contract(timed: Server) -> None:
    made = await save(timed)
    assert made == {
        "id": made["id"],
        "project_id": await general(timed),
        "title": "Sales Dashboard",
        "type": "app",
        "path": f"sales_dashboard_{made['id'][-8:]}/index.html",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert re.fullmatch(r"art_[0-9a-z]{26}", made["id"])
    assert await timed.get("/artifacts") == {"data": [made], "total": 1, "has_more": False}


async def test_a_saved_scratchpad_is_in_the_list_as_a_report(server: Server) -> None:
    _, report = await a_report(server)
    assert (report["type"], report["title"], report["version"]) == ("report", "Q2", 1)
    assert (await server.get("/artifacts", params={"type": "report"}))["data"] == [report]


async def test_the_list_is_newest_first_and_stays_so_when_an_older_one_is_saved_again(server: Server) -> None:
    made = [await save(server, title=f"App {n}") for n in range(3)]
    made[0] = await save(server, artifact_id=made[0]["id"], title="Again")
    assert (await server.get("/artifacts"))["data"] == [made[2], made[1], made[0]]


async def test_the_list_can_be_of_a_project_and_of_a_type(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    of_project = [await save(server, project_id=project, type=type) for type in ("app", "doc")]
    elsewhere = await save(server, type="doc")
    for query, found in (
        ({"project_id": project}, [of_project[1], of_project[0]]),
        ({"type": "doc"}, [elsewhere, of_project[1]]),
        ({"type": "doc", "project_id": project}, [of_project[1]]),
        ({"type": "dashboard"}, []),
        ({"project_id": "proj_01jz0000000000000000000000"}, []),
    ):
        page = {"data": found, "total": len(found), "has_more": False}
        assert await server.get("/artifacts", params=query) == page


@pytest.mark.slow
async def test_a_page_of_the_list_holds_50_unless_told_otherwise(server: Server) -> None:
    made = [(await save(server, {"index.html": b"x"}, title=str(n)))["id"] for n in range(52)]
    first = await server.get("/artifacts")
    assert ([a["id"] for a in first["data"]], first["total"], first["has_more"]) == (made[:1:-1], 52, True)
    rest = await server.get("/artifacts", params={"offset": 50})
    assert ([a["id"] for a in rest["data"]], rest["total"], rest["has_more"]) == (made[1::-1], 52, False)
    assert [a["id"] for a in (await server.get("/artifacts?limit=2&offset=1"))["data"]] == made[50:48:-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "limit=x", "type=game"])
async def test_what_a_list_cannot_be_told_is_named(query: str, server: Server) -> None:
    answer = await server.call("GET", f"/artifacts?{query}")
    assert fault(answer) == (422, "invalid_request", f"query.{query.partition('=')[0]}")


# The preview


async def test_a_preview_tells_what_the_page_is_and_where_it_runs(server: Server) -> None:
    made = await save(server, {"index.html": "<p>Zoë</p>".encode(), "a/chart.js": b"1"})
    assert await preview_of(server, made, "index.html") == {
        "artifact": made,
        "mime_type": "text/html",
        "size": 11,
        "content": "<p>Zoë</p>",
        "truncated": False,
        "serve_url": f"{origin_of(server, made['id'])}index.html",
    }
    of_script = await preview_of(server, made, "a/chart.js")
    assert (of_script["mime_type"], of_script["content"]) == ("text/javascript", "1")
    assert of_script["serve_url"] == f"{origin_of(server, made['id'])}a/chart.js"


async def test_where_a_page_runs_is_where_it_is_served(server: Server) -> None:
    made = await save(server, {"index.html": b"<p>Here</p>"})
    url = (await preview_of(server, made, "index.html"))["serve_url"]
    host, path = url.removeprefix("http://").split("/", 1)
    assert (await at_origin(server, made["id"], path, Host=host)).body == b"<p>Here</p>"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.png", b"\x89PNG\r\n\x1a\n"),
        ("data.bin", b"abc"),
        ("text.html", b"\xff\xfe<p>"),
        ("a.wasm", b"\0"),
    ],
)
async def test_a_preview_of_what_is_no_text_has_no_content(name: str, content: bytes, server: Server) -> None:
    made = await save(server, {name: content}, page=name)
    found = await preview_of(server, made, name)
    assert (found["content"], found["truncated"], found["size"]) == (None, False, len(content))


async def test_a_long_text_is_cut_between_characters(server: Server) -> None:
    mib = 1024 * 1024
    files = {
        f"{before}{character}.txt": "x" * before + character * (mib // len(character.encode()) + 1)
        for character in "é€🐢"
        for before in range(4)
    }
    made = await save(server, {name: text.encode() for name, text in files.items()}, page="0é.txt")
    for name, text in files.items():
        found = await preview_of(server, made, name)
        assert (found["truncated"], found["size"]) == (True, len(text.encode()))
        assert text.startswith(found["content"])
        assert mib - 4 < len(found["content"].encode()) <= mib


async def test_a_text_of_exactly_one_mib_is_whole(server: Server) -> None:
    made = await save(server, {"a.txt": b"x" * 1024 * 1024}, page="a.txt")
    found = await preview_of(server, made, "a.txt")
    assert (found["truncated"], len(found["content"])) == (False, 1024 * 1024)


async def test_a_preview_can_be_of_an_earlier_version(server: Server) -> None:
    made = await save(server, {"index.html": b"first", "gone.txt": b"was here"})
    made = await save(server, {"index.html": b"the second", "new.txt": b"new"}, artifact_id=made["id"])
    assert (await preview_of(server, made, "index.html"))["content"] == "the second"
    earlier = await preview_of(server, made, "index.html", version=1)
    assert (earlier["content"], earlier["size"], earlier["artifact"]) == ("first", 5, made)
    assert (await preview_of(server, made, "index.html", version=2))["content"] == "the second"
    assert (await preview_of(server, made, "gone.txt", version=1))["content"] == "was here"


async def test_a_preview_of_a_version_that_has_no_such_file_is_not_found(server: Server) -> None:
    made = await save(server, {"index.html": b"first"})
    made = await save(server, {"index.html": b"second", "new.txt": b"new"}, artifact_id=made["id"])
    folder = made["path"].partition("/")[0]
    for path, version in (
        ("index.html", "3"),
        ("new.txt", "1"),
        ("no.txt", "1"),
        ("index.html", "999999999"),
    ):
        query = {"project_id": made["project_id"], "path": f"{folder}/{path}", "version": version}
        answer = await server.call("GET", "/artifacts/preview", params=query)
        assert fault(answer) == (404, "not_found", None), (path, version)
    for version in ("0", "-1", "x"):
        query = {"project_id": made["project_id"], "path": f"{folder}/index.html", "version": version}
        answer = await server.call("GET", "/artifacts/preview", params=query)
        assert fault(answer) == (422, "invalid_request", "query.version")


async def test_a_preview_of_what_is_not_there_is_not_found(server: Server) -> None:
    made = await save(server)
    other = (await server.post("/projects", {"name": "P"}))["id"]
    folder = made["path"].partition("/")[0]
    for project, path in (
        (made["project_id"], f"{folder}/no.html"),
        (made["project_id"], f"{folder}/assets"),
        (made["project_id"], "no/index.html"),
        (other, made["path"]),
        ("proj_01jz0000000000000000000000", made["path"]),
        ("", made["path"]),
        ("../..", made["path"]),
    ):
        query = {"project_id": project, "path": path}
        assert fault(await server.call("GET", "/artifacts/preview", params=query)) == (404, "not_found", None)


@pytest.mark.parametrize(
    ("query", "param"),
    [("path=x", "project_id"), ("project_id=x", "path"), ("project_id=x&path=", "path")],
)
async def test_a_preview_needs_a_path_and_a_project(query: str, param: str, server: Server) -> None:
    answer = await server.call("GET", f"/artifacts/preview?{query}")
    assert fault(answer) == (422, "invalid_request", f"query.{param}")


# Versions


async def test_each_save_keeps_the_one_before(timed: Server, clock: FakeClock) -> None:
    made = await save(timed, {"index.html": b"one", "a.txt": b"a"}, title="First")
    clock.advance(1)
    again = await save(timed, {"index.html": b"second"}, artifact_id=made["id"], title="Second")
    later = "2026-01-01T00:00:01.000Z"
    assert again == made | {"title": "Second", "version": 2, "updated_at": later}
    assert await timed.get(f"/artifacts/{made['id']}/versions") == {
        "data": [
            {
                "version": 2,
                "title": "Second",
                "source": "save",
                "files": 1,
                "size": 6,
                "is_current": True,
                "created_at": later,
            },
            {
                "version": 1,
                "title": "First",
                "source": "save",
                "files": 2,
                "size": 4,
                "is_current": False,
                "created_at": NOW,
            },
        ],
        "total": 2,
        "has_more": False,
    }


async def test_the_folder_shows_the_newest_version_alone(server: Server, data: Path) -> None:
    made = await save(server, {"index.html": b"one", "a.txt": b"a", "deep/er/b.txt": b"b"})
    await save(server, {"index.html": b"two", "deep/er/c.txt": b"c"}, artifact_id=made["id"])
    assert files_below(folder_of(data, made)) == {"index.html": b"two", "deep/er/c.txt": b"c"}


async def test_a_file_can_take_the_place_of_a_folder_and_a_folder_that_of_a_file(
    server: Server, data: Path
) -> None:
    first, second = {"a/b/c.txt": b"c", "d": b"d"}, {"a": b"a", "d/e.txt": b"e"}
    made = await save(server, first, page="d")
    await save(server, second, artifact_id=made["id"])
    assert files_below(folder_of(data, made)) == second
    await server.post(f"/artifacts/{made['id']}/versions/1/restore")
    assert files_below(folder_of(data, made)) == first
    assert [v["source"] for v in await versions(server, made)] == ["restore", "save", "save"]


async def test_a_version_that_is_restored_is_the_newest_and_none_is_lost(server: Server, data: Path) -> None:
    first = {"index.html": b"one", "a.txt": b"a"}
    made = await save(server, first, title="First")
    await save(server, {"index.html": b"two", "b.txt": b"b"}, artifact_id=made["id"], title="Second")
    restored = await server.post(f"/artifacts/{made['id']}/versions/1/restore")
    assert restored == made | {"title": "First", "version": 3, "updated_at": restored["updated_at"]}
    assert await server.get(f"/artifacts/{made['id']}") == restored
    assert files_below(folder_of(data, made)) == first
    kept = [(v["version"], v["title"], v["source"], v["is_current"]) for v in await versions(server, made)]
    assert kept == [
        (3, "First", "restore", True),
        (2, "Second", "save", False),
        (1, "First", "save", False),
    ]
    assert (await preview_of(server, made, "index.html", version=2))["content"] == "two"


async def test_a_version_that_is_not_there_cannot_be_restored(server: Server) -> None:
    made = await save(server)
    for version in ["0", "2", "x", "-1", "1.0", "%31%20", "²", "9" * 30]:
        answer = await server.call("POST", f"/artifacts/{made['id']}/versions/{version}/restore")
        assert fault(answer) == (404, "not_found", None)
    assert [v["version"] for v in await versions(server, made)] == [1]


async def test_versions_come_in_pages(server: Server) -> None:
    made = await save(server)
    for _ in range(4):
        await save(server, artifact_id=made["id"])
    path = f"/artifacts/{made['id']}/versions"
    page = await server.get(f"{path}?limit=2&offset=1")
    assert ([v["version"] for v in page["data"]], page["total"], page["has_more"]) == ([4, 3], 5, True)
    assert (await server.get(f"{path}?offset=4"))["has_more"] is False


async def test_an_artifact_of_a_project_that_is_gone_is_not_made(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    await server.call("DELETE", f"/projects/{project}")
    with pytest.raises(NotFound):
        await save(server, project_id=project)


async def test_a_file_may_change_the_case_of_its_name(server: Server, data: Path) -> None:
    made = await save(server, {"index.html": b"1", "Chart.js": b"same", "Sub/a.txt": b"a"})
    await save(server, {"index.html": b"1", "chart.js": b"same", "sub": b"s"}, artifact_id=made["id"])
    assert files_below(folder_of(data, made)) == {"index.html": b"1", "chart.js": b"same", "sub": b"s"}


@pytest.mark.slow
async def test_the_oldest_of_too_many_versions_is_forgotten_with_those_of_its_bytes_that_no_other_has(
    server: Server, data: Path
) -> None:
    made = await save(server, {"index.html": b"shared", "n": b"only in the first"})
    for n in range(1, MOST_VERSIONS):
        files = {"index.html": b"shared"} if n == 1 else {"index.html": b"last"}
        await save(server, files, artifact_id=made["id"])
    assert [v["version"] for v in await versions(server, made)] == list(range(MOST_VERSIONS, 0, -1))
    assert stored(data) == 3
    await save(server, {"index.html": b"last"}, artifact_id=made["id"])
    assert [v["version"] for v in await versions(server, made)] == list(range(MOST_VERSIONS + 1, 1, -1))
    answer = await server.call("POST", f"/artifacts/{made['id']}/versions/1/restore")
    assert fault(answer) == (404, "not_found", None)
    assert stored(data) == 2
    await server.post(f"/artifacts/{made['id']}/versions/2/restore")
    assert files_below(folder_of(data, made)) == {"index.html": b"shared"}


@pytest.mark.parametrize(
    "files",
    [
        {"../x.html": b""},
        {"/etc/x": b""},
        {"a/../../x": b""},
        {".hidden": b""},
        {"con": b""},
        {"a\\b": b""},
        {"a": b"", "a/b": b""},
        {"": b""},
    ],
    ids=str,
)
async def test_what_cannot_be_the_files_of_an_artifact_makes_none(
    files: dict[str, bytes], server: Server, data: Path
) -> None:
    with pytest.raises(Exception, match=r"another file has the name|cannot be the path"):
        await save(server, files)
    assert (await server.get("/artifacts"))["total"] == 0
    assert stored(data) == 0


# Export


async def test_an_export_holds_exactly_the_files_of_the_artifact(server: Server, data: Path) -> None:
    await save(server, {"index.html": b"another artifact"})
    made = await save(server, title='Zoë\'s "Q2" / 5%')
    folder = folder_of(data, made)
    (folder / ".hidden").write_bytes(b"hidden")
    (folder / "outside").symlink_to("/etc/passwd")
    (folder / "folder").symlink_to(data)
    (folder / "inside.html").symlink_to(folder / "index.html")
    os.mkfifo(folder / "fifo")
    answer = await server.call("GET", f"/artifacts/{made['id']}/export")
    assert unzipped(answer) == APP
    assert answer.headers["Content-Type"] == "application/zip"
    disposition = answer.headers["Content-Disposition"]
    assert disposition == (
        "attachment; filename=\"Zo's Q2  5.zip\"; filename*=UTF-8''Zo%C3%AB%27s%20%22Q2%22%20%2F%205%25.zip"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    while list((data / "contents" / "incoming").iterdir()):  # it goes after the last byte was sent
        await asyncio.sleep(0.01)


async def test_an_export_takes_files_that_are_older_than_zip_can_tell(server: Server, data: Path) -> None:
    made = await save(server)
    for place in folder_of(data, made).rglob("*.*"):
        os.utime(place, (0, 0))
    assert unzipped(await server.call("GET", f"/artifacts/{made['id']}/export")) == APP
    last_modified = (await served(server, made, "index.html")).headers["Last-Modified"]
    assert last_modified == formatdate(0, usegmt=True)


async def test_an_export_of_a_folder_that_is_gone_or_a_link_is_empty(server: Server, data: Path) -> None:
    made = await save(server)
    folder = folder_of(data, made)
    shutil.rmtree(folder)
    assert unzipped(await server.call("GET", f"/artifacts/{made['id']}/export")) == {}
    folder.symlink_to("/etc")
    assert unzipped(await server.call("GET", f"/artifacts/{made['id']}/export")) == {}


# Deletion


async def test_a_deleted_artifact_is_gone_at_once_and_its_files_after_the_sweep(
    server: Server, data: Path
) -> None:
    made = await save(server)
    await save(server, {"index.html": b"second"}, artifact_id=made["id"])
    kept = await save(server, {"index.html": b"kept"})
    answer = await server.call("DELETE", f"/artifacts/{made['id']}")
    assert (answer.status, answer.body) == (204, b"")
    folder = made["path"].partition("/")[0]
    for path in (
        "",
        "/versions",
        "/export",
    ):
        answer = await server.call("GET", f"/artifacts/{made['id']}{path}")
        assert fault(answer) == (404, "not_found", None)
    for answer in (
        await server.call("DELETE", f"/artifacts/{made['id']}"),
        await server.call("POST", f"/artifacts/{made['id']}/versions/1/restore"),
        await served(server, made, "index.html"),
        await server.call(
            "GET", f"/artifacts/preview?project_id={made['project_id']}&path={folder}/index.html"
        ),
        await at_origin(server, made["id"]),
    ):
        assert fault(answer) == (404, "not_found", None)
    assert await server.get("/artifacts") == {"data": [kept], "total": 1, "has_more": False}
    await swept()
    assert not folder_of(data, made).exists()
    assert files_below(folder_of(data, kept)) == {"index.html": b"kept"}
    assert stored(data) == 1


async def test_a_sweep_leaves_no_row_of_a_deleted_artifact(data: Path) -> None:
    async with running_server(data) as server:
        made = await save(server)
        await save(server, artifact_id=made["id"])
        await server.call("DELETE", f"/artifacts/{made['id']}")
        await swept()
    database = sqlite3.connect(f"file:{data / 'cowork.db'}?mode=ro", uri=True)
    left = [
        database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("artifacts", "artifact_versions", "artifact_files", "texts", "passages")
    ]
    database.close()
    assert left == [0, 0, 0, 0, 0]


async def test_a_scratchpad_whose_report_is_deleted_is_not_saved_any_more(server: Server) -> None:
    pad, report = await a_report(server)
    await server.call("DELETE", f"/artifacts/{report['id']}")
    after = await server.get(f"/scratchpads/{pad['id']}")
    assert after == pad | {"saved": False, "artifact_id": None, "updated_at": after["updated_at"]}
    answer = await server.call("PATCH", f"/scratchpads/{pad['id']}", json={"saved": True})
    assert answer.json()["artifact_id"] not in (None, report["id"])


async def test_bytes_that_another_artifact_has_too_stay_for_it(server: Server, data: Path) -> None:
    one, two = await save(server), await save(server)
    assert stored(data) == len(APP)
    await server.call("DELETE", f"/artifacts/{one['id']}")
    await swept()
    assert stored(data) == len(APP)
    await save(server, {"index.html": b"new"}, artifact_id=two["id"])
    await server.post(f"/artifacts/{two['id']}/versions/1/restore")
    assert files_below(folder_of(data, two)) == APP


async def test_artifacts_go_with_their_project(server: Server, data: Path) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made, kept = await save(server, project_id=project), await save(server, {"index.html": b"kept"})
    assert (await server.call("DELETE", f"/projects/{project}")).status == 204
    assert await server.get("/artifacts") == {"data": [kept], "total": 1, "has_more": False}
    assert fault(await server.call("GET", f"/artifacts/{made['id']}")) == (404, "not_found", None)
    assert fault(await at_origin(server, made["id"])) == (404, "not_found", None)
    await swept()
    assert not (data / "projects" / project).exists()
    assert stored(data) == 1


async def test_what_has_the_place_of_a_deleted_artifacts_folder_stays(server: Server, data: Path) -> None:
    made = await save(server)
    folder, outside = folder_of(data, made), data.parent / "outside"
    outside.mkdir()
    (outside / "mine.txt").write_bytes(b"mine")
    shutil.rmtree(folder)
    folder.symlink_to(outside)
    await server.call("DELETE", f"/artifacts/{made['id']}")
    await swept()
    assert not folder.is_symlink()
    assert files_below(outside) == {"mine.txt": b"mine"}


@pytest.mark.parametrize(
    "id", [UNKNOWN, "x", "%00", "%ED%A0%80", "..%2f..", "conv_01jz0000000000000000000000"]
)
async def test_an_id_that_no_artifact_has_is_not_found(id: str, server: Server) -> None:
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/versions"),
        ("GET", "/export"),
        ("POST", "/versions/1/restore"),
    ):
        answer = await server.call(method, f"/artifacts/{id}{path}")
        assert fault(answer) == (404, "not_found", None), (method, path)


async def test_saves_at_the_same_time_make_a_version_each(server: Server, data: Path) -> None:
    made = await save(server, {"index.html": b"-1"})
    await asyncio.gather(
        *(save(server, {"index.html": str(n).encode()}, artifact_id=made["id"]) for n in range(8))
    )
    kept = await versions(server, made)
    assert [(v["version"], v["source"]) for v in kept] == [(n, "save") for n in range(9, 0, -1)]
    shown = files_below(folder_of(data, made))["index.html"].decode()
    assert (await preview_of(server, made, "index.html", version=9))["content"] == shown
