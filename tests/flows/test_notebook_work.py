"""What people do in scratchpads, from the first cell to the report."""

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.scratchpad import Pad, new_pad, text
from tests.fakes.server import running_server

pytestmark = pytest.mark.slow


def write_csv(path: Path, rows: int) -> dict[str, int]:
    """A CSV file of sales; returns the sum of each region."""
    chance, sums = random.Random(3), {"north": 0, "south": 0, "east": 0}
    lines = ["day,region,amount"]
    for n in range(rows):
        region, amount = chance.choice(sorted(sums)), chance.randrange(1_000)
        sums[region] += amount
        lines.append(f"2026-{n % 12 + 1:02}-{n % 28 + 1:02},{region},{amount}")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return sums


async def working_folder(pad: Pad) -> Path:
    return Path(text(await pad.run("import os; print(os.getcwd())")).strip())


async def test_a_csv_of_100_000_rows_is_loaded_grouped_plotted_and_queried(pad: Pad) -> None:
    sums = write_csv(await working_folder(pad) / "sales.csv", 100_000)
    loaded = await pad.run("import pandas as pd\ndf = pd.read_csv('sales.csv')\nlen(df)")
    assert text(loaded) == "100000"
    grouped = await pad.run("df.groupby('region')['amount'].sum().to_dict()")
    assert text(grouped) == repr(dict(sorted(sums.items())))
    table = (await pad.run("df.head(3)"))["output_cell"]["outputs"][0]
    assert table["mime"] == "text/html"
    assert table["alternatives"]["text/plain"].split()[:3] == ["day", "region", "amount"]
    plotted = await pad.run("df.groupby('region')['amount'].sum().plot.bar();")
    pictures = [output for output in plotted["output_cell"]["outputs"] if output["mime"] == "image/png"]
    assert pictures[0]["data"].startswith("data:image/png;base64,iVBOR")
    asked = await pad.run(
        "select region, sum(amount)::bigint as total from df group by region order by region", language="sql"
    )
    [result] = asked["output_cell"]["outputs"]
    assert result["mime"] == "text/html"
    rows = [line.split()[1:] for line in result["alternatives"]["text/plain"].splitlines()[1:]]
    assert rows == [[region, str(total)] for region, total in sorted(sums.items())]
    named = await pad.run("%%sql biggest\nselect max(amount) as m from 'sales.csv'")
    assert named["status"] == "success"
    assert text(await pad.run("int(biggest.m[0])")) == "999"


async def test_a_spreadsheet_is_written_and_read(pad: Pad) -> None:
    code = "import pandas as pd\npd.DataFrame({'a': [1, 2]}).to_excel('x.xlsx', index=False)"
    assert (await pad.run(code))["status"] == "success"
    assert text(await pad.run("pd.read_excel('x.xlsx').a.tolist()")) == "[1, 2]"


async def test_sql_that_is_wrong_is_an_error_that_says_where(pad: Pad) -> None:
    result = await pad.run("select from nowhere", language="sql")
    assert result["status"] == "error"
    assert "ParserException" in result["cell"]["error"] or "CatalogException" in result["cell"]["error"]


def make_wheel(folder: Path, name: str, version: str, requires: str = "") -> Path:
    """A package without code but for its version, as a file that pip installs."""
    info, wheel = f"{name}-{version}.dist-info", folder / f"{name}-{version}-py3-none-any.whl"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(path, content)
    return wheel


async def installed(pad: Pad, name: str) -> Any:
    code = f"try:\n    import {name}; print({name}.VERSION)\nexcept ImportError:\n    print('missing')"
    return text(await pad.run(code)).strip()


@pytest.mark.timeout(240)
async def test_pip_puts_packages_where_they_outlive_kernels_and_servers(tmp_path: Path) -> None:
    old, new = (make_wheel(tmp_path, "cowork_sample", version) for version in ("1.0", "2.0"))
    wants = make_wheel(tmp_path, "cowork_greedy", "1.0", requires="numpy<1")
    async with running_server(tmp_path / "data") as server:
        pad = await new_pad(server)
        assert await installed(pad, "cowork_sample") == "missing"
        done = await pad.run(f"%pip install --no-index {old}")
        assert done["status"] == "success", text(done)
        assert await installed(pad, "cowork_sample") == "1.0"
        assert text(await pad.run("print(cowork_sample.__file__)")).startswith(str(tmp_path))
        assert "cowork_sample" in text(await pad.run("%pip list"))
        refused = await pad.run(f"%pip install --no-index {wants}")
        assert refused["status"] == "error"
        assert "pip ended with code 1" in refused["cell"]["error"]
        assert await installed(pad, "cowork_greedy") == "missing"
        upgraded = await pad.run(f"%pip install --no-index --upgrade {new}")
        assert upgraded["status"] == "success", text(upgraded)
    async with running_server(tmp_path / "data") as server:
        pad = await new_pad(server)
        assert await installed(pad, "cowork_sample") == "2.0"
        assert (await pad.run("%pip uninstall cowork-sample"))["status"] == "success"
    async with running_server(tmp_path / "data") as server:
        assert await installed(await new_pad(server), "cowork_sample") == "missing"


async def test_the_kernels_own_packages_cannot_be_uninstalled_from_a_cell(pad: Pad) -> None:
    await pad.run("%pip uninstall numpy")
    assert text(await pad.run("import numpy; numpy.add(1, 1).item()")) == "2"
