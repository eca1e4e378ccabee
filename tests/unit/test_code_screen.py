"""What in code makes the user be asked where somebody else's words may be behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.agent.code_screen import Screened, in_words, screen

HARMLESS = [
    "import pandas as pd\npd.read_csv('sales.csv').groupby('region').sum()",
    "import numpy as np, matplotlib.pyplot as plt\nplt.plot(np.arange(3)); plt.savefig('chart.png')",
    "import json\nwith open('out.json', 'w') as file:\n    json.dump({'a': 1}, file)",
    "from pathlib import Path\nsorted(Path().glob('*.csv'))",
    "limit = 3\ndf.query('amount > @limit and region == \"north\"')",
    "df['total'] = df.eval('price * amount')",
    "getattr(df, 'sum')()",
    "class A:\n    def __init__(self):\n        self.__name__ = 'a'",
    "df[df.code == 1].types",
    "from IPython.display import HTML\nHTML('<b>done</b>')",
    "%matplotlib inline\nimport pandas",
    "%timeit -n 3 -r 1 df.sum()",
    "%%time\ndf.sum()",
    "df?",
]
RISKY = [
    ("import os", "os"),
    ("import os.path", "os"),
    ("from subprocess import run", "subprocess"),
    ("import numpy.ctypeslib", "numpy.ctypeslib"),
    ("from pathlib import os", "os"),
    ("import pathlib\npathlib.os.remove('a')", "os"),
    ("import random\nrandom._os.remove('a')", "_os"),
    ("from PIL import ImageGrab", "ImageGrab"),
    ("import PIL.ImageGrab", "PIL.ImageGrab"),
    ("from . import secret", "a relative import"),
    ("import unknown_package", "unknown_package"),
    ("import IPython", "IPython"),
    ("eval('1')", "eval"),
    ("run = exec", "exec"),
    ("__import__('os')", "__import__"),
    ("globals()['x']", "globals"),
    ("getattr(x, name)", "getattr"),
    ("getattr(x, '__class__')", "__class__"),
    ("().__class__", "__class__"),
    ("error.__traceback__.tb_frame", "tb_frame"),
    ("np.load('a.npy', allow_pickle=True)", "allow_pickle"),
    ("pd.read_pickle('a')", "read_pickle"),
    ("df.query('@pd.io.common.os.remove(1)')", "query()"),
    ("df.query(text)", "query()"),
    ("ask = df.query", "query"),
    ("pd.eval('a.__class__')", "eval()"),
    ("!ls", "a shell command"),
    ("files = !ls", "a shell command"),
    ("%pip install pandas", "the magic %pip"),
    ("%%bash\nls", "the magic %bash"),
    ("%timeit __import__('os')", "__import__"),
    ("%%time\nimport socket", "socket"),
    ("df?\nimport socket", "socket"),
    ("get_ipython().run_line_magic(name, '')", "get_ipython"),
    ("requests.get('https://example.com')", "requests"),
    ("np.testing.runstring('import os', {})", "runstring"),
    ("match f:\n    case object(__globals__=g):\n        g", "__globals__"),
    ("a?\n" * 1_000, "more magics than can be looked through"),
    ("x = (\n" * 60_000, "more magics than can be looked through"),
]


@pytest.mark.parametrize("code", HARMLESS)
def test_work_with_data_is_harmless(code: str) -> None:
    assert screen(code) == Screened()


@pytest.mark.parametrize(("code", "found"), RISKY)
def test_what_goes_beyond_work_with_data_is_named(code: str, found: str) -> None:
    assert found in screen(code).risky


@pytest.mark.parametrize(
    "code",
    [
        "import duckdb",
        "from polars import scan_csv",
        "duckdb.sql('SELECT 1')",
        "import h5py",
        "import cv2",
        "import fitz",
        "import pymupdf",
    ],
)
def test_packages_that_work_past_the_guard_are_named_apart(code: str) -> None:
    [name] = screen(code).native
    assert name in code


def test_a_part_of_a_package_that_works_past_the_guard_is_named_by_the_package() -> None:
    assert screen("import lxml.html as parser").native == ("lxml",)


@pytest.mark.parametrize("code", ["def f(:\nimport os", "import os\n)", "\0import os"])
def test_code_that_cannot_run_does_no_harm(code: str) -> None:
    assert screen(code) == Screened()


def test_each_is_named_once() -> None:
    assert screen("import os\nos.remove('a')\nos.remove('b')").risky == ("os",)


def test_few_are_named_and_of_many_the_first() -> None:
    assert in_words(("os",)) == "os"
    assert in_words(("os", "sys", "gc")) == "os, sys and gc"
    assert in_words(("os", "sys", "gc", "eval", "exec")) == "os, sys, gc and 2 more"


@pytest.mark.filterwarnings("ignore")  # IPython's, about line ends
@given(st.text(max_size=60))
def test_no_code_is_too_strange_to_be_looked_through(code: str) -> None:
    found = screen(code)
    assert set(found.native) <= set(found.risky)
