"""Queries of MongoDB as JSON: what they can ask, and what nobody, or no reader, may ask.

Extended JSON is understood: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bson import json_util
from bson.code import Code
from bson.dbref import DBRef
from bson.errors import BSONError

from cowork_desktop.connectors.drivers.driver import DriverFailed

Kind = Literal["find", "pipeline", "count", "distinct", "insert", "update", "delete"]

_KEYS: Mapping[Kind, frozenset[str]] = {
    "pipeline": frozenset(("collection", "pipeline")),
    "count": frozenset(("collection", "count")),
    "distinct": frozenset(("collection", "distinct", "filter")),
    "insert": frozenset(("collection", "insert")),
    "update": frozenset(("collection", "update", "set", "many")),
    "delete": frozenset(("collection", "delete", "many")),
    "find": frozenset(("collection", "filter", "projection", "sort", "limit", "skip")),
}
_WRITES = ("insert", "update", "delete")
_CODE = frozenset(("$where", "$function", "$accumulator", "$code"))
"""JavaScript that the server runs."""
_NO_READ = frozenset(("$out", "$merge"))
_OF_SERVER = frozenset(
    ("$changestream", "$currentop", "$listlocalsessions", "$listsessions", "$plancachestats", "$querystats")
)
"""What others do there, and what never ends."""
_TYPES: Mapping[str, tuple[type, ...]] = {
    "pipeline": (list,),
    "count": (dict,),
    "distinct": (str,),
    "filter": (dict,),
    "projection": (dict, list),
    "sort": (dict,),
    "limit": (int,),
    "skip": (int,),
    "insert": (list,),
    "update": (dict,),
    "delete": (dict,),
    "set": (dict,),
    "many": (bool,),
}
_SHAPES = (
    'It should be like {"collection": "orders", "filter": {"total": 9}, "sort": {"at": -1}, "limit": 5},'
    ' {"collection": "orders", "pipeline": [{"$group": {"_id": "$city", "n": {"$sum": 1}}}]},'
    ' {"collection": "orders", "count": {}} or {"collection": "orders", "distinct": "city"}'
)
_WRITE_SHAPES = (
    '; to write {"collection": "orders", "insert": [{...}]},'
    ' {"collection": "orders", "update": {filter}, "set": {...}, "many": true} or'
    ' {"collection": "orders", "delete": {filter}, "many": true}'
)


@dataclass(frozen=True)
class Asked:
    kind: Kind
    collection: str
    parts: Mapping[str, Any] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        return self.parts.get(key, default)


def parsed(query: str, *, can_write: bool) -> Asked:
    """Raises DriverFailed."""
    shapes = _SHAPES + (_WRITE_SHAPES if can_write else "") + "."
    try:
        told = json_util.loads(query, json_options=json_util.JSONOptions(tz_aware=True))
    except (ValueError, TypeError, KeyError, BSONError, RecursionError):
        raise DriverFailed("bad_query", f"The query should be a JSON object. {shapes}") from None
    if not isinstance(told, dict):
        raise DriverFailed("bad_query", f"The query should be a JSON object. {shapes}")
    kind: Kind = next((kind for kind in _KEYS if kind in told), "find")
    collection = told.get("collection")
    if not isinstance(collection, str) or not collection or set(told) - _KEYS[kind]:
        raise DriverFailed("bad_query", f"The query is not understood. {shapes}")
    if kind in _WRITES and not can_write:
        raise DriverFailed("not_allowed", "The connection is read-only.")
    for key, value in told.items():
        if key in _TYPES and not _fits(value, _TYPES[key]):
            raise DriverFailed("bad_query", f"{key} does not fit in the query. {shapes}")
    _check(told, can_write)
    return Asked(kind, collection, _complete(kind, told, shapes))


def _fits(value: object, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (isinstance(value, bool) == (bool in types))


def _complete(kind: Kind, told: dict[str, Any], shapes: str) -> dict[str, Any]:
    """What a kind needs beside its own key."""
    if kind == "update" and not told.get("set"):
        raise DriverFailed("bad_query", f"An update needs what it sets. {shapes}")
    if any(told.get(key, 0) < 0 for key in ("limit", "skip")):
        raise DriverFailed("bad_query", "limit and skip cannot be less than 0.")
    documents = told.get("insert" if kind == "insert" else "pipeline", [])
    if not all(isinstance(document, dict) for document in documents) or (kind == "insert" and not documents):
        raise DriverFailed(
            "bad_query", f"Each {'document' if kind == 'insert' else 'stage'} should be an object."
        )
    return told


def _check(told: dict[str, Any], can_write: bool) -> None:
    """Wherever it stands, in a stage of a `$lookup` for one, and whatever it is meant as there."""
    for name, value in _pairs(told):
        operator = name.lower()
        if operator in _CODE or isinstance(value, Code):
            raise DriverFailed("not_allowed", f"JavaScript that the server runs ({name}) is not allowed.")
        if operator in _OF_SERVER:
            raise DriverFailed(
                "not_allowed", f"{name} is not allowed: it looks at the server, not at collections."
            )
        if operator in _NO_READ and not can_write:
            raise DriverFailed("not_allowed", f"{name} writes, and the connection is read-only.")


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    """Of all objects at any depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, DBRef):
            one = one.as_doc()
        if isinstance(one, Mapping):
            yield from one.items()
            waiting += one.values()
        elif isinstance(one, list):
            yield from (("", item) for item in one if isinstance(item, Code))
            waiting += one
