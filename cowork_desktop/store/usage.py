"""SQL that sums the tokens of turns."""

from datetime import date

from cowork_desktop.schemas.responses import Usage
from cowork_desktop.schemas.usage import UsageGroup, UsageQuery, UsageReport
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions

_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_KEYS = {
    "day": "strftime('%Y-%m-%d', t.created_at / 1000, 'unixepoch')",
    "model": "t.model",
    "conversation": "t.conversation_id",
    "project": "c.project_id",
}
_SUMS = (
    "count(*), sum(t.input_tokens), sum(t.output_tokens), sum(t.cache_read_input_tokens),"
    " sum(t.cache_creation_input_tokens)"
)
_TOTAL = "sum(t.input_tokens + t.output_tokens + t.cache_read_input_tokens + t.cache_creation_input_tokens)"


def report(tx: Tx, query: UsageQuery) -> UsageReport:
    where, values = conditions(
        **{
            "c.project_id": query.project_id,
            "t.conversation_id": query.conversation_id,
            "t.model": query.model,
        }
    )
    if query.since:
        where, values = f"{where} AND t.created_at >= ?", [*values, _start_of(query.since)]
    if query.until:
        where, values = f"{where} AND t.created_at < ?", [*values, _start_of(query.until) + _DAY_MS]
    order = "1 DESC" if query.group_by == "day" else f"{_TOTAL} DESC, 1"
    rows = tx.execute(
        f"SELECT {_KEYS[query.group_by]}, {_SUMS} FROM turns t JOIN conversations c"
        f" ON c.id = t.conversation_id WHERE {where} GROUP BY 1 ORDER BY {order} LIMIT 1000",
        values,
    ).fetchall()
    groups = [UsageGroup(key=key, responses=n, usage=_usage(*sums)) for key, n, *sums in rows]
    return UsageReport(
        data=groups,
        responses=sum(group.responses for group in groups),
        usage=sum((group.usage for group in groups), Usage()),
    )


def _start_of(day: str) -> int:
    """Milliseconds since the Unix epoch."""
    return (date.fromisoformat(day).toordinal() - _EPOCH_DAY) * _DAY_MS


def _usage(fresh: int, written: int, cache_read: int, cache_creation: int) -> Usage:
    return Usage(
        input_tokens=fresh,
        output_tokens=written,
        cache_read_input_tokens=cache_read,
        cache_creation_input_tokens=cache_creation,
    )
