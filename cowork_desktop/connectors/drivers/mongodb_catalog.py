"""What there is in a database of MongoDB: its collections, and what some of their documents look like."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from cowork_desktop.connectors.drivers.mongodb_values import type_name
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

_MOST_COLLECTIONS = 200
_SAMPLED = 50
_SAMPLE_MS = 2_000
_NOTES = (
    'Queries are JSON, such as {"collection": "...", "filter": {...}, "sort": {...}, "limit": 20}, or with'
    f' "pipeline", "count" or "distinct". Fields are those of {_SAMPLED} documents.'
)

Database = AsyncDatabase[dict[str, Any]]


async def catalog_of(database: Database) -> Catalog:
    """Raises what pymongo does."""
    cursor = await database.list_collections()
    listed = await cursor.to_list(_MOST_COLLECTIONS + 1)
    await cursor.close()
    ours = [one for one in listed if not str(one["name"]).startswith("system.")]
    ours.sort(key=lambda one: str(one["name"]))
    tables = [await _table(database, one) for one in ours[:_MOST_COLLECTIONS]]
    return Catalog(tables=tables, is_complete=len(listed) <= _MOST_COLLECTIONS, notes=_NOTES)


async def _table(database: Database, listed: Mapping[str, Any]) -> CatalogTable:
    name, kind = str(listed["name"]), str(listed.get("type", "collection"))
    rows: int | None = None
    documents: Sequence[dict[str, Any]] = []
    try:
        if kind != "view":
            rows = await database[name].estimated_document_count(maxTimeMS=_SAMPLE_MS)
        sample = {"$sample": {"size": _SAMPLED}} if kind != "view" else {"$limit": _SAMPLED}
        async with await database[name].aggregate([sample], maxTimeMS=_SAMPLE_MS) as cursor:
            documents = await cursor.to_list(_SAMPLED)
    except OperationFailure:
        pass  # It may be listed, and not be readable, or take too long: the others are told all the same.
    return CatalogTable(name=name, kind=kind, columns=_columns(documents), rows=rows)


def _columns(documents: Sequence[dict[str, Any]]) -> list[CatalogColumn]:
    """In the order in which they are met."""
    types: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for document in documents:
        for key, value in document.items():
            types[key].add(type_name(value))
            counts[key] += 1
    return [
        CatalogColumn(
            name=key,
            type=" | ".join(sorted(found - {"null"})) or "null",
            is_nullable=True if "null" in found or counts[key] < len(documents) else None,
            key="primary" if key == "_id" else None,
        )
        for key, found in types.items()
    ]
