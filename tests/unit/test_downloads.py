"""The headers of files that are sent."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cowork_desktop.http.downloads import attachment, is_active

DISPOSITION = re.compile(
    r"attachment; filename=\"([^\"\\\x00-\x1f\x7f]+)\"; filename\*=UTF-8''([\w.~%-]+)", re.ASCII
)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
@example('"; filename="x.exe')
@example("..")
@example("/.")
@example(".")
@example("\\")
@example("%0d%0aSet-Cookie: x")
@example("\u2028\u2029\u202e")
def test_any_name_is_one_line_that_holds_it_whole(name: str) -> None:
    found = DISPOSITION.fullmatch(attachment(name))
    assert found
    assert found[1].isascii()
    assert not set(found[1]) & set("/%")
    assert unquote(found[2], errors="strict") == name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Q2-report.pdf", "Q2-report.pdf"),
        ("a b.txt", "a b.txt"),
        ("Zo\u00eb.txt", "Zo.txt"),
        ("\u65e5\u672c.xlsx", "file.xlsx"),
        ("\U0001f600", "file"),
        ("../../x", "....x"),
        ('a"b;c', "ab;c"),
    ],
)
def test_who_knows_only_ascii_gets_what_is_left_of_the_name(name: str, plain: str) -> None:
    assert attachment(name).startswith(f'attachment; filename="{plain}"; ')


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/html", True),
        ("image/svg+xml", True),
        ("application/atom+xml", True),
        ("application/pdf", True),
        ("text/plain", False),
        ("image/png", False),
        ("application/json", False),
    ],
)
def test_documents_that_may_act_are_told_from_others(media_type: str, expected: bool) -> None:
    assert is_active(media_type) is expected
