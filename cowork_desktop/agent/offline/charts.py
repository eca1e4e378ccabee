"""The cells that draw a table that was looked over: plain Python, into which nothing goes."""

OVER_TIME = r'''
# How it went over time
heading("Over time")
LENGTHS = {
    "h": ("hour", 1),
    "D": ("day", 24),
    "W": ("week", 168),
    "M": ("month", 730),
    "Q": ("quarter", 2190),
}


def period_of(days):
    """The shortest period of which not too many fit in the time, and hardly any is empty."""
    hours = (days.max() - days.min()) / pd.Timedelta(hours=1)
    fitting = [code for code, (_, length) in LENGTHS.items() if hours / length <= 70]
    full = [
        code for code in fitting if days.dt.to_period(code).nunique() >= 0.75 * hours / LENGTHS[code][1]
    ]
    return [*full[:1], *fitting[-1:], "Y"][0]


day = dates[0]
timed = df.dropna(subset=[day, measure] if measure else [day])
code = period_of(timed[day])
word = LENGTHS.get(code, ("year", 0))[0]
what, series = of_measure(measure, timed.groupby(timed[day].dt.to_period(code)))
first, last = timed[day].min(), timed[day].max()
# Where a period is only begun or not yet over, its sum would look like a slump.
edges = []
if what[:4] != "Mean" and len(series) > 4 and code != "h" and timed[day].nunique() > len(series):
    starts_late = series.index[0].start_time < first.normalize()
    ends_early = series.index[-1].end_time.normalize() > last.normalize()
    edges = [*([series.index[0]] if starts_late else []), *([series.index[-1]] if ends_early else [])]
series = series.drop(edges)
third = max(1, len(series) // 3)
highest, peak = float(series.max()), str(series.idxmax()).split("/")[0]
findings["time"] = {
    "column": short(day),
    "from": str(first)[:10],
    "to": str(last)[:10],
    "what": what,
    "period": word,
    "periods": len(series),
    "is_flat": bool(series.min() == highest),
    "peak": [peak, round(highest, 4)],
    "third": third,
    "early": round(float(series.iloc[:third].median()), 4),
    "late": round(float(series.iloc[-third:].median()), 4),
}
if edges:
    print(f"Left out, because the data cover a part of it only: {', '.join(map(str, edges))}")
if len(series) > 1:
    figure, axes = plt.subplots()
    axes.plot(
        series.index.to_timestamp(), series.to_numpy(), color=BLUE, linewidth=2, marker="o", markersize=3
    )
    axes.set(title=f"{label(what, 60)} by {word}", xlabel=label(day), ylabel=label(what))
    if series.min() >= 0 and what[:4] != "Mean":
        axes.set_ylim(bottom=0)
    dates_on_axis = AutoDateLocator(maxticks=9)
    axes.xaxis.set_major_locator(dates_on_axis)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(dates_on_axis))
    axes.yaxis.set_major_formatter("{x:,.10g}")
    alt = f"Line chart of {what} by {word}, {len(series)} points. The highest is {highest:,.10g}, {peak}."
    show(figure, alt)
else:
    print(f"All rows are of one {word}: nothing to draw")
'''

BY_GROUP = r"""
# How the groups compare
heading("By group")
# Of few groups a chart says the most.
group = min(categories, key=lambda name: not 2 <= df[name].nunique() <= 12)
what, values = of_measure(measure, df.groupby(df[group].astype("string").fillna("(missing)")))
values = values.dropna().sort_values(ascending=False, kind="stable")
top = values.head(10)
findings["groups"] = {
    "column": short(group),
    "what": what,
    "distinct": len(values),
    "total": round(float(values.sum()), 4),
    "top": [[short(name), round(float(value), 4)] for name, value in top.head(4).items()],
}
figure, axes = plt.subplots(figsize=(8, 1.4 + 0.36 * len(top)))
bars = axes.barh(range(len(top)), top.to_numpy(dtype="float64"), color=BLUE, height=0.7)
axes.bar_label(
    bars, [f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}" for value in top], padding=4
)
axes.set_yticks(range(len(top)), [label(name, 30) for name in top.index])
axes.invert_yaxis()
axes.margins(x=0.15)
axes.grid(visible=False, axis="y")
axes.xaxis.set_major_formatter("{x:,.10g}")
of = f" (the first 10 of {len(values):,})" if len(values) > 10 else ""
axes.set(title=f"{label(what, 60)} by {label(group)}{of}", xlabel=label(what), ylabel=label(group))
show(
    figure,
    f"Bar chart of {what} by {short(group)}{of}: "
    + ", ".join(f"{short(name)} {value:,.10g}" for name, value in top.items()),
)
"""

HISTOGRAM = r"""
# How the main number is distributed
heading("Distribution")
values = df[measure].dropna().astype("float64")
# A few values far out would press all others into one bar.
low, high = values.quantile([0.005, 0.995])
inner = values[values.between(low, high)]
figure, axes = plt.subplots()
axes.hist(inner, bins=min(40, max(5, int(len(inner) ** 0.5))), color=BLUE, edgecolor="white")
axes.axvline(values.median(), color=RED, linewidth=1.5)
axes.xaxis.set_major_formatter("{x:,.10g}")
title = f"Distribution of {label(measure)} (line: the median, {values.median():,.6g})"
axes.set(title=title, xlabel=label(measure), ylabel="Rows")
show(
    figure,
    f"Histogram of {short(measure)}: {len(inner):,} values from {inner.min():,.10g} to {inner.max():,.10g}.",
)
if len(inner) < len(values):
    print(f"Not drawn, because they lie far out: {len(values) - len(inner):,} of {len(values):,} values")
"""
