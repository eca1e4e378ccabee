"""A report shows all of a scratchpad, fetches nothing, and runs nothing of what is in it."""

import base64
import hashlib
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest

from cowork_desktop.schemas.mime_bundles import from_bundle
from cowork_desktop.schemas.scratchpads import Cell, Output, Scratchpad
from cowork_desktop.workspace.report import render

TIME = "2026-06-11T10:00:00.000Z"
PNG = base64.b64encode(b"\x89PNG\r\n").decode()
VOID = {"meta", "img", "hr", "br", "source", "wbr", "col"}
HOSTILE = "</script></title></details></pre></iframe><script>alert(1)</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """The elements of a page, with what is open around each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def code(content: str = "", language: str = "python", **fields: Any) -> Cell:
    defaults = {"status": "success", "error": None}
    return Cell(id="", type="code", content=content, language=language, index=0, **{**defaults, **fields})


def markdown(content: str) -> Cell:
    return Cell(id="", type="markdown", content=content, status="success", error=None, index=0)


def output(*outputs: Output) -> Cell:
    return Cell(
        id="", type="output", content="", status="success", outputs=list(outputs), error=None, index=0
    )


def pad_of(*cells: Cell, title: str = "Sales") -> Scratchpad:
    return Scratchpad(
        id="sp_1",
        conversation_id="conv_1",
        title=title,
        cells=list(cells),
        saved=False,
        artifact_id=None,
        created_at=TIME,
        updated_at=TIME,
    )


def html_of(*cells: Cell, title: str = "Sales") -> str:
    html = render(pad_of(*cells, title=title)).decode("utf-8")
    page = Page(html)
    assert page.open == []
    assert len(page.all("h1")) == len(page.all("script")) == 1
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    return html


def main_of(*cells: Cell) -> str:
    """What is between the tags of <main>."""
    return html_of(*cells).partition("<main>\n")[2].partition("\n</main>")[0]


def shown(bundle: dict[str, Any], **fields: Any) -> str:
    """What an output with this bundle becomes."""
    mime, data, alternatives = from_bundle(bundle)
    made = Output(mime=mime, data=data, alternatives=alternatives, **fields)
    return main_of(code(), output(made)).removeprefix('<div class="outputs">\n').removesuffix("\n</div>")


def printed(text: str, **fields: Any) -> str:
    made = Output(mime="text/plain", data=text, **fields)
    return main_of(code(), output(made)).removeprefix('<div class="outputs">\n').removesuffix("\n</div>")


def test_importing_the_module_imports_none_of_the_libraries_that_are_slow_to_import() -> None:
    program = (
        "import sys, cowork_desktop.workspace.report; "
        "print({'nh3', 'markdown_it', 'pygments', 'latex2mathml'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


# The page


def test_the_page_says_its_title_its_language_and_when_it_was_made() -> None:
    html = html_of(markdown("x"))
    assert '<html lang="en">' in html
    assert "<title>Sales</title>" in html
    assert "<h1>Sales</h1>" in html
    assert f'<p>Updated <time datetime="{TIME}">11 June 2026, 10:00 UTC</time></p>' in html


def test_an_empty_scratchpad_says_so() -> None:
    assert main_of() == '<p class="note">This scratchpad is empty.</p>'


def test_the_policy_lets_only_the_script_of_the_page_run_and_nothing_be_fetched() -> None:
    html = html_of()
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = next(one for one in Page(html).all("meta") if one.get("http-equiv"))
    assert policy["content"] == (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )


def test_code_is_folded_and_says_its_language() -> None:
    assert main_of(code("x = 'a'"), code("SELECT 1", "sql"), code("y <- 1", "r", status="pending")) == (
        '<details class="code"><summary>Code · Python</summary><pre class="source" tabindex="0">'
        '<span class="hl-n">x</span> <span class="hl-o">=</span> <span class="hl-s1">\'a\'</span></pre>'
        "</details>\n"
        '<details class="code"><summary>Code · SQL</summary><pre class="source" tabindex="0">'
        '<span class="hl-k">SELECT</span><span class="hl-w"> </span><span class="hl-mi">1</span></pre>'
        "</details>\n"
        '<details class="code"><summary>Code · R · not run</summary><pre class="source" tabindex="0">'
        "y &lt;- 1</pre></details>"
    )


def test_a_first_heading_that_is_the_title_again_is_left_out() -> None:
    assert main_of(markdown("# Sales\ntext")) == '<div class="prose"><p>text</p>\n</div>'


def test_the_headings_of_markdown_are_below_the_title_of_the_page() -> None:
    assert main_of(markdown("# A\n###### B")) == '<div class="prose"><h2>A</h2>\n<h6>B</h6>\n</div>'


def test_a_table_of_markdown_can_be_scrolled_by_keyboard() -> None:
    assert main_of(markdown("|a|\n|-|\n|~~b~~|")).startswith(
        '<div class="prose"><div class="scroll" role="region" tabindex="0" aria-label="Table"><table>'
    )


def test_formulas_of_markdown_are_mathml_and_prices_are_not() -> None:
    html = main_of(markdown("$x^2$ costs $5 or $6"))
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><msup>' in html
    assert "costs $5 or $6" in html


def test_images_of_markdown_that_would_be_fetched_are_links() -> None:
    html = main_of(markdown(f"![a](https://example.org/a.png) ![b](data:image/png;base64,{PNG}) ![c](c.png)"))
    assert html == (
        '<div class="prose"><p><a href="https://example.org/a.png" rel="noopener noreferrer">a</a> '
        f'<img src="data:image/png;base64,{PNG}" alt="b"> <span>c</span></p>\n</div>'
    )


def test_a_cell_that_failed_without_a_traceback_says_why() -> None:
    failed = code(status="error", error="The cell ran longer than 5 s, and was stopped.")
    assert main_of(failed) == (
        '<div class="failure" role="group" aria-label="Error">'
        "<p>The cell ran longer than 5 s, and was stopped.</p></div>"
    )


# Outputs


def test_streams_are_text_with_colours() -> None:
    assert printed("\x1b[31m<a>\x1b[0m", kind="stream", name="stderr") == (
        '<pre class="stream stderr" tabindex="0"><span class="ansi-1">&lt;a&gt;</span></pre>'
    )


def test_an_error_says_what_it_is_before_its_traceback() -> None:
    names = {"ename": "ValueError", "evalue": "a < b"}
    failed = code(status="error", error="ValueError: a < b")
    traceback = Output(mime="text/plain", data="\x1b[31mFile\x1b[0m", kind="error", metadata=names)
    assert main_of(failed, output(traceback)) == (
        '<div class="outputs">\n<div class="failure" role="group" aria-label="Error">'
        '<p>ValueError: a &lt; b</p><details><summary>Traceback</summary><pre class="stream" tabindex="0">'
        '<span class="ansi-1">File</span></pre></details></div>\n</div>'
    )


def test_a_notice_is_a_quiet_note() -> None:
    assert (
        printed("The output <was> cut.", kind="notice") == '<p class="note">The output &lt;was&gt; cut.</p>'
    )


@pytest.mark.parametrize(
    ("bundle", "metadata", "words"),
    [
        ({"text/plain": "<Figure size 1x1>"}, {}, 'alt="Image in cell 1"'),
        ({"text/plain": 'Sales "of" May'}, {}, 'alt="Sales &quot;of&quot; May"'),
        ({}, {"image/png": {"width": 9, "height": 8, "alt": "A"}}, 'alt="A" width="9" height="8"'),
        ({}, {"image/png": {"width": '9"', "height": True}}, 'alt="Image in cell 1"'),
    ],
)
def test_an_image_has_words_for_those_who_do_not_see_it(
    bundle: dict[str, Any], metadata: dict[str, Any], words: str
) -> None:
    html = shown({"image/png": PNG, **bundle}, metadata=metadata)
    assert html == f'<img src="data:image/png;base64,{PNG}" {words}>'


def test_json_is_folded_text() -> None:
    assert shown({"application/json": {"a": "<ä>"}}) == (
        '<details class="json"><summary>JSON</summary><pre class="text" tabindex="0">'
        '{\n  "a": "&lt;ä&gt;"\n}</pre></details>'
    )


def test_a_formula_is_mathml() -> None:
    html = shown({"text/latex": "$\\displaystyle x$"})
    assert html.startswith(
        '<div class="scroll" role="region" tabindex="0" aria-label="Formula in cell 1"><math'
    )


@pytest.mark.parametrize(
    "latex", ["\\begin{tabular}{l}a\\end{tabular}", "$\\newcommand{\\a}{b}\\a$", "{" * 4000]
)
def test_latex_that_cannot_be_converted_is_text(latex: str) -> None:
    assert f'<pre class="text" tabindex="0">{latex}</pre>' in shown({"text/latex": latex})


def test_a_table_of_pandas_is_part_of_the_page() -> None:
    html = (
        "<div>\n<style scoped>\n.dataframe td {a: b}\n</style>\n"
        '<table border="1" class="dataframe other" id="x"><tr style="color: red"><td>1</td></tr></table>'
        "</div>"
    )
    assert shown({"text/html": html}) == (
        '<div class="scroll" role="region" tabindex="0" aria-label="Table in cell 1">'
        '<div class="html"><div>\n\n<table class="dataframe"><tbody><tr><td>1</td></tr></tbody></table>'
        "</div></div></div>"
    )


def test_html_with_styles_of_its_own_is_in_a_frame_where_no_script_runs() -> None:
    frame = Page(shown({"text/html": '<style>td {}</style><table><tr><td title="a">1</td></tr></table>'}))
    [attributes] = frame.all("iframe")
    content = attributes.pop("srcdoc")
    assert attributes == {"sandbox": "", "title": "Output in cell 1", "style": "height:6rem"}
    assert content
    assert content.endswith('<style>td {}</style><table><tr><td title="a">1</td></tr></table>')


def test_html_of_nothing_but_scripts_says_so_and_shows_its_text() -> None:
    assert shown({"text/html": "<div><script>plot()</script></div>", "text/plain": "Figure()"}) == (
        '<p class="note">This output has scripts; a report does not run them.</p>'
        '<pre class="text" tabindex="0">Figure()</pre>'
    )


def test_html_fetches_nothing_and_keeps_what_is_embedded() -> None:
    html = (
        f'<h1>a</h1><img src="https://example.org/a" alt="b"><img src="data:image/png;base64,{PNG}">'
        '<a href="data:text/html,x">c</a><a href="javascript:x">d</a><a href="https://example.org">e</a>'
        '<audio controls src="data:audio/wav;base64,AAAA"></audio><form action="/x"><input></form>'
    )
    assert shown({"text/html": html}) == (
        f'<div class="html"><h2>a</h2><img alt="b"><img src="data:image/png;base64,{PNG}">'
        '<a rel="noopener noreferrer">c</a><a rel="noopener noreferrer">d</a>'
        '<a href="https://example.org" rel="noopener noreferrer">e</a>'
        '<audio controls="" src="data:audio/wav;base64,AAAA"></audio></div>'
    )


def test_javascript_is_text() -> None:
    assert shown({"application/javascript": "alert('<')"}) == (
        '<p class="note">JavaScript; a report does not run it.</p>'
        '<pre class="text" tabindex="0">alert(\'&lt;\')</pre>'
    )


def test_a_pdf_is_a_link_to_itself() -> None:
    assert shown({"application/pdf": PNG}) == (
        f'<p><a href="data:application/pdf;base64,{PNG}" download="document.pdf">'
        "PDF document in cell 1</a></p>"
    )


def test_an_unknown_type_is_named_and_its_text_shown() -> None:
    assert shown({"chemical/x-<pdb>": "ATOM", "text/plain": "<Molecule>"}) == (
        '<p class="note">chemical/x-&lt;pdb&gt;: this type of output cannot be shown here.</p>'
        '<pre class="text" tabindex="0">&lt;Molecule&gt;</pre>'
    )


# Hostile input


def test_a_hostile_title_is_text() -> None:
    assert "<h1>&lt;/script&gt;&lt;/title&gt;" in html_of(title=HOSTILE)


@pytest.mark.parametrize(
    "cells",
    [
        [markdown(HOSTILE)],
        [markdown(f"[a](javascript:alert(1)) ![{HOSTILE}](data:image/svg+xml,{HOSTILE}) ${HOSTILE}$")],
        [markdown("$\\text{<script>alert(1)</script>}$")],
        [markdown(f"```python\n{HOSTILE}\n```\n    {HOSTILE}\n")],
        [code(HOSTILE), code(HOSTILE, "sql"), code(HOSTILE, HOSTILE)],
        [code(status="error", error=HOSTILE)],
    ],
)
def test_hostile_cells_are_text(cells: list[Cell]) -> None:
    assert {tag for tag, _ in Page(main_of(*cells)).elements} <= {
        *("div", "p", "a", "img", "pre", "code", "span", "details", "summary", "math", "mrow", "mtext"),
        *("mi", "mo", "mn"),
    }


@pytest.mark.parametrize("kind", ["stream", "display", "result", "error", "notice"])
@pytest.mark.parametrize(
    "mime",
    [
        *(
            "text/plain",
            "text/html",
            "text/markdown",
            "text/latex",
            "image/png",
            "image/svg+xml",
            "image/<b>",
        ),
        *("application/pdf", "application/json", "application/x+json", "text/javascript", HOSTILE),
    ],
)
def test_hostile_outputs_of_any_type_run_nothing(kind: Any, mime: str) -> None:
    metadata = {"ename": HOSTILE, "evalue": HOSTILE, mime: {"alt": HOSTILE, "width": HOSTILE}}
    one = Output(mime=mime, data=HOSTILE, kind=kind, alternatives={"text/plain": HOSTILE}, metadata=metadata)
    page = Page(main_of(code(), output(one)))
    assert page.all("script") == []
    assert [frame["sandbox"] for frame in page.all("iframe")] == [""] * len(page.all("iframe"))
    assert [image for image in page.all("img") if "src" in image] == []


@pytest.mark.parametrize("data", [None, 1, True, ["a"], {"a": {"b": None}}])
@pytest.mark.parametrize(
    "mime", ["text/plain", "text/html", "text/markdown", "image/png", "x", "application/pdf"]
)
def test_data_that_is_not_what_its_type_says_is_shown_nevertheless(mime: str, data: Any) -> None:
    main_of(code(), output(Output(mime=mime, data=data)))


def test_scripts_in_an_svg_stay_in_an_image() -> None:
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>{HOSTILE}</svg>"
    url = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    assert shown({"image/svg+xml": svg}) == f'<img src="{url}" alt="Image in cell 1">'


def test_html_that_would_take_the_sanitiser_long_is_in_a_frame() -> None:
    for html in ("<div>" * 100_000, "&amp;" * 1_000_000):
        assert len(Page(shown({"text/html": html})).all("iframe")) == 1


@pytest.mark.parametrize(
    ("kind", "mime", "piece"),
    [
        ("stream", "text/plain", "line of text <&>\n"),
        ("stream", "text/plain", "\x1b[31mred\x1b[0m \x1b[38;5;200mpink"),
        ("stream", "text/plain", "\x1b["),
        ("display", "text/html", "<td>1</td>"),
        ("display", "text/html", "<style scoped>"),
        ("display", "text/html", "<div>"),
        ("display", "text/markdown", "a *b* [c\n"),
        ("display", "image/png", "AAAA"),
        ("display", "application/x", "AAAA"),
    ],
)
def test_five_megabytes_take_about_five_times_as_long_as_one(kind: Any, mime: str, piece: str) -> None:
    def seconds(size: int) -> float:
        pad = pad_of(code(), output(Output(mime=mime, data=piece * (size // len(piece)), kind=kind)))
        start = time.perf_counter()
        render(pad)
        return time.perf_counter() - start

    seconds(1000)
    assert seconds(5_000_000) < 15 * seconds(1_000_000) + 1


# Colours


def _colours() -> list[dict[str, str]]:
    """The variables of the light page, and of the dark one."""
    css = resources.files("cowork_desktop.workspace").joinpath("report.css").read_text("utf-8")
    blocks = re.findall(r":root \{([^}]*)\}", css)[:2]
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block)) for block in blocks]


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted([_luminance(one), _luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


INKS = ["text", "quiet", "link", "failure", "keyword", "string", "number", "name"]
ANSI = ["red", "green", "yellow", "blue", "magenta", "cyan"]


@pytest.mark.parametrize("ground", ["page", "panel", "failure-panel"])
@pytest.mark.parametrize("ink", INKS + ANSI)
def test_text_can_be_read_on_every_ground_of_both_pages(ink: str, ground: str) -> None:
    assert [_contrast(colours[ink], colours[ground]) >= 4.5 for colours in _colours()] == [True, True]


@pytest.mark.parametrize("ground", ["grey", *ANSI])
def test_text_can_be_read_on_every_ansi_ground_of_both_pages(ground: str) -> None:
    assert [_contrast(one["text"], one[f"on-{ground}"]) >= 4.5 for one in _colours()] == [True, True]


@pytest.mark.parametrize("number", range(16, 256))
def test_each_of_the_256_colours_can_be_read_on_every_ground_of_both_pages(number: int) -> None:
    html = printed(f"\x1b[38;5;{number}mx", kind="stream")
    inks = re.findall(r"--on-(?:light|dark):(#[0-9a-f]{6})", html)
    assert [
        _contrast(ink, colours[ground]) >= 4.5
        for ink, colours in zip(inks, _colours(), strict=True)
        for ground in ("page", "panel", "failure-panel")
    ] == [True] * 6
