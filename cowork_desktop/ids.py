"""Prefixed ids that sort by creation and cannot be guessed."""

import secrets

from cowork_desktop.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_RANDOM_BITS = 80
SUFFIX_LENGTH = 26


class Ids:
    """Makes ULIDs (https://github.com/ulid/spec) in lower case: 48 bits of milliseconds, 80 of randomness.

    Within a millisecond, or while the clock stands behind the last id, the last value grows by a random
    step, so the order of ids never depends on the clock going forwards.
    """

    def __init__(self, clock: Clock, last: str | None = None) -> None:
        """`last`: the newest id that an earlier process made, whatever its prefix."""
        self._clock = clock
        self._last = _decode(last.rpartition("_")[2]) if last else 0

    def new(self, prefix: str) -> str:
        value = self._clock.now() << _RANDOM_BITS
        if value >> _RANDOM_BITS > self._last >> _RANDOM_BITS:
            value |= secrets.randbits(_RANDOM_BITS)
        else:
            value = self._last + 1 + secrets.randbits(_RANDOM_BITS - 16)
        self._last = value
        return f"{prefix}_{_encode(value)}"


def random_id(prefix: str) -> str:
    """An id whose order means nothing, a request's for one."""
    return f"{prefix}_{secrets.token_hex(10)}"


def _encode(value: int) -> str:
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def _decode(suffix: str) -> int:
    value = 0
    for character in suffix:
        value = value << 5 | _ALPHABET.index(character)
    return value
