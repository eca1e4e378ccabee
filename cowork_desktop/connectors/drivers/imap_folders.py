"""The folders of a mail account."""

import re
from collections.abc import Sequence
from typing import Any

from cowork_desktop.connectors.drivers.imap_asked import folder_name
from cowork_desktop.connectors.drivers.imap_names import from_modified_utf7
from cowork_desktop.connectors.drivers.imap_session import ImapSession
from cowork_desktop.schemas.connectors import CatalogTable

_MOST = 1_000
_MOST_COUNTED = 200
_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:\\.|[^"])*"|NIL) (?P<name>.*)', re.DOTALL)
_CLOSED = (b"\\noselect", b"\\nonexistent")


def folders(session: ImapSession) -> tuple[list[CatalogTable], bool]:
    """And whether these are all; the first ones with how many mails they have."""
    content = session.told(session.imap.list('""', "*"), "list its folders")
    names = [name for one in content if (name := _name(one))]
    kept = names[:_MOST]
    tables = [_table(session, name, is_counted=at < _MOST_COUNTED) for at, name in enumerate(kept)]
    return tables, len(kept) == len(names)


def _name(listed: Any) -> str | None:
    """Of a folder that can be read."""
    words, literal = listed if isinstance(listed, tuple) else (listed or b"", None)
    found = _LISTED.fullmatch(words)
    if not found or any(flag in found["flags"].lower().split() for flag in _CLOSED):
        return None
    name = found["name"] if literal is None else literal
    if literal is None and name[:1] == b'"':
        name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
    return from_modified_utf7(name)


def _table(session: ImapSession, name: str, *, is_counted: bool) -> CatalogTable:
    if not is_counted:
        return CatalogTable(name=name, kind="folder")
    state, content = session.imap.status(folder_name(name).decode(), "(MESSAGES UNSEEN)")
    counts = _counts(content) if state == "OK" else {}
    unread = counts.get(b"UNSEEN")
    return CatalogTable(
        name=name,
        kind="folder",
        rows=counts.get(b"MESSAGES"),
        comment=None if unread is None else f"{unread} unread",
    )


def _counts(content: Sequence[Any]) -> dict[bytes, int]:
    words = b" ".join(one if isinstance(one, bytes) else one[0] for one in content if one)
    return {key: int(count) for key, count in re.findall(rb"\b(MESSAGES|UNSEEN) (\d{1,18})", words)}
