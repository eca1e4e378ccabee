"""What the model that is no language model answers."""

import pytest

from cowork_desktop.agent.model import Message, ModelRequest, Text, TextDelta, ToolCallEnded, ToolResult
from cowork_desktop.agent.offline_model import OfflineModel
from cowork_desktop.agent.tools.search_conversation import TOOL


def _request(*texts: str) -> ModelRequest:
    roles = ("user", "assistant")
    messages = [Message(roles[n % 2], [Text(text)]) for n, text in enumerate(texts)]  # type: ignore[arg-type]
    return ModelRequest(model="offline", system=[], messages=messages, tools=[TOOL.spec])


async def _answer(request: ModelRequest) -> str:
    return "".join(
        [event.text async for event in OfflineModel().stream(request) if isinstance(event, TextDelta)]
    )


@pytest.mark.parametrize(
    "question", ["help", "Hi!", "What can you do?", "who are you", "Write me a poem on rivers"]
)
async def test_every_answer_says_that_there_is_no_language_model(question: str) -> None:
    answer = await _answer(_request(question))
    assert "No language model is set up" in answer
    assert "Without a language model I can" in answer


async def test_a_recap_counts_and_lists_what_the_user_wrote() -> None:
    answer = await _answer(_request("First plan", "ok", "Second plan", "ok", "Summarise this conversation"))
    assert "you wrote 2 messages and got 2 answers" in answer
    assert "1. First plan\n2. Second plan" in answer


async def test_a_recap_of_something_else_is_not_a_recap_of_the_conversation() -> None:
    answer = await _answer(_request("Summarise last week's sales data from the north"))
    assert "I cannot answer it" in answer


async def test_a_question_about_earlier_words_searches_with_the_telling_ones() -> None:
    request = _request("The launch is in March", "ok", "When did you say the launch is?")
    calls = [event async for event in OfflineModel().stream(request) if isinstance(event, ToolCallEnded)]
    assert [(call.name, call.arguments) for call in calls] == [("search_conversation", {"query": "launch"})]


async def test_hits_are_quoted_and_no_hits_are_told() -> None:
    found = Message("user", [ToolResult("c", "[2026-01-01T10:00] user: In March")])
    request = ModelRequest(model="offline", system=[], messages=[found])
    assert "> [2026-01-01T10:00] user: In March" in await _answer(request)
    nothing = Message("user", [ToolResult("c", "Nothing found in the earlier messages.")])
    request = ModelRequest(model="offline", system=[], messages=[nothing])
    assert "none holds your words" in await _answer(request)
