"""One kernel process and its channels: started, asked, interrupted and ended."""

import asyncio
import hmac
import json
import logging
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cowork_desktop.ids import random_id
from cowork_desktop.kernels.confines import temporary_folder
from cowork_desktop.kernels.process import Launch, end, finish, last_words, make_manager, spawn
from cowork_desktop.kernels.spec import GUARDED_IN, PORT_TAKEN
from cowork_desktop.tasks import wholly

if TYPE_CHECKING:
    import zmq
    from jupyter_client.manager import AsyncKernelManager

logger = logging.getLogger(__name__)

START_SECONDS = 60.0
LARGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes of one message's content; a larger one is told without it."""
_POLITE_SECONDS = 0.6
_POLL_SECONDS = 0.05
_LAST_WORDS_SECONDS = 0.1
_REPLY_SECONDS = 3.0
"""How long a reply may come behind the word that all is done."""
_OTHER_PORTS = 3
"""How often a kernel whose port was taken meanwhile is started again, with others."""
_TURN_SECONDS = 0.005
"""How long the reader of a flood goes on before others get their turn."""


class KernelDied(Exception):
    """The kernel's process is gone, or never came; the message says how."""

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class Message:
    """One message of a kernel, https://jupyter-client.readthedocs.io/en/stable/messaging.html."""

    type: str
    content: Mapping[str, Any] | None
    """None where it was too large to be read."""


Tell = Callable[[Message], None]


@dataclass(eq=False)
class _Request:
    """What waits for its reply, and for the kernel to say that all output of it has been sent."""

    tell: Tell
    largest: int
    reply: asyncio.Future[Mapping[str, Any]]
    idle: asyncio.Future[None]


class Kernel:
    """A running kernel; `start` makes one."""

    def __init__(self, launch: Launch, manager: "AsyncKernelManager") -> None:
        self._launch, self._manager = launch, manager
        self._requests: dict[str, _Request] = {}
        self._sockets: list[zmq.Socket[Any]] = []
        self._readers: list[asyncio.Task[None]] = []
        self._welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_closed = False
        self._closing = asyncio.Lock()

    @classmethod
    async def start(cls, launch: Launch, *, is_spare: bool) -> "Kernel":
        """Start a process and wait until it answers; KernelDied says why it did not."""
        for _ in range(_OTHER_PORTS):
            try:
                return await cls._start(launch, is_spare=is_spare)
            except KernelDied as died:
                if died.exit_code != PORT_TAKEN:
                    raise
        return await cls._start(launch, is_spare=is_spare)

    @classmethod
    async def _start(cls, launch: Launch, *, is_spare: bool) -> "Kernel":
        name = random_id("k")
        log = launch.folder / "run" / f"{name}.log"
        kernel = cls(launch, await asyncio.to_thread(make_manager, launch, name))
        try:
            await wholly(asyncio.to_thread(spawn, kernel._manager, launch.folder, log, is_spare=is_spare))
            await launch.watch.add(kernel.pid)
            async with asyncio.timeout(START_SECONDS):
                await kernel._connect()
        except BaseException as error:
            await kernel.close()
            if isinstance(error, KernelDied | TimeoutError | OSError):
                words = await asyncio.to_thread(last_words, log)
                reason = str(error) or f"it did not answer for {START_SECONDS:g} s."
                told = f"The kernel could not be started: {reason} {words}".strip()
                raise KernelDied(told, getattr(error, "exit_code", None)) from error
            raise
        finally:
            await wholly(asyncio.to_thread(log.unlink, missing_ok=True))
        return kernel

    @property
    def pid(self) -> int:
        """Of the process, and of the process group that it leads; 0 before there is one."""
        return int(getattr(self._manager.provisioner, "pid", None) or 0)

    @property
    def is_alive(self) -> bool:
        return not self._is_closed and self._exit_code() is None

    async def execute(
        self,
        code: str,
        tell: Tell,
        *,
        silent: bool = False,
        largest: int = LARGEST_MESSAGE,
        guarded_in: Path | None = None,
    ) -> Mapping[str, Any]:
        """Run code; `tell` gets each message about it as it comes, without its content where that is larger
        than `largest`. `guarded_in`: the folder that the code must not reach beyond; None: it may do what the
        user may. Returns the content of the reply.

        Raises KernelDied when the process ends first, after what it had still sent was told.
        """
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,  # what waits for its turn does not wait in the kernel
        }
        metadata = {GUARDED_IN: str(guarded_in)} if guarded_in else None
        return await self._ask("execute_request", content, tell, largest, metadata)

    async def complete(self, code: str, cursor_pos: int) -> Mapping[str, Any]:
        """The content of the reply; it comes when the cell that runs has ended."""
        return await self._ask("complete_request", {"code": code, "cursor_pos": cursor_pos}, _ignore)

    async def enter(self, folder: Path) -> None:
        """Make `folder` the working folder."""
        await self.execute(f"__import__('os').chdir({str(folder)!r})", _ignore, silent=True)

    async def interrupt(self) -> None:
        """Raise KeyboardInterrupt in what runs; code that does not return to Python does not notice."""
        if self.is_alive:
            await asyncio.to_thread(finish, self._manager.interrupt_kernel())

    async def close(self, *, politely: bool = False) -> None:
        """End the process and its process group, also where this is cancelled. `politely`: let it end by
        itself first, for a moment."""
        async with self._closing:
            if self._is_closed:
                return
            try:
                if politely and self._sockets and self.is_alive:
                    control = self._manager.connect_control()
                    self._sockets.append(control)
                    self._send(control, "shutdown_request", {"restart": False})
                    await self._until_dead(_POLITE_SECONDS)
            finally:
                await wholly(self._close())

    async def _close(self) -> None:
        self._is_closed = True
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for socket in self._sockets:
            socket.close(linger=0)
        pid = self.pid
        await asyncio.to_thread(self._end, pid)
        await self._launch.watch.remove(pid)

    def _end(self, pid: int) -> None:
        end(self._manager, pid)
        shutil.rmtree(temporary_folder(self._manager.connection_file), ignore_errors=True)

    async def _connect(self) -> None:
        """Open the channels. A kernel greets whoever listens to iopub: what is asked before could be done
        before anybody hears that it is."""
        self._shell, self._iopub = self._manager.connect_shell(), self._manager.connect_iopub()
        self._sockets = [self._shell, self._iopub]
        self._readers = [
            asyncio.create_task(self._read(socket), name=f"kernel {self.pid}") for socket in self._sockets
        ]
        await self._or_death(self._welcomed)
        await self._ask("kernel_info_request", {}, _ignore)

    async def _ask(
        self,
        type: str,
        content: Mapping[str, Any],
        tell: Tell,
        largest: int = LARGEST_MESSAGE,
        metadata: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        if self._is_closed:
            raise KernelDied("The kernel was ended.")
        loop = asyncio.get_running_loop()
        request = _Request(tell, largest, loop.create_future(), loop.create_future())
        id = self._send(self._shell, type, content, metadata)
        self._requests[id] = request
        try:
            await self._or_death(request.idle)
            if not request.reply.done():
                async with asyncio.timeout(_REPLY_SECONDS):
                    await self._or_death(request.reply)
            return request.reply.result()
        except TimeoutError:
            # An interrupt that comes when the code has just ended can cost the reply.
            return {"status": "error", "ename": "KeyboardInterrupt", "evalue": ""}
        finally:
            del self._requests[id]

    def _send(
        self,
        socket: "zmq.Socket[Any]",
        type: str,
        content: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        message = self._manager.session.msg(type, dict(content), metadata=metadata)
        self._manager.session.send(socket, message)
        return str(message["header"]["msg_id"])

    async def _or_death(self, waited_for: "asyncio.Future[Any]") -> None:
        """Wait for it; KernelDied if the process ends before: a killed kernel's channels just stay silent."""
        try:
            while not waited_for.done():
                await asyncio.wait([waited_for], timeout=_POLL_SECONDS)
                if not waited_for.done() and not self.is_alive:
                    await self._launch.clock.sleep(_LAST_WORDS_SECONDS)
                    if not waited_for.done():
                        died = self._death()
                        await self.close()
                        raise died
        finally:
            waited_for.cancel()

    async def _until_dead(self, seconds: float) -> None:
        for _ in range(int(seconds / _POLL_SECONDS)):
            if self._exit_code() is not None:
                return
            await self._launch.clock.sleep(_POLL_SECONDS)

    def _exit_code(self) -> int | None:
        """None while it runs; negative: the signal that killed it."""
        process: subprocess.Popen[bytes] | None = getattr(self._manager.provisioner, "process", None)
        return process.poll() if process else 0

    def _death(self) -> KernelDied:
        """How the process ended."""
        if self._is_closed:
            return KernelDied("The kernel was ended.")
        code = self._exit_code() or 0
        if code < 0:
            name = signal.Signals(-code).name
            hint = " (perhaps because memory ran out)" if name == "SIGKILL" else ""
            return KernelDied(f"The kernel was killed by {name}{hint}.")
        return KernelDied(f"The kernel ended by itself, with code {code}.", code)

    async def _read(self, socket: Any) -> None:
        clock = self._launch.clock
        yielded = clock.monotonic()
        while True:
            frames = await socket.recv_multipart()
            try:
                self._take(frames)
            except Exception as error:  # what is in it is the user's: it does not go into the log
                logger.error("A message of a kernel could not be read: %s", type(error).__name__)
            # A socket that has more to give does not let others in by itself.
            if clock.monotonic() - yielded > _TURN_SECONDS:
                await asyncio.sleep(0)
                yielded = clock.monotonic()

    def _take(self, frames: list[bytes]) -> None:
        """Hand a message to the request that it belongs to; ValueError where the kernel has not signed it.

        `Session.deserialize` also looks for dates and unpacks metadata; nobody here wants those.
        """
        session = self._manager.session
        _, (signature, header, parent, metadata, content, *_) = session.feed_identities(frames)
        if not hmac.compare_digest(signature, session.sign([header, parent, metadata, content])):
            raise ValueError("The signature is wrong.")
        type = json.loads(header)["msg_type"]
        if type == "iopub_welcome":
            _settle(self._welcomed, None)
            return
        request = self._requests.get(json.loads(parent).get("msg_id", ""))
        if request is None:
            return
        # A lone surrogate of the user's comes as a byte that is none of UTF-8.
        read = None if len(content) > request.largest else json.loads(content.decode(errors="replace"))
        if type.endswith("_reply"):
            _settle(request.reply, read or {})
        elif type == "status":
            if read and read["execution_state"] == "idle":
                _settle(request.idle, None)
        else:
            request.tell(Message(type, read))


def _ignore(_: Message) -> None:
    pass


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    if not future.done():
        future.set_result(result)
