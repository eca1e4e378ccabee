"""The executable in the place of Python: what cells start as `sys.executable` behaves as they expect.

Cells, and packages such as `multiprocessing` and pip, start Python by that name, and in the executable it is
the executable's. See https://docs.python.org/3/using/cmdline.html.
"""

import code
import importlib.util
import io
import os
import pkgutil
import runpy
import signal
import site
import sys
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

from cowork_desktop import frozen
from cowork_desktop.kernels import pip
from cowork_desktop.kernels.spec import PACKAGES, site_packages

SPAWNED = "--multiprocessing-fork"
"""The argument with which `multiprocessing` starts a process of a frozen program."""
_FLAGS = frozenset("bBdEiIOPqRsStuvVx")
_WITH_VALUE = frozenset("cmWX")
_WRONG_ARGUMENTS = 2


@dataclass
class Asked:
    """What a command line asks of Python."""

    what: Literal["command", "module", "file", "input"] = "input"
    subject: str = ""
    """The code, the module's name or the path; `-` or nothing where it comes from the input."""
    arguments: list[str] = field(default_factory=list)
    flags: str = ""
    warnings: list[str] = field(default_factory=list)
    options: dict[str, str | bool] = field(default_factory=dict)
    """Of `-X`."""


class UnknownOption(ValueError):
    """Its text is the option."""


def read(arguments: list[str]) -> Asked:
    """A command line without the program; raises UnknownOption."""
    asked, left = Asked(), list(arguments)
    while left and left[0].startswith("-") and left[0] != "-":
        word = left.pop(0)
        if word == "--version":
            asked.flags += "V"
        elif word == "--check-hash-based-pycs":
            left.pop(0)
        elif word.startswith("--"):
            raise UnknownOption(word)
        else:
            _read_letters(word[1:], asked, left)
        if asked.what != "input":
            asked.arguments = left
            return asked
    if left:
        asked.subject, *asked.arguments = left
        asked.what = "input" if asked.subject == "-" else "file"
    return asked


def _read_letters(letters: str, asked: Asked, left: list[str]) -> None:
    """Options behind one dash; the value of the last may be the next of the words that are left."""
    for position, letter in enumerate(letters, 1):
        if letter in _FLAGS:
            asked.flags += letter
            continue
        if letter not in _WITH_VALUE or not (letters[position:] or left):
            raise UnknownOption(f"-{letter}")
        value = letters[position:] or left.pop(0)
        if letter == "c":
            asked.what, asked.subject = "command", value
        elif letter == "m":
            asked.what, asked.subject = "module", value
        elif letter == "W":
            asked.warnings.append(value)
        else:
            name, is_given, given = value.partition("=")
            asked.options[name] = given if is_given else True
        return


def main(arguments: list[str]) -> None:
    """Do what Python would with that command line; leaves with SystemExit where there is a code to tell."""
    if frozen.is_frozen():
        frozen.restore_ctypes()
    if arguments[:1] == [SPAWNED]:
        from multiprocessing import spawn

        spawn.freeze_support()
    try:
        asked = read(arguments)
    except UnknownOption as error:
        _refuse(f"Unknown option: {error}")
    if "V" in asked.flags:
        version = sys.version if asked.flags.count("V") > 1 else sys.version.split()[0]
        sys.stdout.write(f"Python {version}\n")
        return
    if (asked.what, asked.subject) == ("module", "pip") and frozen.is_frozen():
        pip.main([os.environ[PACKAGES], *asked.arguments])  # there is no other place for packages
        return
    _prepare(asked)
    main_module = sys.modules["__main__"] = types.ModuleType("__main__")
    vars(main_module)["__builtins__"] = sys.modules["builtins"]
    try:
        _run(asked, vars(main_module))
    except SystemExit:
        raise
    except BaseException as error:
        _end_with(error)


def _prepare(asked: Asked) -> None:
    """Set the interpreter up as flags and variables say, as far as that can be done once it runs."""
    inherited = {} if {"E", "I"} & set(asked.flags) else dict(os.environ)
    sys.dont_write_bytecode |= "B" in asked.flags or bool(inherited.get("PYTHONDONTWRITEBYTECODE"))
    sys._xoptions.update(asked.options)
    given = [*filter(None, inherited.get("PYTHONWARNINGS", "").split(",")), *asked.warnings]
    sys.warnoptions.extend(given)
    warnings._processoptions(given)  # type: ignore[attr-defined]
    encoding, _, errors = inherited.get("PYTHONIOENCODING", "").partition(":")
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and (encoding or errors):
            stream.reconfigure(encoding=encoding or None, errors=errors or None)
    if "u" in asked.flags or inherited.get("PYTHONUNBUFFERED"):
        sys.stdout, sys.stderr = _unbuffered(sys.stdout), _unbuffered(sys.stderr)
    sys.path[:0] = filter(None, inherited.get("PYTHONPATH", "").split(os.pathsep))
    # Also with `-S`: it is a flag of the executable itself, which children inherit through `multiprocessing`.
    if packages := os.environ.get(PACKAGES):
        site.addsitedir(str(site_packages(Path(packages))))
    site.main()
    if not ({"I", "P"} & set(asked.flags) or inherited.get("PYTHONSAFEPATH")):
        sys.path[:0] = _place_of_code(asked)


def _unbuffered(stream: Any) -> Any:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = io.FileIO(stream.fileno(), "wb", closefd=False)
    # The layer in between would buffer.
    return io.TextIOWrapper(raw, stream.encoding, stream.errors, write_through=True)


def _place_of_code(asked: Asked) -> Iterator[str]:
    if asked.what == "file":
        if pkgutil.get_importer(asked.subject) is None:
            yield os.path.dirname(os.path.realpath(asked.subject))
    else:
        yield os.getcwd() if asked.what == "module" else ""


def _run(asked: Asked, namespace: dict[str, Any]) -> None:
    if asked.what == "command":
        sys.argv = ["-c", *asked.arguments]
        exec(compile(asked.subject, "<string>", "exec"), namespace)
    elif asked.what == "module":
        sys.argv = ["-m", *asked.arguments]
        _run_module(asked.subject)
    elif asked.what == "file":
        sys.argv = [asked.subject, *asked.arguments]
        _run_file(asked.subject, namespace)
    elif sys.stdin.isatty():
        sys.argv = [asked.subject]
        code.interact(local=namespace)
    else:
        sys.argv = [asked.subject, *asked.arguments]
        exec(compile(sys.stdin.read(), "<stdin>", "exec"), namespace)


def _run_file(path: str, namespace: dict[str, Any]) -> None:
    if pkgutil.get_importer(path) is not None:  # a folder or an archive with a `__main__.py`
        sys.path.insert(0, os.path.abspath(path))
        _run_module("__main__", names_itself=False)
        return
    path = os.path.abspath(path)
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        _refuse(f"can't open file {path!r}: [Errno {error.errno}] {error.strerror}")
    namespace.update(__file__=path, __cached__=None)
    if source[:4] == importlib.util.MAGIC_NUMBER:
        runpy.run_path(path, run_name="__main__")
        return
    exec(compile(source, path, "exec"), namespace)


def _run_module(name: str, *, names_itself: bool = True) -> None:
    """As Python does it for `-m`, in the module `__main__` that is there."""
    runpy._run_module_as_main(name, names_itself)  # type: ignore[attr-defined]


def _refuse(words: str) -> NoReturn:
    sys.stderr.write(f"{sys.executable}: {words}\n")
    sys.exit(_WRONG_ARGUMENTS)


def _end_with(error: BaseException) -> NoReturn:
    """Tell of what the code has not caught, without the frames of this module."""
    traceback = error.__traceback__
    while traceback and traceback.tb_frame.f_globals.get("__name__") in (__name__, runpy.__name__):
        traceback = traceback.tb_next
    sys.excepthook(type(error), error.with_traceback(traceback), traceback)
    if isinstance(error, KeyboardInterrupt) and os.name == "posix":
        sys.stderr.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    sys.exit(1)
