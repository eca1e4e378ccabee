"""Checks of the data folder, who works in it, its database, and the port."""

import shutil
import tempfile
from pathlib import Path

from cowork_desktop.doctor.here import INSPECTED_SECONDS, Here
from cowork_desktop.doctor.verdict import Verdict, ok, problem, warning
from cowork_desktop.port_holder import describe_holder
from cowork_desktop.store import backup
from cowork_desktop.store.database import DatabaseTooNew, DatabaseUnreadable
from cowork_desktop.version import __version__

_SCARCE_BYTES, _TOO_FEW_BYTES = 1_000_000_000, 50_000_000
_OTHER_FOLDER = "or give another --data-dir"


def data_folder(here: Here) -> Verdict:
    from cowork_desktop.workspace.restore import is_unfinished

    place = here.data_dir
    if place.exists() and not place.is_dir():
        return problem(f"{place} is a file.", f"Move it away, {_OTHER_FOLDER}.")
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    if (fault := _why_not_written(there)) is not None:
        return problem(
            f"{there} cannot be written to: {fault}.",
            f"Give it to the user who runs Cowork, {_OTHER_FOLDER}.",
        )
    if is_unfinished(place) and here.holder is None:
        return problem(f"A restore into {place} was cut off.", "Run it again, or empty the folder.")
    free = shutil.disk_usage(there).free
    words = f"{place}, {free / 1e9:,.1f} GB free{'' if place.exists() else '; the first start makes it'}."
    if free < _SCARCE_BYTES:
        return (problem if free < _TOO_FEW_BYTES else warning)(words, "Make room on that disk.")
    return ok(words)


def _why_not_written(folder: Path) -> str | None:
    """None where it can be written to."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def server(here: Here) -> Verdict:
    if (holder := here.holder) is None:
        return ok("None works in this folder now.")
    who = f"Process {holder.pid}" if holder.pid else "Some process"
    if not holder.port:
        return ok(f"{who} has this folder, and serves nobody: it restores a backup.")
    if (health := here.health) is None:
        return problem(
            f"{who} has this folder, and does not answer on port {holder.port}.",
            f"Wait a moment where it has just started; else end process {holder.pid} and start Cowork again.",
        )
    words = f"{who} works in this folder, and answers on port {holder.port} (version {health['version']})."
    if health["version"] != __version__:
        return warning(words, f"This program is version {__version__}: end Cowork and start it again.")
    return ok(words)


def port(here: Here) -> Verdict:
    from cowork_desktop.serve import PortTaken, listen
    from cowork_desktop.settings import BadSetting

    number = here.settings.port
    if number == 0:
        return ok("A start takes one that is free.")
    if here.holder and here.holder.port == number:
        return ok(f"{number} is that of the server which works in this folder.")
    try:
        for listening in listen(here.settings.host, number):
            listening.close()
    except PortTaken:
        # It keeps a second server from starting, and the one that runs from nothing.
        kind = warning if here.holder else problem
        return kind(f"{number} is taken{describe_holder(number)}.", "End that, or give another --port.")
    except BadSetting as error:
        return problem(str(error), "Give another --host.")
    return ok(f"{number} is free.")


def database(here: Here) -> Verdict:
    try:
        found = here.inspected
    except DatabaseTooNew as error:
        words, _, remedy = str(error).rpartition(". ")
        return problem(f"{words}.", remedy)
    except DatabaseUnreadable as error:
        return problem(str(error), _restore(here))
    if found is None:
        return ok(f"There is none in {here.data_dir} yet; the first start makes it.")
    if found.fault:
        return problem(f"{here.database} is damaged: {found.fault}.", _restore(here))
    known, words = backup.version_of_program(), f"{here.database}, schema {found.version}"
    if found.version < known:
        words += f", which the next start brings to {known}"
    if not found.is_whole:
        words += f"; it is too large to be looked through in {INSPECTED_SECONDS:g} s"
    return ok(f"{words}.")


def _restore(here: Here) -> str:
    return (
        f"End Cowork, keep a copy of {here.data_dir}, and make another folder of the newest backup:"
        " cowork-desktop restore ARCHIVE --data-dir FOLDER."
    )
