"""`python -m cowork_desktop`, and the entry of the executable."""

import sys

from cowork_desktop.cli import main

if __name__ == "__main__":
    sys.exit(main())
