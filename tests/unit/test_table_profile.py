"""What the model is told of a table before it reads it."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cowork_desktop.agent.table_profile import LONGEST, of_passages, of_text
from cowork_desktop.schemas.texts import Passage, Place
from cowork_desktop.workspace.extraction import passages, sheets, text
from tests.fakes.examples import at_least

DOCUMENTS = Path(__file__).parent.parent / "documents"


def read_out(found: object) -> list[Passage]:
    """What the extraction found, as it is stored."""
    assert isinstance(found, list)
    told = [one for one in found if isinstance(one, passages.Passage)]
    return [Passage(n=n, place=Place.model_validate(one.place), text=one.text) for n, one in enumerate(told)]


def of_file(path: Path) -> list[Passage]:
    return read_out(list(text.read(path)))


def column(values: list[str]) -> str:
    """What is told of a column with these values, in a table with another one."""
    rows = io.StringIO()
    csv.writer(rows).writerows([["value", "n"], *([value, "x"] for value in values)])
    return of_text(rows.getvalue()).splitlines()[1].removeprefix("1. value: ")


SALES = (
    "date,region,amount,postcode,paid,note\n"
    "2024-01-31,North,12.5,01069,yes,\n"
    "2024-02-29,South,7,99423,no,\n"
    '2024-03-31,North,"1,300.25",01069,yes,"late, twice"\n'
    "2024-04-30,,-4,20095,yes,\n"
)


def test_a_table_is_told_with_its_columns_and_its_first_rows() -> None:
    assert of_text(SALES) == (
        "Table: 4 rows, 6 columns.\n"
        "1. date: date, 2024-01-31 to 2024-04-30\n"
        "2. region: text, 25% missing, 2 different, e.g. North; South\n"
        "3. amount: number, -4 to 1,300.25\n"
        "4. postcode: text, 3 different, e.g. 01069; 99423; 20095\n"
        "5. paid: yes/no, 2 different, e.g. yes; no\n"
        "6. note: text, 75% missing, 1 different, e.g. late, twice\n"
        "First rows:\n"
        "2024-01-31 | North | 12.5 | 01069 | yes\n"
        "2024-02-29 | South | 7 | 99423 | no\n"
        "2024-03-31 | North | 1,300.25 | 01069 | yes | late, twice\n"
        "2024-04-30 | | -4 | 20095 | yes"
    )


def test_a_csv_file_that_was_read_out_has_the_same_profile(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(SALES, encoding="utf-8")
    assert of_passages(of_file(path)) == of_text(SALES)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    rows = io.StringIO()
    writer = csv.writer(rows, delimiter=delimiter)
    writer.writerows([["a", "b, c", "d"], ["1", "x;y", "3"], ["2", "p, q|r", "4"]])
    assert "2. b, c: text, 2 different, e.g. x;y; p, q|r" in of_text(rows.getvalue())


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["1", "2", "-30"], "integer, -30 to 2"),
        (["1", "2.5", "1e3"], "number, 1 to 1,000"),
        (["1,000", "12,345,678"], "integer, 1,000 to 12,345,678"),
        (["1,5", "2,25"], "number, 1.5 to 2.25"),
        (["1.234,56", "1.234.567"], "number, 1,234.56 to 1,234,567"),
        (["€ 1,200", "$3", "12 %"], "integer, 3 to 1,200"),
        (["007", "012"], "text, 2 different, e.g. 007; 012"),
        (["4111111111111111"], "text, 1 different, e.g. 4111111111111111"),
        (["1e999", "2"], "text, 2 different, e.g. 1e999; 2"),
        (["2024-01-02T10:00:00Z", "2024-01-03"], "date, 2024-01-02T10:00:00Z to 2024-01-03"),
        (["31.12.2024", "1.1.2025"], "date, 2 different, e.g. 31.12.2024; 1.1.2025"),
        (["12/31/2024", "1/1/25"], "date, 2 different, e.g. 12/31/2024; 1/1/25"),
        (["2024-13-01"], "text, 1 different, e.g. 2024-13-01"),
        (["TRUE", "false"], "yes/no, 2 different, e.g. TRUE; false"),
        (["1", "NA", "", "null"], "integer, 75% missing, 1 to 1"),
        (["", "", ""], "empty"),
        (["1"] * 99 + ["x"], "integer (1 other), 1 to 1"),
        (["1"] * 9 + ["x"], "text, 2 different, e.g. 1; x"),
        (["5"] * 999 + [""], "integer, under 1% missing, 5 to 5"),
        (
            [f"name {n}" for n in range(51)],
            "text, more than 50 different, e.g. " + "; ".join(f"name {n}" for n in range(5)),
        ),
    ],
)
def test_the_type_of_a_column_is_guessed_from_its_values(values: list[str], told: str) -> None:
    assert column(values) == told


def test_a_table_without_names_counts_its_columns() -> None:
    assert of_text("1,2\n3,4\n").splitlines()[:2] == [
        "Table: 2 rows, 2 columns.",
        "1. (column 1): integer, 1 to 3",
    ]


def test_years_can_be_names_of_columns() -> None:
    assert "2. 2023: integer, 5 to 7" in of_text("Region,2023,2024\nNorth,5,6\nSouth,7,8\n")


def test_titles_above_a_table_are_told_apart_from_it() -> None:
    profile = of_text("Report for 2024\n\nname,amount,share\nA,1,2\nB,3,4\n")
    assert profile.startswith("Table: 2 rows, 3 columns.\nAbove the table: Report for 2024\n1. name: text")


def test_rows_with_too_many_cells_are_told() -> None:
    rows = "".join("1,2\n" for _ in range(30))
    assert "1 row had more cells than columns." in of_text(f"a,b\n{rows}1,2,3\n")


def test_what_was_cut_is_told_as_at_least() -> None:
    assert of_text(SALES, is_cut=True).startswith("Table: at least 4 rows, 6 columns.")


def test_a_long_table_is_read_so_far() -> None:
    assert of_text("a\n" + "1\n" * 200_001).startswith("Table: at least 200,000 rows, 1 column.")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "Table: no rows."),
        ("\n \n,,\n", "Table: no rows."),
        ("\ufeffa,b\n1,2\n", "Table: 1 row, 2 columns.\n1. a: integer, 1 to 1"),
        ("a,b\0\n1,2\n", "Table: 1 row, 2 columns.\n1. a: integer, 1 to 1\n2. b: integer"),
        ("a,b\n", "Table: 0 rows, 2 columns.\n1. a: empty\n2. b: empty"),
        ("alone", "Table: 1 row, 1 column.\n1. (column 1): text"),
    ],
)
def test_odd_tables_have_a_profile_too(table: str, told: str) -> None:
    assert of_text(table).startswith(told)


def test_a_quote_without_its_pair_does_not_swallow_the_table() -> None:
    assert of_text('a,b\n"1,2\n' + "3,4\n" * 100).startswith("Table: 101 rows, 2 columns.")


def test_a_quote_far_below_does_not_end_the_reading() -> None:
    profile = of_text("a,b\n" + "3,4\n" * 100 + '"5,6\n' + "7,8\n" * 50_000)
    assert int(profile.split()[1].replace(",", "")) > 10_000


@pytest.mark.parametrize("name", ["ledger.xlsx", "ledger.ods", "ledger.xls"])
def test_a_workbook_is_told_sheet_by_sheet(name: str) -> None:
    profile = of_passages(read_out(list(sheets.read(DOCUMENTS / name))))
    assert profile.startswith(
        "Sheet 'Landings': 5 rows, 4 columns.\nAbove the table: Landings of herring\n1. Boat: text"
    )
    assert "\n3. Barrels: integer, 20% missing, 95 to 445\n" in profile
    assert "\n\nSheet 'Q2': 1 row, 1 column.\n" in profile


def sheet(name: str, *rows: str, first: int = 1) -> Passage:
    return Passage(n=0, place=Place(sheet=name, row=first), text="\n".join(rows))


def test_a_sheet_in_several_passages_is_one_table() -> None:
    parts = [sheet("S", "a\tb", "1\t2"), sheet("S", "3\t4", "", "5\t6", first=40), sheet("T", "c\td", "1\t2")]
    profile = of_passages(parts, is_cut=True)
    assert "Sheet 'S': 3 rows, 2 columns.\n1. a: integer, 1 to 5" in profile
    assert "Sheet 'T': at least 1 row, 2 columns." in profile


def test_rows_that_are_longer_than_a_passage_are_put_together_again(tmp_path: Path) -> None:
    names = "\t".join(f"name-{n}" for n in range(400))
    row = "\t".join(str(n) for n in range(400))
    lines = (passages.Line(n, line) for n, line in enumerate([names, row, row], 1))
    cut = read_out(list(passages.of_lines(lines, "row", {"sheet": "S"})))
    assert len(cut) > 3
    profile = of_passages(cut)
    assert profile.startswith("Sheet 'S': 2 rows, 400 columns.")
    assert "2. name-1: integer, 1 to 1\n" in profile

    words = "x" * 4_500
    path = tmp_path / "long.csv"
    path.write_text(f"a,b\n1,{words}\n2,short\n", encoding="utf-8")
    assert of_passages(of_file(path)).startswith("Table: 2 rows, 2 columns.\n1. a: integer, 1 to 2")


def test_wide_tables_show_sixty_columns_at_most() -> None:
    profile = of_text(",".join(f"c{n}" for n in range(100)) + "\n" + ",".join("1" * 100) + "\n")
    assert "\n60. c59: integer, 1 to 1\n[40 more: c60, c61, " in profile
    assert "c59" in profile
    assert len(profile) <= LONGEST


def test_many_sheets_share_the_room() -> None:
    parts = [sheet(f"Sheet {n}", *(["name\tamount"] + ["x" * 30 + "\t5"] * 20)) for n in range(30)]
    profile = of_passages(parts)
    assert len(profile) <= LONGEST
    assert "Sheet 'Sheet 5': 20 rows" in profile
    assert "[further sheets: Sheet 6, Sheet 7," in profile


CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["1", "1,5", "2024-01-01", "01.02.2024", "yes", "NA", '"', "'", "٣", "1_0", "inf", "x" * 5_000]
    ),
    st.integers().map(str),
    st.floats().map(str),
)


@settings(max_examples=at_least(100), deadline=None)
@given(st.lists(st.lists(CELLS, max_size=80), max_size=30), st.sampled_from([",", ";", "\t", "\n", " "]))
def test_any_text_has_a_profile_within_its_bounds(rows: list[list[str]], delimiter: str) -> None:
    table = "\n".join(delimiter.join(row) for row in rows)
    profile = of_text(table)
    assert profile.startswith("Table: ")
    assert len(profile) <= LONGEST


@settings(max_examples=at_least(100), deadline=None)
@given(
    st.lists(
        st.builds(
            lambda text, name, row, line: Passage(
                n=0, place=Place(sheet=name, row=row, line=line), text=text
            ),
            st.lists(st.lists(CELLS, max_size=8).map("\t".join), max_size=5).map("\n".join),
            st.none() | st.text(max_size=3),
            st.none() | st.integers(-2, 40),
            st.none() | st.integers(-2, 40),
        ),
        max_size=12,
    )
)
def test_any_passages_have_a_profile_within_its_bounds(found: list[Passage]) -> None:
    assert 0 < len(of_passages(found)) <= LONGEST


@settings(max_examples=at_least(100), deadline=None)
@given(st.lists(st.floats(-1e12, 1e12) | st.integers(-(10**12), 10**12), min_size=1, max_size=40))
def test_the_range_of_numbers_is_theirs(numbers: list[float]) -> None:
    told = column([str(number) for number in numbers])
    least, most = (float(word.replace(",", "")) for word in told.split(", ", 1)[1].split(" to "))
    assert least == pytest.approx(min(numbers), rel=1e-5, abs=1e-300)
    assert most == pytest.approx(max(numbers), rel=1e-5, abs=1e-300)
