"""Rows about what it takes to bring messages into the full-text index."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, pairwise
from pathlib import Path
from statistics import median

from bench.corpus import Corpus
from bench.processes import Broken
from bench.report import Row, interleaved, pairs
from bench.searchable import insert_items
from cowork_desktop.store.database import Database
from cowork_desktop.store.search_index import bring_in

WAIT_GOAL = 0.05
"""Seconds, for whoever else writes."""


@dataclass(frozen=True)
class Sample:
    seconds: float
    longest: float
    """Of one transaction."""


def indexing(
    ours: Path, theirs: Path, conversation_ids: Sequence[str], corpus: Corpus, *, added: int, rounds: int
) -> Iterator[Row]:
    """`ours` and `theirs`: databases with the same index, to which so many messages are added each round."""
    batches = [list(corpus.texts(added)) for _ in range(rounds)]
    for_product, for_limit = iter(batches), iter(batches)
    results = interleaved(
        rounds,
        lambda: asyncio.run(_bring_in(ours, conversation_ids, next(for_product))),
        lambda: _insert(theirs, next(for_limit)),
    )
    if _rows(ours) != _rows(theirs):
        raise Broken("The two indexes do not hold as much.")
    whole = pairs(results, lambda sample: sample.seconds)
    yield Row(
        f"{added:,} new messages into that index; the limit at once",
        f"{median(whole.product):.2f} s",
        f"{median(whole.limit):.2f} s",
        f"{whole.ratio:.2f}",
    )
    longest = pairs(results, lambda sample: sample.longest)
    yield Row(
        "how long other writers wait for that meanwhile, at most",
        f"{median(longest.product) * 1e3:.0f} ms",
        f"{median(longest.limit) * 1e3:.0f} ms",
        goal=f"<= {WAIT_GOAL * 1e3:.0f} ms",
        is_met=median(longest.product) <= WAIT_GOAL,
    )


async def _bring_in(path: Path, conversation_ids: Sequence[str], texts: Sequence[str]) -> Sample:
    """As the server does, in many small transactions; the messages and their triggers are not timed."""
    async with Database.open(path) as db:
        await db.write(insert_items, conversation_ids, texts)
        moments, is_left = [time.perf_counter()], True
        while is_left:
            is_left = await db.write(bring_in)
            moments.append(time.perf_counter())
    bites = [end - start for start, end in pairwise(moments)]
    return Sample(moments[-1] - moments[0], max(bites))


def _insert(path: Path, texts: Sequence[str]) -> Sample:
    with closing(sqlite3.connect(path, isolation_level=None)) as tx:
        for pragma in ("synchronous = FULL", "cache_size = -16384"):
            tx.execute(f"PRAGMA {pragma}")
        scopes = tx.execute("SELECT DISTINCT scope FROM search_entries WHERE kind = 'item'").fetchall()
        rows = [(text, scope) for text, (scope,) in zip(texts, cycle(scopes), strict=False)]
        begun = time.perf_counter()
        tx.execute("BEGIN IMMEDIATE")
        tx.executemany("INSERT INTO search_index (title, text, scope) VALUES ('', ?, ?)", rows)
        tx.execute("COMMIT")
        seconds = time.perf_counter() - begun
    return Sample(seconds, seconds)


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as tx:
        [count] = tx.execute("SELECT count(*) FROM search_index").fetchone()
    return int(count)
