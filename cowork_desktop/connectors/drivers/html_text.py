"""The text of a mail's HTML, for those who only want to read it."""

import re
from collections.abc import Iterator
from html import unescape

_MOST = 1_000_000
"""Characters that are looked at."""
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_ENDS_OF_SILENT = {
    name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "head", "title", "template")
}
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article blockquote dd div dl dt footer form h1 h2 h3 h4 h5 h6 header li main ol p pre"
        " section table tr ul",
    )
)
_BETWEEN = {"br": "\n", "hr": "\n", "td": "\t", "th": "\t"}


def text_of_html(html: str) -> str:
    """In linear time whatever it is, which the parser of the standard library does not promise."""
    lines = (" ".join(line.split()) for line in "".join(_parts(html[:_MOST])).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _parts(html: str) -> Iterator[str]:
    at = 0
    while (begin := html.find("<", at)) >= 0:
        yield _plain(html[at:begin])
        if html.startswith("<!--", begin):
            at = _after(html, "-->", begin)
        elif tag := _TAG.match(html, begin):
            at = _end_of_tag(html, tag.end())
            name, is_end = tag[2].lower(), bool(tag[1])
            yield _space(name, is_end)
            if not is_end and (end := _ENDS_OF_SILENT.get(name)):
                found = end.search(html, at)
                at = found.start() if found else len(html)
        elif html.startswith(("<!", "<?", "</"), begin):
            at = _after(html, ">", begin)
        else:
            yield "<"
            at = begin + 1
    yield _plain(html[at:])


def _plain(text: str) -> str:
    # Line breaks of the source are blanks; those that are meant are tags.
    try:
        return " ".join(unescape(text).split("\n"))
    except ValueError:  # a number of more digits than Python reads
        return text


def _space(name: str, is_end: bool) -> str:
    if name in _BLOCKS:
        return "\n"
    return "" if is_end else _BETWEEN.get(name, "")


def _after(html: str, what: str, at: int) -> int:
    found = html.find(what, at)
    return found + len(what) if found >= 0 else len(html)


def _end_of_tag(html: str, at: int) -> int:
    """Behind its `>`; one in an attribute's value does not count."""
    end = _after(html, ">", at)
    if html.count('"', at, end) % 2 and (quote := html.find('"', end)) >= 0:
        return _after(html, ">", quote)
    return end
