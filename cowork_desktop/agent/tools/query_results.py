"""What a query gives: shown to the model, and kept as a file and a DataFrame where it is given a name."""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, field
from keyword import kwlist
from pathlib import Path
from typing import Any

from cowork_desktop.agent.column_profile import Column
from cowork_desktop.agent.tools import run_code
from cowork_desktop.agent.tools.connections import as_table, cell, failures_told, source_of
from cowork_desktop.agent.tools.files_in_reach import link_to_path
from cowork_desktop.agent.tools.run_code import RunCode
from cowork_desktop.agent.tools.tool import Outcome, ToolContext, ToolFailed
from cowork_desktop.connectors.drivers.driver import Result
from cowork_desktop.connectors.live import Live
from cowork_desktop.connectors.parquet import CannotBeKept, Written, write_parquet
from cowork_desktop.ids import random_id
from cowork_desktop.schemas.connectors import Access
from cowork_desktop.schemas.conversations import QueryLink

NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,59}$"
NAME_DESCRIPTION = (
    "Keep the whole result, up to 5,000,000 rows, under this name: as the file queries/<name>.parquet of the"
    " working folder and as the DataFrame <name> of the scratchpad. Do this for all that is to be computed"
    " with or drawn; without it you get the first rows only."
)
_TAKEN = frozenset(
    [*kwlist, *dir(builtins), "pd", "np", "plt", "display", "get_ipython", "In", "Out", "exit", "quit"]
)
_READ_ROWS = 10_000
"""Without a name."""
_SHOWN_ROWS = 100
_PROFILED_ROWS = 5_000
_ROOM = 12_000
_LONGEST_QUERY = 2_000


def check_name(name: str | None) -> None:
    """Raises ToolFailed for a name that would hide something of Python's or of the notebook's."""
    if name is not None and (name in _TAKEN or name.startswith("_")):
        raise ToolFailed(f"{name!r} is a name that Python or the notebook has already. Choose another one.")


async def answer(
    context: ToolContext, live: Live, query: str, name: str | None, *, seconds: float
) -> Outcome:
    """Run the query and tell of its result. Raises ToolFailed."""
    check_name(name)
    seen, link = _Seen(), _link(live, query)
    written: Written | CannotBeKept | None = None
    place = context.means.contents.incoming / f"{random_id('rows')}.parquet"
    try:
        with failures_told(live.connection.name):
            async with live.query(query, seconds=seconds) as result:
                seen.columns = [column.name for column in result.columns]
                if not result.columns:
                    await _drained(result)
                    return _done(result, link)
                if name is None:
                    await _read(result, seen)
                else:
                    written = await _written(result, seen, place, live.target.access)
                if live.target.access == "write":
                    await _drained(result, None if isinstance(written, Written) else seen)
        if name is not None and isinstance(written, Written):
            return await _kept(context, live, name, seen, written, place, link)
        return _shown(live, seen, written if isinstance(written, CannotBeKept) else None, link)
    finally:
        place.unlink(missing_ok=True)


@dataclass
class _Seen:
    """The beginning of a result."""

    columns: list[str] = field(default_factory=list)
    rows: list[Sequence[str]] = field(default_factory=list)
    """Those that are shown, as they are: a row can be of any size."""
    profiled: list[Column] = field(default_factory=list)
    count: int = 0
    is_cut: bool = False

    @property
    def profiled_rows(self) -> int:
        return min(self.count, _PROFILED_ROWS)

    def take(self, batch: Sequence[Sequence[Any]]) -> None:
        self.profiled = self.profiled or _profiled(self.columns)
        _take(self.profiled, batch[: max(0, _PROFILED_ROWS - self.count)])
        self.count += len(batch)
        self.rows += [[cell(value) for value in row] for row in batch[: _SHOWN_ROWS - len(self.rows)]]


async def _read(result: Result, seen: _Seen) -> None:
    async for batch in result.batches:
        seen.take(batch)
        if seen.count >= _READ_ROWS:
            seen.is_cut = True
            return


async def _drained(result: Result, seen: _Seen | None = None) -> None:
    """Read on to the end: what writes is done for good when its rows are read."""
    async for batch in result.batches:
        if seen:
            seen.count += len(batch)
            seen.is_cut = False


async def _written(result: Result, seen: _Seen, place: Path, access: Access) -> Written | CannotBeKept:
    """What is changed by a write must not be said to have failed because its rows cannot be kept."""
    try:
        written = await write_parquet(result, place, see=seen.take)
    except CannotBeKept as error:
        if access != "write":
            raise
        return error
    seen.count, seen.is_cut = written.rows, written.is_cut
    return written


def _shown(live: Live, seen: _Seen, failed: CannotBeKept | None, link: QueryLink) -> Outcome:
    notes = [f"What was asked is done; do not run it again. {failed.message}"] if failed else []
    source = source_of(live.connection.name)
    return Outcome(_told(seen, notes), source=source, links=[link], is_error=bool(failed))


async def _kept(
    context: ToolContext, live: Live, name: str, seen: _Seen, written: Written, place: Path, link: QueryLink
) -> Outcome:
    """Have the file in the working folder and the DataFrame in the scratchpad, where no credentials are."""
    path = f"queries/{name}.parquet"
    await context.means.project_files.put(
        context.project_id, path, place, context.response_id, context.content_index
    )
    loaded = await _loaded(context, name, path)
    types = ", ".join(f"{column} {type}" for column, type in written.columns[:100])
    kept = f"Kept as {path} ({written.bytes:,} bytes; {types})"
    is_error = isinstance(loaded, str)
    also = f"{kept}, but not as a DataFrame: {loaded}" if is_error else f"{kept} and as the DataFrame {name}."
    links = [link, link_to_path(path), *([] if isinstance(loaded, str) else loaded.links)]
    return Outcome(
        _told(seen, [also]), source=source_of(live.connection.name), links=links, is_error=is_error
    )


async def _loaded(context: ToolContext, name: str, path: str) -> Outcome | str:
    """The cell that has loaded it, or why there is none."""
    code = f"%%sql {name}\nSELECT * FROM '{path}'"
    try:
        outcome = await run_code.TOOL.run(context, RunCode(code=code))
    except ToolFailed as error:
        return str(error)
    assert isinstance(outcome, Outcome)
    return outcome.text[:1_000] if outcome.is_error else outcome


def _done(result: Result, link: QueryLink) -> Outcome:
    affected = "" if result.affected is None else f" It changed {result.affected:,} rows."
    return Outcome(f"Done; it gives no rows.{affected}", links=[link])


def _told(seen: _Seen, notes: Sequence[str]) -> str:
    more = "at least " if seen.is_cut else ""
    table, fitting = as_table(seen.columns, seen.rows, _ROOM)
    heading = f"{more}{seen.count:,} rows, {len(seen.columns):,} columns."
    lines = [heading, *notes]
    if seen.count > fitting:
        first = "the first " if seen.count > seen.profiled_rows else ""
        lines += [f"The columns, by {first}{seen.profiled_rows:,} rows:"]
        lines += [f"- {column.told()}" for column in seen.profiled]
        lines += [f"The first {fitting:,} rows:"]
    return "\n".join([*lines, table]) if seen.columns else heading


def profile(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """What is in each column, of the first sixty."""
    found = _profiled(columns)
    _take(found, rows)
    return [column.told() for column in found]


def _profiled(columns: Sequence[str]) -> list[Column]:
    return [Column(name) for name in columns[:60]]


def _take(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> None:
    for row in rows:
        for column, value in zip(columns, row, strict=False):
            column.take("" if value is None else cell(value).strip())


def _link(live: Live, query: str) -> QueryLink:
    return QueryLink(
        connection_id=live.connection.id, name=live.connection.name, query=query[:_LONGEST_QUERY]
    )
