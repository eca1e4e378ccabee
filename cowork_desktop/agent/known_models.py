"""The models to choose from: those that are known by name, which are not all that can be used."""

from dataclasses import dataclass

from cowork_desktop.agent import offline_model, prices
from cowork_desktop.agent.anthropic_wire import PROVIDER
from cowork_desktop.schemas.settings import ModelChoice


@dataclass(frozen=True)
class _Known:
    id: str
    name: str
    context_tokens: int | None
    """The window by the provider's documentation, as of November 2026."""
    provider: str = PROVIDER


_KNOWN = (
    _Known("claude-opus-5-5", "Claude Opus 5.5", 1_000_000),
    _Known("claude-sonnet-5-5", "Claude Sonnet 5.5", 1_000_000),
    _Known("claude-haiku-5-5", "Claude Haiku 5.5", 1_000_000),
    _Known("claude-fable-5-1", "Claude Fable 5.1", 1_000_000),
    _Known("claude-opus-5", "Claude Opus 5", 1_000_000),
    _Known("claude-sonnet-5", "Claude Sonnet 5", 1_000_000),
    _Known("claude-opus-4-8", "Claude Opus 4.8", 1_000_000),
    _Known("claude-sonnet-4-6", "Claude Sonnet 4.6", 1_000_000),
    _Known("claude-haiku-4-5", "Claude Haiku 4.5", 200_000),
)
_OFFLINE = _Known(offline_model.NAME, "Built-in, no language model", None, offline_model.NAME)


def choices(default: str) -> list[ModelChoice]:
    """The one of the settings first where it is not known by name; the built-in one last."""
    known = [*_KNOWN, _OFFLINE]
    if default not in {one.id for one in known}:
        known.insert(0, _Known(default, default, None))
    return [_choice(one, is_default=one.id == default) for one in known]


def _choice(known: _Known, *, is_default: bool) -> ModelChoice:
    price = prices.list_price(known.id)
    return ModelChoice(
        id=known.id,
        name=known.name,
        is_default=is_default,
        context_tokens=known.context_tokens,
        input_usd_per_mtok=price.input if price else None,
        output_usd_per_mtok=price.output if price else None,
        provider=known.provider,
    )
