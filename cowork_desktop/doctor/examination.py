"""All checks in their order; what one of them stumbles over does not keep the others from running."""

from collections.abc import Callable, Iterator

from cowork_desktop.doctor import credentials, parts, place
from cowork_desktop.doctor.here import Here
from cowork_desktop.doctor.verdict import Verdict, problem
from cowork_desktop.settings import ServerSettings

CHECKS: dict[str, Callable[[Here], Verdict]] = {
    "program": parts.program,
    "data folder": place.data_folder,
    "server": place.server,
    "port": place.port,
    "database": place.database,
    "credentials": credentials.credentials,
    "model key": credentials.model_key,
    "page": parts.page,
    "kernel": parts.kernel,
    "certificates": parts.certificates,
    "time zones": parts.time_zones,
}


def examine(settings: ServerSettings) -> Iterator[tuple[str, Verdict]]:
    """Each check's name and verdict, when it is known. Nothing of the data is changed."""
    here = Here(settings)
    for name, check in CHECKS.items():
        yield name, _verdict(check, here)


def _verdict(check: Callable[[Here], Verdict], here: Here) -> Verdict:
    try:
        return check(here)
    except Exception as error:  # a part that is broken can fail in any way
        words = f"This could not be checked: {type(error).__name__}: {error}."
        return problem(words, "Install Cowork again; if it stays, report this line.")
