"""Runs pip on the user's own folder of packages, in a process of its own."""

import importlib
import importlib.metadata
import os
import runpy
import sys
import sysconfig
from pathlib import Path

from cowork_desktop import frozen
from cowork_desktop.kernels.spec import site_packages


def main(arguments: list[str]) -> None:
    """`arguments`: the folder, and what pip is asked."""
    folder, asked = Path(arguments[0]), arguments[1:]
    folder.mkdir(parents=True, exist_ok=True)
    # What came with the program must stay at its version: the kernel itself runs on it.
    bundled = sorted({f"{found.name}=={found.version}" for found in importlib.metadata.distributions()})
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(bundled), "utf-8")
    os.environ["PIP_CONSTRAINT"] = str(constraints)
    sys.path.append(str(site_packages(folder)))
    if frozen.is_frozen():
        sys.path.insert(0, str(frozen.folder() / "pip.zip"))
    # pip installs into, and removes from, the environment that it runs in: for it, that is the folder.
    sys.prefix = sys.exec_prefix = str(folder)
    importlib.reload(sysconfig)
    sys.argv = ["pip", *asked]
    runpy.run_module("pip", run_name="__main__")
