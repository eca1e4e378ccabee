"""One query of BigQuery: how it is asked, its pages as they come, and its end at the server."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from cowork_desktop.connectors.drivers import bigquery_values as values
from cowork_desktop.connectors.drivers.bigquery_api import Api
from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row

_PAGE_ROWS = 10_000
_FIRST_MS = 1_000
"""Until it is over there is no id to cancel the job by."""
_WAIT_MS = 10_000
_CANCEL_SECONDS = 5.0


@dataclass(frozen=True)
class Query:
    sql: str
    dataset: str
    location: str
    most_bytes: int
    seconds: float

    @property
    def body(self) -> dict[str, Any]:
        """Of https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#QueryRequest."""
        return {
            "query": self.sql,
            "useLegacySql": False,
            "maxResults": _PAGE_ROWS,
            "timeoutMs": _FIRST_MS,
            "jobTimeoutMs": str(int(self.seconds * 1_000)),
            "maximumBytesBilled": str(self.most_bytes),
            "formatOptions": {"useInt64Timestamp": True},
            "requestId": str(uuid4()),
            **({"location": self.location} if self.location else {}),
            **({"defaultDataset": {"datasetId": self.dataset}} if self.dataset else {}),
        }

    @property
    def dry_job(self) -> dict[str, Any]:
        """Of https://cloud.google.com/bigquery/docs/reference/rest/v2/Job."""
        query: dict[str, Any] = {"query": self.sql, "useLegacySql": False}
        if self.dataset:
            query["defaultDataset"] = {"datasetId": self.dataset}
        place = {"jobReference": {"location": self.location}} if self.location else {}
        return {"configuration": {"dryRun": True, "query": query}} | place


@dataclass
class Job:
    api: Api = field(repr=False)
    query: Query
    _page: dict[str, Any] = field(default_factory=dict)
    _schema: dict[str, Any] = field(default_factory=dict)
    _has_ended: bool = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Job"]:
        """Until it is complete; left before its last page it is cancelled. Raises DriverFailed."""
        begin = asyncio.ensure_future(self.api.post("/queries", self.query.body))
        try:
            self._page = await asyncio.shield(begin)
            while not self._page.get("jobComplete"):
                self._page = await self._results({"timeoutMs": str(_WAIT_MS)})
            self._schema = self._page.get("schema", {})
            yield self
        finally:
            if not self._has_ended:
                await asyncio.shield(asyncio.ensure_future(self._cancel(begin)))

    @property
    def columns(self) -> list[Column]:
        return values.columns(self._schema)

    @property
    def affected(self) -> int | None:
        count = self._page.get("numDmlAffectedRows")
        return None if count is None else int(count)

    async def batches(self) -> AsyncIterator[Sequence[Row]]:
        while True:
            for batch in _batches(await asyncio.to_thread(self._rows)):
                yield batch
            if not (token := self._page.get("pageToken")):
                self._has_ended = True
                return
            self._page = await self._results({"pageToken": token})

    def _rows(self) -> list[Row]:
        try:
            return values.rows(self._schema, self._page.get("rows", []))
        except (ValueError, ArithmeticError, LookupError, TypeError):
            raise DriverFailed("failed", "BigQuery has sent a row that does not fit its columns.") from None

    async def _results(self, query: dict[str, str]) -> dict[str, Any]:
        """https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults."""
        reference = self._reference(self._page)
        if reference is None:
            raise DriverFailed("failed", "BigQuery does not say which job has the rest of the result.")
        id, location = reference
        place = {"location": location} if location else {}
        asked = {"maxResults": str(_PAGE_ROWS), "formatOptions.useInt64Timestamp": "true"} | place | query
        page = await self.api.get(f"/queries/{quote(id, safe='')}", asked)
        return {"jobReference": self._page.get("jobReference")} | page

    async def _cancel(self, begin: asyncio.Future[dict[str, Any]]) -> None:
        """As far as it can be done: the job has a time limit of its own."""
        with suppress(DriverFailed, TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                if reference := self._reference(self._page or await begin):
                    await self.api.cancel(*reference)

    @staticmethod
    def _reference(page: dict[str, Any]) -> tuple[str, str | None] | None:
        """The id of the job and its location."""
        match page.get("jobReference"):
            case {"jobId": str(id), **more}:
                return id, str(more["location"]) if more.get("location") else None
        return None


def _batches(rows: list[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]
