"""Estimates of tokens, and how the provider's own count corrects them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.agent.model import (
    Document,
    Image,
    Message,
    ModelRequest,
    ProviderBlock,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from cowork_desktop.agent.tokens import IMAGE_TOKENS, Counted, estimate, of_text, size
from cowork_desktop.schemas.responses import Usage

PROSE = "The agent reads the file and tells the user which of the figures do not fit together. "


def user(*content: Text | Image | Document | ToolResult) -> Message:
    return Message("user", content)


def asking(*messages: Message) -> ModelRequest:
    return ModelRequest(model="m", system=["You help."], messages=messages)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 1),
        # What tokenizers make of them is between 4 and 5 characters a token, and a third more for newer ones.
        (PROSE * 100, 8_600 // 4, 8_600 // 3),
        ("12.5,17.25,300,4\n" * 100, 700, 1_000),
        ("Größe, Übergänge und Straßen; " * 100, 900, 1_500),
        ("日本語の文章をここに書きます。" * 100, 1_500, 2_500),
        ("😀" * 100, 150, 300),
    ],
)
def test_a_text_is_estimated_by_its_letters(text: str, least: int, most: int) -> None:
    assert least <= of_text(text) <= most


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(first: str, second: str) -> None:
    assert max(of_text(first), of_text(second)) <= of_text(first + second)


def test_a_lone_surrogate_can_be_estimated() -> None:
    assert of_text("\ud83d") > 0


def test_images_are_all_of_one_size_wherever_they_stand() -> None:
    image = Image("image/png", "x" * 1_000_000)
    with_one = estimate([user(image)]) - estimate([user()])
    in_a_result = estimate([user(ToolResult("1", "", images=[image, image]))]) - estimate(
        [user(ToolResult("1", ""))]
    )
    assert (with_one, in_a_result) == (IMAGE_TOKENS, 2 * IMAGE_TOKENS)


def test_a_pdf_is_estimated_by_its_bytes_within_bounds() -> None:
    sizes = [estimate([user(Document("a", "x" * n))]) for n in (10, 400_000, 10**8)]
    assert sizes == sorted(sizes)
    assert 3_000 <= sizes[0] < 3_100
    assert 30_000 < sizes[1] < 50_000
    assert 100_000 <= sizes[2] < 100_100


def test_all_that_is_sent_counts() -> None:
    bare = asking(user(Text("Hi")))
    tool = ToolSpec("read", PROSE, {"type": "object", "properties": {"path": {"description": PROSE}}})
    call = Message("assistant", [ToolCall("1", "read", {"path": PROSE})])
    thought = Message("assistant", [ProviderBlock("anthropic", {"type": "thinking", "thinking": PROSE})])
    more = of_text(PROSE)
    assert estimate(replace(bare, system=["You help.", PROSE])) >= estimate(bare) + more
    assert estimate(replace(bare, tools=[tool])) >= estimate(bare) + 2 * more
    assert estimate(asking(user(Text("Hi")), call)) >= estimate(bare) + more
    assert estimate(asking(user(Text("Hi")), thought)) >= estimate(bare) + more


def test_long_arguments_are_estimated_like_their_json() -> None:
    arguments = {"rows": [[n, n / 7, "x"] for n in range(1_000)]}
    call = Message("assistant", [ToolCall("1", "write", arguments)])
    assert estimate([call]) == pytest.approx(of_text(json.dumps(arguments)), rel=0.02)


# The provider's count


QUESTION, ANSWER = user(Text(PROSE * 50)), Message("assistant", [ToolCall("1", "read", {})])
RESULT = user(ToolResult("1", PROSE))
USAGE = Usage(
    input_tokens=100, cache_read_input_tokens=5_000, cache_creation_input_tokens=900, output_tokens=60
)


def test_after_an_answer_only_what_came_since_is_estimated() -> None:
    counted = Counted.of(asking(QUESTION), USAGE)
    assert size(asking(QUESTION, ANSWER, RESULT), counted) == 6_060 + estimate([RESULT])


def test_before_any_answer_all_is_estimated() -> None:
    request = asking(QUESTION)
    assert size(request, None) == estimate(request)


def test_a_count_of_other_messages_is_not_used() -> None:
    counted = Counted.of(asking(QUESTION), USAGE)
    for request in (
        asking(user(Text("a summary")), ANSWER, RESULT),
        asking(QUESTION),
        asking(QUESTION, RESULT),
        asking(),
    ):
        assert size(request, counted) == estimate(request)


def test_a_mark_of_the_cache_does_not_spoil_the_count() -> None:
    counted = Counted.of(asking(QUESTION), USAGE)
    moved = asking(replace(QUESTION, ends_prefix=True, content=list(QUESTION.content)), ANSWER, RESULT)
    assert size(moved, counted) == 6_060 + estimate([RESULT])


def test_an_endpoint_that_counts_no_input_has_counted_nothing() -> None:
    assert Counted.of(asking(QUESTION), Usage()) is None
    assert Counted.of(asking(QUESTION), Usage(output_tokens=60)) is None
