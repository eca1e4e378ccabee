"""What a worker may take of the machine."""

import contextlib
import signal
import sys
from types import FrameType
from typing import Never

MEMORY_BYTES = 2 * 1024**3
CPU_SECONDS = 120


class OutOfTime(BaseException):
    """The time is used up. Not an `Exception`, which libraries swallow."""


def apply() -> None:
    """Limit this process for good: memory, time, and no files written, whatever the file that it reads does.

    Windows has no such limits; there the server's own time limit has to do.
    """
    if sys.platform == "win32":
        return
    import resource

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, _out_of_time)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    # A few seconds between the signal and the end, to say why.
    _limit(resource.RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS + 5)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    import resource

    # macOS refuses some of them, and so does a limit that is already lower.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (soft, soft if hard is None else hard))


def _out_of_time(number: int, frame: FrameType | None) -> Never:
    raise OutOfTime
