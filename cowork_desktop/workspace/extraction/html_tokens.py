"""HTML as tags and text, in time that grows with its length whatever is in it.

Neither Python's parser nor those that build a tree promise that: a page of 200 KB can keep them for minutes.
"""

import re
from collections.abc import Iterator
from html import unescape

Token = tuple[str, str, str]
"""`("start", tag, attributes)`, `("end", tag, attributes)` or `("text", text, "")`."""

# HTML Living Standard 13.2.5: a quoted value may hold `>`. Nothing here is tried twice.
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*+)((?>[^>=]++|=\s*+(?>\"[^\"]*+\"|'[^']*+')?+)*+)>")
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"'>]++))?+")
_TAG_BEGINS = re.compile(r"<[A-Za-z/!?]")
_RAW = ("script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp")
_RAW_ENDS = {tag: re.compile(rf"</{tag}(?=[\s/>])", re.I) for tag in _RAW}


def tokens(html: str) -> Iterator[Token]:
    """The tags in lower case, their attributes as they stand, and the text between them with its references
    read."""
    at = 0
    while found := _TAG_BEGINS.search(html, at):
        if found.start() > at:
            yield "text", unescape(html[at : found.start()]), ""
        tag = _TAG.match(html, found.start())
        if tag:
            name, at = tag[2].lower(), tag.end()
            yield "end" if tag[1] else "start", name, tag[3]
            if name in _RAW_ENDS and not tag[1]:
                end = _RAW_ENDS[name].search(html, at)
                yield "text", unescape(html[at : end.start() if end else len(html)]), ""
                at = end.start() if end else len(html)
        else:
            at = _after_comment(html, found.start())
    if at < len(html):
        yield "text", unescape(html[at:]), ""


def attribute(attributes: str, name: str) -> str | None:
    """The value of the first of this name, which is in lower case."""
    for found in _ATTRIBUTE.finditer(attributes):
        if found[1].lower() == name:
            return unescape((found[2] or "").strip("\"'"))
    return None


def _after_comment(html: str, start: int) -> int:
    """Where a comment, a declaration or a tag that is none ends: at the end of the page, if nowhere."""
    mark = "-->" if html.startswith("<!--", start) else ">"
    end = html.find(mark, start + 2)
    return len(html) if end < 0 else end + len(mark)
