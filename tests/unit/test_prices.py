"""What calls of models cost by the list prices."""

import pytest

from cowork_desktop.agent.prices import cost_usd, most_usd
from cowork_desktop.schemas.responses import Usage

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("claude-opus-4-8", (5, 25)),
        ("claude-opus-4-5-20251101", (5, 25)),
        ("claude-opus-4-6-fast", (5, 25)),
        ("claude-opus-4-20250514", (15, 75)),
        ("claude-opus-4-0", (15, 75)),
        ("claude-opus-4-1-20250805", (15, 75)),
        ("claude-opus-4@20250514", (15, 75)),
        ("claude-opus-5", (5, 25)),
        ("claude-opus-5-5", (4, 20)),
        ("claude-fable-5-1", (10, 50)),
        ("claude-mythos-5", (10, 50)),
        ("claude-sonnet-4-20250514", (3, 15)),
        ("claude-sonnet-4-6", (3, 15)),
        ("claude-sonnet-5", (2, 10)),
        ("claude-sonnet-5-5", (2, 10)),
        ("claude-3-7-sonnet-latest", (3, 15)),
        ("claude-haiku-4-5-20251001", (1, 5)),
        ("claude-3-5-haiku-20241022", (0.8, 4)),
        ("claude-3-haiku-20240307", (0.25, 1.25)),
        ("anthropic/claude-sonnet-4-5", (3, 15)),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", (1, 5)),
        ("Claude-Opus-4-8", (5, 25)),
    ],
)
def test_a_model_is_known_by_the_beginning_of_its_name(model: str, prices: tuple[float, float]) -> None:
    read = cost_usd(model, Usage(input_tokens=MILLION))
    written = cost_usd(model, Usage(output_tokens=MILLION))
    assert (read, written) == prices


@pytest.mark.parametrize(
    "model",
    [
        "gpt-5",
        "",
        "llama",
        "claude",
        "claude-opus-4-9",
        "claude-opus-4-10",
        "claude-opus-5-1",
        "claude-opus-50",
    ],
)
def test_a_model_without_a_known_price_has_no_cost(model: str) -> None:
    assert cost_usd(model, Usage(input_tokens=1)) is None


@pytest.mark.parametrize(
    ("model", "read"),
    [
        ("claude-opus-4-8", 0.5),
        ("claude-opus-5-5", 0.2),
        ("claude-fable-5-1", 0.25),
        ("claude-sonnet-5-5", 0.1),
    ],
)
def test_what_is_read_from_the_cache_is_cheaper(model: str, read: float) -> None:
    assert cost_usd(model, Usage(cache_read_input_tokens=MILLION)) == pytest.approx(read)


def test_what_is_written_to_the_cache_is_dearer() -> None:
    assert cost_usd("claude-opus-4-8", Usage(cache_creation_input_tokens=MILLION)) == pytest.approx(6.25)


def test_a_cost_is_the_sum_of_all_tokens() -> None:
    usage = Usage(
        input_tokens=1_000,
        output_tokens=2_000,
        cache_read_input_tokens=10_000,
        cache_creation_input_tokens=4_000,
    )
    # 0.005 + 0.05 + 0.005 + 0.025
    assert cost_usd("claude-opus-4-8", usage) == pytest.approx(0.085)


def test_one_model_is_dearer_where_the_prompt_is_long() -> None:
    short = Usage(input_tokens=50_000, cache_read_input_tokens=50_000, output_tokens=1_000)
    long = short + Usage(input_tokens=1)
    assert cost_usd("claude-haiku-5-5", short) == pytest.approx(0.006)
    assert cost_usd("claude-haiku-5-5", long) == pytest.approx(0.03, rel=1e-3)


def test_the_offline_model_costs_nothing() -> None:
    assert cost_usd("offline", Usage(input_tokens=MILLION)) == 0


@pytest.mark.parametrize(
    "model", ["claude-opus-4", "claude-fable-5", "claude-haiku-5-5", "claude-sonnet-4-6"]
)
def test_no_model_costs_more_than_the_most(model: str) -> None:
    usage = Usage(
        input_tokens=200_000,
        output_tokens=5_000,
        cache_read_input_tokens=70_000,
        cache_creation_input_tokens=9_000,
    )
    cost = cost_usd(model, usage)
    assert cost is not None
    assert 0 < cost <= most_usd(usage)
