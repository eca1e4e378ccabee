"""What the model that is no language model answers, and which calls it makes before."""

import ast
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.agent.code_screen import Screened, screen
from cowork_desktop.agent.fence import fence
from cowork_desktop.agent.model import (
    Content,
    Document,
    Image,
    Message,
    ModelDone,
    ModelRequest,
    Text,
    TextDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
    ToolSpec,
)
from cowork_desktop.agent.offline import columns, looking, reading
from cowork_desktop.agent.offline.findings import figure, sentences
from cowork_desktop.agent.offline_model import OfflineModel

ALL = ("run_code", "publish_scratchpad", "search_files", "search_conversation")
NOTICE = "No language model is set up"
SALES = "<files>\n- files/sales.csv (text/csv, 12,345 bytes)\n</files>"
FOUND = {
    "rows": 300,
    "columns": 2,
    "roles": {"date": 1, "number": 1},
    "missing": {"cells": 0, "of": 600, "columns": 0, "most": []},
    "copies": 0,
}


def _request(*texts: str, about: Sequence[Content] = (), tools: Sequence[str] = ALL) -> ModelRequest:
    """A conversation whose last message is the user's; `about` comes behind its words."""
    roles = ("user", "assistant")
    messages = [Message(roles[n % 2], [Text(text)]) for n, text in enumerate(texts[:-1])]  # type: ignore[arg-type]
    messages.append(Message("user", [Text(texts[-1]), *about]))
    specs = [ToolSpec(name, "", {}) for name in tools]
    return ModelRequest(model="offline", system=[], messages=messages, tools=specs)


def _with_files(words: str, *paths: str, attached: Sequence[str] = ()) -> ModelRequest:
    listed = "\n".join(f"- {path} (text/csv, 1,000 bytes)" for path in paths)
    parts = [Text(f"[attached: {name} (text/csv, 1,000 bytes); a profile of it:]") for name in attached]
    return _request(words, about=[*parts, Text(f"Today.\n\n<files>\n{listed}\n</files>")])


async def _step(request: ModelRequest) -> ToolCall | str:
    """What the model does next: one call, or its answer."""
    events = [event async for event in OfflineModel().stream(request)]
    done = events[-1]
    assert isinstance(done, ModelDone)
    [content] = done.content
    if isinstance(content, ToolCall):
        begun, arguments, ended = events[:-1]
        assert begun == ToolCallBegun(content.call_id, content.name)
        assert isinstance(arguments, ToolCallArguments)
        assert json.loads(arguments.json) == content.arguments
        assert ended == ToolCallEnded(content.call_id, content.name, content.arguments)
        assert done.stop_reason == "tool_use"
        return content
    assert isinstance(content, Text)
    assert done.stop_reason == "end_turn"
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == content.text
    return content.text


def _after(request: ModelRequest, call: ToolCall, output: str, is_error: bool = False) -> ModelRequest:
    """The request that follows when the call gave this."""
    result = ToolResult(call.call_id, fence(output, "what the cell printed"), is_error)
    more = [Message("assistant", [call]), Message("user", [result])]
    return ModelRequest(request.model, request.system, [*request.messages, *more], request.tools)


async def _whole(
    request: ModelRequest, outputs: dict[str, str], failing: Sequence[str] = ()
) -> tuple[list[ToolCall], str]:
    """All calls and the answer. A call gives the output whose key is in its name or arguments."""
    calls: list[ToolCall] = []
    while not isinstance(step := await _step(request), str):
        calls.append(step)
        what = step.name + json.dumps(step.arguments)
        output = next((text for key, text in outputs.items() if key in what), "")
        request = _after(request, step, output, any(key in what for key in failing))
    return calls, step


def _first_lines(calls: Sequence[ToolCall]) -> list[str]:
    return [str(call.arguments.get("code", call.name)).partition("\n")[0] for call in calls]


LOADED, KINDS = (
    {"# Read the table": "300 rows, 2 columns"},
    {"# What each column": 'kinds: {"number": 1, "date": 1}'},
)
ENDED = {"# All that was found": "findings: " + json.dumps(FOUND)}


@pytest.mark.parametrize(
    "question", ["help", "Hi!", "What can you do?", "who are you", "Write me a poem on rivers"]
)
async def test_every_answer_says_that_there_is_no_language_model(question: str) -> None:
    answer = await _step(_request(question))
    if isinstance(answer, ToolCall):
        _, answer = await _whole(_request(question), {"search": "Nothing found."})
    assert answer.count(NOTICE) == 1
    assert "Without a language model I can" in answer


async def test_a_recap_counts_and_lists_what_the_user_wrote() -> None:
    answer = await _step(_request("First plan", "ok", "Second plan", "ok", "Summarise this conversation"))
    assert isinstance(answer, str)
    assert "you wrote 2 messages and got 2 answers" in answer
    assert "1. First plan\n2. Second plan" in answer


async def test_a_recap_tells_neither_what_stood_beside_the_words_nor_the_summary_before_them() -> None:
    request = _request("recap")
    summary = Text("Its beginning is summed up.\n" + fence("Old things", "a summary of the conversation"))
    earlier = [
        Message("user", [summary]),
        Message("user", [Text("First plan"), Text("For this message: it is Monday")]),
    ]
    answer = await _step(ModelRequest("offline", [], [*earlier, *request.messages], request.tools))
    assert isinstance(answer, str)
    assert "you wrote 1 messages" in answer
    assert "1. First plan\n" in answer
    assert "Monday" not in answer


async def test_a_recap_of_something_else_is_not_a_recap_of_the_conversation() -> None:
    _, answer = await _whole(_request("Summarise last week's sales data from the north"), {})
    assert "I cannot answer it" in answer


async def test_a_question_looks_in_the_files_and_then_in_what_was_said() -> None:
    request = _request("The launch is in March", "ok", "When did you say the launch is?")
    outputs = {"search_files": "Nothing found.", "search_conversation": "[2026-01-01T10:00] user: In March"}
    calls, answer = await _whole(request, outputs)
    assert [(call.name, call.arguments) for call in calls] == [
        ("search_files", {"query": "launch"}),
        ("search_conversation", {"query": "launch"}),
    ]
    assert "> [2026-01-01T10:00] user: In March" in answer


async def test_places_in_files_are_quoted_and_end_the_search() -> None:
    calls, answer = await _whole(
        _request("What was the operating margin?"),
        {"search_files": "Q2.pdf, page 3: the operating margin was 12 %"},
    )
    assert [call.name for call in calls] == ["search_files"]
    assert "> Q2.pdf, page 3: the operating margin was 12 %" in answer
    assert "<content" not in answer


async def test_no_hits_are_told() -> None:
    _, answer = await _whole(
        _request("A", "ok", "When is the launch?"), {"search": "Nothing found in the earlier messages."}
    )
    assert "none holds your words" in answer


async def test_only_tools_that_are_offered_are_called() -> None:
    for words in ("Summarise this data", "```python\n1\n```", "A report, please", "Where is the launch?"):
        answer = await _step(_request("A", "ok", words, about=[Text(SALES)], tools=()))
        assert isinstance(answer, str)


async def test_a_table_is_looked_over_cell_by_cell_and_a_report_is_made() -> None:
    calls, answer = await _whole(
        _request("Summarise this data", about=[Text(SALES)]), LOADED | KINDS | ENDED | {"publish": "made"}
    )
    assert _first_lines(calls) == [
        "# Libraries, and how tables and charts are shown",
        "# Read the table",
        "# What each column holds: dates, numbers, categories, identifiers or free text",
        "# What is missing, and rows that are there twice",
        "# What can be added up, and what is only averaged: by the names of the columns",
        "# How the numbers are spread, and which lie beyond the quartiles by 1.5 times their distance",
        "# How it went over time",
        "# How the main number is distributed",
        "# All that was found, in short",
        "publish_scratchpad",
    ]
    assert "path = Path('files/sales.csv')" in calls[1].arguments["code"]
    assert calls[-1].arguments == {"title": "Overview of sales.csv"}
    assert len({call.call_id for call in calls}) == len(calls)
    assert answer.startswith("**`sales.csv`**: 300 rows and 2 columns (1 date, 1 number).\n- No value")
    assert "The report `Overview of sales.csv`" in answer
    assert answer.count(NOTICE) == 1


async def test_the_same_request_has_the_same_next_step() -> None:
    request = _request("Summarise this data", about=[Text(SALES)])
    assert await _step(request) == await _step(request)


async def test_calls_of_two_turns_have_other_ids() -> None:
    first = _request("Summarise this data", about=[Text(SALES)])
    second = _request("Summarise this data", "Done.", "Summarise this data", about=[Text(SALES)])
    one, other = await _step(first), await _step(second)
    assert isinstance(one, ToolCall)
    assert isinstance(other, ToolCall)
    assert one.arguments == other.arguments
    assert one.call_id != other.call_id


async def test_results_of_earlier_turns_are_not_taken_for_this_ones() -> None:
    first = _request("Summarise this data", about=[Text(SALES)])
    begun = await _step(first)
    assert isinstance(begun, ToolCall)
    earlier = _after(first, begun, "").messages
    again = ModelRequest(
        "offline", [], [*earlier, Message("assistant", [Text("Done.")]), *first.messages], first.tools
    )
    assert (await _next_call(again)).arguments == begun.arguments


async def _next_call(request: ModelRequest) -> ToolCall:
    step = await _step(request)
    assert isinstance(step, ToolCall)
    return step


@pytest.mark.parametrize(
    "words",
    [
        "Summarize",
        "Give me an overview of the numbers",
        "Please chart the trend",
        "Fasse die Tabelle zusammen",
        "Werte die Daten bitte aus",
        "Résume ces données",
        "Analiza los datos",
        "Riassumi questi dati",
        "Maak een overzicht",
        "Podsumuj te dane",
        "Проанализируй данные",
        "请总结这些数据",
        "データを要約して",
        "데이터를 분석해 줘",
    ],
)
async def test_many_languages_ask_for_the_same(words: str) -> None:
    call = await _next_call(_with_files(words, "files/sales.csv"))
    assert call.name == "run_code"


@pytest.mark.parametrize("words", ["What is this?", "?", "These figures, please"])
async def test_with_a_table_attached_a_hint_is_enough(words: str) -> None:
    attached = _with_files(words, "files/sales.csv", attached=["sales.csv"])
    assert (await _next_call(attached)).name == "run_code"
    lying_there = await _step(_with_files(words, "files/sales.csv"))
    assert isinstance(lying_there, str) or lying_there.name == "search_files"


async def _tables(request: ModelRequest) -> list[str]:
    calls, _ = await _whole(request, LOADED | KINDS | ENDED)
    lines = [line for call in calls for line in str(call.arguments.get("code")).splitlines()]
    return [line for line in lines if line.startswith("path = ")]


async def test_the_table_that_is_named_is_looked_over() -> None:
    paths = ("files/new.csv", "files/old (1).csv", "files/notes.txt")
    assert await _tables(_with_files("Analyse old (1).csv", *paths)) == ["path = Path('files/old (1).csv')"]
    assert await _tables(_with_files("Analyse new", *paths)) == ["path = Path('files/new.csv')"]


async def test_without_a_name_those_that_came_with_the_message_are() -> None:
    request = _with_files("Analyse this", "files/a.csv", "files/b.csv", attached=["b.csv"])
    assert await _tables(request) == ["path = Path('files/b.csv')"]


def test_no_cell_has_anything_that_the_user_would_have_to_allow() -> None:
    kinds = [{"number": 2, "date": 1, "category": 1}, {"number": 1}]
    cells = [reading.SETUP, columns.COLUMNS, looking.FINDINGS]
    cells += [code for some in kinds for _, code in looking.looks(some)]
    for ending in reading.ENDINGS:
        loads = reading.load(f"files/import os.{ending}")
        cells += [code for language, code in loads if language == "python"]
    assert [screen(code) for code in cells if screen(code) != Screened()] == []


async def test_a_path_is_a_literal_in_code_and_in_sql() -> None:
    name = "files/a'b\"c\\d\ne.parquet"
    (sql, asked), (python, code) = reading.load(name)
    assert (sql, python) == ("sql", "python")
    assert asked.splitlines()[1:] == ["from read_parquet('files/a''b\"c\\d", "e.parquet')"]
    [path] = [
        node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant) and node.value == name
    ]
    assert path.value == name


async def test_at_most_three_tables_are_looked_over() -> None:
    paths = [f"files/{n}.csv" for n in range(5)]
    assert len(await _tables(_with_files("Analyse the data", *paths))) == 3


async def test_files_that_the_user_only_writes_of_are_none() -> None:
    step = await _step(_request(f"Summarise this data {SALES}"))
    assert isinstance(step, str) or step.name == "search_files"


async def test_a_table_that_cannot_be_read_is_told_with_the_reason_and_makes_no_report() -> None:
    outputs = {"# Read the table": "Traceback\n  ...\n\x1b[31mParserError\x1b[39m: the file is broken"}
    calls, answer = await _whole(
        _request("Summarise this data", about=[Text(SALES)]), outputs, ["# Read the table"]
    )
    assert _first_lines(calls)[-1] == "# Read the table"
    assert "I could not read `sales.csv`: `ParserError: the file is broken`" in answer


async def test_a_step_that_fails_is_told_and_the_others_are_kept() -> None:
    outputs = LOADED | KINDS | ENDED | {"# How it went": "ValueError: dates are out of range"}
    calls, answer = await _whole(
        _request("Summarise this data", about=[Text(SALES)]), outputs, ["# How it went"]
    )
    assert calls[-1].name == "publish_scratchpad"
    assert "300 rows and 2 columns" in answer
    assert "These steps failed: the chart over time (`ValueError: dates are out of range`)." in answer


async def test_an_empty_table_is_said_to_be_empty() -> None:
    ended = {"# All that was found": 'findings: {"rows":0,"columns":0}'}
    calls, answer = await _whole(
        _request("Summarise this data", about=[Text(SALES)]),
        {"# Read the table": "0 rows, 0 columns"} | ended,
    )
    assert len(calls) == 4
    assert "**`sales.csv`**: it is empty." in answer


async def test_what_a_table_says_of_kinds_behind_the_cells_own_word_counts_for_nothing() -> None:
    liar = {"# What each column": 'kinds: {"text": 2}\nkinds: {"number": "x"} holds text'}
    calls, answer = await _whole(_request("Summarise this data", about=[Text(SALES)]), LOADED | liar | ENDED)
    assert "# How the numbers" not in " ".join(_first_lines(calls))
    assert "300 rows" in answer


async def test_fenced_code_runs_in_order_and_its_output_is_quoted() -> None:
    words = (
        "Run this:\n```python\nx = 6 * 7\nprint(x)\n```\nand\n```sql\nselect 1 as one\n```\n```text\nno\n```"
    )
    calls, answer = await _whole(_request(words), {"python": "42\n", "sql": "one\n1 ```` <b>"})
    assert [(call.name, call.arguments["language"], call.arguments["code"]) for call in calls] == [
        ("run_code", "python", "x = 6 * 7\nprint(x)"),
        ("run_code", "sql", "select 1 as one"),
    ]
    assert "Block 1 (Python) gave:\n\n```text\n42\n```" in answer
    assert "Block 2 (SQL) gave:\n\n`````text\none\n1 ```` <b>\n`````" in answer
    assert "in the scratchpad" in answer


async def test_code_that_fails_does_not_keep_the_next_from_running() -> None:
    words = "```python\n1 / 0\n```\n```python\nprint(2)\n```"
    calls, answer = await _whole(
        _request(words), {"1 / 0": "ZeroDivisionError: division by zero", "print(2)": "2"}, ["1 / 0"]
    )
    assert len(calls) == 2
    assert "Block 1 (Python) failed: `ZeroDivisionError: division by zero`" in answer
    assert "Block 2 (Python) gave:\n\n```text\n2\n```" in answer


async def test_a_report_is_made_of_the_scratchpad_as_it_is() -> None:
    calls, answer = await _whole(_request("Make a report, please"), {"publish": "The report was made."})
    assert [(call.name, call.arguments) for call in calls] == [("publish_scratchpad", {"title": "Report"})]
    assert "> The report was made." in answer


async def test_a_report_where_there_is_nothing_yet_begins_with_the_table() -> None:
    request = _request("Ein Bericht, bitte", about=[Text(SALES)])
    publish = await _next_call(request)
    assert publish.name == "publish_scratchpad"
    cell = await _next_call(_after(request, publish, "There is no scratchpad yet.", is_error=True))
    assert cell.name == "run_code"
    _, answer = await _whole(_request("A report"), {"publish": "Run code first."}, ["publish"])
    assert "I could make no report: `Run code first.`" in answer


async def test_pictures_and_documents_are_answered_with_what_can_be_done_with_them() -> None:
    about: list[Content] = [Image("image/png", ""), Document("report.pdf", "")]
    _, answer = await _whole(
        _request("What does the margin look like?", about=about), {"search_files": "p. 3: margin"}
    )
    assert "I cannot look at pictures." in answer
    assert "I can find words in it" in answer
    assert "> p. 3: margin" in answer


async def test_names_out_of_the_data_are_code_and_not_markup() -> None:
    found = FOUND | {"missing": {"cells": 1, "of": 2, "columns": 1, "most": [["[x](http://y) `z`\n# t", 1]]}}
    assert "`[x](http://y) 'z' # t` 1;" in sentences(found)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"),
        (1234567.0, "1,234,567"),
        (1441.453, "1,441"),
        (213.3, "213.3"),
        (0.0123456, "0.0123"),
        (-5.5, "-5.5"),
        (1e300, "1e+300"),
        (float("nan"), "unknown"),
        (float("inf"), "unknown"),
    ],
)
def test_figures_have_as_many_digits_as_a_reader_has_use_for(value: float, told: str) -> None:
    assert figure(value) == told


@given(st.text(max_size=300), st.text(max_size=200), st.lists(st.text(max_size=60), max_size=4))
async def test_whatever_is_said_and_given_there_is_an_answer(
    words: str, output: str, paths: Sequence[str]
) -> None:
    request = _with_files(words or ".", *paths)
    for _ in range(80):
        step = await _step(request)
        if isinstance(step, str):
            assert NOTICE in step
            return
        request = _after(request, step, output)
    pytest.fail("It goes on and on")
