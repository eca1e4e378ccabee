"""How the parts of a document of Office Open XML are found: by their content types and relations."""

import posixpath
from collections.abc import Iterator

from cowork_desktop.workspace.extraction.archive import Archive
from cowork_desktop.workspace.extraction.flow import OOXML, lines
from cowork_desktop.workspace.extraction.xml_events import attribute, events


def parts(archive: Archive) -> list[tuple[str, str]]:
    """Each part that has a content type of its own: the type without `+xml`, and the name."""
    found = []
    for kind, name, attributes in events(archive.chunks("[Content_Types].xml")):
        if kind == "start" and name == "Override":
            content_type = (attribute(attributes, "ContentType") or "").removesuffix("+xml")
            part = (attribute(attributes, "PartName") or "").lstrip("/")
            found.append((content_type, part))
    return [(content_type, part) for content_type, part in found if part in archive]


def relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to inside the document: by id, the last word of the relation's type and the part."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    found = {}
    for kind, element, attributes in events(archive.chunks(path)) if path in archive else ():
        if kind == "start" and element == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            if target in archive:
                kind_of_relation = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = (kind_of_relation, target)
    return found


def lines_of(archive: Archive, part: str) -> Iterator[str]:
    """The paragraphs and table rows of a part."""
    return lines(events(archive.chunks(part)), OOXML)
