"""Raises audit events for what Python, and the libraries that come with Cowork, do without one."""

import functools
import sys
from collections.abc import Callable, Mapping
from os import PathLike, fsdecode
from os.path import expanduser
from typing import Any

READS, WRITES, STARTS, TAKES = "cowork.reads", "cowork.writes", "cowork.starts", "cowork.takes"
"""With a path; a path and the open folder that it is below, or -1; a program; a deed in words."""

_Event = tuple[Any, ...] | None
"""The name and the arguments; None where there is nothing to tell."""

_audit = sys.audit


def _reads(path: Any = None, *_: Any, path_or_filelike: Any = None, **__: Any) -> _Event:
    given = path if path_or_filelike is None else path_or_filelike
    return (READS, given) if isinstance(given, (str, bytes, PathLike)) else None


def _reads_c_string(path: Any, *_: Any) -> _Event:
    return READS, fsdecode(path.partition(b"\0")[0]) if isinstance(path, bytes) else path


def _makes(path: Any = None, *_: Any, dir_fd: int | None = None, **__: Any) -> _Event:
    return WRITES, path, -1 if dir_fd is None else dir_fd


def _opens_table(path: Any, flags: str = "r", *_: Any) -> _Event:
    return (READS, path) if flags.startswith("r") else (WRITES, path, -1)


def _reads_history(path: Any = None) -> _Event:
    return READS, _history(path)


def _writes_history(path: Any = None) -> _Event:
    return WRITES, _history(path), -1


def _adds_to_history(_: int, path: Any = None) -> _Event:
    return WRITES, _history(path), -1


def _history(path: Any) -> Any:
    return expanduser("~/.history") if path is None else path


def _starts(program: Any, *_: Any) -> _Event:
    return STARTS, program


def _takes(deed: str) -> Callable[..., _Event]:
    return lambda *_, **__: (TAKES, deed)


_MAKES = {"mkfifo": _makes, "mknod": _makes}
_FUNCTIONS: Mapping[str, Mapping[str, Callable[..., _Event]]] = {
    "os": _MAKES,
    "posix": _MAKES,
    # Unlike `subprocess`, `multiprocessing` goes this way with no event.
    "_posixsubprocess": {"fork_exec": _starts},
    "subprocess": {"_fork_exec": _starts},
    "readline": {
        "read_history_file": _reads_history,
        "write_history_file": _writes_history,
        "append_history_file": _adds_to_history,
    },
    "_gdbm": {"open": _opens_table},
    "_dbm": {"open": _opens_table},
    "python_calamine._python_calamine": {
        "load_workbook": _reads,
        "CalamineWorkbook.from_path": _reads,
        "CalamineWorkbook.from_object": _reads,
    },
    "pypdfium2_raw.bindings": {"FPDF_LoadDocument": _reads_c_string},
    "PIL.ImageGrab": {
        "grab": _takes("take a picture of the screen"),
        "grabclipboard": _takes("read the clipboard"),
    },
}
"""By module and name, what tells the event from the arguments of a call."""


def install() -> None:
    """From here on, for good: at once in the modules that are there, in others when they are imported."""
    for name in _FUNCTIONS:
        if module := sys.modules.get(name):
            _add_to(module, name)
    sys.meta_path.insert(0, _Finder())


def _add_to(module: Any, module_name: str) -> None:
    for name, tell in _FUNCTIONS[module_name].items():
        path, _, last = name.rpartition(".")
        owner = getattr(module, path, None) if path else module
        if function := getattr(owner, last, None):
            told = _telling(function, tell)
            setattr(owner, last, staticmethod(told) if path else told)
            known: Any = getattr(module, "supports_dir_fd", ())
            if function in known:
                known.add(told)


def _telling(function: Callable[..., Any], tell: Callable[..., _Event]) -> Callable[..., Any]:
    @functools.wraps(function)
    def told(*arguments: Any, **options: Any) -> Any:
        if event := tell(*arguments, **options):
            _audit(*event)
        return function(*arguments, **options)

    return told


class _Finder:
    """Finds these modules as the others would, and adds the events to them as soon as they are loaded."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name not in _FUNCTIONS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec: Any = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec and spec.loader:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader:
    """Another loader until it has been used; the module knows that one alone."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _add_to(module, module.__spec__.name)
