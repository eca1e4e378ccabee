"""JSON and XML: whether they can be read, and what a drawing loads."""

import json
import re
from typing import NoReturn
from xml.parsers import expat

from cowork_desktop.workspace.checks.css import check_css
from cowork_desktop.workspace.checks.faults import Findings
from cowork_desktop.workspace.checks.html_references import references_of
from cowork_desktop.workspace.checks.script import check_script

_ENTITIES = "a DOCTYPE that declares entities is not taken: write the characters themselves"
_PREFIX = re.compile(r"^(?!xlink:)[\w.-]+:")


def check_json(text: str, first_line: int = 1) -> Findings:
    found = Findings()
    try:
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        found.add(first_line + error.lineno - 1, f"no JSON: {error.msg}, column {error.colno}")
    except (ValueError, RecursionError) as error:
        words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        found.add(first_line, f"no JSON: {words}")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no value of JSON, and pages cannot read it: write null")


def check_import_map(text: str, first_line: int) -> Findings:
    found = check_json(text, first_line)
    if found.faults:
        return found
    content = json.loads(text)
    imports = content.get("imports") if isinstance(content, dict) else None
    for name, address in (imports if isinstance(imports, dict) else {}).items():
        if isinstance(address, str):
            found.imports[name] = address
            if not address.endswith("/"):
                found.refer(address, first_line, "load", "import map")
    return found


class _HasEntities(Exception):
    pass


def check_xml(content: bytes) -> Findings:
    """Of an SVG file, or any other XML."""
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        reader.found.add(error.lineno, f"not well-formed: {expat.ErrorString(error.code)}")
    except _HasEntities:
        reader.found.add(reader.parser.CurrentLineNumber, _ENTITIES)
    except (LookupError, ValueError) as error:  # an encoding that Python does not know
        reader.found.add(1, f"its encoding cannot be read: {error}")
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found = Findings()
        self._raw: tuple[str, int] | None = None
        self._text = ""
        self.parser = expat.ParserCreate()
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _entity(self, *declaration: object) -> NoReturn:
        raise _HasEntities

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        tag, line = _PREFIX.sub("", name).lower(), self.parser.CurrentLineNumber
        given = {key.lower(): value for key, value in attributes.items()}
        for address, kind, what in references_of(tag, given):
            self.found.refer(address, line, kind, what)
        for value in given.values():
            if "url(" in value:
                self.found.take(check_css(value, line))
        if tag in ("style", "script"):
            self._raw, self._text = (tag, line), ""

    def _data(self, text: str) -> None:
        if self._raw:
            self._text += text

    def _end(self, name: str) -> None:
        if self._raw and _PREFIX.sub("", name).lower() == self._raw[0]:
            tag, line = self._raw
            self.found.take(check_css(self._text, line) if tag == "style" else check_script(self._text, line))
            self._raw = None
