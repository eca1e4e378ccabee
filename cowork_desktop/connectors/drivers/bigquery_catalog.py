"""What there is in a project of BigQuery, by the REST API, which costs nothing."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from cowork_desktop.connectors.drivers.bigquery_api import Api
from cowork_desktop.connectors.drivers.bigquery_values import type_of
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

_MOST_DATASETS = 50
_MOST_TABLES = 300
_AT_ONCE = 8
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


async def catalog_of(api: Api, dataset: str) -> Catalog:
    """Of one dataset, or of all. Raises DriverFailed."""
    names, is_complete = ([dataset], True) if dataset else await _datasets(api)
    found: list[tuple[str, str]] = []
    for name in names:
        listed = await api.get(
            f"/datasets/{quote(name, safe='')}/tables", {"maxResults": str(_MOST_TABLES + 1)}
        )
        found += [(name, str(table["tableReference"]["tableId"])) for table in listed.get("tables", [])]
        if len(found) > _MOST_TABLES or "nextPageToken" in listed:
            is_complete = False
            break
    one_at_a_time = asyncio.Semaphore(_AT_ONCE)
    work = [
        asyncio.ensure_future(_table(api, one_at_a_time, *name, not dataset)) for name in found[:_MOST_TABLES]
    ]
    try:
        tables = await asyncio.gather(*work)
    finally:
        for one in work:
            one.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    return Catalog(
        tables=tables,
        is_complete=is_complete,
        notes="GoogleSQL. What a query reads is billed by the columns it names: name few, and not *.",
    )


async def _datasets(api: Api) -> tuple[list[str], bool]:
    listed = await api.get("/datasets", {"maxResults": str(_MOST_DATASETS)})
    names = [str(one["datasetReference"]["datasetId"]) for one in listed.get("datasets", [])]
    return names, "nextPageToken" not in listed


async def _table(api: Api, turn: asyncio.Semaphore, dataset: str, name: str, is_named: bool) -> CatalogTable:
    async with turn:
        told = await api.get(f"/datasets/{quote(dataset, safe='')}/tables/{quote(name, safe='')}")
    rows = told.get("numRows")
    return CatalogTable(
        name=_quoted(f"{dataset}.{name}" if is_named else name),
        kind=str(told.get("type", "TABLE")).lower().replace("_", " "),
        columns=list(_columns(told.get("schema", {}))),
        rows=None if rows is None else int(rows),
        comment=told.get("description") or None,
    )


def _columns(schema: dict[str, Any]) -> Iterator[CatalogColumn]:
    for field in schema.get("fields", []):
        yield CatalogColumn(
            name=field["name"],
            type=type_of(field),
            is_nullable=field.get("mode", "NULLABLE") == "NULLABLE",
            comment=field.get("description") or None,
        )


def _quoted(name: str) -> str:
    return name if all(_PLAIN.fullmatch(part) for part in name.split(".")) else f"`{name}`"
