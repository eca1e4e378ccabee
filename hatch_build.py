"""What a build of the package does first: it builds the app that people see, where that is to be packed."""

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildUi(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Not for an editable installation, which serves what `make ui` builds, nor for a source distribution
        that has been unpacked, which comes with it."""
        root = Path(self.root)
        is_unpacked = (root / "PKG-INFO").exists() and (root / "cowork_desktop/ui/index.html").exists()
        if version == "editable" or is_unpacked:
            return
        try:
            subprocess.run(["sh", "tools/build_ui.sh"], cwd=root, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.abort(f"The app that people see belongs into the package, and cannot be built: {error}")
