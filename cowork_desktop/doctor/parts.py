"""Checks of the program itself: what it is made of, and whether its parts work on this machine."""

import asyncio
import platform
import ssl
import tempfile
from pathlib import Path

from cowork_desktop.clock import SystemClock
from cowork_desktop.doctor.here import Here
from cowork_desktop.doctor.verdict import Verdict, ok, problem
from cowork_desktop.frozen import is_frozen
from cowork_desktop.kernels.kernel import Kernel, KernelDied, Message
from cowork_desktop.kernels.process import Launch, make_context
from cowork_desktop.kernels.watch import Watch
from cowork_desktop.program import program as own_command
from cowork_desktop.scheduling.zones import ZoneRefused, zone
from cowork_desktop.version import __version__

KERNEL_SECONDS = 30.0
_INSTALL_AGAIN = "Install Cowork again."


def program(here: Here) -> Verdict:
    origin = "packaged" if is_frozen() else "from source"
    return ok(
        f"Cowork {__version__}, {origin} ({own_command()[0]}), Python {platform.python_version()},"
        f" {platform.platform()}."
    )


def page(here: Here) -> Verdict:
    if not (here.ui_folder / "index.html").is_file():
        remedy = _INSTALL_AGAIN if is_frozen() else "Build it: make ui."
        return problem(f"The app is not in {here.ui_folder}; the API works without it.", remedy)
    return ok(f"The app is in {here.ui_folder}.")


def kernel(here: Here) -> Verdict:
    clock = SystemClock()
    began = clock.monotonic()
    remedy = "Without one no cell runs. Try again; if it stays, install Cowork again."
    try:
        with tempfile.TemporaryDirectory(prefix="cowork-", ignore_cleanup_errors=True) as folder:
            answer = asyncio.run(_answer(Path(folder).resolve(), "1+1"))
    except TimeoutError:
        return problem(f"A kernel did not answer within {KERNEL_SECONDS:g} s.", remedy)
    except KernelDied as error:
        return problem(str(error), remedy)
    if answer != "2":
        return problem(f"A kernel says that 1+1 is {answer}.", remedy)
    return ok(f"One started and computed in {clock.monotonic() - began:.1f} s.")


async def _answer(folder: Path, code: str) -> str | None:
    """What a new kernel shows as the code's value. Raises KernelDied and TimeoutError."""
    told = list[Message]()
    watch, context = Watch(), await asyncio.to_thread(make_context)
    try:
        async with asyncio.timeout(KERNEL_SECONDS):
            started = await Kernel.start(Launch(folder, context, watch, SystemClock()), is_spare=False)
            try:
                await started.execute(code, told.append)
            finally:
                await started.close()
    finally:
        await watch.close()
        context.destroy(linger=0)
    return next((_text(message) for message in told if message.type == "execute_result"), None)


def _text(message: Message) -> str | None:
    return None if message.content is None else str(message.content["data"].get("text/plain"))


def certificates(here: Here) -> Verdict:
    import certifi

    place = certifi.where()
    try:
        known = len(ssl.create_default_context(cafile=place).get_ca_certs())
    except OSError as error:
        return problem(f"{place} cannot be read: {error.strerror or error}.", _INSTALL_AGAIN)
    return ok(f"{known} authorities in {place}.")


def time_zones(here: Here) -> Verdict:
    try:
        zone("Europe/Berlin")
    except ZoneRefused:
        return problem("The database of time zones is not there; schedules need it.", _INSTALL_AGAIN)
    return ok("The database is there.")
