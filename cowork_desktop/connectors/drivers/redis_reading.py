"""Reads what is large in pieces, so that neither side holds the whole of it at once."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, DriverFailed, Row
from cowork_desktop.connectors.drivers.redis_commands import Command
from cowork_desktop.connectors.drivers.redis_session import RedisSession
from cowork_desktop.connectors.drivers.redis_values import entries_of, pairs, plain, rows_of, scored

_DIRECT = 10_000
"""Of fields or members, at most, that are asked for in one piece. Above, SCAN may name one twice if they are
changed meanwhile."""
_STEP = 1_000
_LARGEST_STEP = 10_000

Batches = AsyncIterator[Sequence[Row]]


async def pieces(session: RedisSession, command: Command) -> Batches | None:
    """None: it is not one of those that are read in pieces."""
    words = command.words
    match command.name:
        case "SCAN" | "HSCAN" | "SSCAN" | "ZSCAN":
            return _scan(session, command)
        case "HGETALL" | "HKEYS" | "HVALS" if len(words) == 2 and await _is_large(session, b"HLEN", words[1]):
            return _hash(session, command)
        case "SMEMBERS" if len(words) == 2 and await _is_large(session, b"SCARD", words[1]):
            return _scan(session, Command([b"SSCAN", words[1], b"0"]))
        case "LRANGE" if window := await _window(session, b"LLEN", command):
            return _by_index(session, command, window)
        case "ZRANGE" | "ZREVRANGE" if not _is_by_value(command) and (
            window := await _window(session, b"ZCARD", command)
        ):
            return _by_index(session, command, window)
        case "ZRANGE" | "ZRANGEBYSCORE" | "ZREVRANGEBYSCORE" | "ZRANGEBYLEX" | "ZREVRANGEBYLEX" if len(
            words
        ) >= 4 and not command.has(b"LIMIT", after=4):
            return _by_value(session, command)
        case "XRANGE" | "XREVRANGE" if len(words) == 4:
            return _stream(session, command)
    return None


async def _scan(session: RedisSession, command: Command) -> Batches:
    """To the end, whatever it takes."""
    at = 1 if command.name == "SCAN" else 2
    if len(command.words) <= at or command.words[at] != b"0":
        raise DriverFailed("bad_query", f"{command.name} begins with the cursor 0, and is read to its end.")
    options, count = _scan_options(command.words[at + 1 :])
    before, cursor = command.words[:at], b"0"
    shape = _shape(command)
    while True:
        cursor, found = await session.ask(*before, cursor, *options, b"COUNT", str(count).encode())
        rows = shape(found)
        for begin in range(0, len(rows), BATCH_ROWS):
            yield rows[begin : begin + BATCH_ROWS]
        if cursor == b"0":
            return


def _scan_options(options: Sequence[bytes]) -> tuple[Sequence[bytes], int]:
    """Without COUNT, which is how much the server looks at in one go: few would take long."""
    for at, word in enumerate(options[:-1]):
        if word.upper() == b"COUNT" and options[at + 1].isdigit() and at % 2 == 0:
            count = int(options[at + 1][:9])
            return [*options[:at], *options[at + 2 :]], max(_STEP, min(count, _LARGEST_STEP))
    return options, _STEP


def _shape(command: Command) -> Callable[[list[bytes]], Sequence[Row]]:
    if command.name == "HSCAN" and not command.has(b"NOVALUES", after=3):
        return pairs
    if command.name == "ZSCAN":
        return scored
    return lambda found: [[plain(one)] for one in found]


async def _hash(session: RedisSession, command: Command) -> Batches:
    kept = {"HGETALL": slice(0, 2), "HKEYS": slice(0, 1), "HVALS": slice(1, 2)}[command.name]
    async for rows in _scan(session, Command([b"HSCAN", command.words[1], b"0"])):
        yield [row[kept] for row in rows]


@dataclass(frozen=True)
class _Window:
    first: int
    last: int


async def _window(session: RedisSession, count: bytes, command: Command) -> _Window | None:
    """From where to where; None: its words are for the server to understand."""
    try:
        first, last = int(command.words[2]), int(command.words[3])
    except (IndexError, ValueError):
        return None
    length = int(await session.ask(count, command.words[1]))
    first, last = (one + length if one < 0 else one for one in (first, last))
    return _Window(max(first, 0), min(last, length - 1))


async def _by_index(session: RedisSession, command: Command, window: _Window) -> Batches:
    for first in range(window.first, window.last + 1, _STEP):
        ends = (first, min(first + _STEP - 1, window.last))
        found = await session.ask(*command.words[:2], *(b"%d" % end for end in ends), *command.words[4:])
        if not (rows := rows_of(command, found)):
            return
        yield rows


def _is_by_value(command: Command) -> bool:
    return command.has(b"BYSCORE", b"BYLEX", after=4)


async def _by_value(session: RedisSession, command: Command) -> Batches:
    offset = 0
    while True:
        found = await session.ask(*command.words, b"LIMIT", b"%d" % offset, b"%d" % _STEP)
        if rows := rows_of(command, found):
            yield rows
        if len(rows) < _STEP:
            return
        offset += _STEP


async def _stream(session: RedisSession, command: Command) -> Batches:
    words = list(command.words)
    while True:
        found = await session.ask(*words, b"COUNT", b"%d" % _STEP)
        if rows := entries_of(found):
            yield rows
        if len(rows) < _STEP:
            return
        # From behind the last one: Redis 6.2 and later.
        words[2] = b"(" + found[-1][0]


async def _is_large(session: RedisSession, count: bytes, key: bytes) -> bool:
    return int(await session.ask(count, key)) > _DIRECT
