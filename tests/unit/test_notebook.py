"""Scratchpads become notebooks and notebooks scratchpads, and nothing is lost on the way."""

import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cowork_desktop.errors import InvalidRequest
from cowork_desktop.schemas.mime_bundles import WIDGET_NOTE, WIDGET_VIEW
from cowork_desktop.schemas.scratchpads import Cell, Output, Scratchpad
from cowork_desktop.workspace.notebook import Imported, ImportedCell, Kept, read_notebook, write_notebook

nbformat: Any = importlib.import_module("nbformat")  # most of it has no types
TIME = "2026-06-11T10:00:00.000Z"
PNG = "iVBORw0KGgo="
PYTHON = {"language_info": {"name": "python"}}


def markdown(content: str) -> Cell:
    return Cell(id="", type="markdown", content=content, status="success", error=None, index=0)


def code(content: str, **fields: Any) -> Cell:
    defaults = {"language": "python", "status": "pending", "error": None}
    return Cell(id="", type="code", content=content, index=0, **{**defaults, **fields})


def output(*outputs: Output) -> Cell:
    return Cell(
        id="", type="output", content="", status="success", outputs=list(outputs), error=None, index=0
    )


def pad_of(cells: Sequence[Cell], title: str = "Sales") -> Scratchpad:
    numbered = [cell.model_copy(update={"id": f"cell_{n}", "index": n}) for n, cell in enumerate(cells)]
    return Scratchpad(
        id="sp_1",
        conversation_id="conv_1",
        title=title,
        cells=numbered,
        saved=False,
        artifact_id=None,
        created_at=TIME,
        updated_at=TIME,
    )


def made(imported: Imported) -> tuple[Scratchpad, Kept]:
    """What the store makes of an import, through JSON as it does."""
    cells = [
        Cell(
            id="",
            type=cell.type,
            content=cell.content,
            language=cell.language,
            status=cell.status,
            outputs=cell.outputs,
            error=cell.error,
            index=0,
            execution_count=cell.execution_count,
        )
        for cell in imported.cells
    ]
    pad = Scratchpad.model_validate_json(pad_of(cells, imported.title).model_dump_json().encode("utf-8"))
    kept = {
        cell.id: json.loads(json.dumps(one.kept)) for cell, one in zip(pad.cells, imported.cells, strict=True)
    }
    return pad, Kept(json.loads(json.dumps(imported.kept)), kept)


def valid(raw: bytes) -> Any:
    nb = nbformat.reads(raw.decode(), as_version=4)
    nbformat.validate(nb)
    assert (nb["nbformat"], nb["nbformat_minor"]) == (4, 5)
    return nb


def written(*cells: Cell, title: str = "Sales") -> Any:
    return valid(write_notebook(pad_of(cells, title), Kept()))


def read(nb: Any) -> Imported:
    return read_notebook(json.dumps(nb).encode())


def exported_again(nb: Any) -> Any:
    pad, kept = made(read(nb))
    return valid(write_notebook(pad, kept))


def notebook(*cells: dict[str, Any], minor: int = 5, **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata or PYTHON, "cells": list(cells)}


def nb_code(source: Any, *outputs: dict[str, Any], count: int | None = None, **fields: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": list(outputs)}
    return {**cell, "execution_count": count, **fields}


def nb_prose(source: Any, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "p", "metadata": {}, "source": source, **fields}


def nb_display(data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


NB_ERROR = {
    "output_type": "error",
    "ename": "ZeroDivisionError",
    "evalue": "division by zero",
    "traceback": [
        "\x1b[31m-----\x1b[39m",
        "File <c>:1\n----> 1 1/0\n",
        "ZeroDivisionError: division by zero",
    ],
}
ERROR = Output(
    mime="text/plain",
    data="\x1b[31m-----\x1b[39m\nFile <c>:1\n----> 1 1/0\n\nZeroDivisionError: division by zero",
    kind="error",
    metadata={"ename": "ZeroDivisionError", "evalue": "division by zero"},
)


def test_importing_the_module_does_not_import_nbformat() -> None:
    program = "import sys, cowork_desktop.workspace.notebook; print('nbformat' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# Writing


def test_a_scratchpad_becomes_a_notebook_with_the_outputs_inside_the_code_cells() -> None:
    result = Output(mime="text/plain", data="2", kind="result", execution_count=3)
    cells = [markdown("# Hi"), code("1 + 1", status="success", execution_count=3), output(result)]
    assert written(*cells) == {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "title": "Sales",
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
        },
        "cells": [
            {"cell_type": "markdown", "id": "cell_0", "metadata": {}, "source": "# Hi"},
            {
                "cell_type": "code",
                "id": "cell_1",
                "metadata": {},
                "source": "1 + 1",
                "execution_count": 3,
                "outputs": [
                    {
                        "output_type": "execute_result",
                        "data": {"text/plain": "2"},
                        "metadata": {},
                        "execution_count": 3,
                    }
                ],
            },
        ],
    }


def test_an_empty_scratchpad_is_a_notebook_without_cells() -> None:
    assert written()["cells"] == []


@pytest.mark.parametrize(
    ("one", "nb_output"),
    [
        (
            Output(mime="text/plain", data="a\nb", kind="stream", name="stderr"),
            {"output_type": "stream", "name": "stderr", "text": "a\nb"},
        ),
        (
            Output(
                mime="image/png",
                data=f"data:image/png;base64,{PNG}",
                alternatives={"text/plain": "<Figure>"},
                metadata={"image/png": {"width": 10}},
            ),
            nb_display({"image/png": PNG, "text/plain": "<Figure>"}, **{"image/png": {"width": 10}}),
        ),
        (
            Output(mime="application/json", data={"a": ["x", "y"]}, kind="result", execution_count=1),
            {
                "output_type": "execute_result",
                "data": {"application/json": {"a": ["x", "y"]}},
                "metadata": {},
                "execution_count": 1,
            },
        ),
        (
            Output(mime="text/plain", data="The kernel was restarted.", kind="notice"),
            nb_display({"text/plain": "The kernel was restarted."}, cowork={"kind": "notice"}),
        ),
        (
            Output(mime="text/plain", data="a\nb", kind="error", metadata={"ename": "E", "evalue": "v"}),
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]},
        ),
    ],
    ids=["stream", "display", "result", "notice", "error"],
)
def test_each_kind_of_output_becomes_its_own_kind_and_is_read_back(
    one: Output, nb_output: dict[str, Any]
) -> None:
    nb = written(code("x"), output(one))
    assert nb["cells"][0]["outputs"] == [nb_output]
    assert read(nb).cells[1].outputs == [one]


@pytest.mark.parametrize(
    "odd",
    [
        Output(mime="", data=None),
        Output(mime="text/html", data=["a", 1], kind="result", execution_count=-1),
        Output(mime="image/png", data={"a": 1}, alternatives={"application/pdf": 3}),
        Output(mime="x", data=1.5, kind="stream"),
        Output(mime="x", data=None, kind="error", metadata={"ename": 3}),
        Output(mime="application/json", data=float("nan")),
        Output(mime="text/plain", data="\ud800"),
    ],
)
def test_an_output_that_no_kernel_would_make_is_written_as_a_valid_one(odd: Output) -> None:
    written(code("x"), output(odd))


def test_cells_whose_ids_no_notebook_allows_get_others() -> None:
    pad = pad_of([markdown("a"), markdown("b"), markdown("c")])
    kept = Kept(
        cells={cell.id: {"id": id} for cell, id in zip(pad.cells, ["a b", "same", "same"], strict=True)}
    )
    ids = [cell["id"] for cell in valid(write_notebook(pad, kept))["cells"]]
    assert ids == ["cell-0", "same", "cell-2"]


def test_a_cell_made_prose_keeps_only_what_any_cell_may_have() -> None:
    nb = notebook(nb_code("# x", metadata={"collapsed": True, "tags": ["a"], "scrolled": "auto"}))
    pad, kept = made(read(nb))
    prose = pad.cells[0].model_copy(update={"type": "markdown", "language": None, "status": "success"})
    cells = valid(write_notebook(pad.model_copy(update={"cells": [prose]}), kept))["cells"]
    assert cells == [{"cell_type": "markdown", "id": "a", "metadata": {"tags": ["a"]}, "source": "# x"}]


def test_prose_made_code_leaves_its_attachments_behind() -> None:
    nb = notebook(nb_prose("x = 1", attachments={"a.png": {"image/png": PNG}}, metadata={"collapsed": "odd"}))
    pad, kept = made(read(nb))
    changed = pad.cells[0].model_copy(update={"type": "code", "language": "python", "status": "pending"})
    cells = valid(write_notebook(pad.model_copy(update={"cells": [changed]}), kept))["cells"]
    assert cells == [{**nb_code("x = 1"), "id": "p"}]


def test_outputs_that_are_not_the_imported_ones_any_more_are_written_as_they_are_now() -> None:
    pad, kept = made(read(notebook(nb_code("x", NB_ERROR))))
    now = Output(mime="text/plain", data="a", kind="stream", name="stdout")
    cells = [pad.cells[0], pad.cells[1].model_copy(update={"outputs": [now]})]
    nb = valid(write_notebook(pad.model_copy(update={"cells": cells}), kept))
    assert nb["cells"][0]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "a"}]


def test_a_title_that_was_changed_is_in_the_notebook() -> None:
    pad, kept = made(read(notebook(nb_prose("# First"))))
    nb = valid(write_notebook(pad.model_copy(update={"title": "Second"}), kept))
    assert nb["metadata"] == {**PYTHON, "title": "Second"}


# Reading


def test_a_notebook_becomes_cells_with_the_outputs_after_the_code() -> None:
    nb = notebook(
        nb_prose(["# Sales\n", "of May"]),
        nb_code("1/0", NB_ERROR, count=2),
        nb_code("x = 1", id="b"),
        title="May",
    )
    assert read(nb) == Imported(
        title="May",
        cells=[
            ImportedCell(
                "markdown",
                "# Sales\nof May",
                None,
                "success",
                None,
                None,
                None,
                {"cell_type": "markdown", "id": "p", "metadata": {}},
            ),
            ImportedCell(
                "code",
                "1/0",
                "python",
                "error",
                None,
                "ZeroDivisionError: division by zero",
                2,
                {"cell_type": "code", "id": "a", "metadata": {}},
            ),
            ImportedCell("output", "", None, "success", [ERROR], None, None, {"outputs": {"0": NB_ERROR}}),
            ImportedCell(
                "code",
                "x = 1",
                "python",
                "pending",
                None,
                None,
                None,
                {"cell_type": "code", "id": "b", "metadata": {}},
            ),
        ],
        kept={"title": "May", "metadata": {"title": "May"}},
    )


@pytest.mark.parametrize(
    ("metadata", "file_name", "title"),
    [
        ({"title": " May "}, "sales.ipynb", "May"),
        ({"title": " "}, "C:\\x\\sales.ipynb", "sales"),
        ({}, "a/b/\ud800.ipynb", "\ufffd"),
        ({}, None, "Heading"),
        ({"title": "x" * 300}, None, "x" * 200),
    ],
)
def test_the_title_is_that_of_the_metadata_else_of_the_file_else_of_the_first_heading(
    metadata: dict[str, Any], file_name: str | None, title: str
) -> None:
    nb = {**notebook(nb_prose("text"), nb_prose("a\n## Heading ", id="q")), "metadata": metadata}
    assert read_notebook(json.dumps(nb).encode(), file_name).title == title


def test_a_notebook_that_says_nothing_of_itself_has_a_title_nevertheless() -> None:
    assert read(notebook()).title == "Notebook"


@pytest.mark.parametrize(
    ("metadata", "source", "language", "content"),
    [
        (PYTHON, "%%sql\nSELECT 1", "sql", "SELECT 1"),
        (PYTHON, "%%sql orders\nSELECT 1", "python", "%%sql orders\nSELECT 1"),
        ({"a": 1}, "x", "python", "x"),
        ({"language_info": {"name": "R"}}, "x <- 1", "r", "x <- 1"),
        ({"kernelspec": {"name": "k", "display_name": "K", "language": "C++17"}}, "x", "c++17", "x"),
        ({"language_info": {"name": "ipython3"}}, "x", "python", "x"),
        ({"language_info": {"name": "no language!"}}, "x", "python", "x"),
        ({"language_info": {"name": "sql"}}, "SELECT 1", "sql", "SELECT 1"),
    ],
)
def test_the_language_of_code_is_that_of_the_notebook_but_for_sql_cells(
    metadata: dict[str, Any], source: str, language: str, content: str
) -> None:
    nb = notebook(nb_code(source), **metadata)
    cell = read(nb).cells[0]
    assert (cell.language, cell.content) == (language, content)
    assert exported_again(nb) == nb


def test_a_widget_is_read_as_its_text_and_exported_as_the_widget() -> None:
    view = nb_display({WIDGET_VIEW: {"model_id": "a"}, "text/plain": "IntSlider(value=0)"})
    nb = notebook(nb_code("w", view), widgets={"application/vnd.jupyter.widget-state+json": {"state": {}}})
    assert read(nb).cells[1].outputs == [Output(mime="text/plain", data=f"IntSlider(value=0)\n{WIDGET_NOTE}")]
    assert exported_again(nb) == nb


def test_what_cannot_be_stored_is_replaced() -> None:
    raw = (
        rb'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"a\u0000": NaN, "b": 1e999}, "cells": ['
        rb'{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "\u0000 \ud83d\ude00 \ud800"}]}'
    )
    imported = read_notebook(raw)
    assert imported.cells[0].content == "\ufffd \U0001f600 \ufffd"
    assert imported.kept["metadata"] == {"a\ufffd": None, "b": None}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_notebook_may_be_in_another_unicode_encoding(encoding: str) -> None:
    raw = json.dumps(notebook(nb_prose("ä")), ensure_ascii=False).encode(encoding)
    assert read_notebook(raw).cells[0].content == "ä"


def test_a_count_that_no_database_holds_is_none() -> None:
    assert read(notebook(nb_code("x", count=10**30))).cells[0].execution_count is None


@pytest.mark.parametrize("id", [None, "a b", "", 7, "x" * 65])
def test_ids_that_are_missing_or_not_allowed_are_given(id: Any) -> None:
    cells = [nb_prose("a", id=id), nb_prose("b", id="b"), nb_prose("c", id="b")]
    if id is None:
        del cells[0]["id"]
    assert [cell.kept["id"] for cell in read(notebook(*cells)).cells] == ["cell-0", "b", "cell-2"]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "This is no notebook: it cannot be read as JSON."),
        (b"\x89PNG\r\n", "This is no notebook: it cannot be read as JSON."),
        (b"[" * 100_000, "This is no notebook: it cannot be read as JSON."),
        (b"[]", "This is no notebook: it does not say which notebook format it has."),
        (b'{"nbformat": "4"}', "This is no notebook: it does not say which notebook format it has."),
        (b'{"nbformat": true}', "This is no notebook: it does not say which notebook format it has."),
        (b'{"nbformat": 5}', "This notebook has format 5; the newest that can be read is 4."),
        (b'{"nbformat": 2}', "This notebook has format 2; the oldest that can be read is 3."),
        (b'{"nbformat": 4}', "This notebook is not valid: it has no cells."),
        (
            b'{"nbformat": 4, "nbformat_minor": 5, "cells": 1}',
            "This notebook is not valid: it could not be brought to format 4.",
        ),
        (
            json.dumps(notebook({"cell_type": "markdown", "metadata": {}, "id": "a"})).encode(),
            "This notebook is not valid: cells[0]: 'source' is a required property",
        ),
        (
            json.dumps(notebook(nb_code("x", {"output_type": "stream", "name": "stdout"}))).encode(),
            "This notebook is not valid: cells[0].outputs[0]: 'text' is a required property",
        ),
        (
            b'{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"a": '
            + b"[" * 150
            + b"]" * 150
            + b"}}",
            "This notebook is nested deeper than 100 levels.",
        ),
        (
            json.dumps(notebook(nb_prose("x" * 1_000_001))).encode(),
            "Cell 1 of this notebook has more than 1,000,000 characters.",
        ),
        (
            json.dumps(notebook(*[nb_prose("", id=f"c{n}") for n in range(10_001)])).encode(),
            "This notebook has more than 10,000 cells.",
        ),
    ],
)
def test_what_is_no_notebook_is_refused_with_a_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_notebook(raw)
    assert (refused.value.message, refused.value.param) == (sentence, "form.file")


@given(
    st.dictionaries(
        st.sampled_from(["nbformat", "nbformat_minor", "metadata", "cells", "worksheets"]),
        st.recursive(
            st.none() | st.integers(0, 6) | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(["cells", "cell_type", "source", "metadata", "id"]), inner, max_size=3
                )
            ),
        ),
    )
)
def test_whatever_json_it_is_given_it_reads_it_or_refuses_it(parsed: Any) -> None:
    try:
        read(parsed)
    except InvalidRequest as refused:
        assert refused.param == "form.file"  # noqa: PT017


# Notebooks as they are found


def without_ids(nb: Any) -> Any:
    return {**nb, "cells": [{**cell, "id": None} for cell in nb["cells"]]}


def test_a_notebook_of_format_3_is_upgraded() -> None:
    nb = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Sales"]},
                    {
                        "cell_type": "code",
                        "language": "python",
                        "metadata": {},
                        "collapsed": False,
                        "prompt_number": 4,
                        "input": ["print 1\n", "1/0"],
                        "outputs": [
                            {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
                            {"output_type": "pyout", "prompt_number": 4, "text": ["2"], "metadata": {}},
                            {"output_type": "display_data", "png": PNG + "\n", "metadata": {}},
                            {"output_type": "pyerr", "ename": "E", "evalue": "v", "traceback": ["t"]},
                        ],
                    },
                ],
            }
        ],
    }
    imported = read(nb)
    assert [(cell.type, cell.content, cell.status) for cell in imported.cells] == [
        ("markdown", "## Sales", "success"),
        ("code", "print 1\n1/0", "error"),
        ("output", "", "success"),
    ]
    assert imported.cells[2].outputs == [
        Output(mime="text/plain", data="1\n", kind="stream", name="stdout"),
        Output(mime="text/plain", data="2", kind="result", execution_count=4),
        Output(mime="image/png", data=f"data:image/png;base64,{PNG}"),
        Output(mime="text/plain", data="t", kind="error", metadata={"ename": "E", "evalue": "v"}),
    ]
    again = exported_again(nb)
    assert exported_again(again) == again


@pytest.mark.parametrize("minor", range(5))
def test_a_notebook_of_format_4_without_ids_is_the_same_but_for_its_ids(minor: int) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]}
    cells = [nb_prose(["# A\n", "b"]), nb_code(["x\n", "y"], stream, count=1)]
    for cell in cells:
        del cell["id"]
    nb = notebook(*cells, minor=minor)
    expected = nbformat.v4.upgrade(nbformat.reads(json.dumps(nb), as_version=4))
    del expected["metadata"]["orig_nbformat_minor"]
    assert without_ids(exported_again(nb)) == without_ids(expected)


def test_a_notebook_of_a_newer_minor_format_is_read_without_what_is_new_in_it() -> None:
    nb = notebook(nb_prose("a", mood="new"), minor=6)
    assert exported_again(nb) == notebook(nb_prose("a"))


def test_a_rich_notebook_of_format_4_5_is_exported_as_it_was() -> None:
    nb = notebook(
        nb_prose(["![a](attachment:a.png)\n", "b"], attachments={"a.png": {"image/png": PNG}}),
        nb_prose("\\begin{x}", id="raw-1", cell_type="raw", metadata={"format": "text/latex", "tags": ["x"]}),
        nb_code(
            "df",
            {
                "output_type": "execute_result",
                "execution_count": 7,
                "metadata": {"text/html": {"isolated": True}},
                "data": {
                    "text/html": ["<b>\n", "</b>"],
                    "text/plain": "df",
                    "image/png": PNG[:4] + "\n" + PNG[4:],
                },
            },
            nb_display({"image/png": "broken", "image/svg+xml": ["<svg>\n", "</svg>"]}),
            nb_display(
                {"application/vnd.plotly.v1+json": {"data": [["a", "b"]]}, "text/html": "<div></div>"}
            ),
            {"output_type": "stream", "name": "stdin", "text": "odd"},
            NB_ERROR,
            count=7,
            id="8d1c2b9e-1111-4222-8333-444455556666",
            metadata={
                "tags": ["parameters"],
                "collapsed": True,
                "cowork": {"mine": 1},
                "deep": {"a": [1, None]},
            },
        ),
        nb_code("", id="z", metadata={"cowork": "not ours", "jupyter": {"source_hidden": True}}),
        authors=[{"name": "A"}],
        toc={"base_numbering": 1},
        language_info={"name": "python"},
    )
    assert exported_again(nb) == nbformat.reads(json.dumps(nb), as_version=4)


# Properties

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
sources = texts | texts.map(lambda text: f"%%sql\n{text}")
lines = st.lists(texts.filter(lambda text: "\n" not in text), min_size=1, max_size=3)
names = st.fixed_dictionaries({"ename": texts, "evalue": texts})
shapes = st.sampled_from(
    [
        ("text/html", "<b>x</b>", {"text/plain": "x"}),
        ("image/png", f"data:image/png;base64,{PNG}", {"application/json": [1, "a"]}),
        ("application/geo+json", {"a": ["b"]}, {}),
        ("text/plain", "x\r\n\u2028y", {}),
    ]
)
counts = st.none() | st.integers(0, 100)
shown = st.builds(
    lambda shape, kind, count: Output(
        mime=shape[0],
        data=shape[1],
        alternatives=shape[2],
        kind=kind,
        execution_count=count if kind == "result" else None,
    ),
    shapes,
    st.sampled_from(["display", "result", "notice"]),
    counts,
)
streams = st.builds(
    Output,
    mime=st.just("text/plain"),
    data=texts,
    kind=st.just("stream"),
    name=st.sampled_from(["stdout", "stderr"]),
)
errors = st.builds(
    Output, mime=st.just("text/plain"), data=lines.map("\n".join), kind=st.just("error"), metadata=names
)


@st.composite
def code_with_outputs(draw: st.DrawFn) -> list[Cell]:
    status = draw(st.sampled_from(["pending", "success", "error"]))
    cell = code(
        draw(sources),
        language=draw(st.sampled_from(["python", "sql", "r"])),
        status=status,
        error=draw(texts) if status == "error" else None,
        execution_count=draw(counts),
    )
    outputs = draw(st.lists(shown | streams | errors, max_size=3))
    return [cell, output(*outputs)] if outputs else [cell]


pads = st.lists(code_with_outputs() | sources.map(lambda text: [markdown(text)]), max_size=4).map(
    lambda groups: pad_of([cell for group in groups for cell in group])
)


@given(pads)
@settings(deadline=None)
def test_a_scratchpad_comes_back_from_its_notebook_and_its_notebook_from_that(pad: Scratchpad) -> None:
    raw = write_notebook(pad, Kept())
    valid(raw)
    again, kept = made(read_notebook(raw))
    assert again == pad
    assert valid(write_notebook(again, kept)) == valid(raw)
