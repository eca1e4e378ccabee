"""Rows about the search: how soon it answers in a large store, beside the full-text index alone."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from bench.corpus import Corpus
from bench.indexing import indexing
from bench.processes import Broken, Child, product
from bench.report import Row, interleaved, pairs
from bench.scratchpads import API, Server
from bench.searchable import Searchable, seed_searchable
from cowork_desktop.schemas.search import SearchQuery
from cowork_desktop.store.search import match_of
from cowork_desktop.store.search_words import read_terms

SEARCH_GOAL = 5e-3
_PAGE = 20
_QUERIES = 5
_WARM_UP_SECONDS = 0.1
Sample = dict[str, float]


@dataclass(frozen=True)
class Query:
    words: str
    project_id: str | None = None

    @property
    def path(self) -> str:
        scope = {"project_id": self.project_id} if self.project_id else {}
        return f"/search?{urlencode({'q': self.words, **scope})}"

    @property
    def match(self) -> str:
        """The same, as the index is asked."""
        query = SearchQuery(q=self.words, project_id=self.project_id)
        return match_of(query, read_terms(self.words))


def measure(
    folder: Path, *, items: int, rounds: int, seconds: float, added: int, additions: int
) -> Iterator[Row]:
    """`added`: messages that come into the index besides the `items`, so many times in a row."""
    corpus = Corpus()
    seeded = seed_searchable(folder, corpus, items)
    ours, theirs = (Path(shutil.copy(seeded.database, folder / f"{side}.db")) for side in ("ours", "theirs"))
    with ExitStack() as stack:
        enter = stack.enter_context
        server = Server(*enter(product(seeded.data_dir)), seeded.conversation_ids[0])
        bench = _Bench(
            server,
            enter(Child("bench.load", log=folder / "load.log")),
            enter(Child("bench.raw_search", str(seeded.database), log=folder / "raw_search.log")),
        )
        for what, queries in _cases(bench, corpus, seeded, items).items():
            yield bench.row(f"search {items:,} messages for {what}", queries, rounds, seconds)
    yield from indexing(ours, theirs, seeded.conversation_ids, corpus, added=added, rounds=additions)


def _cases(bench: "_Bench", corpus: Corpus, seeded: Searchable, items: int) -> dict[str, list[Query]]:
    """What is asked for, a few of each, lest the same pages be read again and again."""
    first = [Query(word) for word in corpus.words[:40]]
    last = [Query(word) for word in corpus.words[-100:]]
    by_distance = sorted(
        zip(bench.hits(first), first, strict=True), key=lambda pair: abs(pair[0] - items / 2)
    )
    common = [query for _, query in by_distance][:_QUERIES]
    return {
        "a rare word": [query for query, hits in zip(last, bench.hits(last), strict=True) if hits][:_QUERIES],
        "a common word": common,
        "three words": [Query(" ".join(corpus.words[10 + n : 40 + n : 10])) for n in range(_QUERIES)],
        "two letters": [Query(word[:2]) for word in corpus.words[:_QUERIES]],
        "a common word in one project": [
            replace(query, project_id=id) for query, id in zip(common, seeded.project_ids, strict=False)
        ],
    }


class _Bench:
    """The two sides: `load` asks the server, `raw` the index in the same file."""

    def __init__(self, server: Server, load: Child, raw: Child) -> None:
        self._server, self._load, self._raw = server, load, raw

    def hits(self, queries: Sequence[Query]) -> list[int]:
        hits: list[int] = self._raw.ask(action="count", matches=[query.match for query in queries])["hits"]
        return hits

    def row(self, what: str, queries: list[Query], rounds: int, seconds: float) -> Row:
        hits = self.hits(queries)
        for query, count in zip(queries, hits, strict=True):
            found = self._server.call("GET", query.path)["data"]
            if len(found) != min(count, _PAGE):
                raise Broken(f"{query.path} finds {len(found)} of {count}.")
        ours, theirs = partial(self._ours, queries), partial(self._theirs, queries)
        for side in (ours, theirs):
            side(_WARM_UP_SECONDS)
        results = interleaved(rounds, partial(ours, seconds), partial(theirs, seconds))
        p50, p99 = pairs(results, lambda sample: sample["p50"]), pairs(results, lambda sample: sample["p99"])
        return Row(
            f"{what}, some {median(hits):,.0f} hits",
            _cell(p50.product, p99.product),
            _cell(p50.limit, p99.limit),
            f"{p50.ratio:.2f}",
            f"p50 <= {SEARCH_GOAL * 1e3:.0f} ms",
            median(p50.product) <= SEARCH_GOAL,
        )

    def _ours(self, queries: list[Query], seconds: float) -> Sample:
        paths = [API + query.path for query in queries]
        return self._load.ask(
            port=self._server.port, connections=1, seconds=seconds, method="GET", paths=paths
        )

    def _theirs(self, queries: list[Query], seconds: float) -> Sample:
        return self._raw.ask(action="run", matches=[query.match for query in queries], seconds=seconds)


def _cell(p50: Sequence[float], p99: Sequence[float]) -> str:
    return f"p50 {median(p50) * 1e3:>5.2f} ms p99 {median(p99) * 1e3:>6.2f} ms"
