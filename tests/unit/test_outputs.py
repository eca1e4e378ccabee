"""What a cell has put out, folded from a kernel's messages: merged, overwritten, updated and bounded."""

import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.kernels.outputs import MOST_OUTPUTS, Change, Outputs
from cowork_desktop.schemas.scratchpads import Output

PLENTY = 10_000_000


def stream(outputs: Outputs, text: str, name: str = "stdout") -> list[Change]:
    return outputs.take("stream", {"name": name, "text": text})


def show(outputs: Outputs, text: str, display_id: str | None = None) -> list[Change]:
    return outputs.take("display_data", shown(text, display_id))


def update(outputs: Outputs, text: str, display_id: str | None) -> list[Change]:
    return outputs.take("update_display_data", shown(text, display_id))


def shown(text: str, display_id: str | None = None) -> dict[str, Any]:
    transient = {} if display_id is None else {"display_id": display_id}
    return {"data": {"text/plain": text}, "metadata": {}, "transient": transient}


def failure(traceback: Sequence[str] = ("Traceback", "ValueError: no"), evalue: str = "no") -> dict[str, Any]:
    return {"ename": "ValueError", "evalue": evalue, "traceback": list(traceback)}


def texts(outputs: Outputs) -> list[tuple[str, Any]]:
    """Of each output its stream, or else its kind, and its data."""
    return [(output.name or output.kind, output.data) for output in outputs.all()]


def written(*pieces: str) -> Any:
    """The one text that pieces of standard output make."""
    outputs = Outputs(PLENTY)
    for piece in pieces:
        stream(outputs, piece)
    [output] = outputs.all()
    return output.data


def applied(changes: Sequence[Change]) -> list[Output]:
    """The outputs that a reader has who was told these changes."""
    found: list[Output] = []
    for change in changes:
        if change.kind == "clear":
            found = []
            continue
        assert change.output is not None
        if change.kind == "add":
            assert change.index == len(found)
            found.append(change.output)
        elif change.kind == "replace":
            found[change.index] = change.output
        else:
            before = found[change.index]
            found[change.index] = before.model_copy(update={"data": f"{before.data}{change.output.data}"})
    return found


def size(outputs: Outputs) -> int:
    return sum(len(str(output.data).encode()) for output in outputs.all() if output.kind != "notice")


def test_pieces_of_a_stream_are_one_output() -> None:
    outputs = Outputs(PLENTY)
    changes = [*stream(outputs, "one\n"), *stream(outputs, "two"), *stream(outputs, "\n")]
    assert [(change.kind, change.index) for change in changes] == [("add", 0), ("append", 0), ("append", 0)]
    assert outputs.all() == [Output(mime="text/plain", data="one\ntwo\n", kind="stream", name="stdout")]


def test_standard_output_and_error_are_an_output_each_however_they_alternate() -> None:
    outputs = Outputs(PLENTY)
    for n in range(3):
        stream(outputs, f"out {n}\n")
        stream(outputs, f"err {n}\n", "stderr")
    assert texts(outputs) == [("stdout", "out 0\nout 1\nout 2\n"), ("stderr", "err 0\nerr 1\nerr 2\n")]


def test_a_stream_begins_anew_behind_a_display() -> None:
    outputs = Outputs(PLENTY)
    stream(outputs, "before")
    show(outputs, "figure")
    stream(outputs, "after")
    assert texts(outputs) == [("stdout", "before"), ("display", "figure"), ("stdout", "after")]


def test_empty_text_is_no_output() -> None:
    outputs = Outputs(PLENTY)
    assert stream(outputs, "") == []
    assert outputs.all() == []


def test_messages_of_other_types_are_let_pass() -> None:
    outputs = Outputs(PLENTY)
    for type in ("status", "execute_input", "comm_open", "debug_event"):
        assert outputs.take(type, {"code": "1"}) == []
    assert outputs.take("comm_msg", None) == []
    assert outputs.all() == []


def test_a_result_has_its_kind_and_count_and_a_display_its_metadata() -> None:
    outputs = Outputs(PLENTY)
    data = {"text/plain": "<DataFrame>", "text/html": "<table></table>"}
    outputs.take("execute_result", {"data": data, "metadata": {}, "execution_count": 7})
    outputs.take("display_data", {"data": {"image/png": "iVBORw0="}, "metadata": {"image/png": {"width": 5}}})
    result, display = outputs.all()
    assert result == Output(
        mime="text/html",
        data="<table></table>",
        kind="result",
        alternatives={"text/plain": "<DataFrame>"},
        execution_count=7,
    )
    assert display == Output(
        mime="image/png",
        data="data:image/png;base64,iVBORw0=",
        kind="display",
        metadata={"image/png": {"width": 5}},
    )


def test_an_error_is_its_traceback_with_its_names() -> None:
    outputs = Outputs(PLENTY)
    outputs.take("error", failure(["\x1b[31mTraceback\x1b[0m", "ValueError: no"]))
    assert outputs.all() == [
        Output(
            mime="text/plain",
            data="\x1b[31mTraceback\x1b[0m\nValueError: no",
            kind="error",
            metadata={"ename": "ValueError", "evalue": "no"},
        )
    ]


def test_an_error_without_a_traceback_still_says_what_it_is() -> None:
    outputs = Outputs(PLENTY)
    outputs.take("error", failure([]))
    assert texts(outputs) == [("error", "ValueError: no")]


def test_a_traceback_of_any_length_keeps_its_ends() -> None:
    outputs = Outputs(PLENTY)
    outputs.take("error", failure(["first line", *["x" * 1000] * 5000, "last line"], evalue="v" * 1_000_000))
    [error] = outputs.all()
    assert isinstance(error.data, str)
    assert error.data.startswith("first line")
    assert error.data.endswith("last line")
    assert len(error.data) < 210_000
    assert len(error.metadata["evalue"]) == 1000


@pytest.mark.parametrize(
    ("pieces", "seen"),
    [
        (["10%\r20%\r30%"], "30%"),
        (["10%\r", "20%\r", "30%\n", "done"], "30%\ndone"),
        (["100%\r", "5"], "500%"),
        (["100%\r5%\x1b[K"], "5%\x1b[K"),
        (["kept\n", "10%", "\r", "20%"], "kept\n20%"),
        (["windows\r\n", "lines\r\n"], "windows\nlines\n"),
        (["windows\r", "\nlines"], "windows\nlines"),
        (["a\r\r\r", "b"], "b"),
        (["ab\b", "c"], "ac"),
        (["ab", "\b", "c"], "ac"),
        (["abc", "\b\b", "xy"], "axy"),
        (["\b\b", "a"], "a"),
        (["a\n", "\b", "b"], "a\nb"),
        (["- \b\b\\ \b\b| \b\b", "done"], "done"),
        (["é🐢\b", "!"], "é!"),
    ],
)
def test_text_is_overwritten_as_on_a_terminal(pieces: list[str], seen: str) -> None:
    assert written(*pieces) == seen


def test_text_is_overwritten_the_same_however_it_is_cut_into_messages() -> None:
    text = "Load: 1%\rLoad: 20%\rLoad: 100%\nx\by\r\nab\b\bcd\rZ\n"
    for step in range(1, len(text) + 1):
        assert written(*(text[n : n + step] for n in range(0, len(text), step))) == written(text)


def test_a_stream_does_not_overwrite_what_the_other_wrote() -> None:
    outputs = Outputs(PLENTY)
    stream(outputs, "out")
    stream(outputs, "\rerr", "stderr")
    assert texts(outputs) == [("stdout", "out"), ("stderr", "err")]


def test_a_progress_bar_that_runs_for_long_is_not_cut() -> None:
    outputs = Outputs(1_000)
    for n in range(20_000):
        stream(outputs, f"\r{n:>6} of 20000")
    assert texts(outputs) == [("stdout", " 19999 of 20000")]


def test_clear_takes_all_outputs_away() -> None:
    outputs = Outputs(PLENTY)
    stream(outputs, "a")
    show(outputs, "b")
    assert outputs.take("clear_output", {"wait": False}) == [Change("clear")]
    assert outputs.all() == []
    stream(outputs, "c")
    assert texts(outputs) == [("stdout", "c")]


def test_clear_that_waits_takes_them_away_with_the_next_output() -> None:
    outputs = Outputs(PLENTY)
    stream(outputs, "a")
    assert outputs.take("clear_output", {"wait": True}) == []
    assert texts(outputs) == [("stdout", "a")]
    assert [change.kind for change in show(outputs, "b")] == ["clear", "add"]
    assert texts(outputs) == [("display", "b")]
    stream(outputs, "c")
    assert texts(outputs) == [("display", "b"), ("stdout", "c")]


def test_clear_makes_room_for_more() -> None:
    outputs = Outputs(1_000)
    stream(outputs, "x" * 2_000)
    outputs.take("clear_output", {})
    stream(outputs, "y" * 500)
    assert texts(outputs) == [("stdout", "y" * 500)]


def test_an_update_goes_into_the_place_of_every_display_of_its_id() -> None:
    outputs = Outputs(PLENTY)
    show(outputs, "a", "one")
    show(outputs, "b", "two")
    show(outputs, "a", "one")
    changes = update(outputs, "A", "one")
    assert [(change.kind, change.index) for change in changes] == [("replace", 0), ("replace", 2)]
    assert texts(outputs) == [("display", "A"), ("display", "b"), ("display", "A")]
    assert [output.display_id for output in outputs.all()] == ["one", "two", "one"]


def test_a_result_that_is_updated_stays_a_result() -> None:
    outputs = Outputs(PLENTY)
    outputs.take("execute_result", {**shown("a", "one"), "execution_count": 3})
    update(outputs, "b", "one")
    [output] = outputs.all()
    assert (output.kind, output.execution_count, output.data) == ("result", 3, "b")


def test_an_update_of_a_display_elsewhere_changes_nothing_here_and_is_kept_for_there() -> None:
    outputs = Outputs(PLENTY)
    show(outputs, "mine", "here")
    assert update(outputs, "1", "there") == update(outputs, "2", "there") == []
    assert texts(outputs) == [("display", "mine")]
    assert {id: output.data for id, output in outputs.take_elsewhere().items()} == {"there": "2"}
    assert outputs.take_elsewhere() == {}


def test_an_update_that_names_no_display_changes_none() -> None:
    outputs = Outputs(PLENTY)
    show(outputs, "a")
    outputs.take("error", failure())
    assert update(outputs, "b", None) == []
    assert [kind for kind, _ in texts(outputs)] == ["display", "error"]


def test_an_update_does_not_end_the_wait_of_a_clear() -> None:
    outputs = Outputs(PLENTY)
    show(outputs, "a", "one")
    outputs.take("clear_output", {"wait": True})
    update(outputs, "b", "one")
    assert texts(outputs) == [("display", "b")]


def test_the_text_of_a_page_is_a_display() -> None:
    outputs = Outputs(PLENTY)
    outputs.page(
        [{"source": "set_next_input", "text": "x"}, {"source": "page", "data": {"text/plain": "Help"}}]
    )
    assert texts(outputs) == [("display", "Help")]


def test_output_over_the_limit_is_cut_with_one_notice() -> None:
    outputs = Outputs(1_000)
    for _ in range(10):
        stream(outputs, "x" * 300)
    text, notice = outputs.all()
    assert text.data == "x" * 1_000
    assert notice.kind == "notice"
    assert "1,000 bytes" in str(notice.data)
    assert "kernels.output_bytes" in str(notice.data)


def test_output_is_cut_between_characters_and_by_bytes() -> None:
    outputs = Outputs(1_000)
    stream(outputs, "🐢" * 1_000)
    text, notice = outputs.all()
    assert text.data == "🐢" * 250
    assert notice.kind == "notice"


def test_a_display_over_the_limit_is_left_out_whole() -> None:
    outputs = Outputs(1_000)
    stream(outputs, "before")
    show(outputs, "x" * 5_000)
    show(outputs, "small")
    assert [kind for kind, _ in texts(outputs)] == ["stdout", "notice"]


def test_what_a_message_that_was_too_large_held_is_said_to_be_cut() -> None:
    outputs = Outputs(PLENTY)
    assert outputs.take("display_data", None) != []
    assert outputs.take("display_data", None) == []
    assert [kind for kind, _ in texts(outputs)] == ["notice"]


def test_an_error_has_room_where_nothing_else_has() -> None:
    outputs = Outputs(1_000)
    stream(outputs, "x" * 5_000)
    outputs.take("error", failure())
    assert [kind for kind, _ in texts(outputs)] == ["stdout", "notice", "error"]


def test_text_behind_a_large_error_keeps_to_the_limit() -> None:
    outputs = Outputs(1_000)
    outputs.take("error", failure(["x" * 5_000]))
    before = size(outputs)
    stream(outputs, "y" * 100_000)
    assert size(outputs) <= before + 1_000


def test_errors_without_end_are_bounded_too() -> None:
    outputs = Outputs(10_000)
    for _ in range(MOST_OUTPUTS + 1_000):
        outputs.take("error", failure(["x" * 1_000]))
    assert len(outputs.all()) <= MOST_OUTPUTS + 2
    assert size(outputs) < 1_000_000


def test_an_update_over_the_limit_leaves_the_display_as_it_was() -> None:
    outputs = Outputs(1_000)
    show(outputs, "small", "one")
    update(outputs, "x" * 5_000, "one")
    assert [kind for kind, _ in texts(outputs)] == ["display", "notice"]
    assert texts(outputs)[0] == ("display", "small")


def test_an_animation_of_updates_is_not_cut() -> None:
    outputs = Outputs(1_000)
    show(outputs, "frame", "one")
    for n in range(10_000):
        update(outputs, f"frame {n}" * 10, "one")
    assert texts(outputs) == [("display", "frame 9999" * 10)]


def test_the_number_of_outputs_is_bounded() -> None:
    outputs = Outputs(PLENTY)
    for n in range(MOST_OUTPUTS + 100):
        show(outputs, str(n))
    found = texts(outputs)
    assert [kind for kind, _ in found] == ["display"] * MOST_OUTPUTS + ["notice"]
    assert found[MOST_OUTPUTS - 1] == ("display", str(MOST_OUTPUTS - 1))


def test_a_notice_always_has_room() -> None:
    outputs = Outputs(1_000)
    stream(outputs, "x" * 1_000)
    outputs.notice("A word")
    assert texts(outputs)[-1] == ("notice", "A word")


def test_lone_surrogates_become_question_marks_wherever_they_are() -> None:
    outputs = Outputs(PLENTY)
    stream(outputs, "a\ud800b")
    data = {"text/plain": "\udfff", "application/json": {"k\ud800": ["\ud800", 1, None]}}
    outputs.take("display_data", {"data": data, "metadata": {"x\ud800": "\ud800"}, "transient": {}})
    outputs.take("error", failure(["t\ud800"], evalue="e\ud800"))
    stored = [output.model_dump_json() for output in outputs.all()]
    assert len(stored) == 3
    assert texts(outputs)[0] == ("stdout", "a?b")
    assert outputs.all()[1].data == {"k?": ["?", 1, None]}


@pytest.mark.slow
def test_a_million_small_pieces_take_seconds() -> None:
    outputs = Outputs(64 * 1024 * 1024)
    began = time.monotonic()
    for _ in range(1_000):
        for _ in range(1_000):
            stream(outputs, "word\n")
    assert time.monotonic() - began < 60
    assert texts(outputs) == [("stdout", "word\n" * 1_000_000)]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 40_000 + "\b" * 40_000 + "end",
        "x\b" * 200_000 + "end",
        "x\r" * 200_000 + "end",
        "\r" * 400_000 + "end",
    ],
    ids=["many back at once", "each back", "each returned", "only returns"],
)
def test_much_that_is_overwritten_takes_no_longer_than_other_text(text: str) -> None:
    began = time.monotonic()
    assert written(text) == "end"
    assert time.monotonic() - began < 5


words = st.text(alphabet="ab\n é🐢", max_size=8)
ids = st.sampled_from([None, "one", "two"])
messages = st.one_of(
    st.tuples(
        st.just("stream"),
        st.fixed_dictionaries({"name": st.sampled_from(["stdout", "stderr"]), "text": words}),
    ),
    st.tuples(st.just("display_data"), st.builds(shown, words, ids)),
    st.tuples(
        st.just("execute_result"),
        st.builds(lambda text, id: {**shown(text, id), "execution_count": 1}, words, ids),
    ),
    st.tuples(st.just("update_display_data"), st.builds(shown, words, st.sampled_from(["one", "two"]))),
    st.tuples(st.just("error"), st.builds(lambda text: failure([text], evalue=text), words)),
    st.tuples(st.just("clear_output"), st.fixed_dictionaries({"wait": st.booleans()})),
    st.tuples(st.sampled_from(["stream", "display_data"]), st.none()),
)


@given(st.lists(messages, max_size=40), st.sampled_from([150, 500, PLENTY]))
def test_who_applies_all_changes_in_their_order_has_all_outputs(
    script: list[tuple[str, dict[str, Any] | None]], limit: int
) -> None:
    outputs = Outputs(limit)
    changes: list[Change] = []
    for type, content in script:
        changes += outputs.take(type, content)
        assert applied(changes) == outputs.all()


@given(st.lists(st.text(alphabet="ab\r\n\b🐢", max_size=6), max_size=12), st.data())
def test_what_is_overwritten_does_not_depend_on_where_messages_end(
    pieces: list[str], data: st.DataObject
) -> None:
    text = "".join(pieces)
    cut = data.draw(st.integers(0, len(text)))
    if text.strip("\b"):
        assert written(*pieces) == written(text[:cut], text[cut:])
