"""What turns together used and cost: sums of the store, at the list prices."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from cowork_desktop.agent import prices
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.schemas.usage import UsageGroup, UsageQuery, UsageReport
from cowork_desktop.store import usage
from cowork_desktop.store.database import Tx
from cowork_desktop.store.usage import Used


def report(tx: Tx, query: UsageQuery) -> UsageReport:
    parts = usage.used(tx, query, prices.LONG_PROMPT)
    groups = [
        _group(key, model, list(of_group))
        for (key, model), of_group in groupby(parts, lambda part: (part.key, part.of_model))
    ]
    return UsageReport(
        data=groups,
        responses=sum(group.responses for group in groups),
        usage=total(group.usage for group in groups),
        cost_usd=cost_usd(parts),
    )


def of_conversations(tx: Tx, ids: Sequence[str]) -> UsageGroup:
    """Of their turns together."""
    return _group(None, None, usage.of_conversations(tx, ids, prices.LONG_PROMPT))


def cost_usd(parts: Iterable[Used]) -> float | None:
    """None where the price of one of the models is not known."""
    costs = [_cost_usd(part) for part in parts]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def total(usages: Iterable[Usage]) -> Usage:
    return sum(usages, Usage())


def _group(key: str | None, model: str | None, parts: list[Used]) -> UsageGroup:
    return UsageGroup(
        key=key,
        model=model,
        responses=sum(part.responses for part in parts),
        usage=total(part.usage for part in parts),
        cost_usd=cost_usd(parts),
    )


def _cost_usd(part: Used) -> float | None:
    if part.provider == "offline" or not part.usage.total:
        return 0.0
    return prices.cost_of_alike(part.model, part.usage, are_long=part.are_long)
