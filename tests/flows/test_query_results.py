"""What is told of a query's result: that a write is done for good, and no more in memory than is shown."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cowork_desktop.agent.tools.connections import cell
from cowork_desktop.agent.tools.query_results import answer, check_name, profile
from cowork_desktop.agent.tools.tool import Outcome, ToolFailed
from cowork_desktop.connectors.drivers.driver import Column, Result, Row, Target
from cowork_desktop.connectors.live import Live
from cowork_desktop.connectors.masking import Masking
from cowork_desktop.schemas.connectors import Access
from tests.fakes.agent import Agent, running_agent
from tests.fakes.connections import database
from tests.fakes.messages_endpoint import reply, tool_block

_ROWS = 20_000


@pytest.fixture
async def agent(data: Path) -> AsyncIterator[Agent]:
    async with running_agent(data) as running:
        yield running


async def many_orders(agent: Agent, place: Path) -> None:
    """A connection for writing to a database of so many orders."""
    await database(agent.server, place, access="write")

    def fill() -> None:
        with closing(sqlite3.connect(place)) as db:
            db.execute("DELETE FROM orders")
            rows = [(n, "somebody", n * 1.5, "") for n in range(_ROWS)]
            db.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
            db.commit()

    await asyncio.to_thread(fill)


async def change(agent: Agent, sql: str, **more: Any) -> Any:
    """What a statement gives that the user allows."""
    arguments = {"connection": "shop", "sql": sql, **more}
    agent.says(reply(tool_block("c", "sql_query", arguments)), reply(text="Done."))
    response = await agent.begin(await agent.server.conversation())
    await agent.answer(await agent.asked(response), decision="allow")
    [called] = await agent.told(await agent.ended(response))
    return called


def changed(place: Path) -> int:
    with closing(sqlite3.connect(place)) as db:
        return int(db.execute("SELECT count(*) FROM orders WHERE customer = 'new'").fetchone()[0])


@pytest.mark.slow
async def test_a_write_that_gives_many_rows_changes_them_all(agent: Agent, data: Path) -> None:
    place = data.with_name("shop.db")
    await many_orders(agent, place)
    called = await change(agent, "UPDATE orders SET customer = 'new' RETURNING id, total")
    assert called.text.startswith(f"{_ROWS:,} rows, 2 columns.\nThe columns, by the first 5,000 rows:\n")
    assert changed(place) == _ROWS


@pytest.mark.slow
async def test_a_write_whose_rows_are_kept_changes_them_all(agent: Agent, data: Path) -> None:
    place = data.with_name("shop.db")
    await many_orders(agent, place)
    called = await change(agent, "UPDATE orders SET customer = 'new' RETURNING id", name="new_ones")
    assert not called.is_error
    assert called.text.startswith(f"{_ROWS:,} rows, 1 columns.\nKept as queries/new_ones.parquet (")
    assert changed(place) == _ROWS


@pytest.mark.slow
async def test_a_write_whose_rows_cannot_be_kept_is_said_to_be_done(agent: Agent, data: Path) -> None:
    place = data.with_name("shop.db")
    await many_orders(agent, place)
    sql = "UPDATE orders SET customer = 'new' RETURNING iif(id = 7, zeroblob(10000001), x'00') AS photo"
    called = await change(agent, sql, name="photos")
    assert called.is_error
    assert called.text.startswith(f"{_ROWS:,} rows, 1 columns.\nWhat was asked is done; do not run it again.")
    assert "a value of the column photo has more than" in called.text
    assert changed(place) == _ROWS


@pytest.mark.slow
async def test_null_is_told_as_missing_and_long_cells_are_cut(agent: Agent, data: Path) -> None:
    await database(agent.server, data.with_name("shop.db"))
    sql = (
        "SELECT iif(id % 2, NULL, id) AS half, iif(id = 1, hex(zeroblob(500000)), 'x|y') AS long FROM orders"
    )
    called = await agent.call(
        await agent.server.conversation(), "sql_query", {"connection": "shop", "sql": sql}
    )
    assert "- half: integer, 50% missing, 2 to 500\n" in called.text
    assert f"\nnull | {'0' * 199}…\n2 | x¦y\nnull | x¦y\n" in called.text


class _CommitsAtItsEnd:
    """A driver whose rows come while the change is made: left early, it is rolled back."""

    def __init__(self, value: Any) -> None:
        self.value, self.is_committed = value, False

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        yield Result([Column("a")], self._batches())

    async def _batches(self) -> AsyncIterator[Sequence[Row]]:
        for _ in range(_ROWS // 1_000):
            yield [[self.value]] * 1_000
        self.is_committed = True


async def answered(driver: _CommitsAtItsEnd, access: Access, name: str | None, place: Path) -> Outcome:
    """With no more of a server than a result that is not kept has need of."""
    context: Any = SimpleNamespace(means=SimpleNamespace(contents=SimpleNamespace(incoming=place)))
    connection: Any = SimpleNamespace(id="conn_1", name="shop")
    target, spec = Target({}, {}, access), SimpleNamespace(id="any")
    live = Live(connection, 1, cast("Any", spec), "sql", driver, target, Masking([]))
    return await answer(context, live, "UPDATE", name, seconds=10)


async def test_a_write_is_read_to_its_end(tmp_path: Path) -> None:
    driver = _CommitsAtItsEnd(1)
    told = await answered(driver, "write", None, tmp_path)
    assert driver.is_committed
    assert told.text.startswith(f"{_ROWS:,} rows, 1 columns.")


async def test_a_write_is_read_to_its_end_when_its_rows_cannot_be_kept(tmp_path: Path) -> None:
    driver = _CommitsAtItsEnd(10**5_000)
    told = await answered(driver, "write", "rows", tmp_path)
    assert driver.is_committed
    assert told.is_error
    assert "What was asked is done" in told.text


async def test_of_what_is_read_no_more_is_taken_than_is_told(tmp_path: Path) -> None:
    driver = _CommitsAtItsEnd(1)
    told = await answered(driver, "read", None, tmp_path)
    assert not driver.is_committed
    assert told.text.startswith("at least 10,000 rows, 1 columns.")


@pytest.mark.parametrize(
    "name",
    [
        "__builtins__",
        "__x",
        "_",
        "_1",
        "class",
        "None",
        "len",
        "exit",
        "quit",
        "pd",
        "np",
        "plt",
        "display",
        "get_ipython",
        "In",
        "Out",
    ],
)
def test_names_of_pythons_and_the_notebooks_are_refused_in_words(name: str) -> None:
    with pytest.raises(ToolFailed, match="Choose another one"):
        check_name(name)


@pytest.mark.parametrize("name", [None, "orders", "In_2026", "classes", "Q1"])
def test_other_names_are_taken(name: str | None) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (b"abc", "(3 bytes)"),
        (memoryview(b"abcd"), "(4 bytes)"),
        ("a\n b|c", "a b¦c"),
        ("x" * 1_000_000, "x" * 199 + "…"),
        (" " * 5_000 + "x", "…"),
        (10**5_000, "(a number too long to be shown)"),
    ],
    ids=["null", "yes", "bytes", "view", "lines", "long", "blank", "number"],
)
def test_a_cell_is_one_short_line(value: Any, shown: str) -> None:
    assert cell(value) == shown


def test_a_profile_counts_null_as_missing() -> None:
    assert profile(["a"], [[1], [None], [3], [None]]) == ["a: integer, 50% missing, 1 to 3"]
