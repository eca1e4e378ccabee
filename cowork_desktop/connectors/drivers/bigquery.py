"""BigQuery over its REST API: https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query.

Fields: `key`, a service account's key file (or OAuth, with `project`); `project`, who is billed; `dataset`,
which names without one are looked up in; `location`; `max_gigabytes` that one query may read. Options:
`base_url` and `token_url`, for endpoints other than Google's public ones.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cowork_desktop.connectors.drivers.bigquery_api import Api, ScopeMissing, api
from cowork_desktop.connectors.drivers.bigquery_catalog import catalog_of
from cowork_desktop.connectors.drivers.bigquery_jobs import Job, Query
from cowork_desktop.connectors.drivers.driver import DriverFailed, Result, Target
from cowork_desktop.connectors.sql_guard import check_read, is_read
from cowork_desktop.schemas.connectors import Catalog

_ASK_SECONDS = 60.0
_GIGABYTE = 1_000_000_000


class BigQuery:
    async def probe(self, target: Target) -> str:
        """A query that is planned and not run: whoever can do it can query."""
        async with _within(_ASK_SECONDS), api(target) as signed_in:
            plan = _query(target, "SELECT 1", _ASK_SECONDS).body | {"dryRun": True}
            await signed_in.post("/queries", plan)
            return f"BigQuery, project {signed_in.project}"

    async def catalog(self, target: Target) -> Catalog:
        async with _within(_ASK_SECONDS), api(target) as signed_in:
            return await catalog_of(signed_in, target.text("dataset"))

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        sql = check_read(query, "bigquery").sql if target.access == "read" else query
        async with _within(seconds), api(target) as signed_in:
            asked = _query(target, sql, seconds)
            await _plan(signed_in, asked, target)
            async with Job(signed_in, asked).running() as job:
                yield Result(job.columns, job.batches(), job.affected)

    def is_read(self, target: Target, query: str) -> bool:
        return is_read(query, "bigquery", target.access)

    def sample(self, target: Target, table: str, rows: int) -> str:
        return f"SELECT * FROM {table} LIMIT {rows}"


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DriverFailed(
            "timeout", f"BigQuery did not end within {seconds:g} s, and was stopped."
        ) from None


def _query(target: Target, sql: str, seconds: float) -> Query:
    return Query(
        sql,
        dataset=target.text("dataset"),
        location=target.text("location"),
        most_bytes=target.number("max_gigabytes", 10) * _GIGABYTE,
        seconds=seconds,
    )


async def _plan(signed_in: Api, asked: Query, target: Target) -> None:
    """Let BigQuery say, before anything is run or costs, what the statement is and how much it reads.

    Only `jobs.insert` says what it is. A token that is good for reading alone cannot call it, and cannot
    change anything either.
    """
    try:
        job = await signed_in.post("/jobs", asked.dry_job, is_full=True)
        statistics = job.get("statistics", {})
        kind = statistics.get("query", {}).get("statementType")
        if target.access == "read" and kind != "SELECT":
            raise DriverFailed(
                "not_allowed",
                f"The connection is read-only, and BigQuery takes this for {kind or 'no query'}.",
            )
        count = statistics.get("totalBytesProcessed") or statistics.get("query", {}).get(
            "totalBytesProcessed"
        )
    except ScopeMissing:
        count = (await signed_in.post("/queries", asked.body | {"dryRun": True})).get("totalBytesProcessed")
    if int(count or 0) > asked.most_bytes:
        raise DriverFailed(
            "not_allowed",
            f"The query would read {int(count or 0) / _GIGABYTE:.1f} GB, and the connection allows"
            f" {asked.most_bytes / _GIGABYTE:g} GB. Select fewer columns, or filter by partition.",
        )


DRIVER = BigQuery()
