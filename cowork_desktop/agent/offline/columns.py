"""The cell that finds out what the columns of a table hold: plain Python, into which nothing goes."""

COLUMNS = r'''
# What each column holds: dates, numbers, categories, identifiers or free text
heading("Columns")
DAYS = [
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
]
DATES = ["ISO8601", *(day + clock for day in DAYS for clock in ("", " %H:%M", " %H:%M:%S"))]
NUMBERS = {
    ".": r"[-+]?(?:\d{1,3}(?:[, '\u00a0\u202f]\d{3})+|\d+|(?=\.))(?:\.\d+)?",
    ",": r"[-+]?(?:\d{1,3}(?:[. '\u00a0\u202f]\d{3})+|\d+)(?:,\d+)?",
}
ID = r"(?:^|[\W_])(?:id|ids|uuid|guid|key|nr|no|zip|zipcode|plz|postcode|phone|index|unnamed)(?:[\W_]|$)"
YEAR = r"year|jahr|année|annee|año|anno|ano|rok|jaar|år"


def as_dates(text):
    """The dates that a column of text holds, in the one way to write them that fits the most; or None."""
    sample = text.dropna().head(500).str.strip()
    if sample.str.contains(r"\d[-/. ]\w").mean() < 0.9:
        return None
    is_iso = sample.str.match(r"\d{4}-\d\d").mean() >= 0.9
    ways = DATES[:1] if is_iso else DATES[1:]
    fits = {
        way: pd.to_datetime(sample, format=way, errors="coerce", utc=True).notna().mean() for way in ways
    }
    best = max(fits, key=fits.get)
    if fits[best] < 0.9:
        return None
    return pd.to_datetime(text.str.strip(), format=best, errors="coerce", utc=True).dt.tz_localize(None)


def as_numbers(text):
    """The numbers that a column of text holds, with currencies, per cent and thousands; or None."""
    bare = text.str.replace(r"[€$£¥%]|\b(?:EUR|USD|GBP|CHF)\b", "", regex=True).str.strip()
    sample = bare.dropna().head(1000)
    point = next(
        (point for point, way in NUMBERS.items() if sample.str.fullmatch(way).mean() >= 0.95), None
    )
    if point is None:
        return None
    digits = bare.str.replace(r"[^\d.,eE+-]" + ("|," if point == "." else r"|\."), "", regex=True)
    return pd.to_numeric(digits.str.replace(",", "."), errors="coerce")


def typed(name, column):
    """The column in the type of what it holds."""
    known = column.dropna()
    if known.empty or pd.api.types.is_bool_dtype(column):
        return column
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None)
    if pd.api.types.is_numeric_dtype(column):
        if re.fullmatch(YEAR, name, re.I) and known.between(1500, 2500).all() and (known % 1 == 0).all():
            return pd.to_datetime(column.astype("Int64").astype("string"), format="%Y")
        return column.replace([np.inf, -np.inf], np.nan) if column.dtype.kind == "f" else column
    text = column.astype("string")
    for kind, read_as in (("a date", as_dates), ("a number", as_numbers)):
        read = read_as(text)
        lost = 0 if read is None else int(len(known) - read.notna().sum())
        if read is None or lost > 0.1 * len(known):
            continue
        if lost:
            findings["unread"].append([short(name), lost, kind])
        return read
    return text


def role_of(name, column):
    known = column.dropna()
    if known.empty:
        return "empty"
    distinct = known.nunique()
    if distinct == 1 and len(column) > 1 and len(known) == len(column):
        return "constant"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        # The first column often only counts the rows.
        is_count = name == df.columns[0] and len(known) > 20 and (known.diff().iloc[1:] == 1).all()
        return "identifier" if re.search(ID, name, re.I) or is_count else "number"
    if re.search(ID, name, re.I) and distinct == len(known):
        return "identifier"
    return "category" if distinct <= max(30, min(1000, len(known) // 20)) else "text"


findings["unread"] = []
df = pd.DataFrame({name: typed(name, df[name]) for name in df}, index=df.index)
roles = {name: role_of(name, df[name]) for name in df}
if "number" not in roles.values():
    # Where there is nothing to compare, values that are there once each are only names.
    roles |= {name: "text" for name, role in roles.items() if role == "category" and df[name].is_unique}
dates, numbers, categories = (
    [name for name in df if roles[name] == role] for role in ("date", "number", "category")
)
findings["roles"] = {role: list(roles.values()).count(role) for role in dict.fromkeys(roles.values())}
print("kinds:", json.dumps(findings["roles"]))
for name, lost, kind in findings["unread"]:
    print(f"{name}: {lost:,} values could not be read as {kind}; they count as missing")
findings["unread"] = findings["unread"][:3]
examples = {name: short(next(iter(df[name].dropna()), "")).removesuffix(" 00:00:00") for name in df}
about = {"holds": roles, "type": df.dtypes.astype(str), "distinct": df.nunique(), "example": examples}
pd.DataFrame(about).reindex(df.columns).head(40)
'''
