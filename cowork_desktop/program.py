"""How this program starts itself again, for a kernel or to read a document."""

import sys

from cowork_desktop.frozen import is_frozen


def program() -> list[str]:
    """The command that is this program: the executable itself, or the interpreter with the package.

    `-P` keeps the working folder out of the way: a file in it must not pass for one of ours.
    """
    if is_frozen():
        return [sys.executable]
    return [sys.executable, "-P", "-m", "cowork_desktop"]
