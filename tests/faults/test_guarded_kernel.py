"""A kernel that runs guarded cells: each kind of reach beyond the folder is refused, and work goes on."""

import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.schemas.scratchpads import CellCreate, ScratchpadCreate
from cowork_desktop.store import cells, scratchpads
from tests.fakes.means import Desk, means
from tests.fakes.scratchpad import text

pytestmark = pytest.mark.slow

REFUSED = "This would reach outside the project's folder ({}). Call run_code with outside: true"
POSIX = pytest.mark.skipif(os.name == "nt", reason="it is not there on Windows")


class Cells:
    """A scratchpad of guarded cells and others; `outside` is a folder beyond the project's."""

    def __init__(self, desk: Desk, pad: str, outside: Path) -> None:
        self.desk, self.pad, self.outside = desk, pad, outside

    async def run(self, code: str, *, is_guarded: bool = True, language: str = "python") -> Any:
        """The result of a new cell, in which OUTSIDE is a file beyond the folder."""
        content = code.replace("OUTSIDE", repr(str(self.outside / "letter.txt")))
        means, id = self.desk.means, self.desk.means.ids.new("cell")
        body = CellCreate(type="code", content=content, language=language)
        await self.desk.db.write(cells.insert, self.pad, id, means.clock.now(), body)
        started = await means.cell_runs.start(self.pad, id, is_guarded=is_guarded)
        return json.loads((await means.cell_runs.result(started)).json)

    async def error(self, code: str, **options: Any) -> str:
        result = await self.run(code, **options)
        assert result["status"] == "error", result
        return str(result["cell"]["error"])

    async def said(self, code: str, **options: Any) -> str:
        result = await self.run(code, **options)
        assert result["status"] == "success", result["cell"]["error"]
        return text(result)

    async def table(self, query: str) -> list[str]:
        """The words of the table that a query gives."""
        result = await self.run(query, language="sql")
        assert result["status"] == "success", result
        return str(result["output_cell"]["outputs"][0]["alternatives"]["text/plain"]).split()


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Cells]:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "letter.txt").write_text("as it was")
    async with means(tmp_path) as desk:
        pad = desk.means.ids.new("sp")
        body = ScratchpadCreate(conversation_id=desk.conversation_id)
        await desk.db.write(scratchpads.create, pad, desk.means.clock.now(), body, [])
        yield Cells(desk, pad, outside)
        assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("letter.txt", "as it was")]


REACHES: list[tuple[str, str | None]] = [
    ("import socket; socket.create_connection(('127.0.0.1', 9))", "connect to 127.0.0.1:9"),
    ("import socket; socket.socket().connect(('127.0.0.1', 9))", "connect to 127.0.0.1:9"),
    ("import socket; socket.socket().bind(('127.0.0.1', 0))", "listen at 127.0.0.1:0"),
    (
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'a', ('127.0.0.1', 9))",
        "send to 127.0.0.1:9",
    ),
    ("import socket; socket.getaddrinfo('example.com', 443)", "connect to example.com:443"),
    ("import socket; socket.gethostbyname('example.com')", "look up example.com"),
    ("import subprocess; subprocess.run(['ls', '-l'])", "start a process: ls"),
    ("import os; os.system('ls -l')", "start a process: ls"),
    ("open(OUTSIDE, 'w')", "write OUTSIDE"),
    ("open(OUTSIDE, 'a')", "write OUTSIDE"),
    ("open(OUTSIDE, 'r+')", "write OUTSIDE"),
    ("import io; io.FileIO(OUTSIDE, 'w')", "write OUTSIDE"),
    ("import os; os.open(OUTSIDE, os.O_WRONLY)", "write OUTSIDE"),
    ("from pathlib import Path; Path(OUTSIDE).write_text('a')", "write OUTSIDE"),
    ("import pandas as pd; pd.DataFrame().to_csv(OUTSIDE)", "write OUTSIDE"),
    ("import os; os.remove(OUTSIDE)", "remove OUTSIDE"),
    ("import os; os.rename(OUTSIDE, 'here')", "rename OUTSIDE"),
    ("open('a', 'w').close(); import os; os.replace('a', OUTSIDE)", "rename something to OUTSIDE"),
    ("import os; os.truncate(OUTSIDE, 0)", "cut OUTSIDE"),
    ("import os; os.chmod(OUTSIDE, 0o777)", "change the rights of OUTSIDE"),
    ("import os; os.utime(OUTSIDE)", "change the time of OUTSIDE"),
    ("import os; os.link(OUTSIDE, 'here')", "link to OUTSIDE"),
    ("import os; os.mkdir(OUTSIDE + '2')", "make the folder OUTSIDE2"),
    ("import os; os.rmdir(os.path.dirname(OUTSIDE))", "remove FOLDER"),
    ("import os; os.chdir(os.path.dirname(OUTSIDE))", "go to FOLDER"),
    ("import shutil; open('a', 'w').close(); shutil.copy('a', OUTSIDE)", "write OUTSIDE"),
    ("import shutil; open('a', 'w').close(); shutil.move('a', OUTSIDE)", "write OUTSIDE"),
    ("import sqlite3; sqlite3.connect(OUTSIDE)", "open the database OUTSIDE"),
    ("import sqlite3; sqlite3.Connection(OUTSIDE)", "open the database OUTSIDE"),
    ("import pypdfium2; pypdfium2.PdfDocument('../../../cowork.db')", None),
    (
        "from pypdfium2.raw import *; FPDF_LoadDocument(b'../../../cowork.db', None)",
        "read ../../../cowork.db",
    ),
    *(
        (f"import python_calamine as p; p.{function}('../../../cowork.db')", "read ../../../cowork.db")
        for function in ("load_workbook", "CalamineWorkbook.from_path", "CalamineWorkbook.from_object")
    ),
    ("from pathlib import Path; import python_calamine as p; p.load_workbook(Path.home() / 'a.xlsx')", None),
    ("from PIL import ImageGrab; ImageGrab.grab()", "take a picture of the screen"),
    ("import PIL.ImageGrab; PIL.ImageGrab.grabclipboard()", "read the clipboard"),
    ("import ctypes; ctypes.string_at(b'a')", "call native code with ctypes"),
    ("import ctypes; ctypes.CDLL('libc.so.6')", "call native code with ctypes"),
    ("import gc; gc.get_objects()", "look through the interpreter's memory"),
    ("import gc; gc.get_referrers(1)", "look through the interpreter's memory"),
]
if os.name == "posix":
    REACHES += [
        ("import os; os.fork()", "start a process"),
        ("import os; os.execv('/bin/ls', ['ls'])", "start a process: ls"),
        ("import os; os.posix_spawn('/bin/ls', ['ls'], {})", "start a process: ls"),
        ("import pty; pty.spawn('ls')", "start a process: ls"),
        ("import os; os.kill(os.getppid(), 0)", None),
        ("import multiprocessing as m; m.get_context('fork').Process().start()", "start a process"),
        ("import multiprocessing as m; m.get_context('spawn').Process().start()", None),
        ("import multiprocessing as m; m.get_context('spawn').Queue()", None),
        ("import multiprocessing as m; m.get_context('forkserver').Process().start()", None),
        (
            "import multiprocessing as m; from concurrent.futures import ProcessPoolExecutor as P\n"
            "with P(1, mp_context=m.get_context('spawn')) as pool: pool.submit(abs, 1).result()",
            None,
        ),
        (
            "from multiprocessing.util import spawnv_passfds; spawnv_passfds(b'ls', [b'ls'], [])",
            "start a process: ls",
        ),
        ("import os; os.mkfifo(OUTSIDE + '2')", "write OUTSIDE2"),
        ("import os; os.mknod(path=OUTSIDE + '2')", "write OUTSIDE2"),
        ("import os; os.mkfifo('../../../a', dir_fd=os.open('.', os.O_RDONLY))", "write ../../../a"),
        ("import readline; readline.write_history_file(OUTSIDE)", "write OUTSIDE"),
        ("import readline; readline.write_history_file()", None),
        ("import readline; readline.append_history_file(1, OUTSIDE)", "write OUTSIDE"),
        ("import readline; readline.read_history_file('../../../cowork.db')", "read ../../../cowork.db"),
        ("import os; os.symlink(OUTSIDE, 'here')", "link here to OUTSIDE"),
        ("import os; os.open(os.path.dirname(OUTSIDE), os.O_RDONLY)", None),
        ("import shutil, os; shutil.rmtree(os.path.dirname(OUTSIDE))", None),
        ("import os; os.chown(OUTSIDE, 0, 0)", "change the owner of OUTSIDE"),
        ("!ls", None),
    ]


async def test_each_reach_beyond_the_folder_is_refused_in_words(guarded: Cells) -> None:
    letter = str(guarded.outside / "letter.txt")
    for code, deed in REACHES:
        error = await guarded.error(code)
        if deed is None:
            assert "would reach outside the project's folder" in error, code
        else:
            told = deed.replace("OUTSIDE", letter).replace("FOLDER", str(guarded.outside))
            assert REFUSED.format(told) in error, code


async def test_what_is_the_users_is_not_read_and_what_code_comes_from_is(guarded: Cells) -> None:
    for path in ("os.path.expanduser('~/.profile')", "'../../../cowork.db'"):
        assert "would reach outside" in await guarded.error(f"import os; open({path})")
    assert "would reach outside" in await guarded.error("import os; os.listdir(os.path.expanduser('~'))")
    assert "would reach outside" in await guarded.error("import os; os.listdir('../../..')")
    assert await guarded.said("import json\nlen(open(json.__file__).read()) > 0") == "True"
    assert await guarded.said("open(OUTSIDE).read()") == "'as it was'"


@pytest.mark.skipif(sys.platform != "linux", reason="the processes are files there alone")
async def test_the_environment_of_the_server_is_not_read(guarded: Cells) -> None:
    error = await guarded.error("import os; open(f'/proc/{os.getppid()}/environ')")
    assert "would reach outside" in error


@POSIX
async def test_a_link_that_is_in_the_folder_does_not_lead_out(guarded: Cells) -> None:
    (guarded.desk.work / "link").symlink_to(guarded.outside)
    assert "would reach outside" in await guarded.error("open('link/letter.txt', 'w')")
    assert "would reach outside" in await guarded.error("import os; os.remove('link/letter.txt')")
    assert await guarded.said("import os; os.remove('link'); os.path.lexists('link')") == "False"


async def test_work_within_the_folder_goes_on_as_ever(guarded: Cells) -> None:
    code = """
import os, shutil, sqlite3, tempfile, zipfile
from concurrent.futures import ThreadPoolExecutor
import matplotlib.pyplot as plt, pandas as pd
frame = pd.DataFrame({"a": [1, 2]})
frame.to_csv("a.csv"); frame.to_excel("a.xlsx"); plt.plot([1]); plt.savefig("a.png"); plt.close()
assert len(pd.read_csv("a.csv")) == len(pd.read_excel("a.xlsx")) == 2
os.makedirs("sub/sub"); shutil.copy("a.csv", "sub"); shutil.rmtree("sub")
with tempfile.TemporaryDirectory() as folder:
    os.mkdir(os.path.join(folder, "sub")); open(os.path.join(folder, "sub", "a"), "w").close()
with zipfile.ZipFile("a.zip", "w") as archive:
    archive.write("a.csv")
connection = sqlite3.connect("a.db")
frame.to_sql("a", connection); connection.execute("ATTACH 'b.db' AS b"); connection.close()
with ThreadPoolExecutor(2) as threads:
    assert list(threads.map(abs, [-1, 2])) == [1, 2]
open(os.devnull, "w").close()
sorted(os.listdir())
"""
    assert await guarded.said(code) == "['a.csv', 'a.db', 'a.png', 'a.xlsx', 'a.zip', 'b.db']"


@POSIX
async def test_a_first_chart_in_a_new_home_makes_its_folders(
    guarded: Cells, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    told = await guarded.said("import matplotlib; matplotlib.get_configdir(), matplotlib.get_cachedir()")
    assert "would reach outside" not in told
    assert "/home/" in told
    assert await guarded.said("import os; os.path.isdir(matplotlib.get_configdir())") == "True"
    assert "would reach outside" in await guarded.error(
        "open(os.path.join(matplotlib.get_configdir(), 'matplotlibrc'), 'w')"
    )


async def test_packages_may_do_with_native_code_what_cells_may_not(guarded: Cells) -> None:
    document = Path(__file__).parents[1] / "documents" / "columns.pdf"
    code = f"import pypdfium2\nlen(pypdfium2.PdfDocument({document.read_bytes()!r}))"
    assert await guarded.said(code) == "4"


async def test_documents_in_the_folder_are_read_by_the_packages_for_them(guarded: Cells) -> None:
    document = Path(__file__).parents[1] / "documents" / "columns.pdf"
    (guarded.desk.work / "a.pdf").write_bytes(document.read_bytes())
    code = """
import io, pathlib
import pandas as pd, pypdfium2, python_calamine
pd.DataFrame({"a": [1, 2]}).to_excel("a.xlsx", index=False)
one = pathlib.Path("a.xlsx")
books = [
    python_calamine.CalamineWorkbook.from_path(path=one),
    python_calamine.CalamineWorkbook.from_object(str(one)),
    python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(one.read_bytes())),
    python_calamine.load_workbook(path_or_filelike=one),
    python_calamine.load_workbook(io.BytesIO(one.read_bytes())),
]
assert all(isinstance(book, python_calamine.CalamineWorkbook) for book in books)
assert [book.get_sheet_by_index(0).to_python() for book in books] == [[["a"], [1], [2]]] * 5
assert len(pd.read_excel("a.xlsx", engine="calamine")) == 2
len(pypdfium2.PdfDocument("a.pdf")), len(pypdfium2.PdfDocument(open("a.pdf", "rb")))
"""
    assert await guarded.said(code) == "(4, 4)"


async def test_a_keyed_file_is_not_opened_outside_by_a_library_of_the_systems(guarded: Cells) -> None:
    opened = "def open(path, flags='r', mode=0o666):\n    return flags\n"
    (guarded.desk.work / "_gdbm.py").write_text(opened)  # not every Python has the real one
    opens = "import sys; sys.path.insert(0, '.'); import _gdbm; _gdbm.open({})"
    assert "would reach outside" in await guarded.error(opens.format("OUTSIDE, 'n'"))
    assert "would reach outside" in await guarded.error(opens.format("'../../../cowork.db'"))
    assert await guarded.said(opens.format("'a', 'n'")) == "'n'"


async def test_a_module_that_is_followed_looks_as_ever(guarded: Cells) -> None:
    code = """
import importlib.util, inspect, python_calamine, pypdfium2_raw.bindings as bindings, sys
assert importlib.util.find_spec("PIL.ImageGrab").loader.get_source("PIL.ImageGrab")
assert inspect.getsource(bindings) and importlib.reload(bindings) is bindings
library = sys.modules["python_calamine._python_calamine"]
assert library.__spec__.loader is library.__loader__
[type(module.__loader__).__name__ for module in (bindings, library)]
"""
    assert await guarded.said(code) == "['SourceFileLoader', 'ExtensionFileLoader']"


@POSIX
async def test_pipes_and_what_was_typed_can_be_kept_in_the_folder(guarded: Cells) -> None:
    code = """
import os, readline, stat
assert os.mkfifo in os.supports_dir_fd
os.mkfifo("pipe"); os.mkfifo("other", dir_fd=os.open(".", os.O_RDONLY))
readline.add_history("herons"); readline.write_history_file("typed"); readline.read_history_file("typed")
stat.S_ISFIFO(os.stat("pipe").st_mode), "herons" in open("typed").read()
"""
    assert await guarded.said(code) == "(True, True)"


@POSIX
async def test_processes_of_the_users_own_cells_are_started_as_ever(guarded: Cells) -> None:
    code = "import multiprocessing as m; m.get_context('spawn').Process().start()"
    assert "would reach outside" in await guarded.error(code)
    code = """
import multiprocessing
codes = []
for method in ("spawn", "forkserver"):
    process = multiprocessing.get_context(method).Process(target=abs, args=(1,))
    process.start(); process.join(); codes.append(process.exitcode)
codes
"""
    assert await guarded.said(code, is_guarded=False) == "[0, 0]"


@pytest.mark.parametrize(
    "made",
    [
        "sqlite3.connect(':memory:')",
        "sqlite3.connect(':memory:', factory=Own)",
        "sqlite3.Connection(':memory:')",
        "sqlite3.dbapi2.Connection(':memory:')",
        "Own(':memory:')",
    ],
)
async def test_a_database_does_not_attach_another_outside(guarded: Cells, made: str) -> None:
    own = "import sqlite3\nclass Own(sqlite3.Connection):\n    pass\n"
    await guarded.said(f"{own}database = {made}\nassert isinstance(database, sqlite3.Connection)")
    assert "not authorized" in await guarded.error("database.execute('ATTACH ? AS b', (OUTSIDE,))")
    assert "not authorized" in await guarded.error("database.execute('ATTACH \"' + OUTSIDE + '2\" AS b')")
    await guarded.said("database.execute(\"ATTACH 'b.db' AS b\"); database.close()")


async def test_a_database_is_not_copied_outside(guarded: Cells) -> None:
    assert "denied" in await guarded.error(
        "import sqlite3; sqlite3.connect(':memory:').execute('VACUUM INTO ?', (OUTSIDE + '2',))"
    )


async def test_pip_is_refused_in_words(guarded: Cells) -> None:
    assert await guarded.error("%pip install herons") == (
        "UsageError: %pip installs packages outside the project's folder. Call run_code with outside: true,"
        " which asks the user."
    )


# SQL


async def test_sql_reads_and_writes_in_the_folder_and_sees_the_frames(guarded: Cells) -> None:
    await guarded.run("import pandas as pd\nbirds = pd.DataFrame({'n': [1, 2]})")
    await guarded.run("COPY birds TO 'birds.csv'", language="sql")
    await guarded.run("CREATE TABLE kept AS SELECT n + 1 AS n FROM 'birds.csv'", language="sql")
    assert await guarded.table("SELECT sum(n) AS n FROM kept") == ["n", "0", "5.0"]
    await guarded.run("birds = pd.DataFrame({'n': [40]})")
    assert await guarded.table("SELECT n FROM birds") == ["n", "0", "40"]


async def test_sql_finds_a_frame_whatever_the_case_and_first_as_it_is_spelled(guarded: Cells) -> None:
    await guarded.run(
        "import pandas as pd\nBirds = pd.DataFrame({'n': [1]}); HERONS = pd.DataFrame({'n': [2]});"
        " herons = pd.DataFrame({'n': [3]})"
    )
    assert await guarded.table("SELECT n FROM birds") == ["n", "0", "1"]
    assert await guarded.table("SELECT b.n FROM BIRDS AS b JOIN Birds USING (n)") == ["n", "0", "1"]
    assert await guarded.table("SELECT n FROM HERONS") == ["n", "0", "2"]
    assert await guarded.table("SELECT n FROM herons") == ["n", "0", "3"]
    await guarded.run("CREATE TABLE birds AS SELECT 5 AS n", language="sql")
    assert await guarded.table("SELECT n FROM Birds") == ["n", "0", "5"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_text(OUTSIDE)",
        "COPY (SELECT 1) TO OUTSIDE",
        "ATTACH OUTSIDE AS a",
        "SELECT * FROM '../../../cowork.db'",
        "SELECT * FROM 'https://example.com/a.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
async def test_sql_does_not_reach_outside(guarded: Cells, query: str) -> None:
    error = await guarded.error(query, language="sql")
    assert error.startswith("PermissionError: This query would reach outside the project's folder.")


async def test_sql_does_not_change_what_it_may(guarded: Cells) -> None:
    error = await guarded.error("SET enable_external_access = true", language="sql")
    assert "the configuration has been locked" in error


# The guard itself


async def test_the_guard_is_not_switched_off_by_what_a_cell_can_import(guarded: Cells) -> None:
    await guarded.run(
        """
import os, tempfile, threading
from cowork_desktop.kernels import added_events, confines, guard, guarded_events
for module in (added_events, confines, guard, guarded_events):
    for name in [name for name in vars(module) if not name.startswith("__")]:
        setattr(module, name, lambda *arguments, **options: None)
for name in ("realpath", "join", "normcase", "dirname"):
    setattr(os.path, name, lambda *arguments, **options: os.getcwd())
tempfile.tempdir = "/"
"""
    )
    assert "would reach outside" in await guarded.error("open(OUTSIDE, 'w')")
    assert "would reach outside" in await guarded.error("from PIL import ImageGrab; ImageGrab.grab()")


async def test_what_a_guarded_cell_has_the_kernel_run_is_guarded_too(guarded: Cells) -> None:
    code = """
running = get_ipython().kernel.do_execute("open(OUTSIDE, 'w')", False, cell_meta={})
try:
    running.send(None)
except StopIteration as end:
    print(end.value["ename"])
"""
    assert "PermissionError" in await guarded.said(code)
    code = code.replace("cell_meta={}", "cell_meta={'cowork_guarded_in': '/'}")
    assert "PermissionError" in await guarded.said(code)


async def test_what_a_guarded_cell_leaves_behind_stays_guarded(guarded: Cells) -> None:
    await guarded.run(
        """
import asyncio, threading
found, go = [], threading.Event()
def write(who):
    try:
        open(OUTSIDE, "w")
        found.append(who)
    except PermissionError:
        found.append("refused")
def in_thread():
    go.wait()
    write("thread")
    threading.Thread(target=write, args=("its thread",)).start()
async def as_task():
    while not go.is_set():
        await asyncio.sleep(0.01)
    write("task")
    await asyncio.to_thread(write, "thread of the task")
thread, task = threading.Thread(target=in_thread), asyncio.create_task(as_task())
thread.start()
"""
    )
    code = """
go.set()
await task
thread.join()
while len(found) < 4:
    await asyncio.sleep(0.01)
found
"""
    assert await guarded.said(code, is_guarded=False) == str(["refused"] * 4)


async def test_a_guarded_cell_does_not_have_its_work_done_by_threads_of_the_user(guarded: Cells) -> None:
    await guarded.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(1); pool.submit(abs, 1).result()",
        is_guarded=False,
    )
    assert "would reach outside" in await guarded.error("pool.submit(open, OUTSIDE, 'w').result()")


async def test_the_cells_of_the_user_are_as_free_as_ever(guarded: Cells, tmp_path: Path) -> None:
    await guarded.run("import pandas")
    target = tmp_path / "free.txt"
    code = f"""
import asyncio, os, pathlib, socket, subprocess, sys, tempfile
pathlib.Path({str(target)!r}).write_text("free")
await asyncio.to_thread(os.listdir, os.path.expanduser("~"))
socket.socket().bind(("127.0.0.1", 0))
subprocess.run([sys.executable, "-c", ""], check=True)
"temporary" in tempfile.gettempdir()
"""
    assert await guarded.said(code, is_guarded=False) == "False"
    assert target.read_text() == "free"
    assert "would reach outside" in await guarded.error(
        "import socket; socket.socket().bind(('127.0.0.1', 0))"
    )


async def test_temporary_files_go_with_the_kernel(guarded: Cells) -> None:
    code = (
        "import tempfile\nwith tempfile.NamedTemporaryFile('w', delete=False) as file:\n    print(file.name)"
    )
    file = Path((await guarded.said(code)).strip())
    assert file.exists()
    await guarded.desk.means.cell_runs.forget([guarded.pad])
    assert not file.parent.exists()
