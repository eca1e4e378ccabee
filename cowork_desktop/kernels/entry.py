"""The kernel's own process: ipykernel, with what a cell needs here."""

import errno
import gc
import importlib
import os
import site
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from traitlets import Type
from traitlets.config import Config

from cowork_desktop import frozen
from cowork_desktop.kernels.magics import CellMagics
from cowork_desktop.kernels.spec import GUARDED_IN, IS_SPARE, PACKAGES, PORT_TAKEN, packages_of, site_packages

if TYPE_CHECKING:
    from cowork_desktop.kernels.guard import Guard

MOST_CHARACTERS = 64 * 1024 * 1024
"""Of one cell's streams; more is dropped here. The server cuts earlier, this bounds what it has to read."""
_PIECE = 256 * 1024
_TAKEN = (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE))
_COMMON = ("pandas", "matplotlib.pyplot", "matplotlib_inline.backend_inline")
"""What most cells import, loaded by a kernel that waits for its user anyway."""


class _Process:
    """Whether this is the kernel itself or a fork of it; cheaper to ask than the system."""

    def __init__(self) -> None:
        self.is_forked = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._note_fork)

    def _note_fork(self) -> None:
        self.is_forked = True


_process = _Process()


class _Stream(OutStream):
    """Standard output or error in messages of bounded size, and of bounded size altogether."""

    _spent: tuple[Any, int] = (None, 0)
    _key: tuple[Any, frozenset[Any]] = (None, frozenset())

    def write(self, string: str) -> int:
        """As in the class above, at less cost a line: it is called for each `print` twice."""
        parent = self.parent_header
        if _process.is_forked or self.pub_thread is None or not isinstance(string, str):
            return super().write(string) or 0
        key = self._key
        if key[0] is not parent:
            key = self._key = (parent, frozenset(parent.items()))
        with self._buffer_lock:
            self._buffers[key[1]].write(string)
        if not self._flush_pending:
            self._schedule_flush()  # type: ignore[no-untyped-call]
        return len(string)

    def _setup_stream_redirects(self, name: str) -> None:
        super()._setup_stream_redirects(name)  # type: ignore[no-untyped-call]
        # What C code prints is sent as output; it is not also echoed to the server's log.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._original_stdstream_copy)
        os.close(nowhere)

    def flush(self) -> None:
        """Returns when the text is on its way: what comes next may hang, or end the process."""
        with self._buffer_lock:
            if not self._buffers:
                return
        super().flush()  # type: ignore[no-untyped-call]
        # The thread that sends has queued the text for itself; what it is asked next comes behind that.
        thread = self.pub_thread.thread
        if thread.is_alive() and thread is not threading.current_thread():
            sent = threading.Event()
            self.pub_thread.schedule(sent.set)
            sent.wait(self.flush_timeout)

    def _flush_buffers(self) -> Iterator[tuple[dict[str, Any], str]]:
        for parent, text in super()._flush_buffers():  # type: ignore[no-untyped-call]
            cell = parent.get("msg_id")
            spent = self._spent[1] if self._spent[0] == cell else 0
            self._spent = (cell, spent + len(text))
            text = text[: max(0, MOST_CHARACTERS - spent)]
            for start in range(0, len(text), _PIECE):
                yield parent, text[start : start + _PIECE]


class _Shell(ZMQInteractiveShell):
    def _get_exc_info(self, exc_tuple: Any = None) -> tuple[Any, Any, Any]:
        """Without the places of which Python knows no line, such as the very beginning of a function that an
        interrupt came upon: IPython cannot show them, and shows a failure of its own instead."""
        type, value, traceback = super()._get_exc_info(exc_tuple)  # type: ignore[no-untyped-call]
        place = traceback
        while place and (below := place.tb_next):
            if below.tb_lineno is None:
                place.tb_next = below.tb_next
            else:
                place = below
        return type, value, traceback


class _Kernel(IPythonKernel):
    shell_class = Type(_Shell)

    def raw_input(self, prompt: str = "") -> str:
        """`input()`: nobody sits at the keyboard of a cell."""
        raise StdinNotImplementedError(
            "input() does not work in a cell: nothing can be typed into it while it runs."
            " Put the value in a variable, and run the cell again."
        )

    async def do_execute(self, *arguments: Any, cell_meta: Any = None, **options: Any) -> Any:
        """Execute, and put the kernel's own streams back in the place of what a cell left there closed: the
        reply waits for them."""
        streams = sys.stdout, sys.stderr
        reply = await super().do_execute(*arguments, cell_meta=cell_meta, **options)  # type: ignore[no-untyped-call]
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except Exception:
            sys.stdout, sys.stderr = streams
        return reply

    def getpass(self, prompt: str = "", stream: object = None, *, echo_char: object = None) -> str:
        return self.raw_input(prompt)


def _guarded_by(guard: "Guard") -> type[_Kernel]:
    """A kernel that runs guarded what is to be guarded."""

    class Guarded(_Kernel):
        async def do_execute(self, *arguments: Any, cell_meta: Any = None, **options: Any) -> Any:
            with guard.running((cell_meta or {}).get(GUARDED_IN)):
                return await super().do_execute(*arguments, cell_meta=cell_meta, **options)

    return Guarded


class KernelApp(IPKernelApp):
    guard: "Guard"

    def init_iopub(self, context: zmq.Context[Any]) -> None:
        # A publisher drops what its reader is slow to take, unless its queue has no limit.
        context.sndhwm = 0
        super().init_iopub(context)  # type: ignore[no-untyped-call]

    def init_extensions(self) -> None:
        super().init_extensions()  # type: ignore[no-untyped-call]
        assert self.shell
        self.shell.register_magics(CellMagics(self.shell, _packages(), self.guard.folders))


def _packages() -> Path:
    """Where `%pip install` puts packages; a kernel that somebody starts by hand has a folder of its own."""
    return Path(os.environ.get(PACKAGES) or packages_of(Path.cwd() / "cowork-kernel"))


def _install_guard(arguments: list[str]) -> "Guard":
    """Before anything of a cell's can be here. What decides is in no module that a cell could import."""
    from cowork_desktop.kernels import confines, guard

    file = arguments[arguments.index("-f") + 1] if "-f" in arguments else f"kernel-{os.getpid()}.json"
    given = os.environ.get(PACKAGES)
    data = Path(given).parents[2] if given else None
    installed = guard.install(confines.of_kernel(os.environ, file, _packages(), data))
    guard.hide()
    return installed


def main(arguments: list[str]) -> None:
    """Serve cells until the server asks for the end, or is gone. `arguments`: `-f` and a connection file."""
    if frozen.is_frozen():
        frozen.restore_ctypes()
        site.main()  # `help` and the like, which Python has at its start elsewhere
    site.addsitedir(str(site_packages(_packages())))
    # Both engines are here, so whichever pandas will take, spreadsheets are read.
    warnings.filterwarnings("ignore", message="The default engine for reading '[a-z]+' files")
    KernelApp.guard = _install_guard(arguments)
    config = Config()
    config.KernelApp.kernel_class = _guarded_by(KernelApp.guard)
    config.KernelApp.outstream_class = f"{__name__}._Stream"
    config.HistoryManager.hist_file = ":memory:"
    app = KernelApp.instance(config=config)
    try:
        app.initialize(arguments)  # type: ignore[no-untyped-call]
    except zmq.ZMQError as error:
        if error.errno not in _TAKEN:
            raise
        sys.stderr.write(f"{error}\n")
        sys.exit(PORT_TAKEN)
    if os.environ.pop(IS_SPARE, ""):
        # Before anybody can ask for something: beside a cell it would only be in its way.
        for name in _COMMON:
            importlib.import_module(name)
    gc.freeze()
    gc.enable()
    app.start()  # type: ignore[no-untyped-call]
