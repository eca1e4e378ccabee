"""The command line: which verb, with which flags, and what its end means."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from cowork_desktop.settings import LOG_LEVELS, BadSetting, ServerSettings, read_settings
from cowork_desktop.version import __version__

OK, FAILED, WRONG_ARGUMENTS, FOLDER_IN_USE, DATABASE_TOO_NEW, PORT_TAKEN = range(6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb, `serve` where none is named; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "serve")
    flags = vars(_parser().parse_args(given))
    if flags.pop("verb") == "openapi":
        return _print_openapi()
    try:
        settings = read_settings(flags)
        return _serve(settings)
    except BadSetting as error:
        print(f"cowork-desktop: {error}", file=sys.stderr)
        return WRONG_ARGUMENTS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cowork-desktop", description="Cowork: hand work to an agent, on your own machine."
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="{serve,kernel,openapi}")
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
    serve.add_argument("--log-level", choices=LOG_LEVELS)
    verbs.add_parser(
        "kernel", help="run a kernel on a connection file (-f), as the server does for scratchpads"
    )
    verbs.add_parser("openapi", help="print the API's OpenAPI description")
    return parser


def _serve(settings: ServerSettings) -> int:
    from cowork_desktop.instance import DataFolderInUse
    from cowork_desktop.serve import PortTaken, run
    from cowork_desktop.store.database import DatabaseTooNew, DatabaseUnreadable

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
