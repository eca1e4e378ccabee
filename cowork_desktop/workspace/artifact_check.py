"""Whether an artifact's files can be read, hang together, and need nothing from outside."""

from collections.abc import Iterator, Mapping
from posixpath import dirname

from cowork_desktop.errors import InvalidRequest
from cowork_desktop.workspace.artifact_folder import MOST_BYTES, MOST_FILES, check_paths
from cowork_desktop.workspace.checks.addresses import Addresses
from cowork_desktop.workspace.checks.css import check_css
from cowork_desktop.workspace.checks.faults import Fault, Findings, shown
from cowork_desktop.workspace.checks.html import check_html
from cowork_desktop.workspace.checks.script import check_script
from cowork_desktop.workspace.checks.values import check_json, check_xml
from cowork_desktop.workspace.media_types import is_text, media_type

_LARGEST_READ = 4_000_000
"""Bytes of a file beyond which nobody wrote it here, and reading it would take long."""
_MOST_HINTS_A_FILE = 12
_WRITTEN = ("text/html", "text/css", "text/javascript")
_ONE_THEME = (
    "it looks the same in light and dark windows: say color-scheme: light dark, and use colours for both"
)


def check(files: Mapping[str, bytes], page: str) -> list[Fault]:
    """The faults of all files, the fatal ones first. Takes about a second for each MB of scripts."""
    if faults := list(_faults_of_all(files, page)):
        return faults
    findings = {path: _findings(path, content) for path, content in files.items()}
    imports = {name: address for found in findings.values() for name, address in found.imports.items()}
    addresses = Addresses(files, page, imports)
    for path, found in findings.items():
        faults += _told(path, found)
        faults += _of_references(path, findings, addresses)
    if not any(_knows_dark(content) for path, content in files.items() if is_text(media_type(path))):
        faults.append(Fault(page, None, _ONE_THEME, is_fatal=False))
    return sorted(dict.fromkeys(faults), key=lambda fault: not fault.is_fatal)


def _faults_of_all(files: Mapping[str, bytes], page: str) -> Iterator[Fault]:
    """Of what the files are altogether; where there are any, no file is looked at."""
    size = sum(map(len, files.values()))
    if len(files) > MOST_FILES:
        yield Fault(page, None, f"there are {len(files)} files, and {MOST_FILES} may be in one artifact")
    if size > MOST_BYTES:
        words = f"the files have {size / 1e6:.1f} MB, and {MOST_BYTES // 1_000_000} MB may be in one artifact"
        yield Fault(page, None, words)
    try:
        check_paths(files)
    except InvalidRequest as error:
        yield Fault(page, None, error.message)
    if page not in files:
        yield Fault(page, None, "this page, which is opened, is not among the files")
    if "/" in page or media_type(page) != "text/html":
        yield Fault(page, None, "the page that is opened must be an HTML file outside of any folder")


def _findings(path: str, content: bytes) -> Findings:
    type = media_type(path)
    if not is_text(type):
        return Findings()
    if len(content) > _LARGEST_READ:
        return _only_hint(f"it has more than {_LARGEST_READ // 1_000_000} MB, and was not looked at")
    if type.endswith("+xml") or type == "text/xml":
        return check_xml(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        found = Findings()
        found.add(None, "it is not UTF-8", is_fatal=type in _WRITTEN or type.endswith("json"))
        return found
    if type == "text/html":
        return check_html(text)
    if type == "text/css":
        return check_css(text)
    if type == "text/javascript":
        return check_script(text)
    return check_json(text) if type.endswith("json") else Findings()


def _only_hint(words: str) -> Findings:
    found = Findings()
    found.hint(None, words)
    return found


def _told(path: str, found: Findings) -> Iterator[Fault]:
    """What is wrong within a file; of hints the first ones."""
    faults = [Fault(path, *fault) for fault in found.faults]
    hints = [fault for fault in faults if not fault.is_fatal]
    yield from (fault for fault in faults if fault.is_fatal)
    yield from hints[:_MOST_HINTS_A_FILE]
    if (more := len(hints) - _MOST_HINTS_A_FILE) > 0:
        yield Fault(path, None, f"{more} more hints", is_fatal=False)


def _of_references(path: str, all_found: Mapping[str, Findings], addresses: Addresses) -> Iterator[Fault]:
    for reference in all_found[path].references:
        if fault := addresses.fault_of(reference, path):
            yield Fault(path, reference.line, *fault)
        elif reference.kind == "script":
            script = all_found.get(addresses.target(reference.url, dirname(path)))
            if script and script.is_module:
                words = f'{shown(reference.url)} imports or exports: it needs <script type="module">'
                yield Fault(path, reference.line, words)


def _knows_dark(content: bytes) -> bool:
    return b"color-scheme" in content or b"light-dark(" in content
