"""How text becomes passages, and what comes last."""

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.workspace.extraction.passages import (
    LONGEST,
    End,
    Found,
    Line,
    Passage,
    Unreadable,
    clean,
    of_lines,
    of_place,
)
from cowork_desktop.workspace.extraction.worker import MOST_CHARACTERS, MOST_PASSAGES, bounded, guarded

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LINES = st.lists(st.one_of(st.just(""), WORDS, st.integers(1, 6000).map(lambda n: "kelp " * (n // 5))))


def passages(*lines: tuple[int, str]) -> list[Passage]:
    return list(of_lines([Line(number, text) for number, text in lines], "line"))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_lines_that_follow_each_other_are_one_passage() -> None:
    assert passages((1, "one"), (2, "two")) == [Passage({"line": 1}, "one\ntwo")]


def test_a_few_empty_lines_stay_and_the_count_goes_on() -> None:
    assert passages((1, ""), (2, "two"), (3, "  "), (4, ""), (5, "five"), (6, "")) == [
        Passage({"line": 2}, "two\n\n\nfive")
    ]


def test_a_wide_gap_begins_a_new_passage() -> None:
    assert passages((1, "one"), (500, "far")) == [
        Passage({"line": 1}, "one"),
        Passage({"line": 500}, "far"),
    ]


def test_a_place_keeps_what_it_is_in() -> None:
    assert list(of_lines([Line(7, "x")], "row", {"sheet": "Q2"})) == [Passage({"sheet": "Q2", "row": 7}, "x")]


def test_a_long_line_is_cut_between_words_and_its_pieces_keep_its_number() -> None:
    first, second, third = passages((1, "before"), (2, "anchor " * 500), (3, "after"))
    assert (first.place, second.place, third.place) == ({"line": 1}, {"line": 2}, {"line": 2})
    assert first.text == "before"
    assert second.text.endswith("anchor")
    assert third.text.endswith("anchor\nafter")


def test_a_line_without_blanks_is_cut_all_the_same() -> None:
    assert [len(passage.text) for passage in passages((1, "x" * 4500))] == [2000, 2000, 500]


def test_a_page_gives_passages_of_one_place() -> None:
    found = list(of_place("word " * 1000, {"page": 3}, 3))
    assert len(found) == 3
    assert all((passage.place, passage.done) == ({"page": 3}, 3) for passage in found)


def test_what_no_reader_sees_is_dropped() -> None:
    assert clean("a\0b\x1bc\u200bd\ufeffe\u202ef\xadg\x7fh\ufffei") == "abcdefghi"


def test_line_ends_of_all_kinds_are_one_kind() -> None:
    assert clean("a\r\nb\rc\nd\x0be\u2028f") == "a\nb\nc\nd e f"


def test_halves_of_characters_are_marked() -> None:
    assert clean("a\ud83d") == "a\ufffd"


def test_ligatures_and_shapes_of_arabic_letters_become_letters() -> None:
    assert clean("ﬁne waﬄe ﺳﻼﻡ") == "fine waffle سلام"


def test_letters_and_their_marks_are_one_character() -> None:
    assert clean("e\u0301") == "é"


@given(LINES)
def test_nothing_is_lost(lines: list[str]) -> None:
    found = passages(*enumerate(lines, 1))
    assert squeezed("".join(each.text for each in found)) == squeezed(clean("\n".join(lines)))


@given(LINES)
def test_each_line_is_where_its_number_says(lines: list[str]) -> None:
    kept = {number: squeezed(clean(line)) for number, line in enumerate(lines, 1)}
    for passage in passages(*enumerate(lines, 1)):
        for number, line in enumerate(passage.text.split("\n"), int(passage.place["line"])):
            assert squeezed(line) in kept[number]


@given(LINES)
def test_passages_are_short_and_tidy(lines: list[str]) -> None:
    for passage in passages(*enumerate(lines, 1)):
        assert 0 < len(passage.text) <= LONGEST
        assert passage.text.strip()
        assert not re.search(r"[ \t]$|[\0-\x08\x0b-\x1f]|[\ud800-\udfff]", passage.text, re.M)


def found_then(fault: BaseException, *found: Found) -> Iterator[Found]:
    yield from found
    raise fault


KELP = Passage({"line": 1}, "kelp")


def test_the_end_comes_by_itself() -> None:
    assert list(guarded(iter([KELP]))) == [KELP, End("ready")]


def test_nothing_comes_after_an_end() -> None:
    assert list(guarded(iter([End("partial", "so"), KELP]))) == [End("partial", "so")]


def test_a_fault_before_any_text_is_a_failure() -> None:
    assert list(guarded(found_then(Unreadable("It is damaged.")))) == [End("failed", "It is damaged.")]


def test_a_fault_after_some_text_keeps_it() -> None:
    assert list(guarded(found_then(MemoryError(), KELP))) == [
        KELP,
        End("partial", "Only a part was read: Reading it takes more memory than is allowed."),
    ]


def test_a_file_without_text_says_so() -> None:
    assert list(bounded(iter([End("ready")]))) == [End("ready", "The file holds no text.")]


def test_no_more_characters_come_than_are_kept() -> None:
    half = Passage({"line": 1}, "x" * (MOST_CHARACTERS // 2 + 1))
    first, second, end = bounded(iter([half, half, half, End("ready")]))
    assert (first, second) == (half, Passage({"line": 1}, "x" * (MOST_CHARACTERS // 2 - 1)))
    assert end == End("partial", "The first 20,000,000 characters were read.")


def test_no_more_passages_come_than_are_kept() -> None:
    *found, end = bounded(iter([KELP] * (MOST_PASSAGES + 1)))
    assert len(found) == MOST_PASSAGES
    assert end == End("partial", "The first 100,000 passages were read.")


def test_as_many_passages_as_are_kept_are_the_whole() -> None:
    *_, end = bounded(iter([*[KELP] * MOST_PASSAGES, End("ready")]))
    assert end == End("ready")
