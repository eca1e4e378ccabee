"""A scratchpad becomes a Python script that compiles, whatever is in its cells."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.schemas.scratchpads import Cell, Scratchpad
from cowork_desktop.workspace.script import write_script

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")  # of compile
TIME = "2026-06-11T10:00:00.000Z"
MARKDOWN = "markdown"


def script_of(*cells: tuple[str, str]) -> str:
    """`cells`: the language, or MARKDOWN, and the content of each."""
    made = [
        Cell(id=f"c{n}", type="markdown", content=content, status="success", error=None, index=n)
        if language == MARKDOWN
        else Cell(
            id=f"c{n}", type="code", content=content, language=language, status="pending", error=None, index=n
        )
        for n, (language, content) in enumerate(cells)
    ]
    pad = Scratchpad(
        id="sp_1",
        conversation_id="conv_1",
        title="Sales",
        cells=made,
        saved=False,
        artifact_id=None,
        created_at=TIME,
        updated_at=TIME,
    )
    script = write_script(pad)
    compile(script, "script.py", "exec")
    return script.decode("utf-8")


def python_of(content: str) -> str:
    """What a single Python cell becomes."""
    start = "# -*- coding: utf-8 -*-\n\n# %%\n"
    script = script_of(("python", content))
    assert script.startswith(start)
    return script.removeprefix(start).removesuffix("\n")


def test_each_cell_is_a_section_and_what_is_not_python_is_a_comment() -> None:
    cells = [
        (MARKDOWN, "# Sales\n\nof Mäy"),
        ("python", "x = 1\n"),
        ("sql", "SELECT 1\nFROM x"),
        ("r", "y <- 1"),
    ]
    assert script_of(*cells) == (
        "# -*- coding: utf-8 -*-\n"
        "\n# %% [markdown]\n# # Sales\n#\n# of Mäy\n"
        "\n# %%\nx = 1\n\n"
        "\n# %% [sql]\n# SELECT 1\n# FROM x\n"
        "\n# %% [r]\n# y <- 1\n"
    )


@pytest.mark.parametrize(
    ("content", "python"),
    [
        ("%pip install x\nimport a", "# %pip install x\nimport a"),
        ("!ls \\\n  -l\nx = 1", "# !ls \\\n#   -l\nx = 1"),
        ("if x:\n    !ls", "if x:\n    pass  # !ls"),
        ("files = !ls\ndf?\n?df\n%timeit f()\nx", "# files = !ls\n# df?\n# ?df\n# %timeit f()\nx"),
        ("s = '''\n%no magic\n'''\n%magic", "s = '''\n%no magic\n'''\n# %magic"),
        ("x = (y\n%z)", "x = (y\n%z)"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("\n%%bash\nls", "#\n# %%bash\n# ls"),
        ("%%sql orders\nSELECT 1", "# %%sql orders\n# SELECT 1"),
        ("x = = 1\ny = 2", "# x = = 1\n# y = 2"),
        ("await f()", "# await f()"),
        ("x = 1 \\", "# x = 1 \\"),
        ("# -*- coding: latin-1 -*-\nx = 'ä'", "# -*- coding: latin-1 -*-\nx = 'ä'"),
        ("global x\nx = 1", "# global x\nx = 1"),
        ("r'\\d' '\\d'", "r'\\d' '\\d'"),
        ("%%time\n%%time\n%%time", "# %%time\n# %%time\n# %%time"),
    ],
)
def test_magics_and_what_does_not_compile_become_comments(content: str, python: str) -> None:
    assert python_of(content) == python


def test_an_import_from_the_future_moves_to_the_start() -> None:
    script = script_of(("python", "x = 1"), ("python", "from __future__ import annotations\ny = 2"))
    assert script == (
        "# -*- coding: utf-8 -*-\nfrom __future__ import annotations\n"
        "\n# %%\nx = 1\n"
        "\n# %%\n# from __future__ import annotations\ny = 2\n"
    )


def test_cells_that_do_not_go_together_in_a_file_are_all_comments() -> None:
    script = script_of(("python", "x = 1"), ("python", "if True:\n    global x"))
    assert "\n# x = 1\n" in script
    assert ast.parse(script).body == []


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_no_end_of_a_line_lets_text_out_of_its_comment(end: str) -> None:
    script = script_of((MARKDOWN, f"a{end}import os"), ("sql", f"a{end}import os"))
    assert ast.parse(script).body == []


texts = st.text(st.characters(exclude_characters="\x00"), max_size=30) | st.text(
    "\r\n\x0c\\'\"#%!?= ax:(\u2028", max_size=30
)


@given(st.lists(st.tuples(st.sampled_from([MARKDOWN, "sql", "r"]), texts), max_size=4))
def test_a_script_without_python_cells_has_no_statements(cells: list[tuple[str, str]]) -> None:
    assert ast.parse(script_of(*cells)).body == []


@given(st.lists(st.tuples(st.sampled_from([MARKDOWN, "python"]), texts), max_size=4))
def test_a_script_compiles_whatever_its_cells_are(cells: list[tuple[str, str]]) -> None:
    script_of(*cells)


@pytest.mark.parametrize(
    "content", ["%a\n" * 100_000, "'''" * 100_000, "\\" * 500_000, " " * 500_000 + "x?", "-" * 100_000 + "1"]
)
def test_a_long_cell_takes_no_longer_than_its_length(content: str) -> None:
    assert len(python_of(content)) >= len(content.rstrip("\n"))
