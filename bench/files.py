"""Rows about files: how fast large ones come and go, and the memory that they take."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.memory import watched
from bench.processes import Broken, Child, limit, product
from bench.report import Pairs, Row, interleaved, pairs
from bench.scratchpads import API, Server
from bench.seed import seed

UPLOAD_GOAL, DOWNLOAD_GOAL, MEMORY_GOAL = 0.7, 0.8, 30e6
_SECONDS = 30.0
_DOWNLOADS_A_ROUND = 2
"""For each upload: they are over sooner, and so noisier."""


@dataclass(frozen=True)
class Transfer:
    seconds: float
    memory: int
    """Bytes that the server had at most above what it had before."""
    reply: dict[str, Any]
    """What the client says of it."""


@dataclass(frozen=True)
class Side:
    """One of the two servers, and the client of both."""

    client: Child
    server: Child
    port: int

    def transfer(self, action: str, path: str, **options: Any) -> Transfer:
        reply, memory = watched(
            self.server, lambda: self.client.ask(action=action, port=self.port, path=path, **options)
        )
        return Transfer(reply["seconds"], memory, reply)


def measure(folder: Path, *, mebibytes: int, rounds: int) -> Iterator[Row]:
    """`mebibytes`: of one file."""
    data = seed(folder, "files", conversations=1)
    size, sent, received = mebibytes << 20, folder / "sent", folder / "received"
    with ExitStack() as stack:
        enter = stack.enter_context
        server, port = enter(product(data.data_dir))
        alone, alone_port = enter(limit("limit_files", str(received), log=folder / "limit_files.log"))
        client = enter(Child("bench.transfers", str(sent), str(size), log=folder / "transfers.log"))
        client.hear()
        store = _Store(Server(server, port, data.long_id), data.data_dir / "contents", size)
        cowork, bare = Side(client, server, port), Side(client, alone, alone_port)
        yield from _uploads(store, cowork, bare, sent, received, rounds)
        yield from _downloads(store, cowork, bare, _DOWNLOADS_A_ROUND * rounds)


@dataclass(frozen=True)
class _Store:
    """What the product has of the files."""

    server: Server
    contents: Path
    size: int

    def check(self, upload: Transfer) -> None:
        made, digest = upload.reply["answer"], upload.reply["sha256"]
        place = self.place(digest)
        if (made["size"], made["sha256"], place.stat().st_size) != (self.size, digest, self.size):
            raise Broken(f"What was stored is not what was sent: {made!r:.500}")
        if made["text_status"] != "none":
            raise Broken("The file's text is being read meanwhile.")

    def place(self, digest: str) -> Path:
        return self.contents / digest[:2] / digest

    def delete(self, upload: Transfer) -> None:
        """Until its bytes are gone from the disk too."""
        self.server.call("DELETE", f"/files/{upload.reply['answer']['id']}")
        place, until = self.place(upload.reply["sha256"]), time.monotonic() + _SECONDS
        while place.exists():
            if time.monotonic() > until:
                raise Broken(f"A deleted file was still on the disk after {_SECONDS:g} s.")
            time.sleep(0.01)


def _uploads(
    store: _Store, cowork: Side, bare: Side, sent: Path, received: Path, rounds: int
) -> Iterator[Row]:
    def ours() -> tuple[Transfer, float]:
        upload = cowork.transfer("upload", f"{API}/files")
        store.check(upload)
        store.delete(upload)
        return upload, upload.seconds

    def theirs() -> tuple[Transfer, float]:
        upload = bare.transfer("upload", "/files")
        _take_away(received, store.size)
        seconds = _copy(sent, received)
        _take_away(received, store.size)
        return upload, seconds

    results = interleaved(rounds, ours, theirs)
    what = f"upload of {store.size >> 20} MiB"
    served = pairs(results, lambda taken: taken[0].seconds)
    yield _speed(f"{what}; the limit has no SHA-256, rename, row", served, store.size, UPLOAD_GOAL)
    yield _speed(f"{what} beside `cp` and `sync`", pairs(results, lambda taken: taken[1]), store.size)
    yield _memory(f"memory of an {what}, the most of {rounds}", [(a, b) for (a, _), (b, _) in results])


def _downloads(store: _Store, cowork: Side, bare: Side, rounds: int) -> Iterator[Row]:
    upload = cowork.transfer("upload", f"{API}/files")
    store.check(upload)
    digest = upload.reply["sha256"]
    path = f"{API}/files/{upload.reply['answer']['id']}/content"
    bare_path = f"/content?place={store.place(digest)}"

    def ours(**options: bool) -> Transfer:
        return cowork.transfer("download", path, **options)

    def theirs(**options: bool) -> Transfer:
        return bare.transfer("download", bare_path, **options)

    first = ours(is_hashed=True), theirs(is_hashed=True)
    if any(download.reply["sha256"] != digest for download in first):
        raise Broken("What is sent is not what was stored.")
    results = interleaved(rounds, ours, theirs)
    if any(download.reply["size"] != store.size for pair in results for download in pair):
        raise Broken("Not all of a file was sent.")
    what = f"download of {store.size >> 20} MiB"
    yield _speed(what, pairs(results, lambda download: download.seconds), store.size, DOWNLOAD_GOAL)
    yield _memory(f"memory of a {what}, the most of {rounds + 1}", [first, *results])
    store.delete(upload)


def _copy(source: Path, target: Path) -> float:
    """Copy a file by the system's own means, for good; the seconds that it took."""
    begun = time.perf_counter()
    for command in (["cp", str(source), str(target)], ["sync", str(target)]):
        subprocess.run(command, check=True, timeout=_SECONDS)
    return time.perf_counter() - begun


def _take_away(place: Path, size: int) -> None:
    if place.stat().st_size != size:
        raise Broken("The limit did not store what was sent.")
    place.unlink()


def _speed(what: str, found: Pairs, size: int, goal: float | None = None) -> Row:
    return Row(
        what,
        f"{size / median(found.product) / 1e6:>6,.0f} MB/s",
        f"{size / median(found.limit) / 1e6:>6,.0f} MB/s",
        f"{found.ratio:.2f}",
        "" if goal is None else f">= {goal:.2f}",
        None if goal is None else found.ratio >= goal,
    )


def _memory(what: str, results: Sequence[tuple[Transfer, Transfer]]) -> Row:
    ours, theirs = (max(pair[n].memory for pair in results) for n in (0, 1))
    return Row(
        what,
        f"{ours / 1e6:.0f} MB",
        f"{theirs / 1e6:.0f} MB",
        goal=f"<= {MEMORY_GOAL / 1e6:.0f} MB",
        is_met=ours <= MEMORY_GOAL,
    )
