"""The cells that read a table: plain Python, into which nothing goes but a path, as a literal."""

from pathlib import PurePosixPath

SETUP = r'''
# Libraries, and how tables and charts are shown
import csv
import json
import re
import warnings
from itertools import islice
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from matplotlib import font_manager
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

pd.set_option("display.max_columns", 20, "display.max_colwidth", 60, "display.max_rows", 40)
pd.set_option("display.float_format", "{:,.2f}".format)
# The first that has a letter draws it: names and values come in all scripts.
FONTS = [
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Arial Unicode MS",
]
plt.rcParams["font.family"] = [name for name in FONTS if name in font_manager.get_font_names()]
plt.rcParams.update(
    {"figure.figsize": (8, 4.2), "figure.dpi": 110, "figure.constrained_layout.use": True}
)
plt.rcParams.update(
    {"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True}
)
plt.rcParams.update({"axes.titleweight": "bold", "axes.titlelocation": "left", "grid.color": "#e5e7eb"})
warnings.filterwarnings("ignore", message="Glyph .* missing from font")
BLUE, RED = "#2a6f97", "#c2410c"


def heading(text):
    display(Markdown(f"## {text}"))


def short(value, length=40):
    """A name or a value on one line that is not too long."""
    line = " ".join(str(value).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def label(value, length=40):
    """The same for a chart, where what is between dollars would be a formula."""
    return short(value, length).replace("$", r"\$")


def show(figure, alt):
    """The chart, with words for those who do not see it. One that cannot be drawn is an error of the cell."""
    figure.canvas.draw()
    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)
'''

_TEXT = r'''
def encoding_of(path):
    """UTF-8 if the whole file is; else what its first bytes say, or Western European."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.count(b"\0") > len(start) // 4:
        return "utf-16-be" if start.startswith(b"\0") else "utf-16-le"
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def separator_of(sample):
    """The one that splits the most lines into the same number of fields, two at least."""

    def fit(separator):
        widths = [
            len(row) for row in csv.reader(sample.splitlines(keepends=True), delimiter=separator) if row
        ]
        usual = max(set(widths), key=widths.count, default=0)
        return (widths.count(usual), usual) if usual > 1 else (0, 0)

    return max(",;\t|", key=fit)


encoding = encoding_of(path)
with path.open(encoding=encoding, errors="replace", newline="") as file:
    sample = "".join(islice(iter(lambda: file.readline(4096), ""), 15))
separator = separator_of(sample)
options = {
    "sep": separator,
    "encoding": encoding,
    "encoding_errors": "replace",
    "skipinitialspace": True,
    "decimal": "," if separator == ";" and not re.search(r"\d\.\d", sample) else ".",
    "index_col": False,
    "on_bad_lines": "warn",
    "low_memory": False,
}
with warnings.catch_warnings(record=True) as complaints:
    warnings.simplefilter("always")
    try:
        df = pd.read_csv(path, **options)
    except pd.errors.EmptyDataError:
        df = pd.DataFrame()
    except pd.errors.ParserError:
        df = pd.read_csv(path, **options, quoting=csv.QUOTE_NONE)  # a quote that is never closed
skipped = sum(str(one.message).count("Skipping line") for one in complaints)
is_cut = any("loss of data" in str(one.message) for one in complaints)
findings |= {"encoding": encoding, "separator": separator, "skipped": skipped, "is_cut": is_cut}
'''

_SHEET = r"""
sheets = pd.read_excel(path, sheet_name=None, header=None, engine="calamine")
sheet = max(sheets, key=lambda name: sheets[name].size)
cells = sheets[sheet].dropna(how="all").dropna(axis="columns", how="all")
findings |= {"sheet": str(sheet)[:60], "sheets": len(sheets)}
if cells.empty:
    df = pd.DataFrame()
else:
    # Titles over a table fill few cells: the names of the columns are where a row is as full as most.
    filled = cells.head(20).notna().sum(axis="columns")
    top = filled.ge(0.6 * filled.max()).idxmax()
    df = cells.loc[top:].iloc[1:].infer_objects().reset_index(drop=True)
    df.columns = cells.loc[top]
"""

_PARQUET = r"""
df = Out[max(Out)]  # what the cell before put out
"""

_JSON = r"""
text = path.read_text("utf-8-sig", errors="replace")
try:
    records = json.loads(text) if text.strip() else []
except json.JSONDecodeError:
    records = [json.loads(line) for line in text.splitlines() if line.strip()]  # one record a line
if isinstance(records, dict):
    records = next((inner for inner in records.values() if isinstance(inner, list)), [records])
records = records if isinstance(records, list) else [records]
df = pd.json_normalize([one if isinstance(one, dict) else {"value": one} for one in records])
"""

_LOADED = r'''
def named(columns):
    """Names that are short, on one line, and each there once."""
    names = []
    for n, column in enumerate(columns, 1):
        name = short("" if pd.isna(column) else column, 80) or f"column {n}"
        while name in names:
            name += " (again)"
        names.append(name)
    return names


df.columns = named(df.columns)
for name in [name for name in df if df[name].dtype == object]:
    # Lists and objects inside of cells cannot be counted; their text can.
    df[name] = df[name].map(lambda value: value if pd.api.types.is_scalar(value) else str(value))
findings |= {"rows": len(df), "columns": df.shape[1]}
print(f"{len(df):,} rows, {df.shape[1]:,} columns")
df.head()
'''

_BY_ENDING = {
    **dict.fromkeys(("csv", "tsv", "tab"), _TEXT),
    **dict.fromkeys(("xlsx", "xlsm", "xls", "ods"), _SHEET),
    **dict.fromkeys(("json", "jsonl", "ndjson"), _JSON),
    "parquet": _PARQUET,
}
ENDINGS = frozenset(_BY_ENDING)
"""Of the names of tables."""


def load(path: str) -> list[tuple[str, str]]:
    """The cells, each with its language, that read the table at `path`, below the kernel's working folder,
    into `df`."""
    start = f"""\
# Read the table
path = Path({path!r})
findings = {{"file": short(path.name, 80)}}
heading("Overview of `" + findings["file"].replace("`", "'") + "`")
"""
    ending = PurePosixPath(path).suffix.lower().lstrip(".")
    read = ("python", start + _BY_ENDING[ending] + _LOADED)
    if ending != "parquet":
        return [read]
    quoted = path.replace("'", "''")
    return [("sql", f"-- Read the table\nfrom read_parquet('{quoted}')"), read]
