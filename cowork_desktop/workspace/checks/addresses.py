"""Where the addresses in an artifact's files lead."""

import re
from collections.abc import Iterable, Mapping
from posixpath import dirname, normpath
from urllib.parse import unquote

from cowork_desktop.workspace.checks.faults import Reference, shown
from cowork_desktop.workspace.file_names import same_everywhere

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_OUTSIDE_SCHEMES = frozenset(["http", "https", "ws", "wss", "ftp", "file"])
_IGNORED = str.maketrans("", "", "\t\r\n")
"""Characters that browsers leave out of addresses."""
_OUTSIDE = "loads from outside, which is blocked: put the file into the artifact"
_NO_FILE = "is no file of the artifact"


class Addresses:
    def __init__(self, paths: Iterable[str], page: str, imports: Mapping[str, str]) -> None:
        self._paths, self._page, self._imports = frozenset(paths), page, imports
        self._alike = {same_everywhere(path): path for path in self._paths}

    def fault_of(self, reference: Reference, path: str) -> tuple[str, bool] | None:
        """What is wrong with a reference in the file at this path, and whether that is fatal."""
        address = _plain(reference.url)
        written = f"{reference.what} {shown(address)}"
        if is_outside(address):
            return None if reference.kind == "link" else (f"{written} {_OUTSIDE}", True)
        if reference.kind == "connect" or not reference.is_whole:
            return None
        if _SCHEME.match(address) or not _path_of(address):
            return None
        if reference.kind == "import" and not address.startswith(("/", "./", "../")):
            return self._fault_of_bare(address, written)
        base = "" if reference.kind == "request" else dirname(path)
        target = self.target(address, base)
        if target in self._paths:
            return None
        words = f"{written} {_NO_FILE}{self._instead(target)}"
        return words, _is_fatal(reference, target)

    def _fault_of_bare(self, name: str, written: str) -> tuple[str, bool] | None:
        if name in self._imports or any(key.endswith("/") and name.startswith(key) for key in self._imports):
            return None
        return f"{written}: a browser finds no module of that name; give a path that begins with ./", True

    def target(self, address: str, base: str) -> str:
        """The path that an address leads to, from a file in the folder `base`."""
        path = unquote(_path_of(address).replace("\\", "/"))
        whole = normpath(path if path.startswith("/") else f"/{base}/{path}").strip("/")
        if not whole:
            return self._page
        is_folder = path.endswith("/") or path.rpartition("/")[2] in (".", "..")
        return f"{whole}/index.html" if is_folder else whole

    def _instead(self, target: str) -> str:
        if found := self._alike.get(same_everywhere(target)):
            return f"; there is {shown(found)}, and case counts"
        name = target.rpartition("/")[2]
        alike = sorted(path for path in self._paths if path.rpartition("/")[2] == name)
        return f"; there is {shown(alike[0])}" if alike else ""


def is_outside(address: str) -> bool:
    """Whether an address leads to another origin."""
    address = _plain(address).replace("\\", "/")
    if address.startswith("//"):
        return True
    scheme = _SCHEME.match(address)
    return scheme is not None and scheme[1].lower() in _OUTSIDE_SCHEMES


def _path_of(address: str) -> str:
    """Without query and fragment; empty where it leads to the file that it stands in."""
    return re.split(r"[?#]", address, maxsplit=1)[0]


def _plain(address: str) -> str:
    return address.strip("\x00\x01\x1f ").translate(_IGNORED).strip()


def _is_fatal(reference: Reference, target: str) -> bool:
    """Code may be prepared for a file that is not there, and a link may lead to a place that a script makes,
    where it names no file."""
    if reference.kind == "link":
        return "." in target.rpartition("/")[2]
    return reference.kind != "request"
