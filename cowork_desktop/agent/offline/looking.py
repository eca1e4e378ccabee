"""The cells that look a table over, once it is read into `df`: plain Python, into which nothing goes."""

from collections.abc import Mapping

from cowork_desktop.agent.offline import charts

_MISSING = r"""
# What is missing, and rows that are there twice
heading("Missing values and duplicates")
missing = df.isna().sum().sort_values(ascending=False, kind="stable")
missing = missing[missing > 0]
copies = int(df.duplicated().sum())
most = [[short(name), int(count)] for name, count in missing.head(4).items()]
findings["missing"] = {
    "cells": int(missing.sum()),
    "of": int(df.size),
    "columns": len(missing),
    "most": most,
}
findings["copies"] = copies
print(f"{missing.sum():,} of {df.size:,} values are missing; rows that repeat an earlier one: {copies:,}")
pd.DataFrame({"missing": missing, "share in %": 100 * missing / len(df)}).head(20)
"""

_MEASURES = r'''
# What can be added up, and what is only averaged: by the names of the columns
ADDED_UP = (
    r"revenue|sales|turnover|amount|total|cost|expense|profit|income|spend|units|quantity|qty|count|volume|orders"
    r"|umsatz|betrag|menge|anzahl|kosten|summe|gewinn|stück|erlös|montant|quantité|chiffre|ventas|importe"
    r"|cantidad|ingresos|fatturato|importo|quantità|receita|vendas|quantidade|omzet|aantal|bedrag|sprzedaż"
    r"|выручк|продаж|сумм|销售|金额|数量|売上|金額|매출|수량"
)
PER_PIECE = (
    r"price|rate|ratio|percent|%|avg|average|mean|median|per[\W_]|preis|prix|precio|prezzo|preço|цена"
    r"|单价|単価|단가"
)
MAIN = r"revenue|sales|turnover|umsatz|chiffre|ventas|fatturato|vendas|omzet|выручк|销售|売上|매출"


def adds_up(name):
    """Whether a sum of it means something: of revenue it does, of prices not."""
    return bool(re.search(ADDED_UP, name, re.I)) and not re.search(PER_PIECE, name, re.I)


def of_measure(measure, groups):
    """Sums or means of the measure, or where there is none how many rows, by group."""
    if measure is None:
        return "Rows", groups.size()
    if adds_up(measure):
        return f"Sum of {short(measure)}", groups[measure].sum()
    return f"Mean of {short(measure)}", groups[measure].mean()


measures = sorted(numbers, key=lambda name: (not adds_up(name), not re.search(MAIN, name, re.I)))
measure = next(iter(measures), None)
if measure:
    added = ", ".join(short(name) for name in measures[:10] if adds_up(name))
    print(f"The main number is {short(measure)}. Sums are made of: {added or 'none'}; else means.")
'''

_NUMBERS = r"""
# How the numbers are spread, and which lie beyond the quartiles by 1.5 times their distance
heading("Numbers")
MOST_ROWS = 200_000
sample = df[measures[:30]]
if len(sample) > MOST_ROWS:
    sample = sample.sample(MOST_ROWS, random_state=0)
    findings["sample"] = MOST_ROWS
    print(f"Quartiles and outliers: of a random sample of {MOST_ROWS:,} of the {len(df):,} rows")
q1, median, q3 = (sample.quantile(share) for share in (0.25, 0.5, 0.75))
reach = 1.5 * (q3 - q1)
outliers = ((sample < q1 - reach) | (sample > q3 + reach)).sum()
whole = df[sample.columns].agg(["count", "mean", "std", "min", "max"]).T
spread = whole.assign(**{"25%": q1, "median": median, "75%": q3, "outliers": outliers})
spread = spread[["count", "mean", "std", "min", "25%", "median", "75%", "max", "outliers"]]


def finding(name):
    told = {key: round(float(spread.at[name, key]), 4) for key in ("mean", "median", "min", "max")}
    far = (sample[name] - median[name]).abs().fillna(0)
    told |= {"outliers": int(outliers[name]), "farthest": round(float(sample.at[far.idxmax(), name]), 4)}
    return {
        "name": short(name),
        "sum": round(float(df[name].sum()), 4) if adds_up(name) else None,
        **told,
    }


findings["numbers"] = [finding(name) for name in measures[:4]]
spread
"""

_CATEGORIES = r"""
# The most frequent values of each category
heading("Categories")
tops = {name: df[name].astype("string").value_counts() for name in categories[:8]}
findings["categories"] = [
    {
        "name": short(name),
        "distinct": len(top),
        "top": [[short(value), int(count)] for value, count in top.head(3).items()],
    }
    for name, top in list(tops.items())[:3]
]
tables = {
    short(name): pd.DataFrame({"rows": top, "share in %": 100 * top / len(df)})
    .head(5)
    .rename(index=short)
    for name, top in tops.items()
}
pd.concat(tables, names=["column", "value"])
"""

_CORRELATIONS = r"""
# Which numbers go together: Pearson's r, of all pairs the strongest
heading("Correlations")
varying = [name for name in sample if sample[name].nunique() > 1]
r = sample[varying].corr(min_periods=5).to_numpy()
places = [(i, j) for i in range(len(varying)) for j in range(i) if np.isfinite(r[i, j])]
places.sort(key=lambda place: -abs(r[place]))
pairs = [(short(varying[i]), short(varying[j]), round(float(r[i, j]), 2)) for i, j in places[:10]]
findings["correlations"] = pairs[:3]
pd.DataFrame(pairs, columns=["column", "with", "r"])
"""

FINDINGS = r"""
# All that was found, in short
print("findings:", json.dumps(findings, ensure_ascii=False, separators=(",", ":")))
"""


def looks(kinds: Mapping[str, int]) -> list[tuple[str, str]]:
    """What there is to look at in a table with so many columns of each kind, and the cells that do."""
    numbers, dates, categories = (kinds.get(kind, 0) for kind in ("number", "date", "category"))
    return [
        ("missing values", _MISSING),
        ("the choice of the main number", _MEASURES),
        *([("the numbers", _NUMBERS)] if numbers else []),
        *([("the categories", _CATEGORIES)] if categories else []),
        *([("correlations", _CORRELATIONS)] if numbers > 1 else []),
        *([("the chart over time", charts.OVER_TIME)] if dates else []),
        *([("the chart by group", charts.BY_GROUP)] if categories else []),
        *([("the histogram", charts.HISTOGRAM)] if numbers and not (dates and categories) else []),
    ]
