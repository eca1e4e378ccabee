"""What keys a Redis database has, by a sample of them."""

import re
from collections import Counter
from collections.abc import Mapping

from cowork_desktop.connectors.drivers.redis_session import RedisSession
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

NOTES = (
    "A query is one command, as redis-cli takes it: HGETALL user:1. SCAN 0 MATCH user:* lists keys to its"
    " end; LRANGE, ZRANGE, XRANGE, HSCAN, SSCAN and ZSCAN read what is in one. The tables here are patterns"
    " of keys, with the kind of the first key and, where not all keys were looked at, an estimate of how many"
    " there are."
)
_LOOKED_AT = 10_000
_MOST = 200
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "hash": ("field", "value"),
    "zset": ("member", "score"),
    "stream": ("id", "fields"),
}


async def catalog(session: RedisSession) -> Catalog:
    total = int(await session.ask(b"DBSIZE"))
    counts, examples, cursor, seen = Counter[str](), dict[str, bytes](), b"0", 0
    while True:
        cursor, keys = await session.ask(b"SCAN", cursor, b"COUNT", b"1000")
        seen += len(keys)
        for key in keys:
            pattern = _pattern(key)
            counts[pattern] += 1
            examples.setdefault(pattern, key)
        if cursor == b"0" or seen >= _LOOKED_AT:
            break
    is_all = cursor == b"0"
    share = 1.0 if is_all else total / max(seen, 1)
    tables = [
        await _table(session, pattern, examples[pattern], max(1, round(count * share)))
        for pattern, count in counts.most_common(_MOST)
    ]
    return Catalog(tables=tables, is_complete=is_all and len(counts) <= _MOST, notes=NOTES)


async def _table(session: RedisSession, pattern: str, example: bytes, rows: int) -> CatalogTable:
    kind = (await session.ask(b"TYPE", example)).decode("ascii", "replace")
    names = _COLUMNS.get(kind, ("value",))
    return CatalogTable(
        name=pattern, kind=kind, columns=[CatalogColumn(name=name, type="") for name in names], rows=rows
    )


def _pattern(key: bytes) -> str:
    """Of keys with the same beginning, up to the colon; of a key without one its name."""
    try:
        prefix, colon, _ = key[:200].decode().partition(":")
    except UnicodeDecodeError:
        return "*"
    literal = re.sub(r"([*?\[\]\\^])", r"\\\1", prefix)
    return f"{literal}:*" if colon else literal if len(key) <= 200 else f"{literal}*"
