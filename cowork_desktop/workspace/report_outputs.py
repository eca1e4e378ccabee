"""The outputs of cells as HTML that is safe, whatever is in them."""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from pydantic import JsonValue

from cowork_desktop.schemas.mime_bundles import TEXT, is_json
from cowork_desktop.schemas.scratchpads import Output
from cowork_desktop.workspace.ansi import ansi_to_html
from cowork_desktop.workspace.report_text import (
    framed,
    is_data_image,
    latex_to_html,
    markdown_to_html,
    scrollable,
    text_to_html,
)

_LIVE = re.compile(r"<(script|style|svg|canvas)\b(?:\s+(scoped)>)?", re.IGNORECASE)
_NESTED = re.compile(r"<(?!(?:p|li|d[dt]|t[dhr]|tbody|thead|tfoot|br|hr|img|col|wbr)\b)[a-z]", re.IGNORECASE)
_MOST_STEPS = 200_000_000
_TAG = re.compile(r"<(?!img|audio|video)[^>]*>")
_EMBEDDED = ("data:image/", "data:audio/", "data:video/")
_MEDIA = {
    "audio": {"controls", "src"},
    "video": {"controls", "src", "width", "height"},
    "source": {"src", "type"},
}
_FRAME_START = (
    "<!doctype html><meta charset=utf-8><style>:root{color-scheme:light}"
    "body{margin:8px;color:#1f2328;background:#fff;font:14px/1.5 system-ui,sans-serif}"
    "table{border-collapse:collapse}th,td{padding:4px 10px;text-align:right}</style>"
)


def output_to_html(output: Output, cell_number: int) -> str:
    """`cell_number` names it to those who do not see where it stands."""
    where = f"in cell {cell_number}"
    if output.kind == "stream":
        return framed(ansi_to_html(_as_text(output.data)), f"stream {output.name or 'stdout'}")
    if output.kind == "error":
        return _error(output)
    if output.kind == "notice":
        return note(_as_text(output.data))
    return _shown(output, where) or _hidden(output)


def note(text: str) -> str:
    """A quiet word of the server's own."""
    return f'<p class="note">{escape(text)}</p>'


def failure(text: str, more: str = "") -> str:
    """That a cell failed, and why."""
    return f'<div class="failure" role="group" aria-label="Error"><p>{escape(text)}</p>{more}</div>'


def _error(output: Output) -> str:
    name, value = str(output.metadata.get("ename", "")), str(output.metadata.get("evalue", ""))
    traceback = framed(ansi_to_html(_as_text(output.data)), "stream")
    more = f"<details><summary>Traceback</summary>{traceback}</details>" if output.data else ""
    return failure(": ".join(filter(None, (name, value))) or "Error", more)


def _shown(output: Output, where: str) -> str:
    """Empty if the output has nothing to be seen in its richest type."""
    match output.mime:
        case "text/html":
            return _html(output, where)
        case "text/markdown":
            return markdown_to_html(_as_text(output.data))
        case "text/latex":
            return scrollable(latex_to_html(_as_text(output.data)), f"Formula {where}")
        case "text/plain":
            return framed(ansi_to_html(_as_text(output.data)), "text")
        case "text/javascript" | "application/javascript":
            return note("JavaScript; a report does not run it.") + text_to_html(_as_text(output.data))
        case "application/pdf":
            return _pdf(output, where)
        case mime if mime.startswith("image/"):
            return _image(output, where)
        case mime if is_json(mime):
            return _json(mime, output.data)
        case _:
            return ""


def _hidden(output: Output) -> str:
    return note(f"{output.mime}: this type of output cannot be shown here.") + _text_form(output)


def _text_form(output: Output) -> str:
    text = output.alternatives.get(TEXT)
    return "" if text is None else framed(ansi_to_html(_as_text(text)), "text")


def _as_text(data: JsonValue) -> str:
    return data if isinstance(data, str) else json.dumps(data, indent=2, ensure_ascii=False)


def _json(mime: str, data: JsonValue) -> str:
    name = "JSON" if mime == "application/json" else f"JSON · {mime}"
    text = text_to_html(json.dumps(data, indent=2, ensure_ascii=False))
    return f'<details class="json"><summary>{escape(name)}</summary>{text}</details>'


def _pdf(output: Output, where: str) -> str:
    url = _as_text(output.data)
    if not re.fullmatch(r"data:application/pdf;base64,[A-Za-z0-9+/=]+", url):
        return ""
    return f'<p><a href="{url}" download="document.pdf">PDF document {where}</a></p>'


def _image(output: Output, where: str) -> str:
    if not is_data_image(output.data):
        return ""
    about = output.metadata.get(output.mime)
    about = about if isinstance(about, Mapping) else {}
    sizes = "".join(f' {side}="{about[side]}"' for side in ("width", "height") if _is_size(about.get(side)))
    text = output.alternatives.get(TEXT)
    # `<Figure size 640x480 with 1 Axes>` says nothing to a reader.
    words = about.get("alt") or (text if isinstance(text, str) and not text.startswith("<") else "")
    return f'<img src="{output.data}" alt="{escape(str(words or f"Image {where}")[:500])}"{sizes}>'


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 < value < 10_000


def _html(output: Output, where: str) -> str:
    html = _as_text(output.data)
    styled = {found[1].lower() for found in _LIVE.finditer(html) if not (found[1] == "style" and found[2])}
    said = note("This output has scripts; a report does not run them.") if "script" in styled else ""
    if _takes_long(html):
        return said + _frame(html, where)
    cleaned = _sanitised(html)
    if "svg" not in styled and not _TAG.sub("", cleaned).strip():
        return said + _text_form(output) if said else ""
    if styled:
        return said + _frame(html, where)
    inner = f'<div class="html">{cleaned}</div>'
    return scrollable(inner, f"Table {where}") if "<table" in inner else inner


def _takes_long(html: str) -> bool:
    """The sanitiser's time grows with its tags times their depth, and with references times the text they are
    in; these are upper bounds of both."""
    depth = sum(1 for _ in _NESTED.finditer(html))
    return html.count("<") * depth > _MOST_STEPS or html.count("&") * len(html) > _MOST_STEPS * 1000


def _frame(html: str, where: str) -> str:
    """HTML with styles of its own, apart from the page; no script, form or link in it works."""
    # Without scripts a frame cannot ask for the height of its content; a table's is known well enough.
    height = min(4 + 2 * html.count("<tr"), 30) if "<tr" in html else 24
    content = escape(_FRAME_START + html)
    return (
        f'<iframe sandbox="" title="Output {where}" style="height:{height}rem" srcdoc="{content}"></iframe>'
    )


def _sanitised(html: str) -> str:
    import nh3

    cleaned = nh3.clean(
        html,
        tags=nh3.ALLOWED_TAGS | _MEDIA.keys(),
        attributes={**nh3.ALLOWED_ATTRIBUTES, **_MEDIA},
        attribute_filter=_nothing_fetched,
        url_schemes={"data", "http", "https", "mailto"},
        allowed_classes={"table": {"dataframe"}},
    )
    # The page has one heading of the first level. No text is hit: a < in it is written &lt;.
    return cleaned.replace("<h1", "<h2").replace("</h1>", "</h2>")


def _nothing_fetched(tag: str, attribute: str, value: str) -> str | None:
    url = value.strip().lower()
    if attribute == "src":
        return value if url.startswith(_EMBEDDED) else None
    return None if url.startswith("data:") and attribute in ("href", "cite") else value
