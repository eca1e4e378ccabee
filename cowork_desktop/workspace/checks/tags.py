"""The open elements of an HTML page: which close by themselves, and which were forgotten."""

from collections import Counter

from cowork_desktop.workspace.checks.faults import Findings, names, shown

VOID = names("area base br col embed frame hr img input link meta param source track wbr basefont bgsound")
_DEEPEST = 500
"""Browsers nest not much deeper."""
_FOREIGN = frozenset(["svg", "math"])
_CLOSE_BY_THEMSELVES = names(
    "html head body p li dt dd option optgroup tr td th thead tbody tfoot colgroup caption rp rt"
)
"""Their end tags may be left out (https://html.spec.whatwg.org/multipage/syntax.html#optional-tags)."""
_FORMATTING = names(
    "a abbr b big cite code data del dfn em font i ins kbd mark q s samp small span strike strong sub "
    "sup time tt u var label"
)
"""A page reads on where one of them is not closed."""
_ENDS_A_PARAGRAPH = names(
    "address article aside blockquote center details dialog div dl fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr main menu nav ol p pre search section table ul"
)
_ROW, _CELL = frozenset(["tr"]), frozenset(["td", "th"])
_PART = frozenset(["thead", "tbody", "tfoot", "caption", "colgroup"])
_BEGINS_AFTER = {
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "option": frozenset(["option"]),
    "optgroup": frozenset(["option", "optgroup"]),
    "td": _CELL | {"caption", "colgroup"},
    "th": _CELL | {"caption", "colgroup"},
    "tr": _ROW | _CELL | {"caption", "colgroup"},
    "rt": frozenset(["rt", "rp"]),
    "rp": frozenset(["rt", "rp"]),
    "body": frozenset(["head"]),
} | dict.fromkeys(("thead", "tbody", "tfoot"), _ROW | _CELL | _PART)
"""What an element closes that begins directly in it."""


class OpenElements:
    def __init__(self, found: Findings) -> None:
        self._found = found
        self._open: list[tuple[str, int]] = []
        self._counts = Counter[str]()
        self._is_too_deep = False

    def is_in(self, *names: str) -> bool:
        return any(self._counts[name] for name in names)

    @property
    def is_foreign(self) -> bool:
        """Whether we are in a drawing or a formula, where tags close as in XML."""
        if not self.is_in(*_FOREIGN):
            return False
        for name, _ in reversed(self._open):
            if name in _FOREIGN:
                return True
            if name in ("foreignobject", "annotation-xml"):
                return False
        return False

    def begin(self, name: str, line: int, *, closes_itself: bool) -> None:
        """`closes_itself`: it is written `<name/>`."""
        if not self.is_foreign:
            self._make_room(name)
        if closes_itself and (self.is_foreign or name in _FOREIGN):
            return
        if name in VOID and not self.is_foreign:
            return
        if closes_itself:
            words = f"<{shown(name)}/> does not close itself in HTML: write <{shown(name)}></{shown(name)}>"
            self._found.add(line, words, is_fatal=name not in _FORMATTING | _CLOSE_BY_THEMSELVES)
            return
        if len(self._open) < _DEEPEST:
            self._open.append((name, line))
            self._counts[name] += 1
        elif not self._is_too_deep:
            self._is_too_deep = True
            self._found.add(line, f"more than {_DEEPEST} elements are open here")

    def _make_room(self, name: str) -> None:
        closed = _BEGINS_AFTER.get(name, frozenset())
        while self._open and self._open[-1][0] in closed:
            self._pop()
        if name in _ENDS_A_PARAGRAPH and self._open and self._open[-1][0] == "p":
            self._pop()

    def _pop(self) -> tuple[str, int]:
        top = self._open.pop()
        self._counts[top[0]] -= 1
        return top

    def end(self, name: str, line: int) -> None:
        if name in VOID and not self.is_foreign:
            return
        if not self.is_in(name):
            self._stray(name, line)
            return
        while (top := self._pop())[0] != name:
            if top[0] not in _CLOSE_BY_THEMSELVES:
                self._forgotten(*top, f"</{shown(name)}> in line {line}")

    def _stray(self, name: str, line: int) -> None:
        if name == "p":
            self._found.hint(line, "this </p> closes nothing: what stands before it cannot be in a paragraph")
        else:
            words = f"this </{shown(name)}> closes nothing that is open"
            self._found.add(line, words, is_fatal=name not in _FORMATTING | _CLOSE_BY_THEMSELVES)

    def _forgotten(self, name: str, line: int, until: str) -> None:
        words = f"<{shown(name)}> is not closed before {until}"
        self._found.add(line, words, is_fatal=name not in _FORMATTING)

    def finish(self) -> None:
        """The page ends here: what is open still was cut off."""
        for name, line in self._open:
            if name not in _CLOSE_BY_THEMSELVES:
                self._found.add(line, f"<{shown(name)}> is not closed: is the page cut off?")
