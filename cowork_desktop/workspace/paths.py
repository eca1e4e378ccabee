"""Where the files of projects lie, and the rule that no path leads out of its folder."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class Escapes(ValueError):
    """A path that leads out of its folder."""


def resolve(root: Path, relative: str) -> Path:
    """The place of `relative` below `root`, with symbolic links followed; Escapes where it is not below."""
    if "\0" not in relative:
        with suppress(RuntimeError):  # links that lead round in a circle
            place = (root / relative).resolve()
            if place.is_relative_to(root.resolve()):
                return place
    raise Escapes(f"{relative!r} leads out of its folder.")


class ProjectFolders:
    """One folder a project: its working folder, where kernels run, and its artifacts."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def work(self, project_id: str) -> Path:
        """The working folder; it is made if it is not there."""
        folder = resolve(self._root, project_id) / "work"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def artifacts(self, project_id: str) -> Path:
        """The folder that the paths of artifacts are relative to; it may not be there yet, but the project
        must."""
        return self._root / project_id / "artifacts"

    def ids(self) -> set[str]:
        """The projects that have a folder."""
        return {place.name for place in self._root.iterdir()} if self._root.exists() else set()

    def remove(self, project_ids: Iterable[str]) -> None:
        for id in self.ids().intersection(project_ids):
            shutil.rmtree(self._root / id, ignore_errors=True)
