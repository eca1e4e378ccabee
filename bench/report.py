"""Rounds that take turns, what their ratios come to, and the table that shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    what: str
    product: str
    limit: str = ""
    ratio: str = ""
    goal: str = ""
    is_met: bool | None = None
    """None where there is no goal."""

    @property
    def cells(self) -> tuple[str, ...]:
        met = "" if self.is_met is None else "met" if self.is_met else "missed"
        return self.what, self.product, self.limit, self.ratio, self.goal, met


HEADER = ("what", "product", "limit", "ratio", "goal", "met?")


def table(rows: Sequence[Row]) -> str:
    """Columns that line up in a terminal and are Markdown elsewhere."""
    lines = [HEADER, *(row.cells for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADER))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in [HEADER, rule, *lines[1:]]
    )


@dataclass(frozen=True)
class Pairs:
    """What the two sides took in each round; for rates give their inverse."""

    product: list[float]
    limit: list[float]

    @property
    def ratio(self) -> float:
        """How much of the limit the product reaches: 1 is as good, 0.5 takes twice as long."""
        return median(limit / product for product, limit in zip(self.product, self.limit, strict=True))


def interleaved(rounds: int, product: Callable[[], T], limit: Callable[[], T]) -> list[tuple[T, T]]:
    """Run the two in turn, each first in every other round: a machine that gets slower then slows both."""
    results: list[tuple[T, T]] = []
    for n in range(rounds):
        if n % 2:
            second = limit()
            results.append((product(), second))
        else:
            results.append((product(), limit()))
    return results


def pairs(results: Sequence[tuple[T, T]], cost: Callable[[T], float]) -> Pairs:
    return Pairs([cost(product) for product, _ in results], [cost(limit) for _, limit in results])
