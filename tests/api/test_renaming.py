"""Files and artifacts under another name."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.artifacts import save, served, unzipped
from tests.fakes.clock import FakeClock
from tests.fakes.files import new_file, swept, until_read
from tests.fakes.index import assert_index_is_of_what_exists
from tests.fakes.server import Server, fault


async def found(server: Server, words: str) -> set[str]:
    page = await server.get("/search", params={"q": words})
    return {hit["id"] for hit in page["data"]}


async def rename(server: Server, path: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", path, json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_a_file_has_its_new_name_everywhere_and_is_the_same_else(server: Server) -> None:
    made = await new_file(server, b"Of the heron", name="zebra.txt")
    before = await until_read(server, made["id"])
    path = f"/files/{made['id']}"
    name = "L\u00f6we (2).txt"
    assert await rename(server, path, name=name) == {**before, "name": name}
    assert await server.get(path) == {**before, "name": name}
    answer = await server.call("GET", f"{path}/content")
    assert answer.body == b"Of the heron"
    assert "L%C3%B6we%20%282%29.txt" in answer.headers["Content-Disposition"]
    assert await rename(server, path) == {**before, "name": name}


async def test_a_file_is_found_under_its_new_name_and_by_its_text(server: Server, data: Path) -> None:
    made = (await new_file(server, b"Of the heron", name="zebra.txt"))["id"]
    await until_read(server, made)
    assert await found(server, "zebra") == {made}
    for name in ("lion.txt", "puma.txt", "puma.txt"):  # one of them before the index has the other
        await rename(server, f"/files/{made}", name=name)
    for words, wanted in (("zebra", set()), ("lion", set()), ("puma", {made}), ("heron", {made})):
        assert await found(server, words) == wanted
    await rename(server, f"/files/{made}", name="lynx.txt")
    assert (await found(server, "puma"), await found(server, "lynx")) == (set(), {made})
    await assert_index_is_of_what_exists(data)
    await server.call("DELETE", f"/files/{made}")
    assert await found(server, "lynx") == set()


async def test_a_file_that_is_renamed_and_deleted_leaves_nothing_in_the_index(
    server: Server, data: Path
) -> None:
    made = (await new_file(server, name="zebra.bin"))["id"]
    await found(server, "zebra")
    await rename(server, f"/files/{made}", name="lion.bin")
    await server.call("DELETE", f"/files/{made}")
    await swept()
    assert await found(server, "lion") == set()
    assert ("file", made) not in await assert_index_is_of_what_exists(data)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\u0000b", "a\u2028b", "x" * 1001, None, 7])
async def test_a_name_that_no_file_can_have_is_refused(name: Any, server: Server) -> None:
    made = (await new_file(server))["id"]
    answer = await server.call("PATCH", f"/files/{made}", json={"name": name})
    assert fault(answer) == (422, "invalid_request", "body.name")
    answer = await server.call("PATCH", f"/files/{made}", json={"project_id": None})
    assert fault(answer) == (422, "invalid_request", "body.project_id")


async def test_an_artifact_has_its_new_title_and_keeps_the_rest(timed: Server, clock: FakeClock) -> None:
    made = await save(timed, title="Zebra")
    made = await save(timed, title="Zebra", artifact_id=made["id"])
    clock.advance(60)
    path = f"/artifacts/{made['id']}"
    assert await rename(timed, path, title=" Lion ") == {**made, "title": "Lion"}
    assert await rename(timed, path) == await timed.get(path) == {**made, "title": "Lion"}
    versions = (await timed.get(f"{path}/versions"))["data"]
    assert [version["title"] for version in versions] == ["Lion", "Zebra"]
    assert (await served(timed, made, "index.html")).status == 200
    archive = await timed.call("GET", f"{path}/export")
    assert unzipped(archive)
    assert re.search(r"Lion\.zip", archive.headers["Content-Disposition"])


async def test_an_artifact_is_found_under_its_new_title(server: Server, data: Path) -> None:
    made = await save(server, {"index.html": b"<p>heron</p>"}, title="Zebra")
    assert made["id"] in await found(server, "zebra")
    await rename(server, f"/artifacts/{made['id']}", title="Lion")
    assert (await found(server, "zebra"), await found(server, "lion")) == (set(), {made["id"]})


async def test_what_is_not_there_cannot_be_renamed(server: Server) -> None:
    for path, body in (("/files/file_x", {"name": "n"}), ("/artifacts/art_x", {"title": "t"})):
        assert fault(await server.call("PATCH", path, json=body)) == (404, "not_found", None)
        assert fault(await server.call("PATCH", path, json={})) == (404, "not_found", None)
