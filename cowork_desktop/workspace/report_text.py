"""Markdown, formulas and code as HTML that is safe, whatever is in them."""

import re
from collections.abc import Collection, Iterator, Sequence
from html import escape, unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

LONGEST_FANCY = 200_000
"""Characters of a text beyond which it is shown as it stands."""
_LONGEST_FORMULA = 5_000
_DATA_IMAGE = re.compile(r"data:image/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2}")
_DELIMITED = re.compile(r"\$\$([^$]+)\$\$|\$([^$]+)\$|\\\[(.+)\\\]|\\\((.+)\\\)", re.DOTALL)
_IN_MARKDOWN = re.compile(r"\$\$(?P<block>[^$]+)\$\$|\$(?P<inline>[^\s$](?:[^$]*[^\s$\\])?)\$(?!\d)")
# Macros can grow without limit; links and tables are no formulas.
_NO_FORMULA = re.compile(r"\\(?:\w*newcommand|providecommand|[egx]?def|let|href|begin\{tabular)")
_MATHML_TAGS = re.compile(
    "math|menclose|mfrac|mi|mmultiscripts|mn|mo|mover|mpadded|mphantom|mprescripts|mroot|mrow|mspace|msqrt"
    "|mstyle|msub|msubsup|msup|mtable|mtd|mtext|mtr|munder|munderover|none"
)
_MATHML_ATTRIBUTES = re.compile(
    "accent|columnalign|columnlines|depth|display|displaystyle|fence|form|height|largeop|linethickness|lspace"
    "|mathcolor|mathsize|mathvariant|maxsize|minsize|movablelimits|notation|rowlines|rspace|scriptlevel"
    "|separator|stretchy|symmetric|width|xmlns"
)


def is_data_image(url: object) -> bool:
    """Whether it is a `data:` URL of an image, which is shown in an <img>, where scripts in it do not run."""
    return isinstance(url, str) and _DATA_IMAGE.fullmatch(url) is not None


def text_to_html(text: str, kind: str = "text") -> str:
    """Text as it stands."""
    return framed(escape(text, quote=False), kind)


def framed(inner: str, kind: str) -> str:
    """A <pre> of this class around HTML; the keyboard can scroll it."""
    return f'<pre class="{kind}" tabindex="0">{inner}</pre>'


def scrollable(inner: str, label: str) -> str:
    """What may be wider than the page, with a name."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}">{inner}</div>'


def code_to_html(source: str, language: str) -> str:
    """Source with a span around each token; only Python and SQL have colours."""
    if language not in ("python", "sql") or len(source) > LONGEST_FANCY:
        return text_to_html(source, "source")
    from pygments import formatters, highlight, lexers

    lexer = lexers.get_lexer_by_name(language, stripnl=False, ensurenl=False)
    formatter = formatters.HtmlFormatter(nowrap=True, classprefix="hl-")
    return framed(highlight(source, lexer, formatter).rstrip("\n"), "source")


def latex_to_html(text: str) -> str:
    """LaTeX as Jupyter shows it: one formula, or prose with formulas between dollars."""
    text = text.strip()
    if len(text) > LONGEST_FANCY:
        return text_to_html(text)
    found = _DELIMITED.fullmatch(text)
    if not found and "$" in text:
        return markdown_to_html(text)
    formula = next(filter(None, found.groups())) if found else text
    return _mathml(formula, "block") or text_to_html(text)


def markdown_to_html(text: str, images: Collection[str] = ()) -> str:
    """Markdown with tables, strikethrough and formulas between dollars; HTML in it is text.

    Its headings begin at the second level. Images that would have to be fetched are links, but for those of
    `images`, which lie at these paths beside the page.
    """
    if len(text) > LONGEST_FANCY:
        return text_to_html(text)
    markdown = _markdown()
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    inner = markdown.renderer.render(tokens, markdown.options, {"images": images})
    return f'<div class="prose">{inner}</div>'


def image_sources(text: str) -> Iterator[tuple[int, str]]:
    """The addresses of images that are no `data:`, each with the line where its paragraph begins."""
    for token in _markdown().parse(text):
        for child in token.children or ():
            source = str(child.attrs["src"]) if child.type == "image" else ""
            if source and not is_data_image(source):
                yield (token.map[0] + 1 if token.map else 1), source


def local_path(source: str) -> str:
    """The path beside the page that an address of Markdown means."""
    return unquote(source).removeprefix("./")


def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.inline.ruler.before("escape", "formula", _formula_rule)
    markdown.add_render_rule("formula", _formula)
    markdown.add_render_rule("image", _image)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("code_block", _fence)
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", _table_close)
    return markdown


def _formula_rule(state: "StateInline", silent: bool) -> bool:
    found = _IN_MARKDOWN.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.info, token.content = found.lastgroup or "", found[found.lastgroup or 0]
        token.markup = found[0]
    state.pos = found.end()
    return True


def _formula(renderer: "RendererHTML", tokens: Sequence["Token"], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    return _mathml(token.content, token.info) or f"<code>{escape(token.markup)}</code>"


def _image(renderer: "RendererHTML", tokens: Sequence["Token"], at: int, options: Any, env: Any) -> str:
    source = str(tokens[at].attrs["src"])
    words = escape(renderer.renderInlineAsText(tokens[at].children or [], options, env))
    if is_data_image(source) or local_path(source) in env.get("images", ()):
        return f'<img src="{escape(source)}" alt="{words}">'
    if source.startswith(("https://", "http://")):
        return f'<a href="{escape(source)}" rel="noopener noreferrer">{words or "Image"}</a>'
    return f"<span>{words}</span>"


def _fence(renderer: "RendererHTML", tokens: Sequence["Token"], at: int, options: Any, env: Any) -> str:
    return code_to_html(tokens[at].content.rstrip("\n"), tokens[at].info.strip().lower())


def _table_open(renderer: "RendererHTML", tokens: Sequence["Token"], at: int, options: Any, env: Any) -> str:
    return '<div class="scroll" role="region" tabindex="0" aria-label="Table"><table>'


def _table_close(renderer: "RendererHTML", tokens: Sequence["Token"], at: int, options: Any, env: Any) -> str:
    return "</table></div>"


def _mathml(formula: str, display: str) -> str | None:
    """None if it cannot be converted."""
    if len(formula) > _LONGEST_FORMULA or _NO_FORMULA.search(formula):
        return None
    from latex2mathml.converter import convert_to_element

    try:
        # Not its `convert`, which lets text in formulas become tags.
        return _serialised(convert_to_element(formula, display=display))
    except Exception:  # it raises much else besides its own exceptions on what is no LaTeX
        return None


def _serialised(element: Element) -> str:
    inner = "".join(_serialised(child) + _unescaped(child.tail) for child in element)
    inner = _unescaped(element.text) + inner
    if not _MATHML_TAGS.fullmatch(element.tag):
        return inner
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in element.attrib.items()
        if _MATHML_ATTRIBUTES.fullmatch(name)
    )
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>"


def _unescaped(text: str | None) -> str:
    """latex2mathml writes symbols as character references."""
    return escape(unescape(text or ""), quote=False)
