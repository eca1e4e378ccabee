"""Uploads, readings and deletions that are cut off: nothing half-done is left, and nothing is lost."""

import asyncio
import io
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cowork_desktop import keys
from cowork_desktop.store.database import Tx
from tests.fakes.files import BINARY, at_rest, digest, docx, new_file, on_disk, upload
from tests.fakes.server import Answer, Server
from tests.faults.process import ServerProcess, running_process

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
BOOK = b"".join(b"line %d of a book that takes a while to be read\n" % n for n in range(200_000))
"""Some seconds of reading."""
_READ = ("none", "ready", "partial", "failed")


async def post_file(server: ServerProcess, content: Any, name: str = "data.bin") -> tuple[int, Any]:
    """Status and JSON of an upload; content may be a generator."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(content) if isinstance(content, bytes) else content, filename=name)
    async with server.session.post(f"{server.api}/files", data=form) as response:
        return response.status, await response.json()


async def until(true: Callable[[], Awaitable[Any]], seconds: float = 60.0) -> Any:
    """What `true` gives as soon as it is something; no process tells another when that is."""
    deadline = time.monotonic() + seconds
    while not (found := await true()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    return found


async def until_read(server: ServerProcess, id: str) -> Any:
    async def read() -> Any:
        file = await server.get(f"/files/{id}")
        return file if file["text_status"] in _READ else None

    return await until(read)


async def until_being_read(server: ServerProcess, id: str) -> None:
    """Wait until a part of the text is there, and not all of it."""

    async def begun() -> bool:
        file = await server.get(f"/files/{id}")
        assert file["text_status"] in ("pending", "extracting")
        return bool(file["text_progress"] and file["text_progress"]["done"])

    await until(begun)


async def until_on_disk(data_dir: Path, digests: set[str]) -> None:
    """Wait for the sweep."""

    async def swept() -> bool:
        return on_disk(data_dir) == digests

    await until(swept)


def readers(server: ServerProcess) -> set[int]:
    """The processes that read documents for this server."""
    found = set()
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and b"\0extract\0" in (entry / "cmdline").read_bytes():
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                found |= {int(entry.name)} if int(parent) == server.process.pid else set()
    return found


def is_running(pid: int) -> bool:
    """A process that has ended but was not waited for is not running: in a container nobody may do that."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until_gone(pids: set[int], seconds: float = 30.0) -> None:
    async def gone() -> bool:
        return not any(is_running(pid) for pid in pids)

    await until(gone, seconds)


async def endless() -> AsyncIterator[bytes]:
    """The content of an upload that does not end."""
    while True:
        yield b"x" * 65_536
        await asyncio.sleep(0.001)


async def cut_off(server: ServerProcess, data_dir: Path, cut: Callable[[], None]) -> None:
    """Cut an upload off by what is called when bytes of it are on the disk."""
    uploading = asyncio.create_task(post_file(server, endless()))

    async def has_come() -> bool:
        return any(place.stat().st_size for place in (data_dir / "contents" / "incoming").iterdir())

    await until(has_come)
    cut()
    with pytest.raises(aiohttp.ClientError):
        await uploading


# Ends of the server


async def test_a_kill_in_the_middle_of_an_upload_leaves_nothing(tmp_path: Path) -> None:
    async with running_process(tmp_path) as server:
        await cut_off(server, tmp_path, server.process.kill)
    assert len(on_disk(tmp_path)) == 1
    async with running_process(tmp_path) as server:
        assert on_disk(tmp_path) == set()
        assert (await server.get("/files"))["total"] == 0
        status, made = await post_file(server, BINARY)
        assert (status, on_disk(tmp_path)) == (201, {made["sha256"]})


async def test_an_end_in_the_middle_of_an_upload_takes_two_seconds_and_leaves_nothing(tmp_path: Path) -> None:
    async with running_process(tmp_path) as server:
        asked: list[float] = []

        def end() -> None:
            asked.append(time.monotonic())
            server.process.send_signal(signal.SIGTERM)

        await cut_off(server, tmp_path, end)
        assert await server.process.wait() == 0
        assert time.monotonic() - asked[0] < 2
    async with running_process(tmp_path) as server:
        assert on_disk(tmp_path) == set()
        assert (await server.get("/files"))["total"] == 0


async def test_a_kill_among_many_uploads_loses_none_that_was_answered_and_leaves_no_bytes(
    tmp_path: Path,
) -> None:
    answered: dict[str, str] = {}

    async def send(server: ServerProcess, writer: int) -> None:
        n = 0
        while True:
            status, made = await post_file(server, BINARY + b"%d %d" % (writer, n))
            assert status == 201
            answered[made["id"]] = made["sha256"]
            n += 1

    for point in range(3):
        async with running_process(tmp_path) as server:
            enough = len(answered) + 11 + 4 * point
            writers = [asyncio.create_task(send(server, 10 * point + n)) for n in range(8)]
            while len(answered) < enough:
                await asyncio.wait(writers, timeout=0.001)
            server.process.kill()
            ended = await asyncio.gather(*writers, return_exceptions=True)
            assert all(isinstance(error, aiohttp.ClientError) for error in ended)
        async with running_process(tmp_path) as server:
            stored = {file["id"]: file["sha256"] for file in (await server.get("/files"))["data"]}
            assert answered.items() <= stored.items()
            await until_on_disk(tmp_path, set(stored.values()))
            hits = (await server.get("/search?q=data&kind=file&limit=200"))["data"]
            assert {hit["id"] for hit in hits} == stored.keys()
            answered = stored
            for id, sha256 in stored.items():
                async with server.session.get(f"{server.api}/files/{id}/content") as response:
                    assert digest(await response.read()) == sha256


async def test_a_kill_among_deletions_brings_nothing_back_and_leaves_no_bytes(tmp_path: Path) -> None:
    async with running_process(tmp_path) as server:
        kept, gone = [
            [(await post_file(server, BINARY + b"%d" % n + mark))[1] for n in range(20)]
            for mark in (b"k", b"g")
        ]
        for file in gone:
            async with server.session.delete(f"{server.api}/files/{file['id']}") as response:
                assert response.status == 204
        server.process.kill()
        await server.process.wait()
    async with running_process(tmp_path) as server:
        assert (await server.get("/files"))["data"] == kept[::-1]
        await until_on_disk(tmp_path, {file["sha256"] for file in kept})


async def whole_text(server: ServerProcess, id: str) -> bytes:
    read: list[str] = []
    page: Any = {"has_more": True}
    while page["has_more"]:
        page = await server.get(f"/files/{id}/text?limit=1000&offset={len(read)}")
        assert [passage["n"] for passage in page["data"]] == list(
            range(len(read), len(read) + len(page["data"]))
        )
        read += [passage["text"] for passage in page["data"]]
    return ("\n".join(read) + "\n").encode()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_text_that_was_being_read_when_the_server_ended_is_read_at_the_next_start(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with running_process(tmp_path) as server:
        _, made = await post_file(server, BOOK, "book.txt")
        await until_being_read(server, made["id"])
        pids = readers(server)
        assert len(pids) == 1
        asked = time.monotonic()
        server.process.send_signal(number)
        await server.process.wait()
        assert time.monotonic() - asked < 2
        await until_gone(pids)
    async with running_process(tmp_path) as server:
        assert await until_read(server, made["id"]) == {**made, "text_status": "ready"}
        assert await whole_text(server, made["id"]) == BOOK
        page = await server.get(f'/search?q="199999"&file_id={made["id"]}')
        assert [hit["place"] for hit in page["data"]] == [{"line": 200_000}]


# Readers


async def test_the_reader_of_a_file_that_is_deleted_is_gone_and_others_are_served_meanwhile(
    tmp_path: Path,
) -> None:
    async with running_process(tmp_path) as server:
        _, made = await post_file(server, BOOK, "book.txt")
        await until_being_read(server, made["id"])
        pids = readers(server)
        async with server.session.delete(f"{server.api}/files/{made['id']}") as response:
            assert response.status == 204
        await until_gone(pids)
        await until_on_disk(tmp_path, set())
        assert (await server.get("/search?q=book"))["data"] == []


async def test_a_reader_that_is_killed_fails_its_text_alone(tmp_path: Path) -> None:
    async with running_process(tmp_path) as server:
        _, made = await post_file(server, BOOK, "book.txt")
        await until_being_read(server, made["id"])
        for pid in readers(server):
            os.kill(pid, signal.SIGKILL)
        read = await until_read(server, made["id"])
        assert read == {**made, "text_status": "partial", "text_error": read["text_error"]}
        assert "broke off" in read["text_error"]
        assert BOOK.startswith((await whole_text(server, made["id"]))[:-1])
        _, other = await post_file(server, b"Hello", "a.txt")
        assert (await until_read(server, other["id"]))["text_status"] == "ready"


def zip_bomb() -> bytes:
    """A document that becomes 500 MiB; the zip of it is half a MiB."""
    paragraph = b"<w:p><w:r><w:t>" + b"a" * 65_000 + b"</w:t></w:r></w:p>"
    namespace = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    many = paragraph * (500 * MIB // len(paragraph))
    return docx(b"<w:document " + namespace + b"><w:body>" + many + b"</w:body></w:document>")


def nested(depth: int) -> bytes:
    namespace = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return docx(
        b"<w:document "
        + namespace
        + b"><w:body>"
        + b"<w:p>" * depth
        + b"</w:p>" * depth
        + b"</w:body></w:document>"
    )


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 20) for c in b"abcdefghijk")
    + b']><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>&l;</w:t></w:r></w:p></w:body></w:document>"
)
HOSTILE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a zip bomb": (zip_bomb, "a.docx", "partial"),
    "a million elements in each other": (lambda: nested(1_000_000), "a.docx", "ready"),
    "a billion laughs": (lambda: docx(LAUGHS), "a.docx", "failed"),
    "a zip that is cut off": (lambda: docx(b"<w:document>" + os.urandom(100_000))[:-50], "a.docx", "none"),
    "a PDF that is none": (lambda: b"%PDF-1.7\n" + os.urandom(1_000_000), "a.pdf", "failed"),
    "brackets": (lambda: b"[" * 5_000_000, "a.json", "ready"),
    "markup": (lambda: b"<!doctype html>" + b"<div>" * 1_000_000, "a.html", "ready"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_hostile_document_harms_nobody(case: str, tmp_path: Path) -> None:
    make, name, status = HOSTILE[case]
    content = await asyncio.to_thread(make)
    async with running_process(tmp_path) as server:
        before = memory(server)
        _, made = await post_file(server, content, name)
        reading = asyncio.create_task(until_read(server, made["id"]))
        slowest = 0.0
        while not reading.done():
            begun = time.monotonic()
            await server.get("/health")
            slowest = max(slowest, time.monotonic() - begun)
            await asyncio.sleep(0.02)
        read = await reading
        assert read == {**made, "text_status": status, "text_error": read["text_error"]}
        assert read["text_error"] or status in ("ready", "none")
        assert slowest < 2
        assert memory(server) - before < 60 * MIB
        assert readers(server) == set()


# Many at once


async def test_no_file_is_ever_without_its_bytes_while_others_with_the_same_come_and_go(
    server: Server, tmp_path: Path
) -> None:
    async def come_and_go(n: int) -> str | None:
        for _ in range(4):
            made = await new_file(server, name=f"{n}")
            answer = await server.call("GET", f"/files/{made['id']}/content")
            assert (answer.status, answer.body) == (200, BINARY)
            if n == 0:
                return str(made["id"])
            assert (await server.call("DELETE", f"/files/{made['id']}")).status == 204
        return None

    [kept] = [id for id in await asyncio.gather(*(come_and_go(n) for n in range(50))) if id]
    await at_rest()
    assert (await server.call("GET", f"/files/{kept}/content")).body == BINARY
    assert on_disk(tmp_path / "data") == {digest(BINARY)}
    await server.call("DELETE", f"/files/{kept}")
    await at_rest()
    assert on_disk(tmp_path / "data") == set()


# A full disk


def _let_no_file_grow(server: ServerProcess, size: int) -> None:
    """What a disk without room says to a process, a limit says too."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, size))


async def test_a_file_that_the_disk_does_not_take_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with running_process(tmp_path) as server:
        _let_no_file_grow(server, 8 * MIB)
        status, told = await post_file(server, b"\0" * 20 * MIB)
        assert (status, told["error"]["type"]) == (507, "storage_full")
        assert on_disk(tmp_path) == set()
        status, made = await post_file(server, BINARY)
        assert (status, on_disk(tmp_path)) == (201, {made["sha256"]})


def _let_the_database_grow_no_more(tx: Tx) -> None:
    [pages] = tx.execute("PRAGMA page_count").fetchone()
    tx.execute(f"PRAGMA max_page_count = {pages}").fetchone()


async def fill(server: Server) -> tuple[Answer, set[str]]:
    """Upload until the database takes nothing more: that answer, and the digests that were taken."""
    await server.app[keys.DB].write(_let_the_database_grow_no_more)
    stored: set[str] = set()
    while (answer := await upload(server, BINARY + b"%d" % len(stored), name="n" * 900)).status == 201:
        stored.add(answer.json()["sha256"])
    return answer, stored


async def test_a_file_that_the_database_does_not_take_leaves_nothing(server: Server, tmp_path: Path) -> None:
    _, stored = await fill(server)
    assert on_disk(tmp_path / "data") == stored
    assert {file["sha256"] for file in (await server.get("/files"))["data"]} == stored
    assert (await server.get("/health"))["status"] == "ok"


async def test_a_file_that_the_database_does_not_take_is_refused_with_the_reason(server: Server) -> None:
    answer, _ = await fill(server)
    assert (answer.status, answer.json()["error"]["type"]) == (507, "storage_full")


# Memory


def memory(server: ServerProcess, line: str = "VmRSS") -> int:
    """Bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(next(row.split()[1] for row in status.splitlines() if row.startswith(line)))


def forget_peak(server: ServerProcess) -> None:
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


@pytest.mark.skipif(
    sys.platform != "linux", reason="NOT RUN: only Linux tells the peak of a process's memory"
)
async def test_a_large_file_passes_through_little_memory(tmp_path: Path) -> None:
    size = 200 * MIB
    chunk = b"\0\1\2\3" * (MIB // 4)

    async def content() -> AsyncIterator[bytes]:
        for _ in range(size // MIB):
            yield chunk

    async with running_process(tmp_path) as server:
        small = (await post_file(server, BINARY))[1]
        async with server.session.get(f"{server.api}/files/{small['id']}/content") as response:
            await response.read()
        before = memory(server)
        forget_peak(server)
        status, made = await post_file(server, content())
        assert (status, made["size"]) == (201, size)
        assert memory(server, "VmHWM") - before < 30 * MIB
        forget_peak(server)
        came = 0
        async with server.session.get(f"{server.api}/files/{made['id']}/content") as response:
            async for piece in response.content.iter_chunked(MIB):
                came += len(piece)
        assert came == size
        assert memory(server, "VmHWM") - before < 30 * MIB
