"""What the cells found, in sentences: each figure in them was computed in a cell."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from cowork_desktop.agent.offline.answers import name

_MEASURES = 3
_KINDS = {
    "number": ("number", "numbers"),
    "date": ("date", "dates"),
    "category": ("category", "categories"),
    "text": ("free text", "free texts"),
    "identifier": ("identifier", "identifiers"),
    "constant": ("constant", "constants"),
    "empty": ("empty", "empty"),
}


_IN = {
    "hour": "at",
    "day": "on",
    "week": "in the week of",
    "month": "in",
    "quarter": "in",
    "year": "in",
}


def sentences(found: Mapping[str, Any]) -> str:
    """`found` is what the last cell printed; whatever is missing in it is not told."""
    tellers = (_reading, _gaps, _numbers, _groups, _time, _categories, _correlations)
    points = [point for teller in tellers for point in teller(found)]
    return "\n".join([_size(found), *(f"- {point}" for point in points)])


def _size(found: Mapping[str, Any]) -> str:
    rows, columns = found.get("rows", 0), found.get("columns")
    if columns is None:
        return f"{_count(rows, 'row')}."
    if not rows:
        return "it is empty." if not columns else f"it has {_count(columns, 'column')} and no rows."
    kinds = found.get("roles") or {}
    told = ", ".join(f"{count:,} {_KINDS[kind][count != 1]}" for kind, count in kinds.items())
    sheet = (
        f" in the sheet {name(found['sheet'])} (of {found['sheets']})" if found.get("sheets", 1) > 1 else ""
    )
    return f"{_count(rows, 'row')} and {_count(columns, 'column')}{f' ({told})' if told else ''}{sheet}."


def _reading(found: Mapping[str, Any]) -> list[str]:
    points = []
    if skipped := found.get("skipped"):
        points.append(f"Left out: {_count(skipped, 'line')} with more fields than there are columns.")
    if found.get("is_cut"):
        points.append("Some lines have more fields than there are columns; what was beyond is left out.")
    if found.get("encoding") == "cp1252":
        points.append("The file is not UTF-8; it was read as Western European (Windows-1252).")
    for column, lost, kind in found.get("unread") or []:
        points.append(
            f"In {name(column)}, {_count(lost, 'value')} could not be read as {kind}; counted as missing."
        )
    if sample := found.get("sample"):
        points.append(
            f"Medians, outliers and correlations come from a random sample of {sample:,} rows; sums, means,"
            " counts and charts from all."
        )
    return points


def _gaps(found: Mapping[str, Any]) -> list[str]:
    missing = found.get("missing")
    if missing is None:
        return []
    copies = found.get("copies", 0)
    twice = f"{_count(copies, 'row')} {'repeats' if copies == 1 else 'repeat'} an earlier one"
    if not missing["cells"]:
        return [f"No value is missing; {twice if copies else 'no row repeats another'}."]
    most = ", ".join(f"{name(column)} {count:,}" for column, count in missing["most"])
    share = 100 * missing["cells"] / missing["of"]
    rest = ", …" if missing["columns"] > len(missing["most"]) else ""
    told = f"{missing['cells']:,} of {missing['of']:,} values are missing ({_percent(share)}): {most}{rest}"
    return [f"{told}; {twice if copies else 'no row repeats another'}."]


def _numbers(found: Mapping[str, Any]) -> list[str]:
    return [_number(one) for one in (found.get("numbers") or [])[:_MEASURES]]


def _number(one: Mapping[str, Any]) -> str:
    total = f"{figure(one['sum'])} in all, " if one["sum"] is not None else ""
    told = (
        f"{name(one['name'])}: {total}mean {figure(one['mean'])}, median {figure(one['median'])},"
        f" from {figure(one['min'])} to {figure(one['max'])}"
    )
    if not one["outliers"]:
        return f"{told}; no outliers."
    return f"{told}; {_count(one['outliers'], 'outlier')}, the farthest {figure(one['farthest'])}."


def _groups(found: Mapping[str, Any]) -> list[str]:
    groups = found.get("groups")
    if not groups or not groups["top"]:
        return []
    has_shares = not groups["what"].startswith("Mean") and groups["total"] > 0 and groups["top"][-1][1] >= 0
    told = ", ".join(
        f"{name(value)} {figure(number)}"
        + (f" ({_percent(100 * number / groups['total'])})" if has_shares else "")
        for value, number in groups["top"]
    )
    left = groups["distinct"] - len(groups["top"])
    more = f", and {left:,} more" if left > 0 else ""
    return [f"{_what(groups)} by {name(groups['column'])}: {told}{more}."]


def _time(found: Mapping[str, Any]) -> list[str]:
    time = found.get("time")
    if not time:
        return []
    span = f"{name(time['column'])} goes from {time['from']} to {time['to']}"
    if time["periods"] < 6 or time["is_flat"]:
        return [f"{span}."]
    period, (day, peak) = time["period"], time["peak"]
    told = f"{span}. {_what(time)} by {period}: the highest is {figure(peak)}, {_IN[period]} {day}"
    if time["early"] > 0:
        change = 100 * (time["late"] - time["early"]) / time["early"]
        told += (
            f"; the median is {figure(time['early'])} in the first {time['third']} {period}s and"
            f" {figure(time['late'])} in the last {time['third']} ({change:+.0f} %)"
        )
    return [f"{told}."]


def _categories(found: Mapping[str, Any]) -> list[str]:
    told = []
    for one in found.get("categories") or []:
        top = ", ".join(f"{name(value)} {count:,}" for value, count in one["top"])
        told.append(f"{name(one['name'])} has {_count(one['distinct'], 'value')}; most frequent: {top}.")
    return told


def _correlations(found: Mapping[str, Any]) -> list[str]:
    pairs: Sequence[Any] = [pair for pair in found.get("correlations") or [] if abs(pair[2]) >= 0.3]
    if not pairs:
        return ["No two numbers go together (|r| below 0.3)."] if found.get("correlations") else []
    told = ", ".join(f"{name(a)} with {name(b)} (r = {r:.2f})" for a, b, r in pairs)
    return [f"Numbers that go together: {told}."]


def _what(found: Mapping[str, Any]) -> str:
    """`Sum of revenue`, with the name as code."""
    kind, _, measure = found["what"].partition(" of ")
    return f"{kind} of {name(measure)}" if measure else str(kind)


def figure(value: float) -> str:
    """`1,234,567`, `1,234`, `12.5`, `0.0123`: as many digits as a reader has use for."""
    if not isfinite(value):
        return "unknown"
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-3:
        return f"{value:.4g}"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"


def _percent(share: float) -> str:
    return "below 0.1 %" if 0 < share < 0.1 else f"{share:.1f} %"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
