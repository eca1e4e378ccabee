"""`python -m cowork_desktop`, and the entry of the executable."""

import gc
import sys

# Nothing that a start makes is garbage; the server collects again when it is ready.
gc.disable()

from cowork_desktop.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
