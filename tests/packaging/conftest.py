"""The executable that a module's tests share."""

from collections.abc import Iterator

import pytest

from tests.packaging.executable import ONE_FOLDER, Installed, check_built, install


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The one-folder form. Nobody writes into its folder, which may belong to somebody else."""
    check_built(ONE_FOLDER)
    here = install(ONE_FOLDER, tmp_path_factory.mktemp("home"))
    before = sorted(here.program.parent.rglob("*"))
    yield here
    assert sorted(here.program.parent.rglob("*")) == before
