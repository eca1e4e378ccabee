"""Files, operation by operation: what comes, what is kept of it, and what goes again."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.files import (
    BINARY,
    BOUNDARY,
    END,
    digest,
    docx,
    new_file,
    on_disk,
    part,
    pdf,
    post_form,
    swept,
    until_read,
    upload,
    xlsx,
)
from tests.fakes.server import Answer, Server, fault

NOW = "2026-01-01T00:00:00.000Z"
UNKNOWN = "01jz0000000000000000000000"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
DOCUMENT = (
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    b"<w:p><w:r><w:t>One</w:t></w:r></w:p><w:p><w:r><w:t>Two</w:t></w:r></w:p></w:body></w:document>"
)
INERT = "sandbox; connect-src 'none'; form-action 'none'"


def empty_page() -> dict[str, Any]:
    return {"data": [], "total": 0, "has_more": False}


async def project(server: Server, name: str = "P") -> str:
    return str((await server.post("/projects", {"name": name}))["id"])


async def delete(server: Server, path: str) -> None:
    answer = await server.call("DELETE", path)
    assert (answer.status, answer.body) == (204, b"")


async def content(server: Server, file: Any, method: str = "GET", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await server.call(method, f"/files/{file['id']}/content", headers=names)


# Upload


async def test_an_upload_answers_with_the_file(timed: Server, data: Path) -> None:
    answer = await upload(timed, BINARY, name="Q2-report.bin")
    made = answer.json()
    assert answer.status == 201
    assert made == {
        "id": made["id"],
        "name": "Q2-report.bin",
        "mime_type": "application/octet-stream",
        "size": len(BINARY),
        "sha256": digest(BINARY),
        "project_id": None,
        "conversation_id": None,
        "created_at": NOW,
        "text_status": "none",
        "text_error": None,
        "text_progress": None,
    }
    assert re.fullmatch(r"file_[0-9a-z]{26}", made["id"])
    assert await timed.get(f"/files/{made['id']}") == made
    assert on_disk(data) == {digest(BINARY)}


@pytest.mark.parametrize("in_project", [True, False])
@pytest.mark.parametrize("in_conversation", [True, False])
@pytest.mark.parametrize("comes_first", [True, False])
async def test_a_file_belongs_to_what_its_fields_name(
    in_project: bool, in_conversation: bool, comes_first: bool, server: Server
) -> None:
    fields: dict[str, Any] = {
        "project_id": await project(server) if in_project else None,
        "conversation_id": await server.conversation() if in_conversation else None,
    }
    made = await (new_file(server, before=fields) if comes_first else new_file(server, **fields))
    assert {name: made[name] for name in fields} == fields


async def test_one_field_may_come_before_the_file_and_one_after(server: Server) -> None:
    home, talk = await project(server), await server.conversation()
    made = await new_file(server, before={"conversation_id": talk}, project_id=home)
    assert (made["project_id"], made["conversation_id"]) == (home, talk)


async def test_an_empty_file_is_a_file(server: Server, data: Path) -> None:
    made = await new_file(server, b"")
    assert (made["size"], made["sha256"]) == (0, digest(b""))
    assert (await content(server, made)).body == b""
    assert on_disk(data) == {digest(b"")}


async def test_the_same_bytes_are_stored_once(server: Server, data: Path) -> None:
    one, two = await new_file(server, name="one"), await new_file(server, name="two")
    assert one["id"] != two["id"]
    assert one["sha256"] == two["sha256"]
    assert on_disk(data) == {digest(BINARY)}
    assert [(await content(server, file)).body for file in (one, two)] == [BINARY, BINARY]


@pytest.mark.parametrize(
    ("written", "name", "claimed", "found"),
    [
        (PNG, "page.html", "text/html", "image/png"),
        (b"<!doctype html><p>Hello", "picture.png", "image/png", "text/html"),
        (pdf("Hello"), "notes.txt", "text/plain", "application/pdf"),
        (b"a,b\n1,2\n", "table.csv", "application/pdf", "text/csv"),
        (b"Hello", "report.pdf", "application/pdf", "text/plain"),
        (BINARY, "x.docx", "application/msword", "application/octet-stream"),
    ],
)
async def test_what_a_file_is_is_told_by_its_bytes(
    written: bytes, name: str, claimed: str, found: str, server: Server
) -> None:
    made = await new_file(server, written, name=name, media_type=claimed)
    assert made["mime_type"] == found
    answer = await content(server, made)
    assert answer.headers["Content-Type"] == found
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# List


async def test_the_list_is_newest_first_and_filtered(timed: Server, clock: FakeClock) -> None:
    home, talk = await project(timed), await timed.conversation()
    made = []
    homes: list[dict[str, Any]] = [{"project_id": home}, {"conversation_id": talk}, {"project_id": home}, {}]
    for fields in homes:
        clock.advance(1)
        made.append(await new_file(timed, **fields))
    both = await new_file(timed, project_id=home, conversation_id=talk)
    first, second, third, fourth = made

    async def listed(**filters: str) -> Any:
        return await timed.get("/files", params=filters)

    assert await listed() == {
        "data": [both, fourth, third, second, first],
        "total": 5,
        "has_more": False,
    }
    assert (await listed(project_id=home))["data"] == [both, third, first]
    assert (await listed(conversation_id=talk))["data"] == [both, second]
    assert await listed(project_id=home, conversation_id=talk) == {
        "data": [both],
        "total": 1,
        "has_more": False,
    }


async def test_pages_of_the_list_hold_each_file_once(server: Server) -> None:
    home = await project(server)
    made = [(await new_file(server, project_id=home))["id"] for _ in range(5)]
    await new_file(server)
    seen: list[str] = []
    for offset in (0, 2, 4, 6):
        query = {"project_id": home, "limit": "2", "offset": str(offset)}
        page = await server.get("/files", params=query)
        assert (page["total"], page["has_more"]) == (5, offset + 2 < 5)
        seen += [file["id"] for file in page["data"]]
    assert seen == list(reversed(made))


@pytest.mark.parametrize("name", ["project_id", "conversation_id"])
async def test_a_filter_by_what_does_not_exist_matches_nothing(name: str, server: Server) -> None:
    await new_file(server)
    for value in (f"proj_{UNKNOWN}", "", "x", "\0"):
        assert await server.get("/files", params={name: value}) == empty_page()


@pytest.mark.parametrize("path", ["/files", "/files/{id}/text"])
async def test_a_page_that_cannot_be_is_told_which_parameter_is_wrong(path: str, server: Server) -> None:
    made = await new_file(server)
    for query in ("limit=0", "limit=1001", "limit=x", "offset=-1", "offset=1.5"):
        answer = await server.call("GET", f"{path.format(id=made['id'])}?{query}")
        assert fault(answer) == (422, "invalid_request", f"query.{query.partition('=')[0]}")


@pytest.mark.parametrize("id", [f"file_{UNKNOWN}", "x", "%00", "%ED%A0%80", "..%2f..", digest(BINARY)])
async def test_an_id_that_no_file_has_is_not_found(id: str, server: Server) -> None:
    made = await new_file(server)
    for method, path in (("GET", ""), ("GET", "/content"), ("GET", "/text"), ("DELETE", "")):
        assert fault(await server.call(method, f"/files/{id}{path}")) == (404, "not_found", None)
    assert (await server.get("/files"))["data"] == [made]


# Content


async def test_the_content_is_the_bytes_as_an_attachment_that_can_do_no_harm(server: Server) -> None:
    written = b"<!doctype html><script>alert(1)</script>" + bytes(range(256)) * 5_000
    made = await new_file(server, written, name="page.html")
    answer = await content(server, made)
    assert (answer.status, answer.body) == (200, written)
    assert {
        name: answer.headers[name]
        for name in (
            "Content-Disposition",
            "X-Content-Type-Options",
            "Content-Security-Policy",
            "Content-Length",
            "Accept-Ranges",
        )
    } == {
        "Content-Disposition": "attachment; filename=\"page.html\"; filename*=UTF-8''page.html",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": INERT,
        "Content-Length": str(len(written)),
        "Accept-Ranges": "bytes",
    }


async def test_content_that_a_client_has_already_is_not_sent_again(server: Server) -> None:
    made = await new_file(server)
    tag = (await content(server, made)).headers["ETag"]
    for asked in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = await content(server, made, If_None_Match=asked)
        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", tag)
    answer = await content(server, made, If_None_Match='"other"')
    assert (answer.status, answer.body) == (200, BINARY)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=2-4", 2, 4),
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, len(BINARY) - 1),
        ("bytes=-3", len(BINARY) - 3, len(BINARY) - 1),
        ("bytes=-1000", 0, len(BINARY) - 1),
        ("bytes=3-1000", 3, len(BINARY) - 1),
    ],
)
async def test_a_range_of_the_content_can_be_had(asked: str, first: int, last: int, server: Server) -> None:
    made = await new_file(server)
    got = await content(server, made, Range=asked)
    head = await content(server, made, "HEAD", Range=asked)
    assert (got.status, got.body) == (206, BINARY[first : last + 1])
    assert (head.status, head.body) == (206, b"")
    for answer in (got, head):
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(BINARY)}"
        assert answer.headers["Content-Length"] == str(last + 1 - first)
        assert answer.headers["Content-Disposition"].startswith("attachment; ")


@pytest.mark.parametrize("asked", [f"bytes={len(BINARY)}-", "bytes=1000-2000"])
async def test_a_range_behind_the_end_is_refused_and_the_size_told(asked: str, server: Server) -> None:
    made = await new_file(server)
    answer = await content(server, made, Range=asked)
    told = answer.json()["error"]
    assert answer.status == 416
    assert told["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["Content-Range"] == f"bytes */{len(BINARY)}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    head = await content(server, made, "HEAD", Range=asked)
    assert (head.status, head.body) == (416, b"")
    assert head.headers["Content-Range"] == f"bytes */{len(BINARY)}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=0-0, -1", "items=0-1", "nonsense", "bytes=4-2", "bytes=x-y", "bytes="]
)
async def test_several_ranges_and_what_is_no_range_get_the_whole(asked: str, server: Server) -> None:
    made = await new_file(server)
    answer = await content(server, made, Range=asked)
    assert (answer.status, answer.body) == (200, BINARY)


async def test_no_range_of_an_empty_file_can_be_had(server: Server) -> None:
    made = await new_file(server, b"", name="empty")
    answer = await content(server, made, Range="bytes=0-")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */0"


async def test_a_range_of_the_version_that_a_client_has_is_sent(server: Server) -> None:
    made = await new_file(server)
    tag = (await content(server, made)).headers["ETag"]
    answer = await content(server, made, Range="bytes=2-4", If_Range=tag)
    assert (answer.status, answer.body) == (206, BINARY[2:5])


@pytest.mark.parametrize("asked", ["bytes=2-4", "bytes=1000-"])
async def test_a_range_of_another_version_is_the_whole(asked: str, server: Server) -> None:
    made = await new_file(server)
    answer = await content(server, made, Range=asked, If_Range='"another"')
    assert (answer.status, answer.body) == (200, BINARY)


async def test_head_of_the_content_tells_its_length(server: Server) -> None:
    made = await new_file(server)
    got, asked = await content(server, made), await content(server, made, "HEAD")
    assert (asked.status, asked.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Content-Disposition", "Content-Security-Policy"):
        assert asked.headers[name] == got.headers[name]


# Text


@pytest.mark.parametrize(
    ("written", "name", "passages"),
    [
        (b"One\nTwo\n", "a.txt", [{"n": 0, "place": {"line": 1}, "text": "One\nTwo"}]),
        (b"a,b\n1,2\n", "a.csv", [{"n": 0, "place": {"line": 1}, "text": "a,b\n1,2"}]),
        (b"# One\n\nTwo\n", "a.md", [{"n": 0, "place": {"line": 1}, "text": "# One\n\nTwo"}]),
        (b"<!doctype html><p>One<p>Two", "a.html", [{"n": 0, "place": {"line": 1}, "text": "One\nTwo"}]),
        (
            docx(DOCUMENT),
            "a.docx",
            [{"n": 0, "place": {"paragraph": 1}, "text": "One\nTwo"}],
        ),
        (
            pdf("First page", "Second page"),
            "a.pdf",
            [
                {"n": 0, "place": {"page": 1}, "text": "First page"},
                {"n": 1, "place": {"page": 2}, "text": "Second page"},
            ],
        ),
        (
            xlsx("Sales", ("Region", "Sum"), ("North", 12)),
            "a.xlsx",
            [{"n": 0, "place": {"sheet": "Sales", "row": 1}, "text": "Region\tSum\nNorth\t12"}],
        ),
    ],
    ids=["txt", "csv", "md", "html", "docx", "pdf", "xlsx"],
)
async def test_the_text_of_a_file_is_read_with_its_places(
    written: bytes, name: str, passages: list[Any], server: Server
) -> None:
    made = await new_file(server, written, name=name)
    assert (made["text_status"], made["text_error"]) == ("pending", None)
    read = await until_read(server, made["id"])
    assert read == {**made, "text_status": "ready"}
    assert await server.get(f"/files/{made['id']}/text") == {
        "data": passages,
        "total": len(passages),
        "has_more": False,
        "text_status": "ready",
        "text_error": None,
    }


async def test_pages_of_a_text_hold_each_passage_once(server: Server) -> None:
    made = await new_file(server, pdf(*(f"Page {n}" for n in range(1, 6))), name="a.pdf")
    await until_read(server, made["id"])
    texts: list[str] = []
    for offset in (0, 2, 4, 6):
        page = await server.get(f"/files/{made['id']}/text?limit=2&offset={offset}")
        assert (page["total"], page["has_more"]) == (5, offset + 2 < 5)
        assert [passage["n"] for passage in page["data"]] == list(range(offset, min(offset + 2, 5)))
        texts += [passage["text"] for passage in page["data"]]
    assert texts == [f"Page {n}" for n in range(1, 6)]


async def test_a_file_without_text_says_so(server: Server) -> None:
    made = await new_file(server, PNG, name="a.png")
    assert await server.get(f"/files/{made['id']}/text") == {
        "data": [],
        "total": 0,
        "has_more": False,
        "text_status": "none",
        "text_error": None,
    }


@pytest.mark.parametrize(
    ("written", "name"),
    [(b"%PDF-1.7\nnothing of a PDF follows", "a.pdf"), (docx(b"<w:document"), "a.docx")],
    ids=["pdf", "docx"],
)
async def test_a_file_that_cannot_be_read_is_kept_and_says_why(
    written: bytes, name: str, server: Server
) -> None:
    made = await new_file(server, written, name=name)
    read = await until_read(server, made["id"])
    assert read == {**made, "text_status": "failed", "text_error": read["text_error"]}
    assert re.fullmatch(r"[A-Z].*\.", read["text_error"])
    assert (await server.get(f"/files/{made['id']}/text"))["text_error"] == read["text_error"]
    assert (await content(server, made)).body == written


# Delete


async def test_a_deleted_file_is_gone_with_its_bytes(server: Server, data: Path) -> None:
    gone, kept = await new_file(server), await new_file(server, BINARY + b"2")
    await delete(server, f"/files/{gone['id']}")
    for method, path in (("GET", ""), ("GET", "/content"), ("GET", "/text"), ("DELETE", "")):
        answer = await server.call(method, f"/files/{gone['id']}{path}")
        assert fault(answer) == (404, "not_found", None)
    assert await server.get("/files") == {"data": [kept], "total": 1, "has_more": False}
    await swept()
    assert on_disk(data) == {kept["sha256"]}


async def test_bytes_stay_while_another_file_has_them(server: Server, data: Path) -> None:
    one, two = await new_file(server), await new_file(server)
    await delete(server, f"/files/{one['id']}")
    await swept()
    assert (await content(server, two)).body == BINARY
    assert on_disk(data) == {digest(BINARY)}
    await delete(server, f"/files/{two['id']}")
    await swept()
    assert on_disk(data) == set()
    again = await new_file(server)
    assert (await content(server, again)).body == BINARY


async def found(server: Server, q: str, **filters: str) -> list[str]:
    """The ids of what is found."""
    return [hit["id"] for hit in (await server.get("/search", params={"q": q, **filters}))["data"]]


async def test_the_text_of_a_deleted_file_goes_with_it(server: Server) -> None:
    gone = await new_file(server, b"canary " * 2_000, name="a.txt")
    await until_read(server, gone["id"])
    assert gone["id"] in await found(server, "canary")
    await delete(server, f"/files/{gone['id']}")
    assert await found(server, "canary") == []
    await swept()
    assert await found(server, "canary") == []


async def test_a_file_that_is_deleted_while_it_is_read_is_gone(server: Server, data: Path) -> None:
    for written in (b"canary\n" * 200_000, b"canary"):
        made = await new_file(server, written, name="a.txt")
        await delete(server, f"/files/{made['id']}")
        await swept()
    assert on_disk(data) == set()
    assert await found(server, "canary") == []


async def test_the_files_of_a_deleted_conversation_go_but_for_those_of_a_project(
    server: Server, data: Path
) -> None:
    home, talk, other = await project(server), await server.conversation(), await server.conversation()
    gone = await new_file(server, BINARY + b"1", conversation_id=talk)
    both = await new_file(server, BINARY + b"2", conversation_id=talk, project_id=home)
    kept = await new_file(server, BINARY + b"3", conversation_id=other)
    await delete(server, f"/conversations/{talk}")
    assert (await server.call("GET", f"/files/{gone['id']}")).status == 404
    stays = {**both, "conversation_id": None}
    assert await server.get(f"/files/{both['id']}") == stays
    assert (await server.get("/files"))["data"] == [kept, stays]
    assert await server.get("/files", params={"conversation_id": talk}) == empty_page()
    await swept()
    assert on_disk(data) == {both["sha256"], kept["sha256"]}
    assert fault(await upload(server, BINARY, conversation_id=talk))[2] == "form.conversation_id"


async def test_what_stays_in_a_project_is_not_found_in_the_deleted_conversation(server: Server) -> None:
    home, talk = await project(server), await server.conversation()
    both = await new_file(server, name="canary.bin", conversation_id=talk, project_id=home)
    assert await found(server, "canary", conversation_id=talk) == [both["id"]]
    await delete(server, f"/conversations/{talk}")
    assert await found(server, "canary", project_id=home) == [both["id"]]
    assert await found(server, "canary", conversation_id=talk) == []


async def test_the_files_of_a_deleted_project_and_of_its_conversations_go(server: Server, data: Path) -> None:
    home, other = await project(server), await project(server)
    inner = await server.conversation(project_id=home)
    outer = await server.conversation()
    await new_file(server, BINARY + b"1", name="canary1", project_id=home)
    await new_file(server, BINARY + b"2", name="canary2", conversation_id=inner)
    await new_file(server, BINARY + b"3", name="canary3", project_id=home, conversation_id=outer)
    kept = await new_file(server, BINARY + b"4", name="canary4", project_id=other, conversation_id=inner)
    assert len(await found(server, "canary")) == 4
    await delete(server, f"/projects/{home}")
    stays = {**kept, "conversation_id": None}
    assert await server.get("/files") == {"data": [stays], "total": 1, "has_more": False}
    assert await found(server, "canary") == [kept["id"]]
    await swept()
    assert on_disk(data) == {kept["sha256"]}
    assert await found(server, "canary") == [kept["id"]]
    assert fault(await upload(server, BINARY, project_id=home))[2] == "form.project_id"


# Limits

LIMIT = 1_000_000


async def limited(server: Server) -> None:
    answer = await server.call("PATCH", "/settings", json={"files": {"largest_bytes": LIMIT}})
    assert answer.json()["files"] == {"largest_bytes": LIMIT}


async def test_a_file_that_is_too_large_is_refused_before_it_comes(server: Server, data: Path) -> None:
    await limited(server)
    host = server.url.removeprefix("http://")
    head = (
        f"POST /api/v1/files HTTP/1.1\r\nHost: {host}\r\nContent-Length: 500000000\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
    writer.write(head.encode())
    answer = await reader.readuntil(b"}}")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"type": "payload_too_large"' in answer
    writer.close()
    await writer.wait_closed()
    assert on_disk(data) == set()


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    yield part('name="file"; filename="large"', b"")[:-2]
    for _ in range(size // 10_000):
        yield b"x" * 10_000
    yield b"\r\n" + END


@pytest.mark.parametrize("size", [LIMIT + 10_000, 3 * LIMIT])
async def test_a_file_that_becomes_too_large_is_refused_while_it_comes(
    size: int, server: Server, data: Path
) -> None:
    await limited(server)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = await server.call("POST", "/files", data=in_pieces(size), headers=headers)
    assert fault(answer) == (413, "payload_too_large", None)
    assert f"{LIMIT:,} bytes" in answer.json()["error"]["message"]
    assert on_disk(data) == set()
    assert await server.get("/files") == empty_page()


async def test_a_file_whose_length_is_told_and_too_large_is_refused(server: Server, data: Path) -> None:
    await limited(server)
    for size in (LIMIT + 1, 3 * LIMIT):
        answer = await upload(server, b"x" * size)
        assert fault(answer) == (413, "payload_too_large", None)
    assert on_disk(data) == set()
    assert (await new_file(server))["size"] == len(BINARY)


async def test_a_file_of_just_the_largest_size_is_taken_whatever_else_is_in_the_form(server: Server) -> None:
    await limited(server)
    fields = {"project_id": await project(server), "conversation_id": await server.conversation()}
    for options in ({}, fields, {"before": fields}):
        answer = await upload(server, b"\0" * LIMIT, **options)
        assert answer.status == 201, answer.body
        assert answer.json()["size"] == LIMIT


async def test_the_fields_beside_the_file_are_no_way_around_the_limit(server: Server, data: Path) -> None:
    body = b"".join(part(f'name="f{n}"', b"x" * 900_000) for n in range(3))
    answer = await post_form(server, body + part('name="file"; filename="f"') + END)
    assert fault(answer) == (413, "payload_too_large", None)
    assert on_disk(data) == set()


# Names


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "nul.txt",
        "../x",
        "../../../../etc/passwd",
        "..\\..\\x",
        "a\\b.txt",
        ".",
        "..",
        ".bashrc",
        "x" * 300,
        "x" * 1_000,
        "\U0001f600" * 250,
        "\U0001f469\u200d\U0001f4bb r\u00e9sum\u00e9.pdf",
        "invoice\u202etxt.exe",
        'say "hi".txt',
        "it's 100%.txt",
        "a;b.txt",
        " two  spaces .txt ",
        "a%22b%0A.txt",
        "<script>alert(1)</script>.html",
        "incoming",
        "\u65e5\u672c\u8a9e.xlsx",
    ],
    ids=ascii,
)
async def test_a_name_is_kept_as_it_is_and_never_a_path(name: str, server: Server, data: Path) -> None:
    before = {place.relative_to(data) for place in data.rglob("*")}
    made = await new_file(server, name=name)
    assert made["name"] == name
    assert (await server.get("/files"))["data"][0]["name"] == name
    stored = {place.relative_to(data) for place in data.rglob("*")} - before
    assert stored == {
        Path("contents") / made["sha256"][:2],
        Path("contents") / made["sha256"][:2] / made["sha256"],
    }
    assert_is_one_safe_line((await content(server, made)).headers["Content-Disposition"], name)


def assert_is_one_safe_line(disposition: str, name: str) -> None:
    """The header holds the whole name, for who knows more than ASCII, and nothing that breaks out of it."""
    found = re.fullmatch(
        r"attachment; filename=\"([ !#$&-.0-9:-\[\]-~]*)\"; filename\*=UTF-8''([A-Za-z0-9%._~-]+)",
        disposition,
    )
    assert found, disposition
    assert found[1]
    assert (
        bytes(re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), found[2].encode()))
        == name.encode()
    )


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.parametrize("name", ["/etc/passwd", "\\\\server\\share\\x", "a;b;c.txt", "//x"])
async def test_a_name_that_looks_like_a_place_or_a_header_is_kept_too(name: str, server: Server) -> None:
    assert (await new_file(server, name=name))["name"] == name


async def test_a_name_can_come_in_the_encoding_of_headers(server: Server) -> None:
    body = part('name="file"; filename="x"; filename*=UTF-8\'\'%F0%9F%98%80%20%2Fa%5Cb.txt') + END
    answer = await post_form(server, body)
    assert (answer.status, answer.json()["name"]) == (201, "\U0001f600 /a\\b.txt")


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam")
@pytest.mark.parametrize(
    "disposition",
    [
        b'name="file"; filename=""',
        b'name="file"; filename=" "',
        b'name="file"; filename="\xe3\x80\x80"',
        b'name="file"; filename="' + b"x" * 1_001 + b'"',
        b'name="file"; filename="a\nb"',
        b'name="file"; filename="a\r\nSet-Cookie: x=y"',
        b'name="file"; filename="a\0b"',
        b'name="file"; filename="a\x1bb"',
        b'name="file"; filename="a\xff\xfeb"',
        b'name="file"; filename="caf\xe9.txt"',
        b'name="file"; filename="\xed\xa0\x80"',
        b"name=\"file\"; filename*=UTF-8''a%00b",
        b"name=\"file\"; filename*=UTF-8''a%0D%0ASet-Cookie:%20x",
        b"name=\"file\"; filename*=UTF-8''%FF",
    ],
)
async def test_a_name_that_cannot_be_shown_is_refused(disposition: bytes, server: Server, data: Path) -> None:
    answer = await post_form(server, part(disposition) + END)
    assert answer.status == 422, answer.body
    assert answer.json()["error"]["type"] == "invalid_request"
    assert on_disk(data) == set()
    assert await server.get("/files") == empty_page()


# Forms that are broken

FILE = part('name="file"; filename="f"')
BROKEN = {
    "nothing": (b"", "form"),
    "no part": (END, "form.file"),
    "no file": (part('name="project_id"', b"x") + END, "form.file"),
    "text in place of the file": (part('name="file"', b"Hello") + END, "form.file"),
    "two files": (FILE + FILE + END, "form"),
    "two projects": (FILE + part('name="project_id"', b"x") * 2 + END, "form"),
    "an unknown field": (FILE + part('name="colour"', b"red") + END, "form.colour"),
    "a file under an unknown name": (FILE + part('name="f2"; filename="f"') + END, "form.f2"),
    "a file in place of text": (FILE + part('name="project_id"; filename="f"') + END, "form.project_id"),
    "text that is no UTF-8": (FILE + part('name="project_id"', b"\xff") + END, "form"),
    "a part without a name": (FILE + part('filename="f"') + END, "form"),
    "cut off in a head": (FILE[:40], "form"),
    "cut off in the file": (FILE[:-10], "form"),
    "cut off before the end": (FILE, "form"),
    "no form at all": (b"x" * 10_000, "form"),
    "a hundred fields too many": (
        FILE + b"".join(part(f'name="f{n}"', b"") for n in range(200)) + END,
        "form",
    ),
    "a form in the form": (
        f"--{BOUNDARY}\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in--\r\n".encode() + END,
        "form",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_form_that_is_broken_is_told_where_and_stores_nothing(
    case: str, server: Server, data: Path
) -> None:
    body, param = BROKEN[case]
    assert fault(await post_form(server, body)) == (422, "invalid_request", param)
    assert on_disk(data) == set()
    assert await server.get("/files") == empty_page()


@pytest.mark.parametrize("boundary", ["another", "", "x" * 500])
async def test_a_wrong_boundary_is_told_and_stores_nothing(boundary: str, server: Server, data: Path) -> None:
    assert fault(await post_form(server, FILE + END, boundary=boundary)) == (422, "invalid_request", "form")
    assert on_disk(data) == set()


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/x-www-form-urlencoded", "multipart/mixed", "text/plain"]
)
async def test_what_is_no_form_is_refused(media_type: str, server: Server) -> None:
    answer = await server.call("POST", "/files", data=FILE + END, headers={"Content-Type": media_type})
    assert fault(answer) == (415, "unsupported_media_type", None)


@pytest.mark.parametrize("name", ["project_id", "conversation_id"])
@pytest.mark.parametrize("value", [f"proj_{UNKNOWN}", "x", "", "a\0b", "x" * 100_000])
async def test_a_reference_to_what_does_not_exist_is_told_and_stores_nothing(
    name: str, value: str, server: Server, data: Path
) -> None:
    field = part(f'name="{name}"', value.encode())
    for body in (field + FILE + END, FILE + field + END):
        assert fault(await post_form(server, body)) == (422, "invalid_request", f"form.{name}")
    assert on_disk(data) == set()
    assert await server.get("/files") == empty_page()


async def test_a_refused_upload_takes_no_bytes_from_others(server: Server) -> None:
    made = await new_file(server)
    assert (await upload(server, BINARY, project_id=f"proj_{UNKNOWN}")).status == 422
    assert (await content(server, made)).body == BINARY


async def test_a_form_may_come_in_any_number_of_pieces(server: Server) -> None:
    form = FILE + part('name="project_id"', (await project(server)).encode()) + END

    async def bytewise() -> AsyncIterator[bytes]:
        for byte in io.BytesIO(form).read():
            yield bytes([byte])

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = await server.call("POST", "/files", data=bytewise(), headers=headers)
    assert (answer.status, answer.json()["sha256"]) == (201, digest(BINARY))


async def test_bytes_that_look_like_a_boundary_are_part_of_the_file(server: Server) -> None:
    written = (f"\r\n--{BOUNDARY[:-1]}\r\n--\r\n" * 20_000).encode()
    answer = await post_form(server, part('name="file"; filename="f"', written) + END)
    assert answer.json()["sha256"] == digest(written)


async def go_away(server: Server, data: Path) -> None:
    """Be a client that goes in the middle: before the form, in a head, in the file; and wait until the server
    has noticed."""
    address = server.url.removeprefix("http://")
    head = (
        f"POST /api/v1/files HTTP/1.1\r\nHost: {address}\r\nContent-Length: 10000000\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    ).encode()
    for sent in (b"", FILE[:50], FILE[:-2] + b"x" * 1_000_000):
        _, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(head + sent)
        await writer.drain()
        while len(sent) > 1_000_000 and not list((data / "contents" / "incoming").iterdir()):
            await asyncio.sleep(0)
        writer.transport.abort()
    while on_disk(data):
        await asyncio.sleep(0)
    await new_file(server)


async def test_a_client_that_goes_away_leaves_nothing(server: Server, data: Path) -> None:
    await go_away(server, data)
    assert on_disk(data) == {digest(BINARY)}
    assert (await server.get("/files"))["total"] == 1


async def test_a_client_that_goes_away_is_no_error(
    server: Server, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await go_away(server, data)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_an_upload_takes_its_turn_with_others(server: Server) -> None:
    made = await asyncio.gather(*(new_file(server, BINARY + bytes([n])) for n in range(20)))
    assert {file["sha256"] for file in made} == {digest(BINARY + bytes([n])) for n in range(20)}
    listed = [file["id"] for file in (await server.get("/files"))["data"]]
    assert listed == sorted((file["id"] for file in made), reverse=True)


async def test_a_client_may_wait_to_be_invited(server: Server, data: Path) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(BINARY), filename="f")
    answer = await server.call("POST", "/files", data=form, expect100=True)
    assert answer.status == 201
    assert on_disk(data) == {digest(BINARY)}
