"""Whether images and controls of a page have words, for those who do not see them."""

from collections.abc import Mapping

from cowork_desktop.workspace.checks.faults import Findings, shown

_WORDS = ("aria-label", "aria-labelledby", "title")
_WITHOUT_LABEL = frozenset(["hidden", "submit", "button", "reset", "image"])


class Labels:
    def __init__(self, found: Findings) -> None:
        self._found = found
        self._labelled = set[str]()
        self._controls: list[tuple[str, str, int]] = []
        """Those that need a label elsewhere: name of the element, id, line."""
        self._button: int | None = None
        """The line of a button that is open and has no words yet."""

    def begin(self, tag: str, given: Mapping[str, str], line: int, *, in_label: bool) -> None:
        has_words = any(given.get(name, "").strip() for name in _WORDS)
        if tag == "label" and given.get("for"):
            self._labelled.add(given["for"])
        elif tag == "img":
            if "alt" not in given and not has_words:
                self._found.hint(line, 'this <img> has no alt text (alt="" where it says nothing)')
            elif given.get("alt"):
                self._button = None
        elif tag == "button" and not has_words:
            self._button = line
        elif tag == "iframe" and not has_words:
            self._found.hint(line, "this <iframe> has no title")
        elif _is_control(tag, given) and not has_words and not in_label:
            self._controls.append((tag, given.get("id", ""), line))
        if has_words or (tag == "title" and self._button):
            self._button = None if tag != "button" else self._button

    def text(self, data: str) -> None:
        if data.strip():
            self._button = None

    def end(self, tag: str) -> None:
        if tag == "button" and self._button is not None:
            self._found.hint(self._button, "this <button> has no words: give it an aria-label")
            self._button = None

    def finish(self) -> None:
        for tag, id, line in self._controls:
            if id not in self._labelled:
                name = f" {shown(id)}" if id else ""
                self._found.hint(line, f"this <{tag}>{name} has no label")


def _is_control(tag: str, given: Mapping[str, str]) -> bool:
    if tag == "input":
        return given.get("type", "text").lower() not in _WITHOUT_LABEL
    return tag in ("select", "textarea")
