"""SQL that sums the tokens of turns."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from cowork_desktop.schemas.responses import Usage
from cowork_desktop.schemas.usage import UsageQuery
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, to_json

_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY = "strftime('%Y-%m-%d', t.created_at / 1000, 'unixepoch')"
_KEYS = {
    "day": _DAY,
    "model": "t.model",
    "day_model": _DAY,
    "conversation": "t.conversation_id",
    "project": "c.project_id",
}
_INPUT = "t.input_tokens + t.cache_read_input_tokens + t.cache_creation_input_tokens"
_SUMS = (
    "sum(t.input_tokens), sum(t.output_tokens), sum(t.cache_read_input_tokens),"
    " sum(t.cache_creation_input_tokens)"
)
_MOST_GROUPS = 1000


class Used(NamedTuple):
    """What turns of one group used that cost alike."""

    key: str | None
    of_model: str | None
    """Where the group is one by model too."""
    model: str
    provider: str
    are_long: bool
    """Each had more than `long_prompt` tokens of input, or none had."""
    responses: int
    usage: Usage


def used(tx: Tx, query: UsageQuery, long_prompt: int) -> list[Used]:
    """The groups in their order, each in as many parts as it has that cost alike."""
    where, values = _filter(query)
    by_day = query.group_by in ("day", "day_model")
    rows = tx.execute(
        f"WITH parts AS (SELECT {_KEYS[query.group_by]} AS key,"
        f" {'t.model' if query.group_by == 'day_model' else 'NULL'} AS of_model, t.model, t.provider,"
        f" {_INPUT} > ? AS are_long, count(*) AS n, {_SUMS}, sum({_INPUT} + t.output_tokens) AS total"
        " FROM turns t JOIN conversations c ON c.id = t.conversation_id"
        f" WHERE {where} GROUP BY 1, 2, 3, 4, 5),"
        " groups AS (SELECT *, sum(total) OVER (PARTITION BY key, of_model) AS of_group FROM parts)"
        " SELECT * FROM (SELECT *, dense_rank() OVER"
        f" (ORDER BY {'key DESC, ' if by_day else ''}of_group DESC, key, of_model) AS place FROM groups)"
        f" WHERE place <= {_MOST_GROUPS} ORDER BY place",
        (long_prompt, *values),
    )
    return [
        Used(key, of_model, model, provider, bool(are_long), n, _usage(*sums))
        for key, of_model, model, provider, are_long, n, *sums, _, _, _ in rows
    ]


def of_conversations(tx: Tx, ids: Sequence[str], long_prompt: int) -> list[Used]:
    """All of them as one group."""
    rows = tx.execute(
        f"SELECT t.model, t.provider, {_INPUT} > ? AS are_long, count(*), {_SUMS} FROM turns t"
        " WHERE t.conversation_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2, 3",
        (long_prompt, to_json(list(ids))),
    )
    return [
        Used(None, None, model, provider, bool(are_long), n, _usage(*sums))
        for model, provider, are_long, n, *sums in rows
    ]


def _filter(query: UsageQuery) -> tuple[str, list[Any]]:
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
    return where, values


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
