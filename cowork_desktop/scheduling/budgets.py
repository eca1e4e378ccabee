"""What the runs of a schedule may use, have used, and can be expected to use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal, TypeVar

from cowork_desktop.agent import prices
from cowork_desktop.agent.running import RunBudget
from cowork_desktop.scheduling.zones import ZoneRefused, zone
from cowork_desktop.schemas.base import rfc3339
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.schemas.schedules import Budget, Estimate, Schedule, ScheduleRun, Spent
from cowork_desktop.store import schedule_runs
from cowork_desktop.store.database import Tx

N = TypeVar("N", int, float)
Basis = Literal["schedule", "project", "all"] | None

PAST_RUNS = 20
"""How many of the newest runs an estimate is made of."""


class UsedUp(Exception):
    """Nothing is left of the month's budget; says of which."""


@dataclass(frozen=True)
class Used:
    """What the runs of a month have used so far."""

    since: int
    runs: int
    tokens: int
    cost_usd: float | None
    most_usd: float
    """The cost, where what has no known price counts as the dearest."""

    def shown(self) -> Spent:
        return Spent(since=rfc3339(self.since), runs=self.runs, tokens=self.tokens, cost_usd=self.cost_usd)


def month_of(timezone: str, now: int) -> int:
    """When the month that is began in the timezone."""
    try:
        place: tzinfo = zone(timezone)
    except ZoneRefused:  # an update of the zones has taken it
        place = UTC
    local = datetime.fromtimestamp(now / 1000, place)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return int(first.astimezone(UTC).timestamp()) * 1000


def used(tx: Tx, schedule: Schedule, now: int) -> Used:
    since = month_of(schedule.timezone, now)
    by_model = schedule_runs.spent_since(tx, schedule.id, since)
    costs = [cost_usd(model, provider, usage) for model, provider, _, usage in by_model]
    return Used(
        since=since,
        runs=sum(runs for _, _, runs, _ in by_model),
        tokens=sum(usage.total for *_, usage in by_model),
        cost_usd=_sum(costs),
        most_usd=sum(
            prices.most_usd(usage) if cost is None else cost
            for (*_, usage), cost in zip(by_model, costs, strict=True)
        ),
    )


def left(budget: Budget, used: Used) -> RunBudget:
    """What the next run may use. Raises UsedUp."""
    tokens, cost = budget.month_tokens, budget.month_cost_usd
    if tokens is not None and used.tokens >= tokens:
        raise UsedUp(f"The month's budget of {tokens:,} tokens is used up: {used.tokens:,} so far.")
    if cost is not None and used.most_usd >= cost:
        raise UsedUp(f"The month's budget of {cost:g} US dollars is used up: {used.most_usd:.2f} so far.")
    return RunBudget(
        tokens=_least(budget.run_tokens, None if tokens is None else tokens - used.tokens),
        cost_usd=_least(budget.run_cost_usd, None if cost is None else cost - used.most_usd),
    )


def cost_usd(model: str | None, provider: str | None, usage: Usage) -> float | None:
    """By list prices; None where the model's is not known."""
    if provider == "offline" or not usage.total:
        return 0.0
    return prices.cost_usd(model or "", usage)


def with_cost(run: ScheduleRun) -> ScheduleRun:
    if run.finished_at is None or run.response_id is None:
        return run
    return run.model_copy(update={"cost_usd": cost_usd(run.model, run.provider, run.usage)})


def past(tx: Tx, schedule_id: str | None, project_id: str | None) -> tuple[Basis, list[ScheduleRun]]:
    """The runs that tell most about the next ones: the schedule's own, else the project's, else all."""
    if schedule_id and (runs := schedule_runs.past(tx, PAST_RUNS, schedule_id=schedule_id)):
        return "schedule", runs
    if project_id and (runs := schedule_runs.past(tx, PAST_RUNS, project_id=project_id)):
        return "project", runs
    runs = schedule_runs.past(tx, PAST_RUNS)
    return ("all" if runs else None), runs


def estimate(basis: Basis, runs: Sequence[ScheduleRun], runs_per_month: int) -> Estimate:
    """By the mean of past runs."""
    tokens = _mean([run.usage.total for run in runs])
    cost = _mean([cost_usd(run.model, run.provider, run.usage) for run in runs])
    return Estimate(
        based_on=basis,
        runs=len(runs),
        runs_per_month=runs_per_month,
        tokens_per_run=None if tokens is None else round(tokens),
        cost_usd_per_run=cost,
        tokens_per_month=None if tokens is None else round(tokens * runs_per_month),
        cost_usd_per_month=None if cost is None else cost * runs_per_month,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    total = _sum(values)
    return total / len(values) if values and total is not None else None


def _sum(values: Iterable[float | None]) -> float | None:
    """None where one of them is not known."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _least(*values: N | None) -> N | None:
    given = [value for value in values if value is not None]
    return min(given) if given else None
