"""How a kernel is started: this program again, in an environment without what is secret."""

import re
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from cowork_desktop.frozen import AS_INTERPRETER, is_frozen
from cowork_desktop.logs import redact

_SECRET_NAME = re.compile(
    r"^(COWORK|ANTHROPIC|OPENAI)_|KEY|TOKEN|SECRET|PASSW|PASSPHRASE|_PASS$|_PWD$|CREDENTIAL|_PAT$|AUTH|COOKIE"
    r"|_DSN$|CONNECTION_?STRING|WEBHOOK|PRIVATE|SIGNING",
    re.I,
)
_SECRET_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]+@|(?i:accountkey|sharedaccesskey|password|pwd)=")
_OF_ANOTHER_PROGRAM = (
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PYTHONWARNINGS",
    "__PYVENV_LAUNCHER__",
    "PYDANTIC_DISABLE_PLUGINS",
)
PACKAGES = "COWORK_PACKAGES"
"""The variable that names the folder where `%pip install` puts packages."""
GUARDED_IN = "cowork_guarded_in"
"""The field of a request's metadata that names the folder within which its code must stay."""
IS_SPARE = "COWORK_IS_SPARE"
"""The variable that tells a kernel which waits for its user to load what most cells import."""
PORT_TAKEN = 75
"""The exit code of a kernel that found one of its ports taken: `EX_TEMPFAIL` of sysexits.h."""


def environment(inherited: Mapping[str, str], folder: Path, *, is_spare: bool) -> dict[str, str]:
    """What a kernel gets of the server's environment, for a kernel whose files lie in `folder`.

    Left out is whatever looks like a secret, by its name or by its value.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not _SECRET_NAME.search(name)
        and name not in _OF_ANOTHER_PROGRAM
        and redact(value) == value
        and not _SECRET_VALUE.search(value)
    }
    return kept | {
        PACKAGES: str(packages_of(folder)),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONUNBUFFERED": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **({IS_SPARE: "1"} if is_spare else {}),
        **({AS_INTERPRETER: "1"} if is_frozen() else {}),
    }


def packages_of(folder: Path) -> Path:
    """Where `%pip install` puts packages: apart for each version of Python, which they are built for."""
    return folder / "packages" / f"python{sysconfig.get_python_version()}"


def site_packages(packages: Path) -> Path:
    """The folder of importable modules below a folder of packages, as pip lays it out."""
    places = dict.fromkeys(("base", "platbase", "installed_base", "installed_platbase"), str(packages))
    return Path(sysconfig.get_path("purelib", "venv", places))
