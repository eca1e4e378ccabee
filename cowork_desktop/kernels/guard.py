"""Keeps code of the agent within the project's folder: refuses what a guarded cell would do beyond it.

An audit hook (PEP 578), which once installed stays, asks of each event whether guarded code raises it. It
holds against code that goes astray, and is no sandbox: native code raises no events, and code that is written
against it, or that leaves something behind for the user's own cells to call, gets past it.

Guarded is what descends from a guarded cell: its tasks and timers and the threads that it starts, also after
its end. While a guarded cell runs all other threads are, lest it give its work to one of the user's.
"""

import _thread
import functools
import importlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from cowork_desktop.kernels import added_events, confines, guarded_events
from cowork_desktop.kernels.confines import Confines

_REFUSAL = (
    "This would reach outside the project's folder ({})."
    " Call run_code with outside: true, which asks the user."
)
_STARTS = (
    "start_new_thread",
    "start_new",
    "start_joinable_thread",
    "_start_new_thread",
    "_start_joinable_thread",
)
_PLACE_OF_FACTORY = 6
"""Among the arguments of `sqlite3.connect`, counted from one."""


class Guard(NamedTuple):
    """What `install` gives; neither of them frees what is guarded."""

    running: Callable[[str | None], AbstractContextManager[None]]
    """While a cell runs: a guarded one in the folder that is given, or one that is not (None). Whatever is
    run from within a guarded cell is guarded like it."""
    folders: Callable[[], tuple[str, ...] | None]
    """Where guarded code may read and write, the working folder first; None where the code that asks is
    free."""


class _Descent:
    """Which code descends from guarded cells."""

    def __init__(self) -> None:
        self.running = 0
        """Guarded cells that run, one within the other."""
        self.has_run = False
        self._context: ContextVar[bool | None] = ContextVar("descends from a guarded cell", default=None)
        self._thread = threading.local()
        self._main, self._identity = threading.main_thread().ident, threading.get_ident

    def is_guarded(self) -> bool:
        if not self.has_run:
            return False
        if self._identity() == self._main:  # between cells, too: there may be finalizers and exit functions
            return self._context.get() is not False
        return self.running > 0 or self._context.get() is True or hasattr(self._thread, "is_guarded")

    def is_within(self) -> bool:
        """Whether a cell that begins now is begun by a guarded one."""
        return self.running > 0 or self._context.get() is True

    @contextmanager
    def cell(self, *, is_guarded: bool) -> Iterator[None]:
        token = self._context.set(is_guarded)
        self.running += is_guarded
        self.has_run |= is_guarded
        try:
            yield
        finally:
            self.running -= is_guarded
            self._context.reset(token)

    def thread(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """What a thread does that guarded code has started."""
        self._thread.is_guarded = True
        return function(*arguments, **options)


def install(own: Confines) -> Guard:
    """Watch over this process for good. What it decides by is in here alone, out of reach of a cell."""
    checks, descent = guarded_events.checks_of(own), _Descent()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not descent.has_run:
            return
        check = checks.get(event)
        if check and descent.is_guarded() and (deed := check(arguments)):
            raise PermissionError(_REFUSAL.format(deed[:300]))

    @contextmanager
    def running(folder: str | None) -> Iterator[None]:
        is_within = descent.is_within()
        if folder is None and not is_within:
            with descent.cell(is_guarded=False):
                yield
            return
        if folder is not None and not is_within:
            own.enter(folder)
        with _temporary_files_in(own.temporary), descent.cell(is_guarded=True):
            yield

    _follow_threads(descent)
    _follow_databases(descent, guarded_events.authorizer(own))
    added_events.install()
    sys.addaudithook(hook)
    return Guard(running, lambda: own.writable if descent.is_guarded() else None)


def hide() -> None:
    """A cell that imports these modules gets others, in which nothing looks up what the hook does."""
    for module in (sys.modules[__name__], added_events, confines, guarded_events):
        del sys.modules[module.__name__]
        package, _, name = module.__name__.rpartition(".")
        delattr(sys.modules[package], name)


def _follow_threads(descent: _Descent) -> None:
    """A thread that guarded code starts is guarded."""
    for module in (_thread, threading):
        for name in _STARTS:
            if start := getattr(module, name, None):
                setattr(module, name, _following(start, descent))


def _following(start: Callable[..., Any], descent: _Descent) -> Callable[..., Any]:
    @functools.wraps(start)
    def started(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if descent.is_guarded():
            function = functools.partial(descent.thread, function)
        return start(function, *arguments, **options)

    return started


def _follow_databases(descent: _Descent, authorize: Callable[..., int]) -> None:
    """A connection to SQLite that guarded code makes keeps to what is allowed."""
    library = importlib.import_module("sqlite3")
    connect, connection_class = library.connect, library.Connection
    set_authorizer = connection_class.set_authorizer

    class Connection(connection_class):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            if descent.is_guarded():
                set_authorizer(self, authorize)

    @functools.wraps(connect)
    def connected(*arguments: Any, **options: Any) -> Any:
        if len(arguments) < _PLACE_OF_FACTORY:
            options.setdefault("factory", Connection)
        connection = connect(*arguments, **options)
        if descent.is_guarded():  # also where the factory is of the class from before
            set_authorizer(connection, authorize)
        return connection

    functools.update_wrapper(Connection, connection_class, updated=())
    for module in (library, library.dbapi2, importlib.import_module("_sqlite3")):
        vars(module).update(connect=connected, Connection=Connection)


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    if not os.path.isdir(folder):
        os.makedirs(folder, mode=0o700)
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = before
