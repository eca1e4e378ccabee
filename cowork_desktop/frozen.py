"""What is different in the executable that PyInstaller makes: where its files lie, what it leaves behind."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

AS_INTERPRETER = "COWORK_AS_INTERPRETER"
"""The variable that tells the executable to stand in for Python: cells start it by the name of Python."""
_UNPACKED = "_MEI"
"""How the folders begin into which the one-file form unpacks itself at each start."""
_LOCK = "in-use.lock"
_PR_SET_PDEATHSIG = 1
"""Of linux/prctl.h."""


def is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def folder() -> Path:
    """Where the executable's files lie: beside it, or unpacked. Only where it is one."""
    return Path(getattr(sys, "_MEIPASS", ""))


def restore_library_path() -> None:
    """Other programs that are started from here are to find their own libraries, not the executable's.

    It needs the variable itself only before it starts, and only where there is an ELF loader.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before


def trust_authorities() -> None:
    """Take the certificates that came along where none lie where OpenSSL looks for them.

    Those are the places of the system that it was built on.
    """
    if sys.platform == "win32":
        return  # there Python asks the system
    import _ssl

    file_variable, file, folder_variable, place = _ssl.get_default_verify_paths()
    if file_variable in os.environ or folder_variable in os.environ:
        return
    if not os.path.isfile(file) and not (os.path.isdir(place) and os.listdir(place)):
        os.environ[file_variable] = str(folder() / "certifi" / "cacert.pem")


def restore_ctypes() -> None:
    """What a cell or a package calls is to be what Python has, with its errors.

    PyInstaller's looks for missing libraries once more; here each lies where its package looks for it.
    """
    import ctypes

    for name, loader in (("CDLL", "cdll"), ("PyDLL", "pydll"), ("WinDLL", "windll"), ("OleDLL", "oledll")):
        found = getattr(ctypes, name, None)
        if found and found.__module__ != "ctypes":
            setattr(ctypes, name, found.__base__)
            setattr(ctypes, loader, ctypes.LibraryLoader(found.__base__))


def end_with_parent() -> None:
    """Where the parent, which unpacked this process, is killed, nobody else would end this one (on Linux)."""
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def hold_unpacked(place: Path) -> "BaseFileLock | None":
    """Mark the folder as in use for as long as the lock that is returned; None where it was not unpacked.

    Removes the folders beside it whose processes are gone: one that was killed could not do it itself.
    """
    if not place.name.startswith(_UNPACKED):
        return None
    import shutil  # late: other verbs need neither

    from filelock import FileLock, Timeout

    lock = FileLock(place / _LOCK, timeout=0)
    lock.acquire()
    for other in place.parent.glob(f"{_UNPACKED}*"):
        # One without the file is just being unpacked, or another program's.
        if other == place or not (other / _LOCK).exists():
            continue
        with suppress(Timeout, OSError), FileLock(other / _LOCK, timeout=0):
            shutil.rmtree(other, ignore_errors=True)
    return lock
