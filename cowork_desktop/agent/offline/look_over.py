"""How tables are looked over: cell by cell, and what the answer says of what they found."""

import json
import re
from collections.abc import Generator, Sequence
from typing import Any

from cowork_desktop.agent.offline import columns, looking, reading
from cowork_desktop.agent.offline.answers import name
from cowork_desktop.agent.offline.findings import sentences
from cowork_desktop.agent.offline.turn import Call, NamedFile, Plan, Result

_SECONDS = 300
_LOADED = re.compile(r"^([\d,]+) rows, [\d,]+ columns", re.M)
_KINDS = re.compile(r"^kinds: (\{.*\})", re.M)
_FINDINGS = re.compile(r"^findings: (\{.*\})\s*$", re.M)
_UNREAD = "I could not read "
_ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit)\b.*$", re.M)


def look_over(tables: Sequence[NamedFile], *, publishes: bool) -> Plan:
    """Cells for each table, then a report of them."""
    begun = yield _cell(reading.SETUP)
    if not ran_well(begun):
        return f"I could not begin: the first cell failed: {reason_of(begun)}"
    told = []
    for table in tables:
        told.append((yield from _one(table)))
    if publishes and not all(one.startswith(_UNREAD) for one in told):
        told.append((yield from _published(f"Overview of {', '.join(table.name for table in tables)}"[:200])))
    else:
        told.append("Each step is in the scratchpad.")
    return "\n\n".join(told)


def _published(title: str) -> Plan:
    made = yield Call("publish_scratchpad", {"title": title})
    if made.is_error:
        return f"The steps are in the scratchpad; a report of them could not be made: {reason_of(made)}"
    where = "the cells are in the scratchpad"
    return f"The report {name(title)} has each step, with the tables and charts; {where}."


def _one(table: NamedFile) -> Generator[Call, Result, str]:
    for language, code in reading.load(table.path):
        loaded = yield _cell(code, language)
        if not ran_well(loaded):
            break
    if not (rows := _LOADED.search(loaded.text)):
        return f"{_UNREAD}{name(table.name)}: {reason_of(loaded)}"
    problems: list[str] = []
    if rows[1] != "0":
        typed = yield _cell(columns.COLUMNS)
        kinds = _json(_KINDS, typed)
        if kinds is None:
            problems.append(f"the types of the columns ({reason_of(typed)})")
        for what, code in looking.looks(kinds) if kinds is not None else []:
            result = yield _cell(code)
            if not ran_well(result):
                problems.append(f"{what} ({reason_of(result)})")
    ended = yield _cell(looking.FINDINGS)
    found = _json(_FINDINGS, ended)
    if found is None:
        problems.append(f"the summary ({reason_of(ended)})")
    told = [f"**{name(table.name)}**: {sentences(found or {'rows': int(rows[1].replace(',', ''))})}"]
    if problems:
        told.append("Not everything worked. These steps failed: " + "; ".join(problems) + ".")
    return "\n\n".join(told)


def ran_well(result: Result) -> bool:
    return not result.is_error


def reason_of(result: Result) -> str:
    """The line that says what went wrong, as code: there may be anybody's text in it."""
    errors = _ERROR.findall(result.text)
    return name(errors[-1] if errors else result.text, 300)


def _cell(code: str, language: str = "python") -> Call:
    return Call("run_code", {"code": code.strip(), "language": language, "timeout_seconds": _SECONDS})


def _json(pattern: re.Pattern[str], result: Result) -> dict[str, Any] | None:
    """What the cell printed first: what comes after it may be anybody's text."""
    found = pattern.search(result.text)
    try:
        value = json.loads(found[1]) if found else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
