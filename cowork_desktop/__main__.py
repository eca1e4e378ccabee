"""`python -m cowork_desktop`, and the entry of the executable."""

import gc
import os
import sys

from cowork_desktop import frozen


def main() -> int:
    """Run what the first argument names; what other processes of this program are started for comes before
    all imports.

    Nothing that a start makes is garbage: server and kernel begin to collect when they are ready.
    """
    if frozen.is_frozen():
        frozen.restore_library_path()
    match sys.argv[1:]:
        case ["kernel", *arguments]:
            gc.disable()
            from cowork_desktop.kernels import entry

            entry.main(arguments)
            return 0
        case ["pip", *arguments]:
            from cowork_desktop.kernels import pip

            pip.main(arguments)
            return 0
        case ["reaper"]:
            from cowork_desktop.kernels import reaper

            reaper.main()
            return 0
        case ["extract", *arguments]:
            from cowork_desktop.workspace.extraction import worker

            worker.main(arguments)
            return 0
        case arguments if frozen.is_frozen() and os.environ.get(frozen.AS_INTERPRETER):
            from cowork_desktop.kernels import interpreter

            interpreter.main(arguments)
            return 0
    gc.disable()
    if frozen.is_frozen():
        frozen.trust_authorities()
        _lock = frozen.hold_unpacked(frozen.folder())  # for as long as this process runs
        if _lock:
            frozen.end_with_parent()
    # pydantic would look through all that is installed for plugins, and run what it finds in the server.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    from cowork_desktop import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
