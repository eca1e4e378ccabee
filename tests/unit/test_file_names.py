"""Names that every system can have, whatever people called a file."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.workspace.file_names import FreeNames, is_portable, safe_name

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Zahlen für März.xlsx", "Zahlen für März.xlsx"),
        ("🐦‍⬛ birds.txt", "🐦‍⬛ birds.txt"),
        ("../x", "_x"),
        ("..", "file"),
        ("", "file"),
        ("a/b\\c:d", "a_b_c_d"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Lpt1.tar.gz", "_Lpt1.tar.gz"),
        ("trailing. . ", "trailing"),
        (".env", "env"),
        ("a\x00b\nc", "a_b_c"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("x" * 300 + ".csv", "x" * 120 + ".csv"),
        ("é" * 300 + ".csv", "é" * 60 + ".csv"),
    ],
)
def test_a_name_becomes_one_that_every_system_can_have(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_no_name_does_harm(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= 150
    assert not re.search(r'[\x00-\x1f<>:"/\\|?*]', safe)
    assert safe == safe.strip(" .")
    assert not RESERVED.fullmatch(safe)
    assert is_portable(safe)


@pytest.mark.parametrize(
    "name",
    ["", "a:b", "a.", "a ", "a\n", "CON", "nul.tar.gz", "com¹.txt", "conin$", "a\ud800", "a/b", "\x7f"],
)
def test_a_name_that_some_system_cannot_have_is_not_portable(name: str) -> None:
    assert not is_portable(name)


def test_each_name_is_given_out_once_whatever_its_case() -> None:
    names = FreeNames()
    taken = [names.take("files", name) for name in ("a.txt", "A.TXT", "a (2).txt", "a.txt", "../", "..")]
    assert taken == [
        "files/a.txt",
        "files/A (2).TXT",
        "files/a (2) (2).txt",
        "files/a (3).txt",
        "files/_",
        "files/file",
    ]


def test_ten_thousand_equal_names_are_told_apart_quickly() -> None:
    names = FreeNames()
    assert len({names.take("files", "image.png") for _ in range(10_000)}) == 10_000
