"""Titles cut from first messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.agent.titles import cut


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  # Quarterly *report*\nmore", "Quarterly *report"),
        ("---\n> Plan", "Plan"),
        ("word " * 40, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 60 + "…"),
        ("***", "***"),
        ("\x1c", "New task"),
    ],
)
def test_the_first_line_that_says_something_is_the_title(text: str, title: str) -> None:
    assert cut(text) == title


@given(st.text(min_size=1))
def test_a_title_is_one_short_line(text: str) -> None:
    title = cut(text)
    assert 1 <= len(title) <= 61
    assert "\n" not in title
