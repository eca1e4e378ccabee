"""Results as Parquet files: what is written is what is read, whatever the values."""

# ruff: noqa: DTZ001 - databases have times without a zone, too

import asyncio
import math
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Result
from cowork_desktop.connectors.parquet import CannotBeKept, Written, write_parquet


def result(names: Sequence[str], *batches: Sequence[Sequence[Any]]) -> Result:
    async def each() -> AsyncIterator[Sequence[Sequence[Any]]]:
        for batch in batches:
            yield batch

    return Result([Column(name) for name in names], each())


async def write(place: Path, given: Result, **options: Any) -> Written:
    return await write_parquet(given, place, see=lambda batch: None, **options)


def rows(place: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(":memory:") as connection:
        return connection.execute(f"SELECT * FROM '{place}'").fetchall()


async def there_and_back(tmp_path: Path, *values: Any) -> tuple[str, list[Any]]:
    """The type of a column with these values, and what is read of it."""
    place = tmp_path / "x.parquet"
    written = await write(place, result(["x"], [[value] for value in values]))
    read = [row[0] for row in rows(place)]
    place.unlink()
    return written.columns[0][1], read


@pytest.mark.parametrize(
    ("values", "type"),
    [
        ([1, None, -5], "BIGINT"),
        ([True, None, False], "BOOLEAN"),
        ([1.5, None, -0.25], "DOUBLE"),
        ([1, 2.5], "DOUBLE"),
        ([Decimal("1.50"), None, Decimal("-12345.678")], "DECIMAL(8, 3)"),
        ([2**70, -1], "DECIMAL(22, 0)"),
        ([Decimal("1E+3"), 7], "DECIMAL(4, 0)"),
        ([date(2026, 2, 28), None], "DATE"),
        ([datetime(2026, 2, 28, 1, 2, 3, 456789)], "TIMESTAMP"),
        ([time(1, 2, 3)], "TIME"),
        ([b"\x00\xff'\"\\x", b"", None], "BLOB"),
        (["", None, 'a,"b"\nc', "\\N", "null", " x "], "VARCHAR"),
        ([None, None], "VARCHAR"),
    ],
)
async def test_values_keep_their_type(values: list[Any], type: str, tmp_path: Path) -> None:
    assert await there_and_back(tmp_path, *values) == (type, values)


async def test_times_with_a_zone_keep_their_instant(tmp_path: Path) -> None:
    moment = datetime(2026, 2, 28, 1, 2, 3, tzinfo=UTC)
    type, [read] = await there_and_back(tmp_path, moment)
    assert (type, read) == ("TIMESTAMPTZ", moment)


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ([1, "x"], ["1", "x"]),
        ([{"a": [1, "é"]}, [1, None]], ['{"a": [1, "é"]}', "[1, null]"]),
        ([UUID(int=7)], [str(UUID(int=7))]),
        ([timedelta(days=-1, seconds=5)], ["-1 day, 0:00:05"]),
        ([10**40], [str(10**40)]),
        ([Decimal("1." + "7" * 46)], ["1." + "7" * 46]),
        ([2**60 + 1, 0.5], [str(2**60 + 1), "0.5"]),
        ([time(1, 2, tzinfo=UTC)], ["01:02:00+00:00"]),
        ([{(1, 2): 3}], ["{(1, 2): 3}"]),
        (["a\0b"], ["a\ufffdb"]),
        ([2**53 + 1, 0.5], [str(2**53 + 1), "0.5"]),
    ],
)
async def test_what_has_no_type_is_text(values: list[Any], read: list[Any], tmp_path: Path) -> None:
    assert await there_and_back(tmp_path, *values) == ("VARCHAR", read)


class _Moment(datetime):
    """As some libraries have of their own."""


async def test_times_of_a_kind_keep_their_zone(tmp_path: Path) -> None:
    type, [read] = await there_and_back(tmp_path, _Moment(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert (type, read) == ("TIMESTAMPTZ", datetime(2026, 1, 1, tzinfo=UTC))


async def test_bytes_of_any_kind_are_bytes(tmp_path: Path) -> None:
    values = [bytearray(b"ab"), memoryview(b"\xff\n"), bytearray()]
    assert await there_and_back(tmp_path, *values) == ("BLOB", [b"ab", b"\xff\n", b""])


async def test_numbers_that_are_none_are_doubles(tmp_path: Path) -> None:
    type, read = await there_and_back(tmp_path, Decimal("NaN"), Decimal("1.5"), float("inf"))
    assert type == "DOUBLE"
    assert math.isnan(read[0])
    assert read[1:] == [1.5, math.inf]


async def test_dates_and_times_in_one_column_are_times(tmp_path: Path) -> None:
    assert await there_and_back(tmp_path, date(2026, 1, 2), datetime(2026, 1, 2, 3)) == (
        "TIMESTAMP",
        [datetime(2026, 1, 2), datetime(2026, 1, 2, 3)],
    )


_VALUES = st.one_of(
    st.none(), st.integers(), st.text(), st.floats(allow_nan=False), st.binary(), st.booleans(), st.dates()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(table=st.lists(st.lists(_VALUES, min_size=2, max_size=2), max_size=6))
def test_no_row_is_lost_whatever_it_holds(table: list[list[Any]], tmp_path: Path) -> None:
    place = tmp_path / "any.parquet"
    written = asyncio.run(write(place, result(["a", "b"], table)))
    read = rows(place)
    place.unlink()
    assert written.rows == len(read) == len(table)
    assert [[value is None for value in row] for row in read] == [
        [value is None for value in row] for row in table
    ]


async def test_names_stand_once(tmp_path: Path) -> None:
    place = tmp_path / "x.parquet"
    written = await write(place, result(["a", "A", "a", "", 'q"uo', "end of row"], [[1, 2, 3, 4, 5, 6]]))
    assert [name for name, _ in written.columns] == ["a", "A_2", "a_3", "column", 'q"uo', "end of row_2"]
    assert rows(place) == [(1, 2, 3, 4, 5, 6)]


async def test_a_result_without_rows_has_its_columns(tmp_path: Path) -> None:
    place = tmp_path / "x.parquet"
    written = await write(place, result(["a", "b"]))
    assert (written.rows, written.columns) == (0, [("a", "VARCHAR"), ("b", "VARCHAR")])
    assert rows(place) == []


async def test_more_rows_than_are_kept_are_said_to_be_cut(tmp_path: Path) -> None:
    place = tmp_path / "x.parquet"
    written = await write(place, result(["a"], [[1], [2]], [[3], [4]]), most_rows=3)
    assert (written.rows, written.is_cut) == (3, True)
    assert rows(place) == [(1,), (2,), (3,)]


async def test_a_result_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    async def each() -> AsyncIterator[Sequence[Sequence[Any]]]:
        yield [[1]]
        raise DriverFailed("unreachable", "It went away.")

    with pytest.raises(DriverFailed):
        await write(tmp_path / "x.parquet", Result([Column("a")], each()))
    assert list(tmp_path.iterdir()) == []


_A_MILLION = """
import asyncio, resource, sys
from pathlib import Path
from cowork_desktop.connectors.drivers.driver import Column, Result
from cowork_desktop.connectors.parquet import write_parquet

async def each(batches):
    for n in range(batches):
        yield [(n * 1_000 + m, f"customer {m}", m * 1.5) for m in range(1_000)]

async def write(name, batches):
    result = Result([Column(name) for name in "abc"], each(batches))
    written = await write_parquet(result, Path(sys.argv[1]) / name, see=lambda batch: None)
    return written.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

_, before = asyncio.run(write("few.parquet", 50))
rows, after = asyncio.run(write("many.parquet", 1_000))
print(rows, after - before)
"""


@pytest.mark.parametrize("value", [Decimal("sNaN"), 10**5_000], ids=["signalling", "long"])
async def test_what_cannot_be_kept_is_refused_in_words(value: Any, tmp_path: Path) -> None:
    with pytest.raises(DriverFailed, match="cannot be kept as a file"):
        await write(tmp_path / "x.parquet", result(["a", "End Of Row"], [[value, "a secret row"]]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "value",
    [b"heron " * 10_000_000, "heron " * 35_000_000, ["heron " * 2_000_000]],
    ids=["bytes", "text", "list"],
)
async def test_a_cell_too_long_is_refused_by_its_column_without_showing_it(
    value: Any, tmp_path: Path
) -> None:
    with pytest.raises(CannotBeKept, match="a value of the column photo has more than") as refused:
        await write(tmp_path / "x.parquet", result(["a", "photo"], [[1, value]]))
    assert "heron" not in refused.value.message
    assert list(tmp_path.iterdir()) == []


async def test_long_cells_are_kept(tmp_path: Path) -> None:
    values = [b"\0heron" * 1_600_000, None]
    assert await there_and_back(tmp_path, *values) == ("BLOB", values)


async def test_a_row_longer_than_a_line_may_be_is_refused_without_showing_it(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(25)]
    with pytest.raises(CannotBeKept) as refused:
        await write(tmp_path / "x.parquet", result(names, [["heron " * 1_600_000] * 25]))
    assert "heron" not in refused.value.message


async def test_a_name_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CannotBeKept):
        await write(tmp_path / "x.parquet", result(["a\ud800"], [[1]]))


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux", reason="NOT RUN: only Linux tells the peak of a process's memory"
)
async def test_a_million_rows_take_little_memory(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _A_MILLION, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    rows, kilobytes = map(int, printed.split())
    assert rows == 1_000_000
    assert kilobytes < 100_000
