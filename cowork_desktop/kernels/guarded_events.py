"""What a guarded cell may not do, by the audit events that would be it.

The events and their arguments: https://docs.python.org/3/library/audit_events.html and `added_events`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from cowork_desktop.frozen import is_frozen
from cowork_desktop.kernels import added_events
from cowork_desktop.kernels.confines import Confines

Check = Callable[[tuple[Any, ...]], str | None]
"""Given an event's arguments: what would be done, in words, where it may not be; else None."""

_NOBODY = -1
_SQLITE_ATTACH, _SQLITE_DENY, _SQLITE_OK = 24, 1, 0
_sys_frame, _own_process, _is_frozen = sys._getframe, os.getpid(), is_frozen()
_OF_EXECUTABLE = (f"ctypes{os.sep}", "pyimod02_importers.py")
"""How the names of its modules of ctypes and of the import system begin there."""


def checks_of(confines: Confines) -> Mapping[str, Check]:
    return {**_NETWORK, **_PROCESSES, **_files(confines), **_sqlite(confines), **_interpreter(confines)}


def _says(words: str) -> Check:
    return lambda _: words


def _address(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return _shown(address)


def _shown(value: Any) -> str:
    """Something that the cell gave, such as a path, as it may be told."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _sends(arguments: tuple[Any, ...]) -> str | None:
    address = arguments[1]
    return None if address is None else f"send to {_address(address)}"


def _starts(arguments: tuple[Any, ...]) -> str:
    """Names the program, without its place."""
    program = arguments[0]
    if isinstance(program, (list, tuple)):
        program = program[0] if program else ""
    words = _shown(program).split() or [""]
    return f"start a process: {os.path.basename(words[0]) or 'unnamed'}"


def _signals(arguments: tuple[Any, ...]) -> str | None:
    return None if arguments[0] == _own_process else f"send a signal to the process {arguments[0]}"


_NETWORK: Mapping[str, Check] = {
    "socket.connect": lambda arguments: f"connect to {_address(arguments[1])}",
    "socket.bind": lambda arguments: f"listen at {_address(arguments[1])}",
    "socket.sendto": _sends,
    "socket.sendmsg": _sends,
    "socket.getaddrinfo": lambda arguments: f"connect to {_address(arguments[:2])}",
    "socket.gethostbyname": lambda arguments: f"look up {_shown(arguments[0])}",
    "socket.gethostbyaddr": lambda arguments: f"look up {_shown(arguments[0])}",
    "socket.getnameinfo": lambda arguments: f"look up {_address(arguments[0])}",
    "socket.sethostname": _says("change the machine's name"),
    "webbrowser.open": lambda arguments: f"open {_shown(arguments[0])} in the browser",
}
_STARTS = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.startfile",
    "os.startfile/2",
    "pty.spawn",
    "_winapi.CreateProcess",
    added_events.STARTS,
)
_PROCESSES: Mapping[str, Check] = {
    **dict.fromkeys(_STARTS, _starts),
    "os.spawn": lambda arguments: _starts(arguments[1:]),
    "os.fork": _says("start a process"),
    "os.forkpty": _says("start a process"),
    "_winapi.OpenProcess": _says("take hold of another process"),
    "_winapi.TerminateProcess": _says("end a process"),
    "os.kill": _signals,
    "os.killpg": lambda arguments: f"send a signal to the process group {arguments[0]}",
    **{
        f"winreg.{name}": _says("change the registry")
        for name in ("CreateKey", "DeleteKey", "DeleteValue", "SetValue", "LoadKey", "SaveKey")
    },
    "winreg.ConnectRegistry": _says("read the registry of another machine"),
    added_events.TAKES: lambda arguments: str(arguments[0]),
}


def _files(confines: Confines) -> Mapping[str, Check]:
    def opens(arguments: tuple[Any, ...]) -> str | None:
        path, mode, flags = arguments
        if confines.may_open(path, mode, flags):
            return None
        return f"{'write' if confines.may_read(path) else 'open'} {_shown(path)}"

    def reads(arguments: tuple[Any, ...]) -> str | None:
        path = "." if arguments[0] is None else arguments[0]
        return None if confines.may_read(path) else f"read {_shown(path)}"

    def changes(deed: str, *, place: int = 0, folder: int | None = None, follows: bool = True) -> Check:
        """A check of the path at `place`, relative to the open folder at `folder` if there is one."""

        def check(arguments: tuple[Any, ...]) -> str | None:
            given = arguments[place]
            path = confines.below(_NOBODY if folder is None else arguments[folder], given)
            may = path is not None and confines.may_write(path, follows=follows)
            return None if may else f"{deed} {_shown(given)}"

        return check

    def makes_folder(arguments: tuple[Any, ...]) -> str | None:
        path = confines.below(arguments[2], arguments[0])
        may = path is not None and confines.may_make_folder(path)
        return None if may else f"make the folder {_shown(arguments[0])}"

    def links(arguments: tuple[Any, ...]) -> str | None:
        """What it leads to must be within, too: others will write through it."""
        target, given = arguments[:2]
        path = confines.below(arguments[2], given)
        if path is not None and confines.may_write(path, follows=False):
            leads_to = os.path.join(os.path.dirname(path), os.fsdecode(target))
            if confines.may_write(leads_to):
                return None
        return f"link {_shown(given)} to {_shown(target)}"

    def both(*checks: Check) -> Check:
        return lambda arguments: next((deed for check in checks if (deed := check(arguments))), None)

    return {
        "open": opens,
        "os.listdir": reads,
        "os.scandir": reads,
        "os.chdir": changes("go to"),
        "os.mkdir": makes_folder,
        "os.remove": changes("remove", folder=1, follows=False),
        "os.rmdir": changes("remove", folder=1, follows=False),
        "os.rename": both(
            changes("rename", folder=2, follows=False),
            changes("rename something to", place=1, folder=3, follows=False),
        ),
        "os.link": both(
            changes("link to", folder=2), changes("make the link", place=1, folder=3, follows=False)
        ),
        "os.symlink": links,
        "os.truncate": changes("cut"),
        "os.chmod": changes("change the rights of", folder=2),
        "os.chown": changes("change the owner of", folder=3),
        "os.utime": changes("change the time of", folder=3),
        "os.chflags": changes("change the flags of"),
        "os.setxattr": changes("change the attributes of"),
        "os.removexattr": changes("change the attributes of"),
        "_winapi.CreateJunction": both(changes("link to"), changes("make the link", place=1)),
        added_events.READS: reads,
        added_events.WRITES: changes("write", folder=1),
    }


def _sqlite(confines: Confines) -> Mapping[str, Check]:
    def opens(arguments: tuple[Any, ...]) -> str | None:
        path = arguments[0]
        return None if _may_be_database(confines, path) else f"open the database {_shown(path)}"

    def loads(arguments: tuple[Any, ...]) -> str | None:
        return "load an extension of SQLite" if len(arguments) < 2 or arguments[1] else None

    return {
        "sqlite3.connect": opens,
        "sqlite3.enable_load_extension": loads,
        "sqlite3.load_extension": loads,
    }


def authorizer(confines: Confines) -> Callable[..., int]:
    """For a connection of SQLite: SQL can open further databases, of which no event tells."""

    def authorize(action: int, path: str | None, *_: Any) -> int:
        # A path that is a parameter is not told.
        is_refused = action == _SQLITE_ATTACH and (path is None or not _may_be_database(confines, path))
        return _SQLITE_DENY if is_refused else _SQLITE_OK

    return authorize


def _may_be_database(confines: Confines, path: Any) -> bool:
    text = _shown(path)
    if text.startswith("file:"):  # how much of such an address is a path depends on its flags
        return text.startswith("file::memory:") or ("mode=memory" in text and "/" not in text)
    return text in (":memory:", "") or confines.may_write(path)


def _interpreter(confines: Confines) -> Mapping[str, Check]:
    """What reaches around the interpreter; packages may, on their own account."""

    def from_cell(words: str) -> Check:
        def check(_: tuple[Any, ...]) -> str | None:
            frame = _sys_frame(2)
            while frame and _is_machinery(frame.f_code.co_filename):
                frame = frame.f_back  # type: ignore[assignment]
            return None if frame and confines.is_installed(_place_of(frame)) else words

        return check

    native = from_cell("call native code with ctypes")
    return {
        **{
            f"ctypes.{name}": native
            for name in (
                "dlopen",
                "dlsym",
                "dlsym/handle",
                "call_function",
                "cdata",
                "cdata/buffer",
                "string_at",
                "wstring_at",
                "memoryview_at",
                "addressof",
            )
        },
        **{
            f"gc.{name}": from_cell("look through the interpreter's memory")
            for name in ("get_objects", "get_referrers", "get_referents")
        },
        "sys.remote_exec": _says("run code in another process"),
    }


def _is_machinery(filename: str) -> bool:
    """Of ctypes itself, or the import system: it acts for its caller."""
    return (
        filename.startswith(("<frozen ", *_OF_EXECUTABLE))
        if _is_frozen and not os.path.isabs(filename)
        else filename.startswith("<frozen ") or f"{os.sep}ctypes{os.sep}" in filename
    )


def _place_of(frame: FrameType) -> str:
    """Where its code lies; of code in the executable, which does not know, its module does."""
    filename = frame.f_code.co_filename
    if _is_frozen and filename.endswith(".py") and not os.path.isabs(filename):
        return str(frame.f_globals.get("__file__"))
    return filename
