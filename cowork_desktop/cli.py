"""The command line: which verb, with which flags, and what its end means."""

import argparse
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cowork_desktop.settings import LOG_LEVELS, SECRETS, BadSetting, ServerSettings, read_settings
from cowork_desktop.version import __version__

if TYPE_CHECKING:
    from cowork_desktop.schemas.backup import Damage
    from cowork_desktop.tasks import Stop

_VERBS = "{serve,backup,restore,doctor,kernel,openapi}"
OK, FAILED, WRONG_ARGUMENTS, FOLDER_IN_USE, DATABASE_TOO_NEW, PORT_TAKEN = range(6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb, `serve` where none is named; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "serve")
    flags = vars(_parser().parse_args(given))
    verb, place, is_json = flags.pop("verb"), flags.pop("place", None), flags.pop("json", False)
    if verb == "openapi":
        return _print_openapi()
    try:
        settings = read_settings(flags)
        if verb in ("backup", "restore"):
            return _keep_safe(verb, Path(place).expanduser().absolute() if place else None, settings)
        if verb == "doctor":
            return _examine(settings, is_json=is_json)
        return _serve(settings)
    except BadSetting as error:
        print(f"cowork-desktop: {error}", file=sys.stderr)
        return WRONG_ARGUMENTS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cowork-desktop", description="Cowork: hand work to an agent, on your own machine."
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar=_VERBS)
    serve = verbs.add_parser("serve", help="run the server (the default)")
    serve.add_argument("--host", help="address to listen on (127.0.0.1); another than loopback needs a token")
    serve.add_argument("--port", help="26866; 0 takes a free one")
    serve.add_argument("--data-dir", metavar="FOLDER", help="where everything is kept")
    serve.add_argument("--no-open", action="store_const", const="true", help="do not open a browser")
    serve.add_argument(
        "--model", help="the agent's model, over the stored setting; 'offline' for the built-in one"
    )
    serve.add_argument(
        "--base-url", metavar="URL", help="where the model's Messages API is, over the stored setting"
    )
    serve.add_argument(
        "--token-stdin",
        action="store_const",
        const="true",
        help='read {"token": "..."} from stdin, ask callers for it, and end when stdin closes',
    )
    serve.add_argument(
        "--secrets",
        choices=SECRETS,
        help="where credentials are kept, and moved to: the system's keyring, or an encrypted file in the"
        " data folder; without it they stay where they are",
    )
    serve.add_argument("--log-level", choices=LOG_LEVELS)
    backup = verbs.add_parser("backup", help="make a backup, also of what a server works in")
    backup.add_argument(
        "place",
        nargs="?",
        metavar="TARGET",
        help="a folder, or a .zip to be made; `backups` in the data folder",
    )
    restore = verbs.add_parser("restore", help="make a data folder of a backup")
    restore.add_argument("place", metavar="ARCHIVE")
    for verb in (backup, restore):
        verb.add_argument("--data-dir", metavar="FOLDER", help="where everything is kept")
    doctor = verbs.add_parser("doctor", help="tell what is wrong here, and how to mend it")
    doctor.add_argument("--data-dir", metavar="FOLDER", help="where everything is kept")
    doctor.add_argument("--port", help="the one that a server would use (26866)")
    doctor.add_argument("--json", action="store_true", help="print it as JSON")
    verbs.add_parser(
        "kernel", help="run a kernel on a connection file (-f), as the server does for scratchpads"
    )
    verbs.add_parser("openapi", help="print the API's OpenAPI description")
    return parser


def _serve(settings: ServerSettings) -> int:
    from cowork_desktop.instance import DataFolderInUse
    from cowork_desktop.serve import PortTaken, run
    from cowork_desktop.store.database import DatabaseTooNew, DatabaseUnreadable
    from cowork_desktop.workspace.restore import is_unfinished

    if is_unfinished(data_dir := settings.resolved_data_dir()):
        print(
            f"cowork-desktop: A restore into {data_dir} was cut off. Run it again, or empty the folder.",
            file=sys.stderr,
        )
        return FAILED
    codes = {
        DataFolderInUse: FOLDER_IN_USE,
        DatabaseTooNew: DATABASE_TOO_NEW,
        DatabaseUnreadable: FAILED,
        PortTaken: PORT_TAKEN,
        BadSetting: WRONG_ARGUMENTS,
    }
    try:
        run(settings)
    except tuple(codes) as error:
        print(f"cowork-desktop: {error}", file=sys.stderr)
        return codes[type(error)]
    except OSError as error:
        print(f"cowork-desktop: {error}", file=sys.stderr)
        return FAILED
    leave_at_once(OK)


def _keep_safe(verb: str, place: Path | None, settings: ServerSettings) -> int:
    """Back up or restore; a signal ends either in order."""
    from cowork_desktop.errors import CoworkError
    from cowork_desktop.instance import DataFolderInUse
    from cowork_desktop.store.database import DatabaseTooNew
    from cowork_desktop.tasks import Stop
    from cowork_desktop.workspace.restore import CannotRestore

    codes: dict[type[Exception], int] = {
        DataFolderInUse: FOLDER_IN_USE,
        DatabaseTooNew: DATABASE_TOO_NEW,
        CannotRestore: FAILED,
        CoworkError: FAILED,
    }
    stop, data_dir = Stop(), settings.resolved_data_dir()
    gc.enable()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        return (
            _restore(place, data_dir, stop)
            if verb == "restore" and place
            else _back_up(place, data_dir, stop)
        )
    except tuple(codes) as error:
        print(f"cowork-desktop: {error}", file=sys.stderr)
        return codes.get(type(error), FAILED)


def _back_up(target: Path | None, data_dir: Path, stop: "Stop") -> int:
    from cowork_desktop.clock import SystemClock
    from cowork_desktop.workspace.backup import back_up

    made = back_up(data_dir, target, SystemClock().now(), stop)
    print(f"{made.path} ({made.size:,} bytes)")
    return _warn_of(made.damaged)


def _restore(archive: Path, data_dir: Path, stop: "Stop") -> int:
    from cowork_desktop.workspace.restore import restore

    manifest = restore(archive, data_dir, stop)
    print(f"{data_dir} is as it was on {manifest.created_at}.")
    return _warn_of(manifest.damaged)


def _warn_of(damaged: "Sequence[Damage]") -> int:
    """Tell what a backup has not whole, because the disk had not."""
    for damage in damaged:
        print(f"cowork-desktop: damaged on the disk ({damage.fault}): {damage.name}", file=sys.stderr)
    return FAILED if damaged else OK


def _examine(settings: ServerSettings, *, is_json: bool) -> int:
    """Print what each check comes to; FAILED where there is a problem."""
    from cowork_desktop.doctor.examination import examine

    gc.enable()
    logging.getLogger().addHandler(logging.NullHandler())  # all that there is to say is in the verdicts
    verdicts = {}
    for name, verdict in examine(settings):
        verdicts[name] = verdict
        if not is_json:
            print(f"{verdict.state:8} {name}: {verdict.line}", flush=True)
    if is_json:
        found = [{"check": name, **vars(verdict)} for name, verdict in verdicts.items()]
        print(json.dumps({"version": __version__, "checks": found}, indent=2))
    return FAILED if any(verdict.state == "problem" for verdict in verdicts.values()) else OK


def leave_at_once(code: int) -> NoReturn:
    """End the process now that all is closed and written, whatever threads are still at it."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _print_openapi() -> int:
    from cowork_desktop.api import ENDPOINTS
    from cowork_desktop.http.openapi import Description

    print(Description(ENDPOINTS, __version__).json.decode())
    return OK
