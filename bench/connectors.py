"""Rows about connections: what stands between a database's own library and the rows that a tool gets."""

import asyncio
import csv
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

import sqlglot

from bench.processes import Broken
from bench.report import Row, interleaved, pairs
from cowork_desktop.connectors.drivers.driver import Target
from cowork_desktop.connectors.drivers.sqlite import DRIVER
from cowork_desktop.connectors.masking import Masking
from cowork_desktop.connectors.parquet import write_parquet
from cowork_desktop.connectors.sql_guard import check_read

_ALL = "SELECT * FROM orders"
_ONE = "SELECT * FROM orders WHERE id = 77"
_SQL = (
    "WITH paid AS (SELECT customer, total FROM orders WHERE at >= '2026-01-01')"
    " SELECT customer, count(*) AS n, sum(total) OVER (PARTITION BY customer) FROM paid"
    " GROUP BY customer ORDER BY n DESC LIMIT 20"
)


@dataclass(frozen=True)
class Sample:
    seconds: float
    rows: int


def measure(folder: Path, *, rows: int, rounds: int, queries: int) -> Iterator[Row]:
    place = folder / "orders.db"
    _fill(place, rows)
    target = Target(settings={"path": str(place)}, secrets={}, access="read")
    through = partial(_through, target)
    yield _row(
        f"{rows:,} rows of SQLite, read in batches", rounds, through(_ALL), partial(_bare, place, _ALL), 0.7
    )
    numbers = count()
    yield _row(
        f"{rows:,} rows of SQLite, kept as Parquet (limit: as CSV by the csv module)",
        rounds,
        lambda: asyncio.run(_kept(target, folder / f"{next(numbers)}.parquet")),
        partial(_as_csv, place, folder / "orders.csv"),
        0.35,
    )
    yield _row(
        "one row of SQLite: guarded, opened, read (limit: opened and read)",
        rounds,
        partial(_many, queries, through(_ONE)),
        partial(_many, queries, partial(_bare, place, _ONE)),
    )
    yield _row(
        "the guard of one statement (limit: its parser alone)",
        rounds,
        partial(_many, queries, partial(_timed, lambda: check_read(_SQL, "postgres"))),
        partial(_many, queries, partial(_timed, lambda: sqlglot.parse(_SQL, dialect="postgres"))),
    )
    yield _row(
        "masking of 1 MB of JSON (limit: it is decoded)",
        rounds,
        partial(_timed, partial(Masking(["s3cr3t-of-20-letters", "another-one"]).text, _JSON)),
        partial(_timed, lambda: _JSON.encode().decode()),
    )


_JSON = '{"id": 12345, "name": "customer", "total": 12.5, "at": "2026-01-01T00:00:00Z"},\n' * 12_500


def _row(
    what: str,
    rounds: int,
    ours: Callable[[], Sample],
    theirs: Callable[[], Sample],
    goal: float | None = None,
) -> Row:
    results = interleaved(rounds + 1, ours, theirs)[1:]
    if any(product.rows != limit.rows for product, limit in results):
        raise Broken(f"{what}: not as many rows as the limit.")
    found = pairs(results, lambda sample: sample.seconds)
    shown = f"{found.ratio:.2f}"
    is_met = None if goal is None else found.ratio >= goal
    goals = "" if goal is None else f">= {goal}"
    return Row(what, _shown(median(found.product)), _shown(median(found.limit)), shown, goals, is_met)


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _fill(place: Path, rows: int) -> None:
    with closing(sqlite3.connect(place)) as db:
        db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL, at TEXT)")
        made = ((n, f"customer {n % 977}", n * 1.25, f"2026-01-{n % 28 + 1:02}") for n in range(rows))
        db.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", made)
        db.commit()


def _through(target: Target, sql: str) -> Callable[[], Sample]:
    async def read() -> int:
        rows = 0
        async with DRIVER.query(target, sql, seconds=600) as result:
            async for batch in result.batches:
                rows += len(batch)
        return rows

    def sample() -> Sample:
        begun = time.perf_counter()
        rows = asyncio.run(read())
        return Sample(time.perf_counter() - begun, rows)

    return sample


def _bare(place: Path, sql: str) -> Sample:
    """By the library alone, in a loop of its own as ours has one."""

    async def read() -> int:
        rows = 0
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as db:
            cursor = db.execute(sql)
            while batch := cursor.fetchmany(1_000):
                rows += len(batch)
        return rows

    begun = time.perf_counter()
    rows = asyncio.run(read())
    return Sample(time.perf_counter() - begun, rows)


async def _kept(target: Target, place: Path) -> Sample:
    begun = time.perf_counter()
    async with DRIVER.query(target, _ALL, seconds=600) as result:
        written = await write_parquet(result, place, see=lambda batch: None)
    return Sample(time.perf_counter() - begun, written.rows)


def _as_csv(place: Path, target: Path) -> Sample:
    begun, rows = time.perf_counter(), 0
    with closing(sqlite3.connect(place)) as db, target.open("w", newline="") as file:
        writer = csv.writer(file)
        for row in db.execute(_ALL):
            writer.writerow(row)
            rows += 1
    return Sample(time.perf_counter() - begun, rows)


def _many(times: int, sample: Callable[[], Sample]) -> Sample:
    """One of so many, in the mean."""
    samples = [sample() for _ in range(times)]
    return Sample(sum(one.seconds for one in samples) / times, samples[0].rows)


def _timed(work: Callable[[], object]) -> Sample:
    begun = time.perf_counter()
    work()
    return Sample(time.perf_counter() - begun, 0)
