"""Which places a guarded cell may read and write."""

import importlib.util
import os
import stat
import sys
import sysconfig
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cowork_desktop.frozen import folder as frozen_folder
from cowork_desktop.frozen import is_frozen

_NOT_A_PATH = ("", ".", "..")


def _own_copy_of_paths() -> Any:
    """`os.path` as it is now: what a cell puts in the place of its functions, or of those of `os`, does not
    count here."""
    spec = importlib.util.find_spec(os.path.__name__)
    assert spec
    assert spec.loader
    paths, system = importlib.util.module_from_spec(spec), types.ModuleType("os")
    spec.loader.exec_module(paths)
    vars(system).update(vars(os))
    vars(paths)["os"] = system
    return paths


_paths = _own_copy_of_paths()
_getcwd, _fspath, _readlink, _stat = os.getcwd, os.fspath, os.readlink, os.stat
_fsdecode = os.fsdecode
_separator, _is_windows, _platform = os.sep, os.name == "nt", sys.platform
_directory_flags = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0)
_writing_flags = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Confines:
    """The places of one kernel: `temporary` is its own folder, `installed` are those that code comes from,
    `caches` what libraries keep, `made` the folders that they make and leave empty, `private` what is the
    user's. All absolute paths.

    What is neither private nor installed can be read and not written.
    """

    def __init__(
        self,
        temporary: str,
        *,
        installed: Iterable[str],
        caches: Iterable[str],
        private: Iterable[str],
        made: Iterable[str] = (),
    ) -> None:
        self.temporary, self._caches = _real(temporary), tuple(map(_real, caches))
        given = [path for path in installed if os.path.isabs(path)]
        self._private = _real_roots(private)
        # A folder of code that holds all that is private, such as a home in the search path, is none.
        self._installed = tuple(
            place
            for place in {*map(_real, given), *(_paths.normcase(path) for path in given)}
            if not any(_is_in(secret, (place,)) for secret in self._private)
        )
        self._prefixes = tuple(place + _separator for place in self._installed)
        self.writable: tuple[str, ...] = (self.temporary, *self._caches)
        self._made = {
            parent for place in (*self._caches, *map(_real, made)) for parent in _with_parents(place)
        }
        self._own = f"/proc/{os.getpid()}"

    def enter(self, folder: str) -> None:
        """`folder` is the working folder from here on."""
        self.writable = (_real(folder), self.temporary, *self._caches)

    def may_write(self, path: Any, *, follows: bool = True) -> bool:
        """Whether the file may be made, changed or removed; `follows`: it is what a symbolic link leads to
        that is meant, not the link."""
        text = self._text(path)
        if text is None or _is_remote(text):
            return False
        if text == os.devnull or (_is_windows and text.lower() == "nul"):
            return True
        return _is_in(_real(text) if follows else _real_but_last(text), self.writable)

    def may_make_folder(self, path: Any) -> bool:
        text = self._text(path)
        return self.may_write(path, follows=False) or (text is not None and _real(text) in self._made)

    def may_read(self, path: Any) -> bool:
        text = self._text(path)
        if text is None or _is_remote(text):
            return False
        if text.startswith(self._prefixes) and ".." not in text:
            return True
        place = _real(text)
        if place.startswith("/proc/") and place[6:7].isdigit() and not _is_in(place, (self._own,)):
            return False  # another process: what it was started with, say
        return not _is_in(place, self._private) or _is_in(place, self.writable + self._installed)

    def may_open(self, path: Any, mode: str | None, flags: int) -> bool:
        """By what the event `open` says: a mode such as `wb`, or none but flags where `os.open` is called."""
        if isinstance(path, int):
            return True  # it is open already
        if flags & _writing_flags or (mode and mode.strip("rbt")):
            return self.may_write(path)
        if mode is None and (flags & _directory_flags or _is_folder(path)):
            # Of what is opened relative to a folder, nobody says where it is.
            return self.may_write(path)
        return self.may_read(path)

    def is_installed(self, path: str) -> bool:
        return path.startswith(self._prefixes) and ".." not in path

    def below(self, descriptor: int, path: Any) -> str | None:
        """The path of what is meant relative to an open folder; -1: to the current one. None: unknown."""
        text = self._text(path)
        if descriptor == -1 or text is None:
            return text
        folder = self._text(descriptor)
        return None if folder is None else str(_paths.join(folder, text))

    def _text(self, path: Any) -> str | None:
        """The path as a plain text, also of an open file; None where it cannot be known."""
        if isinstance(path, int):
            return _of_descriptor(path)
        try:
            text = _fsdecode(_fspath(path))
        except TypeError:
            return None
        return None if "\0" in text else str.__str__(text)


def temporary_folder(connection_file: str) -> Path:
    """The folder for temporary files of a kernel's guarded cells; it goes with the kernel."""
    return Path(connection_file).with_suffix(".temporary")


def of_kernel(
    environment: Mapping[str, str], connection_file: str, packages: Path, data: Path | None
) -> Confines:
    """Those of this process. `packages`: the folder of the user's own; `data`: the program's folder of data,
    where it is known."""
    schemes = (sysconfig.get_paths().values(), sys.path)
    home = os.path.expanduser("~")
    libraries = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(packages)]
    if is_frozen():
        libraries += [str(frozen_folder()), sys.executable]  # its modules are in the executable itself
    caches, settings = _of_matplotlib(environment, Path(home))
    known = [*libraries, *(path for paths in schemes for path in paths), *settings]
    current = _getcwd()
    return Confines(
        str(temporary_folder(connection_file)),
        installed=[path for path in known if path not in _NOT_A_PATH and path != current],
        caches=caches,
        made=settings[:1],
        private=[str(place) for place in (home, data) if place is not None],
    )


def _of_matplotlib(environment: Mapping[str, str], home: Path) -> tuple[list[str], list[str]]:
    """Where it keeps its list of fonts; and what it reads besides: its settings, whose folder it makes where
    there is none, and fonts."""
    fonts = [home / ".fonts", home / ".local/share/fonts", home / "Library/Fonts"]
    if given := environment.get("MPLCONFIGDIR"):
        places = (Path(given).absolute(), Path(given).absolute())
    elif _platform.startswith(("linux", "freebsd")):
        places = (
            Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "matplotlib",
            Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "matplotlib",
        )
    else:
        local = environment.get("LOCALAPPDATA") if _is_windows else None
        old = home / ".matplotlib"
        place = Path(local) / "matplotlib" if local and not old.is_dir() else old
        places = (place, place)
    if local := environment.get("LOCALAPPDATA"):
        fonts.append(Path(local) / "Microsoft" / "Windows" / "Fonts")
    return [str(places[0])], [str(places[1]), *map(str, fonts)]


def _real(path: str) -> str:
    return str(_paths.normcase(_paths.realpath(path)))


def _real_but_last(path: str) -> str:
    """With the links followed that lead to it, and not itself."""
    folder, name = _paths.split(_paths.join(_getcwd(), path.rstrip("/" + _separator)))
    if name in _NOT_A_PATH:
        return _real(path)
    return str(_paths.normcase(_paths.join(_paths.realpath(folder), name)))


def _real_roots(paths: Iterable[str]) -> tuple[str, ...]:
    """Without the root of the disk, which holds all."""
    return tuple(place for path in paths if (place := _real(path)) != _paths.dirname(place))


def _is_in(place: str, folders: tuple[str, ...]) -> bool:
    return any(
        place == folder or place.startswith(folder.rstrip(_separator) + _separator) for folder in folders
    )


def _is_remote(text: str) -> bool:
    """A file of another machine, which Windows asks for by itself."""
    return _is_windows and text[:2] in ("\\\\", "//", "\\/", "/\\")


def _with_parents(place: str) -> list[str]:
    return [place, *map(str, Path(place).parents)]


def _is_folder(path: Any) -> bool:
    try:
        return stat.S_ISDIR(_stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _of_descriptor(descriptor: int) -> str | None:
    try:
        if sys.platform == "darwin":
            import fcntl

            found = fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024))
            return _fsdecode(found.rstrip(b"\0"))
        return _readlink(f"/proc/self/fd/{descriptor}")
    except (OSError, ValueError, ImportError):
        return None
