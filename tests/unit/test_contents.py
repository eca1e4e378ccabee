"""The store of bytes: each is there as long as a row names it, and no longer."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cowork_desktop.store.database import Database, Tx
from cowork_desktop.workspace.contents import Arrivals, Contents
from tests.fakes.files import digest


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "x.db") as opened:
        yield opened


@pytest.fixture
def contents(db: Database, tmp_path: Path) -> Contents:
    made = Contents(db, tmp_path / "contents")
    made.clear_incoming()
    return made


def name_it(tx: Tx, id: str, sha256: str) -> str:
    tx.execute(
        "INSERT INTO files (id, name, mime_type, size, sha256, created_at) VALUES (?, 'n', 'a/b', 1, ?, 1)",
        (id, sha256),
    )
    return id


def forget(tx: Tx, id: str) -> None:
    tx.execute("DELETE FROM files WHERE id = ?", (id,))


def fail(tx: Tx, id: str, sha256: str) -> None:
    name_it(tx, id, sha256)
    raise LookupError(id)


def on_disk(tmp_path: Path) -> set[str]:
    return {place.name for place in (tmp_path / "contents").rglob("*") if place.is_file()}


def arrive(contents: Contents, *all_bytes: bytes) -> dict[str, Path]:
    """Bytes in `incoming`, by their digests."""
    arrivals = Arrivals(contents.incoming)
    for content in all_bytes:
        assert arrivals.add(io.BytesIO(content)) == (len(content), digest(content))
    return arrivals.parts


async def keep(db: Database, contents: Contents, id: str, content: bytes) -> str:
    return await contents.adopt(arrive(contents, content), lambda: db.write(name_it, id, digest(content)))


async def test_bytes_lie_under_their_digest(db: Database, contents: Contents, tmp_path: Path) -> None:
    assert await keep(db, contents, "file_1", b"one") == "file_1"
    place = contents.place(digest(b"one"))
    assert place == tmp_path / "contents" / digest(b"one")[:2] / digest(b"one")
    assert place.read_bytes() == b"one"
    assert list(contents.incoming.iterdir()) == []


def test_the_same_bytes_are_written_once(contents: Contents) -> None:
    arrived = arrive(contents, b"one", b"two", b"one")
    assert {key: place.read_bytes() for key, place in arrived.items()} == {
        digest(b"one"): b"one",
        digest(b"two"): b"two",
    }
    assert len(list(contents.incoming.iterdir())) == 2


async def test_bytes_whose_row_cannot_be_written_are_taken_away_again(
    db: Database, contents: Contents, tmp_path: Path
) -> None:
    arrived = arrive(contents, b"one")
    with pytest.raises(LookupError):
        await contents.adopt(arrived, lambda: db.write(fail, "file_1", digest(b"one")))
    assert on_disk(tmp_path) == set()


async def test_bytes_that_another_row_names_stay_though_a_second_fails(
    db: Database, contents: Contents
) -> None:
    await keep(db, contents, "file_1", b"one")
    arrived = arrive(contents, b"one")
    with pytest.raises(LookupError):
        await contents.adopt(arrived, lambda: db.write(fail, "file_2", digest(b"one")))
    assert contents.place(digest(b"one")).read_bytes() == b"one"


async def test_only_bytes_that_nothing_names_are_released(
    db: Database, contents: Contents, tmp_path: Path
) -> None:
    for id, content in (("file_1", b"one"), ("file_2", b"one"), ("file_3", b"two")):
        await keep(db, contents, id, content)
    await db.write(forget, "file_1")
    await db.write(forget, "file_3")
    await contents.release([digest(b"one"), digest(b"two"), digest(b"never there")])
    assert on_disk(tmp_path) == {digest(b"one")}


async def test_a_sweep_takes_what_no_row_names_and_leaves_what_is_coming(
    db: Database, contents: Contents, tmp_path: Path
) -> None:
    kept = [b"%d" % n for n in range(600)]
    arrived = arrive(contents, *kept, b"left", b"over")
    await contents.adopt(
        arrived,
        lambda: asyncio.gather(
            *(db.write(name_it, f"file_{n}", digest(each)) for n, each in enumerate(kept))
        ),
    )
    coming = arrive(contents, b"coming")
    await contents.sweep()
    assert on_disk(tmp_path) == {digest(each) for each in kept} | {coming[digest(b"coming")].name}


async def test_bytes_that_come_while_a_sweep_goes_are_not_swept(db: Database, contents: Contents) -> None:
    async def sweep() -> None:
        for _ in range(10):
            await contents.sweep()

    async def come_and_go(n: int) -> None:
        for turn in range(10):
            await keep(db, contents, f"file_{n}", b"%d" % (n % 3))
            await contents.release([digest(b"%d" % (n % 3))])
            assert contents.place(digest(b"%d" % (n % 3))).read_bytes() == b"%d" % (n % 3), turn
            await db.write(forget, f"file_{n}")

    await asyncio.gather(sweep(), *(come_and_go(n) for n in range(9)))
    await contents.sweep()
    assert not contents.place(digest(b"1")).exists()


def test_what_was_coming_when_an_earlier_process_ended_is_cleared(contents: Contents) -> None:
    arrive(contents, b"one")
    contents.clear_incoming()
    assert list(contents.incoming.iterdir()) == []


async def test_who_is_cancelled_while_a_row_is_written_leaves_both_or_neither(
    db: Database, contents: Contents, tmp_path: Path
) -> None:
    for n in range(10):
        content = b"%d" % n
        keeping = asyncio.create_task(keep(db, contents, f"file_{n}", content))
        while not contents.place(digest(content)).exists():
            await asyncio.sleep(0)
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping
    rows = await db.read(lambda tx: tx.execute("SELECT sha256 FROM files").fetchall())
    assert {sha256 for (sha256,) in rows} == on_disk(tmp_path)
