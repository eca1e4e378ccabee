"""What an HTML element refers to, by its attributes."""

import re
from collections.abc import Iterator, Mapping

from cowork_desktop.workspace.checks.faults import ReferenceKind, names

Attributes = Mapping[str, str]
_LOADED = {
    "img": ("src",),
    "source": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "iframe": ("src",),
    "frame": ("src",),
    "input": ("src",),
    "body": ("background",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
    "feimage": ("href", "xlink:href"),
}
_SETS = {"img": "srcset", "source": "srcset", "link": "imagesrcset"}
_LOADING = names(
    "stylesheet icon apple-touch-icon mask-icon preload modulepreload prefetch prerender manifest"
)
_CONNECTING = frozenset(["preconnect", "dns-prefetch"])
_CANDIDATE = re.compile(r"[\s,]*(?:(\S*[^\s,]),+(?=\s|\Z)|(\S*[^\s,])(?:\s+[^,]*)?)")
_REFRESH = re.compile(r"\s*[\d.]+\s*[;,]?\s*(?:url\s*=\s*)?[\"']?([^\"']*)", re.IGNORECASE)
_SCRIPTS = frozenset(["", "text/javascript", "application/javascript", "text/ecmascript", "module"])

Found = tuple[str, ReferenceKind, str]
"""An address, what it is for, and how it is written."""


def references_of(name: str, attributes: Attributes) -> Iterator[Found]:
    """`attributes`: names in small letters."""
    for attribute in _LOADED.get(name, ()):
        if attribute in attributes:
            yield attributes[attribute], "load", f"<{name} {attribute}>"
    if name in _SETS:
        for address in addresses_of_set(attributes.get(_SETS[name], "")):
            yield address, "load", f"<{name} {_SETS[name]}>"
    special = _SPECIAL.get(name)
    if special:
        yield from special(attributes)
    if "formaction" in attributes:
        yield attributes["formaction"], "connect", "formaction"
    for address in attributes.get("ping", "").split():
        yield address, "connect", "ping"


def addresses_of_set(value: str) -> Iterator[str]:
    """Of a `srcset` (https://html.spec.whatwg.org/multipage/images.html#parsing-a-srcset-attribute)."""
    at = 0
    while found := _CANDIDATE.match(value, at):
        yield found[1] or found[2]
        at = found.end()


def is_script(type: str) -> bool:
    """Whether a script element of this type is run."""
    return type.strip().lower() in _SCRIPTS


def _of_link(attributes: Attributes) -> Iterator[Found]:
    relations = set(attributes.get("rel", "").lower().split())
    if "href" not in attributes:
        return
    written = f"<link rel={' '.join(sorted(relations))!r}>"
    if relations & _LOADING:
        yield attributes["href"], "load", written
    elif relations & _CONNECTING:
        yield attributes["href"], "connect", written
    else:
        yield attributes["href"], "link", written


def _of_script(attributes: Attributes) -> Iterator[Found]:
    if address := attributes.get("src") or attributes.get("href") or attributes.get("xlink:href"):
        is_module = attributes.get("type", "").strip().lower() == "module"
        yield address, "load" if is_module else "script", "<script src>"


def _of_anchor(attributes: Attributes) -> Iterator[Found]:
    for attribute in ("href", "xlink:href"):
        if attribute in attributes:
            yield attributes[attribute], "link", "<a href>"


def _of_meta(attributes: Attributes) -> Iterator[Found]:
    if attributes.get("http-equiv", "").strip().lower() == "refresh":
        found = _REFRESH.match(attributes.get("content", ""))
        if found and found[1].strip():
            yield found[1], "load", "<meta http-equiv=refresh>"


def _of_form(attributes: Attributes) -> Iterator[Found]:
    if "action" in attributes:
        yield attributes["action"], "connect", "<form action>"


_SPECIAL = {
    "link": _of_link,
    "script": _of_script,
    "a": _of_anchor,
    "area": _of_anchor,
    "meta": _of_meta,
    "form": _of_form,
}
