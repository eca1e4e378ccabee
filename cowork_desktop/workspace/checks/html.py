"""HTML: whether what is opened is closed, what it loads, and whether everybody can read it."""

import re
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser

from cowork_desktop.workspace.checks.css import check_css
from cowork_desktop.workspace.checks.faults import Findings, Lines, shown
from cowork_desktop.workspace.checks.html_references import is_script, references_of
from cowork_desktop.workspace.checks.labels import Labels
from cowork_desktop.workspace.checks.script import check_script
from cowork_desktop.workspace.checks.tags import OpenElements
from cowork_desktop.workspace.checks.values import check_import_map, check_json

_TEXT_ALONE = ("textarea", "title")
_NOT_SHOWN = frozenset(["object", "embed", "applet", "portal"])
_ID_IN_SCRIPT = re.compile(
    r"getElementById\(\s*[\"'`]([^\"'`$]+)[\"'`]|querySelector\(\s*[\"'`]#([\w-]+)[\"'`]"
)
_ID_LISTS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "form")
_DATA = ("application/json", "application/ld+json")


def check_html(text: str) -> Findings:
    page = _Page()
    try:
        page.feed(text)
    except AssertionError:  # what the parser says to declarations such as <![if]>
        page.found.add(page.getpos()[0], "this declaration is none of HTML")
    page.finish()
    return page.found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Findings()
        self._open = OpenElements(self.found)
        self._labels = Labels(self.found)
        self._ids = Counter[str]()
        self._wanted_ids: dict[str, int] = {}
        self._seen = set[str]()
        self._raw: tuple[str, Mapping[str, str]] | None = None
        """A script or style element that is open."""
        self._raw_text, self._raw_line = "", 1

    @property
    def _line(self) -> int:
        return self.getpos()[0]

    def handle_decl(self, decl: str) -> None:
        self._seen.add(decl.split(None, 1)[0].lower() if decl.strip() else "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs, closes_itself=False)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs, closes_itself=True)

    def handle_endtag(self, tag: str) -> None:
        if self._open.is_in(*_TEXT_ALONE) and tag not in _TEXT_ALONE:
            return
        if self._raw and tag == self._raw[0]:
            self._check_raw(*self._raw)
            self._raw, self._raw_text = None, ""
        self._open.end(tag, self._line)
        self._labels.end(tag)

    def handle_data(self, data: str) -> None:
        if self._raw:
            if not self._raw_text:
                self._raw_line = self._line
            self._raw_text += data
        self._labels.text(data)

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]], *, closes_itself: bool) -> None:
        if self._open.is_in(*_TEXT_ALONE):
            return
        given: dict[str, str] = {}
        for name, value in attrs:
            given.setdefault(name, value or "")
        self._open.begin(tag, self._line, closes_itself=closes_itself)
        if tag in ("script", "style") and not closes_itself:
            self._raw = (tag, given)
        self._note(tag, given)
        self._refer(tag, given)
        self._labels.begin(tag, given, self._line, in_label=self._open.is_in("label"))

    def _note(self, tag: str, given: Mapping[str, str]) -> None:
        if tag != "title" or not self._open.is_foreign:
            self._seen.add(tag)
        if tag == "html" and given.get("lang", "").strip():
            self._seen.add("lang")
        if tag == "meta":
            self._seen.add(f"meta {given.get('name', '').lower()}")
        if given.get("id"):
            self._ids[given["id"]] += 1
        for attribute in _ID_LISTS:
            for id in given.get(attribute, "").split():
                self._wanted_ids.setdefault(id, self._line)

    def _refer(self, tag: str, given: Mapping[str, str]) -> None:
        if tag in _NOT_SHOWN:
            self.found.add(self._line, f"<{tag}> is not shown here: use <img>, <iframe> or an inline <svg>")
        if tag == "base" and "href" in given:
            self.found.add(self._line, "leave <base href> out: addresses are relative to the file here")
        if tag == "form" and given.get("method", "").lower() == "post":
            self.found.hint(self._line, "nothing answers a form that is posted: handle its submit event")
        if tag != "script" or is_script(given.get("type", "")):
            for address, kind, what in references_of(tag, given):
                self.found.refer(address, self._line, kind, what)
        if (address := given.get("href", "")).startswith("#") and tag in ("a", "area"):
            self._want_fragment(address[1:])
        if style := given.get("style"):
            self.found.take(check_css(style, self._line))
        for name, value in given.items():
            if name.startswith("on") and value:
                self.found.take(check_script(value, self._line))

    def _want_fragment(self, id: str) -> None:
        if id and id != "top" and not id.startswith(("/", "!")):
            self._wanted_ids.setdefault(id, self._line)

    def _check_raw(self, tag: str, given: Mapping[str, str]) -> None:
        text, line, type = self._raw_text, self._raw_line, given.get("type", "").strip().lower()
        if tag == "style":
            self.found.take(check_css(text, line))
        elif type == "importmap":
            self.found.take(check_import_map(text, line))
        elif type in _DATA and text.strip():
            self.found.take(check_json(text, line))
        elif is_script(type) and not given.get("src"):
            inner = check_script(text, line)
            if inner.is_module and type != "module":
                self.found.add(line, 'a script that imports or exports needs <script type="module">')
            self.found.take(inner)
            lines = Lines(text, line)
            for found in _ID_IN_SCRIPT.finditer(text):
                self._wanted_ids.setdefault(found[1] or found[2], lines.at(found.start()))

    def finish(self) -> None:
        rest = self.rawdata.lstrip()
        if self._raw:
            pass  # an open script or style element is told as one
        elif rest.startswith("<"):
            self.found.add(self._line, f"the tag or comment {shown(rest[:20])} is not closed: cut off?")
        self._open.finish()
        self._labels.finish()
        self._hint_at_ids()
        if "html" in self._seen or "doctype" in self._seen:
            self._hint_at_what_is_missing()

    def _hint_at_ids(self) -> None:
        for id, line in self._wanted_ids.items():
            if self._ids[id] > 1:
                self.found.hint(line, f"{self._ids[id]} elements have the id {shown(id)} that is used here")

    def _hint_at_what_is_missing(self) -> None:
        missing = {
            "doctype": "begin with <!doctype html>",
            "lang": 'say the language: <html lang="en">',
            "title": "give the page a <title>",
            "meta viewport": 'say <meta name="viewport" content="width=device-width, initial-scale=1">',
        }
        for what, words in missing.items():
            if what not in self._seen:
                self.found.hint(1, words)
