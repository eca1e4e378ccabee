"""What models cost: Anthropic's list prices as of November 2026, which may be outdated by now."""

import re
from dataclasses import dataclass

from cowork_desktop.agent.offline_model import NAME as OFFLINE
from cowork_desktop.schemas.responses import Usage

_PER_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens; writing the cache (5 minutes) is 1.25 times the input."""

    input: float
    output: float
    cache_read: float
    """A part of the price of the input."""

    def of(self, usage: Usage) -> float:
        return (
            self.input * usage.input_tokens
            + self.output * usage.output_tokens
            + self.input * 1.25 * usage.cache_creation_input_tokens
            + self.input * self.cache_read * usage.cache_read_input_tokens
        ) / _PER_MILLION


_VERSION_ENDS = r"(?!-?\d{1,2}(?!\d))(?![a-z.])"
"""After a version: nothing, a date or another word, but no further number of the version."""


def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"claude-(?:{name}){_VERSION_ENDS}", re.ASCII)


LONG_PROMPT = 100_000
"""Tokens of input above which one model (Haiku 5.5) is dearer."""
_HAIKU_5_5 = Price(0.1, 0.5, 0.1)
_HAIKU_5_5_LONG = Price(0.5, 2.5, 0.1)
_NOTHING = Price(0, 0, 0)
_DEAREST = Price(15, 75, 0.1)
_PRICES = (
    (_named("(fable|mythos)-5-1"), Price(10, 50, 0.025)),
    (_named("(fable|mythos)-5"), Price(10, 50, 0.1)),
    (_named("opus-5-5"), Price(4, 20, 0.05)),
    (_named("opus-5|opus-4-[5-8]"), Price(5, 25, 0.1)),
    (_named("opus-4|opus-4-[01]|3-opus"), Price(15, 75, 0.1)),
    (_named("sonnet-5-5"), Price(2, 10, 0.05)),
    (_named("sonnet-5"), Price(2, 10, 0.1)),
    (_named("sonnet-4|sonnet-4-[0-9]|3-[57]-sonnet|3-sonnet"), Price(3, 15, 0.1)),
    (_named("haiku-5-5"), _HAIKU_5_5),
    (_named("haiku-4-5"), Price(1, 5, 0.1)),
    (_named("3-5-haiku"), Price(0.8, 4, 0.1)),
    (_named("3-haiku"), Price(0.25, 1.25, 0.1)),
)


def cost_usd(model: str, usage: Usage) -> float | None:
    """US dollars for one call by the list price; None where the model's price is not known.

    A model may be named with a date after it or a vendor before it. One model (Haiku 5.5) is dearer where the
    input is long, so that for several calls together its cost may come out too high. The built-in offline
    model costs nothing.
    """
    return cost_of_alike(model, usage, are_long=usage.total - usage.output_tokens > LONG_PROMPT)


def cost_of_alike(model: str, usage: Usage, *, are_long: bool) -> float | None:
    """The same for any number of calls together, each of which had more input than LONG_PROMPT, or none."""
    price = list_price(model)
    if price == _HAIKU_5_5 and are_long:
        price = _HAIKU_5_5_LONG
    return None if price is None else price.of(usage)


def most_usd(usage: Usage) -> float:
    """What no model on the list would cost more than: for limits, where the model's price is not known."""
    return _DEAREST.of(usage)


def list_price(model: str) -> Price | None:
    """Where it depends on the length of the input: of a short one."""
    if model == OFFLINE:
        return _NOTHING
    name = model.lower()
    return next((price for pattern, price in _PRICES if pattern.search(name)), None)
