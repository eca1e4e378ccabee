"""What is sent to the Messages API, and what its events become."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from cowork_desktop.agent.anthropic_wire import Answer, request_body
from cowork_desktop.agent.model import (
    Content,
    Document,
    Image,
    Message,
    ModelDone,
    ModelEvent,
    ModelRequest,
    ProviderBlock,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
    ToolSpec,
)
from cowork_desktop.agent.tool_arguments import parse_arguments
from cowork_desktop.schemas.conversations import ToolCallPart
from cowork_desktop.schemas.events import ToolCallDone, parse_frame, to_frame
from cowork_desktop.schemas.responses import Usage

CACHED = {"cache_control": {"type": "ephemeral"}}


def user(*content: Content) -> Message:
    return Message("user", content)


def assistant(*content: Content) -> Message:
    return Message("assistant", content)


def sent(*messages: Message) -> Any:
    return request_body(ModelRequest(model="m", system=[], messages=messages))["messages"]


def test_importing_the_model_does_not_import_the_sdk() -> None:
    code = (
        "import sys, cowork_desktop.agent.anthropic_model; print({'anthropic', 'httpx2'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


# Requests


def test_a_request_becomes_a_body_with_cache_marks_at_the_end_of_the_system_and_of_the_messages() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "abc"}
    request = ModelRequest(
        model="claude-opus-4-8",
        system=["You help.", "Today is Monday."],
        messages=[
            user(Text("What is in a.txt?")),
            assistant(
                ProviderBlock("anthropic", thought),
                Text("I look."),
                ToolCall("call_1", "read", {"path": "a.txt"}),
            ),
            user(ToolResult("call_1", "nothing", is_error=False)),
        ],
        tools=[ToolSpec("read", "Reads a file.", {"type": "object"}), ToolSpec("add", "Adds.", {})],
        max_output_tokens=1000,
    )
    assert request_body(request) == {
        "model": "claude-opus-4-8",
        "max_tokens": 1000,
        "system": [
            {"type": "text", "text": "You help."},
            {"type": "text", "text": "Today is Monday.", **CACHED},
        ],
        "tools": [
            {"name": "read", "description": "Reads a file.", "input_schema": {"type": "object"}},
            {"name": "add", "description": "Adds.", "input_schema": {}},
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "What is in a.txt?"}]},
            {
                "role": "assistant",
                "content": [
                    thought,
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "a.txt"}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "nothing", **CACHED}],
            },
        ],
    }


def test_a_request_without_system_and_tools_has_neither() -> None:
    assert request_body(ModelRequest(model="m", system=["", " \n"], messages=[user(Text("Hi"))])) == {
        "model": "m",
        "max_tokens": 16_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", **CACHED}]}],
    }


def test_messages_of_one_role_in_a_row_become_one() -> None:
    assert sent(user(Text("a")), user(Text("b")), assistant(Text("c")), user(Text("d"))) == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "c"}]},
        {"role": "user", "content": [{"type": "text", "text": "d", **CACHED}]},
    ]


def test_tool_results_come_first_in_their_message_and_keep_their_order() -> None:
    messages = sent(
        user(Text("also this")), user(ToolResult("1", "one"), Text("and this"), ToolResult("2", "two"))
    )
    assert messages == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "one"},
                {"type": "tool_result", "tool_use_id": "2", "content": "two"},
                {"type": "text", "text": "also this"},
                {"type": "text", "text": "and this", **CACHED},
            ],
        }
    ]


def test_blank_text_and_messages_that_it_leaves_empty_are_not_sent() -> None:
    assert sent(user(Text("a"), Text("")), assistant(Text(" \n")), user(Text("b"))) == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b", **CACHED}]}
    ]


def test_blocks_of_another_provider_are_dropped() -> None:
    assert sent(user(Text("a")), assistant(ProviderBlock("other", {"type": "thinking"}), Text("b"))) == [
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "b", **CACHED}]},
    ]


def test_the_cache_mark_never_stands_on_reasoning_and_never_gets_into_the_callers_block() -> None:
    thought = {"type": "redacted_thinking", "data": "xyz"}
    found = {"type": "server_tool_use", "id": "1", "name": "web_search", "input": {}}
    blocks = (ProviderBlock("anthropic", found), ProviderBlock("anthropic", thought))
    assert sent(assistant(*blocks)) == [{"role": "assistant", "content": [found | CACHED, thought]}]
    assert "cache_control" not in found


@pytest.mark.parametrize(
    ("result", "block"),
    [
        (ToolResult("1", "no such file", is_error=True), {"is_error": True, "content": "no such file"}),
        (
            ToolResult("1", "", is_error=True),
            {"is_error": True, "content": "The tool failed without a message."},
        ),
        (ToolResult("1", ""), {}),
        (ToolResult("1", "\ud83d!"), {"content": "\ufffd!"}),
    ],
)
def test_a_tool_result_becomes_a_block_that_the_provider_takes(result: ToolResult, block: Any) -> None:
    expected = {"type": "tool_result", "tool_use_id": "1", **block, **CACHED}
    assert sent(user(result)) == [{"role": "user", "content": [expected]}]


def test_text_with_half_a_surrogate_pair_can_be_sent() -> None:
    assert sent(user(Text("a\ud83d b \ud83d\ude00"))) == [
        {"role": "user", "content": [{"type": "text", "text": "a\ufffd b 😀", **CACHED}]}
    ]


PNG = Image("image/png", "iVBORw0KGgo=")
PNG_BLOCK = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
}


def test_images_and_documents_stand_where_they_were_and_carry_the_mark() -> None:
    document = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        "title": "Q3 \ufffd.pdf",
    }
    report = Document("Q3 \ud83d.pdf", "JVBERi0=")
    assert sent(user(PNG, Text("compare"), report)) == [
        {"role": "user", "content": [PNG_BLOCK, {"type": "text", "text": "compare"}, document | CACHED]}
    ]


def test_a_document_without_a_title_has_none_and_a_long_title_is_cut() -> None:
    [message] = sent(user(Document(" ", "JVBERi0="), Document("t" * 501, "JVBERi0=")))
    assert [block.get("title") for block in message["content"]] == [None, "t" * 500]


def test_the_images_of_a_result_stand_in_it_after_its_words() -> None:
    messages = sent(
        user(PNG, ToolResult("1", "A plot.", images=[PNG, PNG]), ToolResult("2", " ", images=[PNG]))
    )
    words = {"type": "text", "text": "A plot."}
    assert messages == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": [words, PNG_BLOCK, PNG_BLOCK]},
                {"type": "tool_result", "tool_use_id": "2", "content": [PNG_BLOCK]},
                PNG_BLOCK | CACHED,
            ],
        }
    ]


def test_an_error_has_no_images_which_the_provider_would_refuse() -> None:
    result = ToolResult("1", "It failed.", is_error=True, images=[PNG])
    expected = {"type": "tool_result", "tool_use_id": "1", "is_error": True, "content": "It failed."}
    assert sent(user(result)) == [{"role": "user", "content": [expected | CACHED]}]


def marked(*messages: Message) -> list[Any]:
    """What the blocks with a mark hold."""
    return [
        block.get("text") or block.get("content") or block.get("name")
        for message in sent(*messages)
        for block in message["content"]
        if block.get("cache_control") == {"type": "ephemeral"}
    ]


def ending(message: Message) -> Message:
    return replace(message, ends_prefix=True)


def test_the_end_of_what_later_requests_begin_with_is_marked_too() -> None:
    assert marked(ending(user(Text("a"))), assistant(Text("b")), user(Text("c"))) == ["a", "c"]


def test_only_the_last_such_end_is_marked_however_many_there_are() -> None:
    turns = [message for n in range(9) for message in (user(Text(f"q{n}")), ending(assistant(Text(f"a{n}"))))]
    assert marked(*turns, user(Text("now"))) == ["a8", "now"]


def test_messages_that_become_one_keep_the_mark_within() -> None:
    messages = (ending(user(Text("a"), Text("b"))), user(Text("c")), assistant(Text("d")), user(Text("e")))
    assert marked(*messages) == ["b", "e"]


def test_the_mark_of_a_message_stands_on_what_comes_last_when_results_come_first() -> None:
    messages = (ending(user(Text("a"), ToolResult("1", "one"))), user(Text("b"), ToolResult("2", "two")))
    assert marked(*messages) == ["a", "b"]


def test_an_end_that_cannot_be_marked_leaves_the_mark_to_what_stands_before_it() -> None:
    thought = ProviderBlock("anthropic", {"type": "redacted_thinking", "data": "xyz"})
    assert marked(user(Text("a")), ending(assistant(thought)), user(Text("b"))) == ["a", "b"]
    assert marked(user(Text("a")), ending(assistant(Text(" "))), user(Text("b"))) == ["a", "b"]
    assert marked(ending(user(Text(" "))), user(Text("b"))) == ["b"]


def test_an_end_that_is_the_end_of_all_has_one_mark() -> None:
    assert marked(user(Text("a")), assistant(Text("b")), ending(user(Text("c")))) == ["c"]


def test_a_whole_request_has_no_more_marks_than_the_provider_takes() -> None:
    request = ModelRequest(
        model="m",
        system=["one", "two", "three"],
        messages=[ending(user(Text("a"))), ending(assistant(Text("b"))), user(Text("c"))],
        tools=[ToolSpec("read", "Reads a file.", {"type": "object"})],
    )
    assert json.dumps(request_body(request)).count("cache_control") == 3


class Range(BaseModel):
    first: int
    last: int


class ReadInput(BaseModel):
    path: str
    parts: list[Range] = []


def test_the_schema_of_an_input_with_nested_shapes_is_sent_as_it_is() -> None:
    tool = ToolSpec("read", "Reads a file.", ReadInput.model_json_schema())
    body = request_body(ModelRequest(model="m", system=[], messages=[user(Text("a"))], tools=[tool]))
    schema = body["tools"][0]["input_schema"]
    assert schema["type"] == "object"
    assert schema["properties"]["parts"]["items"] == {"$ref": "#/$defs/Range"}
    assert schema["$defs"]["Range"]["required"] == ["first", "last"]


# Arguments of tool calls


def test_the_arguments_of_a_call_are_a_json_object_or_nothing() -> None:
    assert parse_arguments('{"a": [1, "é", null]}') == ({"a": [1, "é", None]}, None)
    assert parse_arguments(r'{"a": "\ud83d\ude00"}') == ({"a": "😀"}, None)
    assert parse_arguments("") == ({}, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1', "The arguments are not valid JSON: Expecting ',' delimiter at character 7 of 7."),
        ('{"a": 1} x', "The arguments are not valid JSON: Extra data at character 9 of 10."),
        ("[1]", "The arguments must be a JSON object, not list."),
        ("null", "The arguments must be a JSON object, not NoneType."),
        ('{"a": NaN}', "The arguments are not valid JSON: NaN is no JSON value."),
        ('{"a": 1e999}', "The arguments are not valid JSON: 1e999 is no JSON value."),
        (r'{"a": "\ud83d"}', "The arguments are not valid JSON: a character that is half of a pair."),
        ('{"a": ' + "[" * 200_000, "The arguments are nested too deeply."),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "The arguments are nested deeper than 100 levels."),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_with_the_reason(text: str, problem: str) -> None:
    assert parse_arguments(text) == (None, problem)


# Answers


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind} | fields}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def begin(**usage: Any) -> dict[str, Any]:
    return {"type": "message_start", "message": {"usage": usage}}


def end(stop_reason: str | None, **usage: Any) -> list[dict[str, Any]]:
    ending = {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": usage}
    return [ending, {"type": "message_stop"}]


def taken(*events: dict[str, Any]) -> tuple[Sequence[ModelEvent], ModelDone]:
    answer = Answer()
    out = [model_event for event in events for model_event in answer.take(event)]
    assert answer.is_whole
    return out, answer.done()


def test_reasoning_text_and_tool_calls_become_events_and_the_content_to_send_back() -> None:
    events, done = taken(
        begin(input_tokens=7, output_tokens=1, cache_read_input_tokens=100, cache_creation_input_tokens=None),
        start(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="Let me "),
        delta(0, "thinking_delta", thinking="see."),
        delta(0, "signature_delta", signature="c2ln"),
        stop(0),
        start(1, type="redacted_thinking", data="xyz"),
        stop(1),
        start(2, type="text", text=""),
        delta(2, "text_delta", text="I "),
        delta(2, "text_delta", text="look."),
        stop(2),
        start(3, type="tool_use", id="a", name="read", input={}),
        delta(3, "input_json_delta", partial_json=""),
        delta(3, "input_json_delta", partial_json='{"pa'),
        delta(3, "input_json_delta", partial_json='th": "x"}'),
        stop(3),
        start(4, type="tool_use", id="b", name="list", input={}),
        stop(4),
        *end("tool_use", output_tokens=30),
    )
    assert events == [
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        TextDelta("I "),
        TextDelta("look."),
        ToolCallBegun("a", "read"),
        ToolCallArguments("a", '{"pa'),
        ToolCallArguments("a", 'th": "x"}'),
        ToolCallEnded("a", "read", {"path": "x"}),
        ToolCallBegun("b", "list"),
        ToolCallEnded("b", "list", {}),
    ]
    assert done == ModelDone(
        stop_reason="tool_use",
        usage=Usage(input_tokens=7, output_tokens=30, cache_read_input_tokens=100),
        content=[
            ProviderBlock("anthropic", {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}),
            ProviderBlock("anthropic", {"type": "redacted_thinking", "data": "xyz"}),
            Text("I look."),
            ToolCall("a", "read", {"path": "x"}),
            ToolCall("b", "list", {}),
        ],
    )


def test_a_malformed_call_ends_with_the_problem_and_stands_in_the_content_without_arguments() -> None:
    events, done = taken(
        start(0, type="tool_use", id="a", name="read", input={}),
        delta(0, "input_json_delta", partial_json='{"path": '),
        stop(0),
        *end("tool_use"),
    )
    assert events[-1] == ToolCallEnded(
        "a", "read", None, "The arguments are not valid JSON: Expecting value at character 9 of 9."
    )
    assert done.content == [ToolCall("a", "read", {})]


def test_a_call_whose_arguments_came_whole_at_its_start_keeps_them() -> None:
    events, done = taken(
        start(0, type="tool_use", id="a", name="read", input={"path": "x"}), stop(0), *end("tool_use")
    )
    assert events[-1] == ToolCallEnded("a", "read", {"path": "x"})
    assert done.content == [ToolCall("a", "read", {"path": "x"})]


def test_a_call_whose_id_or_name_has_half_a_surrogate_pair_can_be_stored_and_sent_back() -> None:
    events, done = taken(
        start(0, type="tool_use", id="a\ud800", name="read\udc00 \ud83d\ude00", input={}),
        delta(0, "input_json_delta", partial_json="{}"),
        stop(0),
        *end("tool_use"),
    )
    id, name = "a\ufffd", "read\ufffd 😀"
    assert events == [ToolCallBegun(id, name), ToolCallArguments(id, "{}"), ToolCallEnded(id, name, {})]
    assert done.content == [ToolCall(id, name, {})]


def test_blocks_that_nobody_ended_end_with_the_answer() -> None:
    events, done = taken(
        start(0, type="text", text="Al"),
        delta(0, "text_delta", text="most"),
        start(1, type="tool_use", id="a", name="read", input={}),
        *end("max_tokens"),
    )
    assert events[-1] == ToolCallEnded("a", "read", {})
    assert done == ModelDone("max_tokens", Usage(), [Text("Almost"), ToolCall("a", "read", {})])


def test_reasoning_that_was_cut_off_before_its_signature_is_not_sent_back() -> None:
    _, done = taken(
        start(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="Hm"),
        stop(0),
        *end("max_tokens"),
    )
    assert done.content == []


def test_blocks_of_the_providers_own_tools_go_back_as_they_came() -> None:
    _, done = taken(
        start(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, "input_json_delta", partial_json='{"query": "x"}'),
        stop(0),
        start(1, type="web_search_tool_result", tool_use_id="s", content=[{"type": "web_search_result"}]),
        stop(1),
        *end("pause_turn"),
    )
    found = {
        "type": "web_search_tool_result",
        "tool_use_id": "s",
        "content": [{"type": "web_search_result"}],
    }
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}
    assert done.stop_reason == "pause_turn"
    assert done.content == [ProviderBlock("anthropic", search), ProviderBlock("anthropic", found)]


def test_counts_only_grow_and_what_is_no_number_is_not_counted() -> None:
    _, done = taken(
        begin(input_tokens=50, output_tokens="many", cache_creation_input_tokens=8),
        *end("end_turn", input_tokens=0, output_tokens=9, cache_creation_input_tokens=None),
    )
    assert done.usage == Usage(input_tokens=50, output_tokens=9, cache_creation_input_tokens=8)


@pytest.mark.parametrize(
    "stop_reason", ["end_turn", "max_tokens", "refusal", "pause_turn", "stop_sequence", "a_new_one"]
)
def test_the_stop_reason_is_passed_on_as_it_is(stop_reason: str) -> None:
    assert taken(*end(stop_reason))[1].stop_reason == stop_reason


def test_a_stop_reason_that_is_missing_follows_from_the_content() -> None:
    call = start(0, type="tool_use", id="a", name="read", input={})
    assert taken(*end(None))[1].stop_reason == "end_turn"
    assert taken(call, *end(None))[1].stop_reason == "tool_use"


def test_events_and_deltas_of_an_unknown_type_change_nothing() -> None:
    events, done = taken(
        {"type": "news"},
        start(0, type="text", text=""),
        delta(0, "citations_delta", citation={}),
        *end("end_turn"),
    )
    assert (events, done) == ([], ModelDone("end_turn", Usage(), []))


def test_half_a_surrogate_pair_in_a_delta_is_replaced() -> None:
    events, _ = taken(
        start(0, type="text", text=""), delta(0, "text_delta", text="a\ud83d"), *end("end_turn")
    )
    assert events == [TextDelta("a\ufffd")]


def test_arguments_as_deep_as_may_be_can_be_told_and_stored() -> None:
    arguments, problem = parse_arguments('{"a": ' + "[" * 99 + "]" * 99 + "}")
    assert problem is None
    call = ToolCallPart(call_id="c", name="n", arguments=arguments or {}, output="", status="success")
    event = ToolCallDone(
        sequence_number=0,
        response_id="resp_1",
        item_id="msg_1",
        output_index=0,
        content_index=0,
        call_id="c",
        call=call,
    )
    assert parse_frame(to_frame(event)) == event
