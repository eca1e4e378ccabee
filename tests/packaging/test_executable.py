"""The executable in a home without Python: the server, its kernels, and Python's place taken for what cells
start."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fakes.connections import make_database
from tests.fakes.files import pdf, xlsx
from tests.fakes.messages_endpoint import Json, MessagesEndpoint, reply, tool_block
from tests.faults.process import ServerProcess
from tests.flows.test_notebook_work import make_wheel
from tests.packaging.executable import (
    ONE_FILE,
    ONE_FOLDER,
    Installed,
    Pad,
    check_built,
    install,
    new_pad,
    upload,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="NOT RUN: looks into /proc"),
]

TOKEN = "of-a-test-and-long-enough"
ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(installed: Installed) -> AsyncIterator[ServerProcess]:
    """A server for all tests that do not end it."""
    async with installed.server("--secrets", "file") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pad(server: ServerProcess) -> Pad:
    return await new_pad(server)


# A server


async def test_a_turn_is_answered_without_a_model(server: ServerProcess) -> None:
    conversation = (await server.post("/conversations", {"title": "T"}))["id"]
    body = {"conversation_id": conversation, "input": "help", "stream": False}
    answered = await server.post("/responses", body)
    assert (answered["status"], answered["provider"]) == ("completed", "offline")


async def test_the_app_is_served(server: ServerProcess) -> None:
    async with server.session.get(
        server.ready["url"] + "/tasks", headers={"Accept": "text/html"}
    ) as response:
        assert await response.read() == (ROOT / "cowork_desktop" / "ui" / "index.html").read_bytes()


async def test_documents_are_read(server: ServerProcess) -> None:
    assert "herons nest" in await upload(server, pdf("Where herons nest"), "nests.pdf")
    assert "bittern" in await upload(server, xlsx("Birds", ("name", "n"), ("bittern", 3)), "birds.xlsx")


async def test_a_schedule_knows_the_zone_of_a_system_without_zones(server: ServerProcess) -> None:
    project = (await server.get("/projects"))["data"][0]["id"]
    body = {"project_id": project, "cron": "0 9 * * *", "prompt": "Hello", "timezone": "America/St_Johns"}
    made = await server.post("/schedules", body)
    assert made["next_run_at"][11:16] in ("11:30", "12:30")


async def test_a_saved_scratchpad_is_served_at_an_origin_of_its_own(server: ServerProcess, pad: Pad) -> None:
    await pad.printed("print('in the report')")
    change = {"title": "Herons", "saved": True}
    async with server.session.patch(f"{server.api}/scratchpads/{pad.id}", json=change) as response:
        assert response.status == 200, await response.text()
    [artifact] = (await server.get("/artifacts"))["data"]
    host = f"{artifact['id'].replace('_', '-')}.localhost:{server.ready['port']}"
    page = ""
    while "in the report" not in page:  # it is laid out when there is time
        async with server.session.get(
            f"http://127.0.0.1:{server.ready['port']}/", headers={"Host": host}
        ) as got:
            page = await got.text()
        await asyncio.sleep(0.02)
    async with server.session.get(f"{server.api}/settings", headers={"Host": host}) as refused:
        assert refused.status == 421


async def test_a_model_is_reached_and_its_tools_work(installed: Installed) -> None:
    """The SDK, connections to databases, and cells that are kept within their folder, below the home where
    the executable itself lies."""
    shop = await asyncio.to_thread(make_database, installed.home / "shop.db")
    plot = (
        "import pandas as pd, matplotlib.pyplot as plt\n"
        "pd.DataFrame({'n': [1, 2]}).plot(); plt.savefig('plot.png'); print('drawn')"
    )
    reads = f"open({str(shop)!r}).read()"
    calls = [
        ("sql_query", {"connection": "shop", "sql": "SELECT count(*) AS n FROM orders"}),
        ("run_code", {"code": plot}),
        ("run_code", {"code": reads}),
        ("run_code", {"code": "SELECT 6 * 7 AS n", "language": "sql"}),
    ]
    script = [reply(tool_block(f"c{n}", name, given)) for n, (name, given) in enumerate(calls)]
    async with MessagesEndpoint([*script, reply(text="Done.")]) as endpoint:
        flags = ("--base-url", endpoint.url, "--secrets", "file")
        key = {"ANTHROPIC_API_KEY": "sk-of-a-test"}
        async with installed.server(*flags, data="with model", **key) as server:
            body: Json = {"spec_id": "sqlite", "name": "shop", "credentials": {"path": str(shop)}}
            await server.post("/connectors/connections", body)
            conversation = (await server.post("/conversations", {"title": "T"}))["id"]
            body = {"conversation_id": conversation, "input": "Do it.", "stream": False}
            answered = await server.post("/responses", body)
            assert (answered["status"], answered["provider"]) == ("completed", "anthropic")
        results = [_results(request.body) for request in endpoint.requests[1:]]
    counted, drawn, refused, computed = (result[-1] for result in results)
    assert "n\n500" in counted
    assert "drawn" in drawn
    assert "would reach outside the project's folder" in refused
    assert "42" in computed


def _results(body: Json) -> list[str]:
    """What the tools gave, as the model is told it."""
    parts = [part for message in body["messages"] for part in message["content"] if isinstance(part, dict)]
    return [
        json.dumps(part["content"]).replace("\\n", "\n") for part in parts if part["type"] == "tool_result"
    ]


# Cells


async def test_a_cell_draws(pad: Pad) -> None:
    result = await pad.run("import matplotlib.pyplot as plt; plt.plot([1, 4, 9]); plt.show()")
    assert "image/png" in [output["mime"] for output in result["output_cell"]["outputs"]]


async def test_a_cell_starts_python_as_ever(pad: Pad) -> None:
    code = """
import subprocess, sys
from pathlib import Path
Path("script.py").write_text("import sys, json; print(__name__, sys.argv[1:])")
for arguments in (["-c", "print('command')"], ["-m", "this_module"], ["script.py", "a", "b"]):
    Path("this_module.py").write_text("print('module', __name__)")
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    print(done.stdout, end="")
"""
    assert await pad.printed(code) == "command\nmodule __main__\n__main__ ['a', 'b']\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
async def test_a_cell_has_its_work_done_by_processes(pad: Pad, method: str) -> None:
    code = f"""
import multiprocessing, operator
with multiprocessing.get_context({method!r}).Pool(2) as pool:
    print(pool.map(operator.neg, [1, 2, 3]))
"""
    assert await pad.printed(code) == "[-1, -2, -3]\n"


async def test_a_cell_has_what_python_has_at_its_start(pad: Pad) -> None:
    assert "The if statement" in (await pad.printed("help('if')")).replace('"', "")


async def test_other_programs_find_their_own_libraries(pad: Pad) -> None:
    code = "import os; print(sorted(name for name in os.environ if name.startswith('LD_')))"
    assert await pad.printed(code) == "[]\n"


async def test_a_package_is_installed_and_imported(pad: Pad, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    make_wheel(tmp_path, "cowork_sample", "1.0")
    new = make_wheel(tmp_path / "new", "cowork_sample", "2.0")
    wants = make_wheel(tmp_path, "cowork_greedy", "1.0", requires="numpy<1")
    await pad.printed(f"%pip install --no-index --find-links {tmp_path} cowork-sample")
    assert await pad.printed("import cowork_sample; print(cowork_sample.VERSION)") == "1.0\n"
    code = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import cowork_sample'], check=True)"
    )
    await pad.printed(code)
    code = f"""
import subprocess, sys
for line in (["-m", "pip", "install", "--no-index", "--upgrade", {str(new)!r}],
             ["-c", "import cowork_sample; assert cowork_sample.VERSION == '2.0'"]):
    done = subprocess.run([sys.executable, *line], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
"""
    await pad.printed(code)
    refused = await pad.run(f"%pip install --no-index {wants}")
    assert "pip ended with code 1" in refused["cell"]["error"]


# Its end


async def test_it_ends_with_its_input_and_leaves_nothing(installed: Installed) -> None:
    async with installed.server("--token-stdin", data="ends", token=TOKEN) as server:
        server.session.headers["Authorization"] = f"Bearer {TOKEN}"
        await (await new_pad(server)).printed("print(1)")
        before = time.monotonic()
        assert server.process.stdin
        server.process.stdin.close()
        assert await asyncio.wait_for(server.process.wait(), 20) == 0
        assert time.monotonic() - before < 2
    others = {pid: line for pid, line in installed.processes().items() if "ends" in line}
    assert others == {}


@pytest.mark.timeout(120)
async def test_killed_at_any_time_it_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    check_built(ONE_FOLDER)
    installed = install(ONE_FOLDER, tmp_path / "home")
    for n in range(20):
        async with installed.server("--secrets", "file") as server:
            if n % 4 == 0:
                pad = await new_pad(server)
                await pad.printed(
                    "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'])"
                )
            elif n % 4 == 1:
                await asyncio.sleep(n / 40)
            server.process.kill()
            await server.process.wait()
        await installed.until_alone()
    assert list(installed.temporary.iterdir()) == []


# One file


@pytest.mark.timeout(120)
async def test_what_one_file_unpacked_before_it_was_killed_goes_at_the_next_start(tmp_path: Path) -> None:
    check_built(ONE_FILE)
    installed = install(ONE_FILE, tmp_path / "home")
    async with installed.server("--secrets", "file") as server:
        assert (await server.get("/health"))["status"] == "ok"
        assert len(installed.processes()) > 1  # one unpacks, and the other is the server
        server.process.kill()
        await installed.until_alone()
    [left] = installed.temporary.iterdir()
    async with installed.server("--secrets", "file") as server:
        pad = await new_pad(server)
        assert await pad.printed("import pandas; print(pandas.DataFrame([1]).size)") == "1\n"
        [unpacked] = installed.temporary.iterdir()
        assert unpacked != left
        server.process.terminate()
        assert await asyncio.wait_for(server.process.wait(), 20) == 0
    await installed.until_alone()
    assert list(installed.temporary.iterdir()) == []
