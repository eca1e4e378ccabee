"""Hostile paths, and folders in which somebody has planted links: nothing leads out of an artifact."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.artifacts import (
    as_it_stands,
    at_origin,
    files_below,
    folder_of,
    save,
    served,
    swept,
    unzipped,
)
from tests.fakes.server import Answer, Server, fault

SECRET = b"a secret that lies outside"


pytestmark = pytest.mark.no_spare_kernel


HOSTILE_PATHS = [
    "..",
    "../secret.txt",
    "../../secret.txt",
    "../../../../../../../../etc/passwd",
    "a/../../../../secret.txt",
    "a/../index.html",
    "./index.html",
    ".",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "..%2f..%2f..%2f..%2fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "..%252f..%252fsecret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%c0%ae%c0%ae%c0%afsecret.txt",
    "%e0%80%ae%e0%80%ae/secret.txt",
    "%uff0e%uff0e/secret.txt",
    "..%5csecret.txt",
    "..\\secret.txt",
    "%5c%5cserver%5cshare",
    "//secret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "index.html%00",
    "index.html%00.png",
    "%00",
    "C:/secret.txt",
    "C:%5csecret.txt",
    "C:secret.txt",
    "file:///etc/passwd",
    "index.html.",
    "index.html%20",
    "index.html::$DATA",
    "index.html:stream",
    "CON",
    "con.txt",
    "NUL",
    "COM1",
    "aux/index.html",
    "~root/x",
    "%7e/x",
    ".hidden",
    "a/.hidden",
    ".git/config",
    "%ff%fe",
    "%ed%a0%80",
    "%0d%0aX-Injected:1",
    "%0a",
    "*",
    "index.html?/../../secret.txt%23",
    "x" * 300,
    "x" * 5_000,
    "x/" * 2_000,
    "%F0%9F%90%A2" * 300,
]


@pytest.fixture
async def besieged(server: Server, data: Path) -> Any:
    """An artifact with something that must stay secret all around it."""
    made = await save(server, {"index.html": b"index", "a/b.txt": b"b"})
    folder = folder_of(data, made)
    for place in (folder.parent, folder.parent.parent, data, data.parent):
        (place / "secret.txt").write_bytes(SECRET)
    for hidden in (folder / ".hidden", folder / "a" / ".hidden"):
        hidden.write_bytes(SECRET)
    return made


def assert_nothing_told(answer: Answer, path: str) -> None:
    """The answer refuses in the one shape, or gives the artifact's own page."""
    assert SECRET not in answer.body
    assert b"root:" not in answer.body
    assert "X-Injected" not in answer.headers
    if answer.status == 200:
        assert answer.body in (b"index", b"b"), path
        return
    assert fault(answer)[:2] in ((404, "not_found"), (422, "invalid_request")), (path, answer.body)


async def test_no_path_leads_out_of_an_artifact(server: Server, besieged: Any) -> None:
    folder, project = besieged["path"].partition("/")[0], besieged["project_id"]
    serve, preview = "/api/v1/artifacts/serve", "/api/v1/artifacts/preview"
    for path in HOSTILE_PATHS:
        for place in (
            f"{serve}/{project}/{folder}/{path}",
            f"{serve}/{project}/{path}",
            f"{serve}/{path}/{folder}/index.html",
            f"{preview}?project_id={project}&path={path}",
            f"{preview}?project_id={project}&path={folder}/{path}",
            f"{preview}?project_id={path}&path={folder}/index.html",
        ):
            assert_nothing_told(await as_it_stands(server, "GET", place), place)
        assert_nothing_told(await at_origin(server, besieged["id"], path), path)


async def test_no_path_in_a_query_leads_out_as_it_stands_either(server: Server, besieged: Any) -> None:
    folder, project = besieged["path"].partition("/")[0], besieged["project_id"]
    for path in HOSTILE_PATHS:
        for query in (
            {"project_id": project, "path": path},
            {"project_id": project, "path": f"{folder}/{path}"},
            {"project_id": path, "path": f"{folder}/index.html"},
        ):
            assert_nothing_told(await server.call("GET", "/artifacts/preview", params=query), path)


async def ways_in(server: Server, artifact: Any, path: str) -> list[Answer]:
    """Every way to ask for a file of an artifact."""
    folder = artifact["path"].partition("/")[0]
    query = {"project_id": artifact["project_id"], "path": f"{folder}/{path}"}
    async with asyncio.timeout(5):
        return [
            await served(server, artifact, path),
            await at_origin(server, artifact["id"], path),
            await server.call("GET", "/artifacts/preview", params=query),
        ]


async def test_links_in_the_folder_lead_nowhere_outside(server: Server, data: Path, besieged: Any) -> None:
    other = await save(server, {"index.html": SECRET})
    folder = folder_of(data, besieged)
    (folder / "file.txt").symlink_to(data / "secret.txt")
    (folder / "up.txt").symlink_to("../../secret.txt")
    (folder / "folder").symlink_to(data)
    (folder / "other").symlink_to(folder_of(data, other))
    (folder / "chain.txt").symlink_to("file.txt")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "dangling.txt").symlink_to("nothing")
    (folder / "database").symlink_to(data / "cowork.db")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "tty.txt").symlink_to("/proc/self/environ")
    for path in (
        "file.txt",
        "up.txt",
        "folder/secret.txt",
        "folder/cowork.db",
        "folder",
        "folder/",
        "other/index.html",
        "other/",
        "chain.txt",
        "loop.txt",
        "dangling.txt",
        "database",
        "zero.txt",
        "tty.txt",
    ):
        for answer in await ways_in(server, besieged, path):
            assert SECRET not in answer.body
            assert fault(answer) == (404, "not_found", None), path


async def test_what_is_no_file_is_not_found_and_not_waited_for(
    server: Server, data: Path, besieged: Any
) -> None:
    folder = folder_of(data, besieged)
    os.mkfifo(folder / "fifo.txt")
    (folder / "link.txt").symlink_to("fifo.txt")
    (folder / "empty").mkdir()
    for path in ("fifo.txt", "link.txt", "empty", "empty/", "a"):
        for answer in await ways_in(server, besieged, path):
            assert fault(answer) == (404, "not_found", None), path


def put_link(what: str, folder: Path, outside: Path, page: bytes) -> Path:
    """Let a link take the place of an artifact's folder or of one around it; where its page is now."""
    place = {
        "the artifact's folder": folder,
        "the project's artifacts": folder.parent,
        "the project's folder": folder.parent.parent,
    }[what]
    copy = outside / folder.relative_to(place)
    copy.mkdir(parents=True)
    (copy / "index.html").write_bytes(page)
    shutil.rmtree(place)
    place.symlink_to(outside)
    return copy


@pytest.mark.parametrize("what", ["the artifact's folder", "the project's artifacts", "the project's folder"])
async def test_a_folder_that_a_link_has_taken_the_place_of_shows_nothing(
    what: str, server: Server, data: Path, besieged: Any
) -> None:
    put_link(what, folder_of(data, besieged), data.parent / "outside", SECRET)
    for path in ("index.html", "", "x"):
        for answer in await ways_in(server, besieged, path):
            assert fault(answer) == (404, "not_found", None)
    answer = await server.call("GET", f"/artifacts/{besieged['id']}/export")
    assert answer.status in (200, 404, 409)
    assert answer.status != 200 or unzipped(answer) == {}


@pytest.mark.parametrize("what", ["the artifact's folder", "the project's artifacts", "the project's folder"])
async def test_nothing_is_written_or_taken_away_through_a_link(
    what: str, server: Server, data: Path, besieged: Any
) -> None:
    outside = data.parent / "outside"
    copy = put_link(what, folder_of(data, besieged), outside, b"index")
    with pytest.raises(Exception, match="link"):
        await save(server, {"index.html": b"new"}, artifact_id=besieged["id"])
    answer = await server.call("POST", f"/artifacts/{besieged['id']}/versions/1/restore")
    assert fault(answer) == (409, "conflict", None)
    assert files_below(outside) == {(copy / "index.html").relative_to(outside).as_posix(): b"index"}
    other = await save(server, project_id=(await server.post("/projects", {"name": "P"}))["id"])
    for id in (besieged["id"], other["id"]):
        assert (await server.call("DELETE", f"/artifacts/{id}")).status == 204
    await swept()
    assert files_below(outside) == {(copy / "index.html").relative_to(outside).as_posix(): b"index"}
    assert not folder_of(data, other).exists()


async def test_a_save_does_not_follow_links_that_were_planted(
    server: Server, data: Path, besieged: Any
) -> None:
    folder, outside = folder_of(data, besieged), data.parent / "outside"
    outside.mkdir()
    (outside / "index.html").write_bytes(SECRET)
    (folder / "index.html").unlink()
    (folder / "index.html").symlink_to(outside / "index.html")
    shutil.rmtree(folder / "a")
    (folder / "a").symlink_to(outside)
    with pytest.raises(Exception, match="link"):
        await save(server, {"index.html": b"new", "a/b.txt": b"new"}, artifact_id=besieged["id"])
    assert files_below(outside) == {"index.html": SECRET}
