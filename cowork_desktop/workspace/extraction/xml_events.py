"""XML as a stream of events, in bounded memory, without anything that a document type could bring in."""

from collections.abc import Iterable, Iterator
from typing import Literal, Never
from xml.parsers import expat

from cowork_desktop.workspace.extraction.passages import Unreadable

Attributes = dict[str, str]
Event = tuple[Literal["start", "end", "text"], str, Attributes]
"""What it is; the name of the element, or the text; the attributes, where an element begins."""


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a document. Elements have their local names: prefixes are free to choose, and there
    are two sets of namespaces for the same elements. Attributes are named `namespace name`.
    """
    found: list[Event] = []
    parser = _parser(found)
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            yield from found
            found.clear()
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError):  # the latter two of encodings
        yield from found
        raise Unreadable("It is damaged.") from None
    yield from found


def attribute(attributes: Attributes, name: str) -> str | None:
    """The attribute of this local name, from whatever namespace."""
    return next((value for key, value in attributes.items() if key.rpartition(" ")[2] == name), None)


def _parser(found: list[Event]) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.buffer_size = 65_536
    parser.StartElementHandler = lambda name, attributes: found.append(("start", _local(name), attributes))
    parser.EndElementHandler = lambda name: found.append(("end", _local(name), {}))
    parser.CharacterDataHandler = lambda text: found.append(("text", text, {}))
    # Entities could expand without limit, or name files of this machine; documents have no use for them.
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _local(name: str) -> str:
    return name[name.rfind(" ") + 1 :]


def _refuse(*_: object) -> Never:
    raise Unreadable("It has a document type definition, which documents of its kind do not have.")
