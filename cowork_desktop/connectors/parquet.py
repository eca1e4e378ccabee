"""Writes the result of a query as a Parquet file, however many rows it has: each is on the disk as it
comes."""

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from cowork_desktop.connectors.drivers.driver import DriverFailed, Result, Row
from cowork_desktop.tasks import wholly

MOST_ROWS = 5_000_000
MOST_BYTES = 2_000_000_000
"""Of the rows as text, which lie beside the file while it is made."""
_LONGEST_CELL = 10_000_000
"""Characters or bytes."""
_MOST_DIGITS = 38
"""Of DuckDB's decimals."""
_END = "end of row"
"""A column more, so that a row of one column that is null is no empty line."""


class CannotBeKept(DriverFailed):
    """The result was read, and there is no file of it."""

    def __init__(self, why: str) -> None:
        words = f"The result cannot be kept as a file ({why}). Select fewer or other columns."
        super().__init__("failed", words)


@dataclass(frozen=True)
class Written:
    rows: int
    columns: Sequence[tuple[str, str]]
    """Their names, each once, and types."""
    bytes: int
    is_cut: bool
    """The result had more than is written."""


async def write_parquet(
    result: Result, place: Path, *, see: Callable[[Sequence[Row]], None], most_rows: int = MOST_ROWS
) -> Written:
    """`place` must not be there yet. `see` is called with each batch. Types are those of the values: what is
    mixed becomes text. Raises what reading the result raises, CannotBeKept, and OSError; nothing is left
    then."""
    text = place.with_suffix(".rows")
    try:
        with open(text, "xb") as file:  # noqa: ASYNC230
            columns, is_cut = await _write_rows(result, file, see, most_rows)
        await wholly(asyncio.to_thread(_converted, text, place, columns))
        size = (await asyncio.to_thread(os.stat, place)).st_size
        rows = columns[0].rows if columns else 0
        return Written(rows, [(column.name, column.type) for column in columns], size, is_cut)
    except BaseException:
        place.unlink(missing_ok=True)  # noqa: ASYNC240
        raise
    finally:
        text.unlink(missing_ok=True)


async def _write_rows(
    result: Result, file: BinaryIO, see: Callable[[Sequence[Row]], None], most_rows: int
) -> tuple[list["_Column"], bool]:
    columns = [_Column(name) for name in _distinct(column.name for column in result.columns)]
    rows = 0
    async for batch in result.batches:
        see(batch)
        taken = batch[: most_rows - rows]
        try:
            await asyncio.to_thread(_put, file, columns, taken)
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise CannotBeKept(type(error).__name__) from None
        rows += len(taken)
        if len(taken) < len(batch) or file.tell() > MOST_BYTES:
            return columns, True
    return columns, False


def _put(file: BinaryIO, columns: Sequence["_Column"], rows: Sequence[Row]) -> None:
    takers = [column.take for column in columns]
    lines = [
        ",".join([take(value) for take, value in zip(takers, row, strict=True)]) + ",0\n" for row in rows
    ]
    file.write("".join(lines).encode("utf-8", "replace"))


@dataclass
class _Column:
    """Writes its values, and learns from them of what type it is."""

    name: str
    rows: int = 0
    kinds: set[type] = field(default_factory=set)
    whole: int = 0
    """Digits before the point, at most."""
    scale: int = 0
    """Digits behind it."""

    def take(self, value: Any) -> str:
        """The value as a field of CSV; null is empty, and text is quoted."""
        self.rows += 1
        if value is None:
            return ""
        kind = _kind(value)
        self.kinds.add(kind)
        if kind in (int, Decimal):
            return self._number(value)
        try:
            return _WRITTEN[kind](value)
        except _TooLong:
            name, most = self.name[:80], f"{_LONGEST_CELL:,} characters or bytes"
            raise CannotBeKept(f"a value of the column {name} has more than {most}") from None

    @property
    def type(self) -> str:
        """Of DuckDB."""
        kinds = self.kinds
        if kinds == {int} and self.whole <= 18:
            return "BIGINT"
        if kinds and kinds <= {int, Decimal} and self.whole + self.scale <= _MOST_DIGITS and self.scale >= 0:
            return f"DECIMAL({max(1, self.whole + self.scale)}, {self.scale})"
        if kinds == {float} or (kinds == {int, float} and self.whole <= 15):
            return "DOUBLE"
        if kinds == {Decimal, float} and self.whole + self.scale <= 15:
            return "DOUBLE"
        if kinds == {date, datetime}:
            return "TIMESTAMP"
        return _TYPES.get(next(iter(kinds)), "VARCHAR") if len(kinds) == 1 else "VARCHAR"

    def _number(self, value: int | Decimal) -> str:
        if isinstance(value, int):
            written = str(value)
            self.whole = max(self.whole, len(written.lstrip("-")))
            return written
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):  # NaN and infinity
            self.kinds.add(float)
            return str(value)
        self.scale = max(self.scale, -exponent)
        self.whole = max(self.whole, len(digits) + exponent)
        return format(value, "f")


class _TooLong(Exception):
    pass


class _Aware(datetime):
    """Stands for times that know their zone."""


def _kind(value: Any) -> type:
    kind = type(value)
    if kind not in _WRITTEN and kind not in (int, Decimal):
        kind = _kind_of_other(value)
    if kind is datetime:
        return _Aware if value.tzinfo else kind
    return str if kind is time and value.tzinfo else kind


def _kind_of_other(value: Any) -> type:
    if isinstance(value, (bytearray, memoryview)):
        return bytes
    return next((known for known in (*_WRITTEN, int, Decimal) if isinstance(value, known)), str)


def _hexadecimal(value: bytes | bytearray | memoryview) -> str:
    if memoryview(value).nbytes > _LONGEST_CELL:
        raise _TooLong
    return '"' + ("\\x" + bytes(value).hex(" ").replace(" ", "\\x") if value else "") + '"'


def _quoted(text: str) -> str:
    if len(text) > _LONGEST_CELL:
        raise _TooLong
    return '"' + text.replace('"', '""').replace("\0", "\ufffd") + '"'


def _json(value: Any) -> str:
    try:
        return _quoted(json.dumps(value, ensure_ascii=False, default=str))
    except (TypeError, ValueError):  # keys that JSON has none of
        return _quoted(str(value))


_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    float: float.__repr__,  # and not that of a kind of float
    str: lambda value: _quoted(str(value)),
    bytes: _hexadecimal,
    datetime: lambda value: value.isoformat(" "),
    _Aware: lambda value: value.isoformat(" "),
    date: lambda value: value.isoformat(),
    time: lambda value: value.isoformat(),
    timedelta: lambda value: _quoted(str(value)),  # a Parquet file has no negative ones
    UUID: lambda value: _quoted(str(value)),
    list: _json,
    tuple: _json,
    dict: _json,
}
_TYPES: Mapping[type, str] = {
    bool: "BOOLEAN",
    float: "DOUBLE",
    bytes: "BLOB",
    datetime: "TIMESTAMP",
    _Aware: "TIMESTAMPTZ",
    date: "DATE",
    time: "TIME",
}


def _distinct(names: Iterable[str]) -> list[str]:
    """Each name once, as DuckDB compares them."""
    found: dict[str, str] = {}
    for name in names:
        plain = name.replace("\0", "") or "column"
        free, n = plain, 1
        while free.lower() in found or free.lower() == _END:
            n += 1
            free = f"{plain}_{n}"
        found[free.lower()] = free
    return list(found.values())


_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": "2",
    "memory_limit": "1GB",
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def _converted(text: Path, place: Path, columns: Sequence[_Column]) -> None:
    import duckdb

    try:
        _convert(text, place, columns)
    except (duckdb.Error, ValueError, TypeError, OverflowError) as error:
        # Its words can hold a row.
        raise CannotBeKept(type(error).__name__) from None


def _convert(text: Path, place: Path, columns: Sequence[_Column]) -> None:
    import duckdb

    shape = ", ".join(f"{_literal(column.name)}: {_literal(column.type)}" for column in columns)
    names = ", ".join('"' + column.name.replace('"', '""') + '"' for column in columns)
    with duckdb.connect(":memory:", config=_CONFIG) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT {names or 'NULL'} FROM read_csv({_literal(str(text))},"
            f" columns = {{{shape}{', ' if shape else ''}{_literal(_END)}: 'INTEGER'}}, header = false,"
            " auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '',"
            " allow_quoted_nulls = false, new_line = '\\n', max_line_size = 200000000, parallel = false,"
            f" strict_mode = true)) TO {_literal(str(place))} (FORMAT parquet, COMPRESSION zstd)"
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
