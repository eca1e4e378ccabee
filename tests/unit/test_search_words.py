"""What becomes of text and of a query on their way into the full-text index, and of a hit on its way out."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cowork_desktop.schemas.search import SnippetPart
from cowork_desktop.store.search_words import Term, first_match, fold, normal, read_terms, snippet, words
from tests.fakes.examples import at_least

FAST = settings(max_examples=at_least(150))


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    """An index like that of the database."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5 (title, text, scope, content = '',"
            " tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4')"
        )
        yield connection


def is_found(index: sqlite3.Connection, query: str, text: str) -> bool:
    """Whether a text is found, when it is the only one there is."""
    return has_all(index, read_terms(query), text)


def has_all(index: sqlite3.Connection, terms: list[Term], text: str) -> bool:
    if not terms:
        return False
    index.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    index.execute(
        "INSERT INTO search_index (rowid, title, text, scope) VALUES (1, '', ?, '')", (words(text),)
    )
    match = " AND ".join(term.match for term in terms)
    return bool(index.execute("SELECT 1 FROM search_index WHERE search_index MATCH ?", (match,)).fetchall())


def parts_of(text: str, query: str) -> list[SnippetPart]:
    """The snippet of a text as it is stored."""
    return snippet(normal(text), read_terms(query))


def shown(text: str, query: str) -> str:
    """The snippet, with what was found in brackets."""
    return "".join(f"[{part.text}]" if part.is_match else part.text for part in parts_of(text, query))


# Queries


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", []),
        ("   \t", []),
        ('"', []),
        ('""', []),
        ("* ^ : - + ( ) { } ' , . ; ! # % & / \\ ~ | < > = ? @ [ ] ` $", []),
        ("revenue", [Term(("revenue",), True)]),
        ("a", [Term(("a",))]),
        ("q2 revenue", [Term(("q2",)), Term(("revenue",), True)]),
        ('"two words"', [Term(("two", "words"))]),
        ('one "two words" three', [Term(("one",)), Term(("two", "words")), Term(("three",), True)]),
        ('three "two', [Term(("three",)), Term(("two",), True)]),
        ('"not closed', [Term(("not",)), Term(("closed",), True)]),
        (
            "AND OR NOT NEAR(a b)",
            [Term((w,)) for w in ("and", "or", "not")] + [Term(("near", "a")), Term(("b",))],
        ),
        ("well-known", [Term(("well", "known"), True)]),
        ("snake_case.py", [Term(("snake", "case", "py"), True)]),
        ("title:x* -y", [Term(("title", "x")), Term(("y",))]),
        ("東京", [Term(("東", "京"))]),
        ("2024年度", [Term(("2024", "年", "度"))]),
        ("年2024", [Term(("年", "2024"), True)]),
        ("テスト data", [Term(("テ", "ス", "ト")), Term(("data",), True)]),
        ("東京\u3000大阪", [Term(("東", "京")), Term(("大", "阪"))]),
        ("e\u0301te\u0301", [Term(("ete",), True)]),
    ],
)
def test_a_query_is_read_as_words_and_phrases(query: str, terms: list[Term]) -> None:
    assert read_terms(query) == terms


def test_thirty_two_terms_are_the_most() -> None:
    assert read_terms(" ".join(f"w{n}" for n in range(500))) == [
        *(Term((f"w{n}",)) for n in range(31)),
        Term(("w31",), True),
    ]


SYNTAX = st.sampled_from(
    [
        *('"', "*", "^", ":", "-", "+", "(", ")", "{", "}", "'", "\\", "\0", ",", ".", "_", " ", "\u3000"),
        *("AND", "OR", "NOT", "NEAR(", "NEAR(a, 2)", "title:", "search_index", "{title text}:", "--", "/*"),
        *("東", "・", "ー", "é", "e\u0301", "ß", "İ", "ς", "\u0958", "\ud800", "\U0001f600", "a", "b2"),
    ]
)


@FAST
@given(st.lists(SYNTAX | st.text(max_size=5), max_size=40).map("".join))
@example("・")
@example('"')
@example('NEAR("a" "b", 3)')
@example("\0")
def test_no_query_is_a_fault_of_syntax(index: sqlite3.Connection, query: str) -> None:
    for term in read_terms(query):
        assert '"' not in "".join(term.words)
    is_found(index, query, "Any text")


# What is found

LETTERS = st.text(st.sampled_from("abcXYZ019éÉüßñøΩλжЖ東京トー"), min_size=1, max_size=8)


@FAST
@given(st.lists(LETTERS, min_size=1, max_size=30), st.data())
def test_each_word_of_a_text_is_found_and_shown(
    index: sqlite3.Connection, text: list[str], data: st.DataObject
) -> None:
    word = data.draw(st.sampled_from(text))
    separator = data.draw(st.sampled_from([" ", "\n", ", ", "-", "_", " — "]))
    for query in (word, word.upper() if len(word.upper()) == len(word) else word, f'"{word}"'):
        assert is_found(index, query, separator.join(text))
        assert any(part.is_match for part in parts_of(separator.join(text), query))


@FAST
@given(st.lists(LETTERS, min_size=2, max_size=30), st.data())
def test_each_phrase_of_a_text_is_found_and_shown(
    index: sqlite3.Connection, text: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 2))
    phrase = " ".join(text[start : data.draw(st.integers(start + 2, start + 6))])
    assert is_found(index, f'"{phrase}"', " ".join(text))
    assert any(part.is_match for part in parts_of(" ".join(text), f'"{phrase}"'))


@FAST
@given(st.text("abcdé", min_size=2, max_size=8), st.integers(2, 8))
def test_the_beginning_of_a_word_finds_it_and_the_whole_word_is_shown(
    index: sqlite3.Connection, word: str, length: int
) -> None:
    assert is_found(index, word[:length], f"1 {word} 2")
    assert shown(f"1 {word} 2", word[:length]) == f"1 [{word}] 2"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("resume", "Résumé"),
        ("RÉSUMÉ", "resume"),
        ("zoe", "ZOË"),
        ("cafe", "cafe\u0301"),
        ("café", "CAFE\u0301"),
        ("straße", "Straße"),
        ("ángstrom", "Ångström"),
        ("москва", "МОСКВА"),
        ("istanbul", "İSTANBUL"),
        ("京都", "東京都庁"),
        ("都", "東京都庁"),
        ("カナ", "ひらがなとカタカナ"),
        ('"京都 府"', "京都府庁"),
        ("2024年", "令和6年(2024年)"),
        ("서울", "서울에서"),
        ("AND", "this and that"),
        ("c++", "C is a language"),
        ("foo_bar", "foo bar"),
        ("foo.bar", "foo_bar_baz"),
        ("东京 revenue", "Revenue 2024 东京分公司"),
    ],
)
def test_case_marks_and_the_lack_of_spaces_make_no_difference(
    query: str, text: str, index: sqlite3.Connection
) -> None:
    assert is_found(index, query, text)
    assert any(part.is_match for part in parts_of(text, query))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("cat", "a concatenation"),
        ('"cat"', "category"),
        ("京東", "東京都庁"),
        ('"two words"', "words two"),
        ("ca te", "cate"),
        ("都市", "東京都の市場"),
        ("서울", "수원"),
        ("がき", "かき"),
        ('"two words"', "twowords"),
    ],
)
def test_what_only_resembles_the_query_is_neither_found_nor_shown(
    query: str, text: str, index: sqlite3.Connection
) -> None:
    assert not is_found(index, query, text)
    if len(read_terms(query)) == 1:
        assert first_match(text, read_terms(query)) is None


@pytest.mark.parametrize(
    ("query", "text"),
    [
        pytest.param("東京 ・ 大阪", "東京・大阪", id="a middle dot by itself"),
        pytest.param("\u0958", "\u0958", id="a letter that NFC takes apart"),
        pytest.param("ά", "\u1f71", id="a letter that NFC replaces"),
        pytest.param("\u8c48", "\uf900", id="a compatibility ideograph"),
    ],
)
def test_characters_that_have_several_forms_are_found(
    query: str, text: str, index: sqlite3.Connection
) -> None:
    assert is_found(index, query, text)


@pytest.mark.parametrize(("query", "text"), [("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς"), ("мои", "мой")])
def test_marks_of_other_letters_than_latin_ones_make_no_difference(
    query: str, text: str, index: sqlite3.Connection
) -> None:
    assert is_found(index, query, text)


@pytest.mark.parametrize(("query", "text"), [("ΛΟΓΟΣ", "λογος"), ("resume", "re\u0301sume\u0301")])
def test_what_is_found_is_shown_though_it_is_written_otherwise(
    query: str, text: str, index: sqlite3.Connection
) -> None:
    assert is_found(index, query, text)
    assert any(part.is_match for part in parts_of(text, query))


@FAST
@given(st.text())
def test_folding_moves_nothing(text: str) -> None:
    assert len(fold(normal(text))) == len(normal(text))


@FAST
@given(st.text("ab 東ト é_-"))
def test_the_index_gets_the_characters_of_the_text_and_spaces(text: str) -> None:
    assert fold(words(text)).replace(" ", "") == fold(text).replace(" ", "")


# Snippets


def test_a_short_text_is_shown_whole() -> None:
    parts = snippet("Revenue rose,\n  and so did the REVENUES of others.", read_terms("revenue"))
    assert parts == [
        SnippetPart(text="Revenue", is_match=True),
        SnippetPart(text=" rose, and so did the ", is_match=False),
        SnippetPart(text="REVENUES", is_match=True),
        SnippetPart(text=" of others.", is_match=False),
    ]


def test_a_long_text_is_shown_around_its_first_match() -> None:
    text = f"{'before ' * 100}the needle {'after ' * 100}"
    got = shown(text, "needle")
    assert re.fullmatch(r"… (?:before )+the \[needle\] (?:after )+a?f?t?e?r? …", got)
    assert len(got) < 300


def test_a_long_text_without_spaces_is_shown_around_its_first_match() -> None:
    before, after = "倉庫は水曜日に開く。" * 20, "東京の仕事は木曜日。" * 40
    assert shown(f"{before}京都{after}", "京都") == f"… {before[-50:]}[京都]{after[:188]} …"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{'x' * 60}/{'y' * 20}/needle/z", f"… /{'y' * 20}/[needle]/z"),
        (f"x{'cat' * 20}-needle", "… -[needle]"),
        (f"needle-{'y' * 150}/{'z' * 60}", f"[needle]-{'y' * 150}/ …"),
    ],
)
def test_where_no_space_is_near_a_snippet_still_cuts_no_word(text: str, expected: str) -> None:
    assert shown(text, "cat needle") == expected


@pytest.mark.parametrize("word", ["ẹ̀kọ́", "й̈к", "q̃a"])
@pytest.mark.parametrize("query", ["{}", '"{}"', '"one {}"', "{} two"])
def test_an_accent_that_makes_no_letter_ends_no_word(
    query: str, word: str, index: sqlite3.Connection
) -> None:
    query = query.format(word)
    assert is_found(index, query, f"one {word} two")
    assert f"{word}" in re.sub(r"[\[\]]", "", shown(f"one {word} two", query))
    assert "[" in shown(f"one {word} two", query)


def test_a_phrase_is_one_match_and_its_words_elsewhere_are_none() -> None:
    assert shown("Two words are two, words", '"two words"') == "[Two words] are [two, words]"


def test_what_is_found_in_the_title_alone_shows_the_beginning_of_the_text() -> None:
    assert shown("One two three", "elsewhere") == "One two three"


def test_an_empty_text_has_no_snippet() -> None:
    assert snippet("", read_terms("x")) == []


def test_words_that_stand_apart_are_not_found_where_they_are_one() -> None:
    text = "A database.\n\nA data base."
    assert first_match(text, read_terms('"data base"')) == text.index("data base")


def test_a_word_that_the_end_of_the_snippet_cuts_is_no_match() -> None:
    text = f"cat {'x' * 182} catalogue of everything that follows"
    assert shown(text, '"cat"').count("[cat]") == 1


@FAST
@example(["トト"], "ト")
@given(
    st.lists(LETTERS | st.sampled_from(["needle", "Needles", "…", "\n", "\t", "日本"]), max_size=120), LETTERS
)
def test_a_snippet_is_a_stretch_of_the_text_and_its_matches_match(
    index: sqlite3.Connection, text: list[str], word: str
) -> None:
    whole = normal(" ".join(text))
    for query in ("needle", word, f'"{word}"', f"needle {word}"):
        terms = read_terms(query)
        parts = snippet(whole, terms)
        joined = "".join(part.text for part in parts)
        stretch = joined.removeprefix("… ").removesuffix(" …")
        assert any(kept in " ".join(whole.split()) for kept in (joined, stretch, joined[2:], joined[:-2])), (
            joined
        )
        assert all(first.is_match != second.is_match for first, second in pairwise(parts))
        assert all(part.text for part in parts)
        for part in parts:
            if part.is_match:
                assert snippet(part.text, terms) == [part]
                assert any(has_all(index, [term], part.text) for term in terms)
