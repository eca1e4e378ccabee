"""`python -m cowork_desktop`, and the entry of the executable."""

import gc
import os
import sys


def main() -> int:
    """Run what the first argument names; what other processes of this program are started for comes before
    all imports.

    Nothing that a start makes is garbage: server and kernel begin to collect when they are ready.
    """
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
    gc.disable()
    # pydantic would look through all that is installed for plugins, and run what it finds in the server.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    from cowork_desktop import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
