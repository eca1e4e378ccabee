"""Runs of cells on a real kernel: their events, what they leave, and how they end."""

import asyncio
import base64
import gc
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.fakes.scratchpad import Pad, new_pad, text
from tests.fakes.server import Answer, Frame, Server, running_server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

SECRETS = {
    "COWORK_LOG_LEVEL": "debug",
    "ANTHROPIC_API_KEY": "canary-1",
    "MY_SERVICE_TOKEN": "canary-2",
    "DATABASE": "postgresql://user:canary-3@db.example/sales",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pad(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pad]:
    """One scratchpad with one kernel for all tests that leave it as it was; each makes cells of its own."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in SECRETS.items():
            environment.setenv(name, value)
        environment.setenv("ORDINARY", "passed on")
        async with running_server(tmp_path_factory.mktemp("shared") / "data") as server:
            await set_kernels(server, spare=False)
            shared = await new_pad(server)
            await shared.works()
            yield shared


async def set_kernels(server: Server, **kernels: Any) -> None:
    answer = await server.call("PATCH", "/settings", json={"kernels": kernels})
    assert answer.status == 200, answer.body


def cell_path(pad: Pad, id: str) -> str:
    return f"/scratchpads/{pad.id}/cells/{id}"


async def stream(pad: Pad, id: str) -> list[Frame]:
    """All events of a new run."""
    async with pad.server.stream("POST", f"{cell_path(pad, id)}/run") as followed:
        return [frame async for frame in followed]


async def follow(pad: Pad, id: str, headers: dict[str, str] | None = None, **query: str) -> list[Frame]:
    """All events of the last run, from where the query says, to its end."""
    path = f"{cell_path(pad, id)}/events"
    async with pad.server.stream("GET", path, params=query, headers=headers) as followed:
        return [frame async for frame in followed]


def run_soon(pad: Pad, id: str, query: str = "") -> asyncio.Task[Any]:
    return asyncio.create_task(pad.server.post(f"{cell_path(pad, id)}/run?stream=false{query}"))


def outputs(result: Any) -> list[dict[str, Any]]:
    return list(result["output_cell"]["outputs"]) if result["output_cell"] else []


def fault(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["error"]["type"]


def waiting_for(go: Path, *, first: str = "print('ready')") -> str:
    """Code that goes on when the file is there."""
    return (
        f"import pathlib, time\n{first}\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\nprint('went on')"
    )


async def until_output(frames: AsyncIterator[Frame]) -> Frame:
    async for frame in frames:
        if frame.type == "output":
            return frame
    raise AssertionError("the run ended without output")


async def order(pad: Pad, *ids: str) -> list[tuple[str, int]]:
    """Type and index of these cells, and of the output cells behind them."""
    cells = (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"]
    assert [cell["index"] for cell in cells] == list(range(len(cells)))
    near = [n for n, cell in enumerate(cells) if cell["id"] in ids]
    near += [n + 1 for n in near if n + 1 < len(cells) and cells[n + 1]["type"] == "output"]
    return [(cells[n]["type"], n) for n in sorted(near)]


async def test_a_run_streams_its_outputs_and_ends_with_the_stored_cell(pad: Pad) -> None:
    id = await pad.cell("import sys\nprint('a')\nprint('b', file=sys.stderr)\n'c'")
    async with pad.server.session.post(f"{pad.server.url}/api/v1{cell_path(pad, id)}/run") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Accel-Buffering"] == "no"
        await answer.read()
    frames = await stream(pad, id)
    assert [frame.id for frame in frames] == list(range(len(frames)))
    assert all(frame.data["sequence_number"] == frame.id for frame in frames)
    assert all(frame.data["type"] == frame.type for frame in frames)
    assert [frame.type for frame in frames] == ["output"] * (len(frames) - 1) + ["done"]
    assert {frame.data["mime"] for frame in frames[:-1]} == {"text/plain"}
    run_ids = {frame.data["run_id"] for frame in frames}
    cell = await pad.server.get(cell_path(pad, id))
    assert frames[-1].data == {
        "type": "done",
        "sequence_number": frames[-1].id,
        "run_id": cell["run_id"],
        "status": "success",
        "cell": cell,
    }
    assert run_ids == {cell["run_id"]}
    assert [frame.id for frame in await follow(pad, id)] == [frame.id for frame in frames]
    assert [frame.raw for frame in await follow(pad, id)] == [frame.raw for frame in frames]


async def test_a_run_answers_with_json_to_who_wants_no_stream(pad: Pad) -> None:
    id = await pad.cell("print('x')")
    by_query = await pad.server.call("POST", f"{cell_path(pad, id)}/run?stream=false")
    accept = {"Accept": "application/json"}
    by_header = await pad.server.call("POST", f"{cell_path(pad, id)}/run", headers=accept)
    for answer in (by_query, by_header):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    result = by_header.json()
    cells = (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"]
    place = next(n for n, cell in enumerate(cells) if cell["id"] == id)
    assert result == {
        "run_id": cells[place]["run_id"],
        "status": "success",
        "cell": cells[place],
        "output_cell": cells[place + 1],
    }
    assert result["run_id"] != by_query.json()["run_id"]
    path = f"{cell_path(pad, id)}/run?stream=true"
    streamed = await pad.server.call("POST", path, headers=accept)
    assert streamed.headers["Content-Type"] == "text/event-stream"


async def test_a_run_replaces_the_output_of_the_one_before_in_its_place(pad: Pad) -> None:
    first, second = await pad.cell("print('first')"), await pad.cell("print('second')")
    for _ in range(2):
        for id in (first, second):
            await stream(pad, id)
        found = await order(pad, first, second)
        assert [type for type, _ in found] == ["code", "output", "code", "output"]
        assert [n for _, n in found] == list(range(found[0][1], found[0][1] + 4))
    result = await pad.server.post(f"{cell_path(pad, first)}/run?stream=false")
    assert [output["data"] for output in outputs(result)] == ["first\n"]
    await pad.server.call("PATCH", cell_path(pad, first), json={"content": "pass"})
    result = await pad.server.post(f"{cell_path(pad, first)}/run?stream=false")
    assert result["output_cell"] is None
    assert [type for type, _ in await order(pad, first, second)] == ["code", "code", "output"]


async def test_streams_are_merged_each_and_stay_in_order_with_displays(pad: Pad) -> None:
    code = (
        "import sys\nfor n in range(3):\n    print('out', n)\n    print('err', n, file=sys.stderr)\n"
        "    sys.stdout.flush(); sys.stderr.flush()\ndisplay('shown')\nprint('after')"
    )
    found = outputs(await pad.run(code))
    assert sorted((output["name"], output["data"]) for output in found[:2]) == [
        ("stderr", "err 0\nerr 1\nerr 2\n"),
        ("stdout", "out 0\nout 1\nout 2\n"),
    ]
    assert [(output["kind"], output["data"]) for output in found[2:]] == [
        ("display", "'shown'"),
        ("stream", "after\n"),
    ]


async def test_a_display_is_updated_in_its_cell_and_in_earlier_ones(pad: Pad) -> None:
    earlier = await pad.run("h = display('one', display_id='d1')")
    result = await pad.run("k = display('a', display_id='d2')\nk.update('b')\nh.update('two')")
    assert [output["data"] for output in outputs(result)] == ["'b'"]
    shown = await pad.server.get(cell_path(pad, earlier["output_cell"]["id"]))
    assert [(output["data"], output["display_id"]) for output in shown["outputs"]] == [("'two'", "d1")]
    frames = await stream(pad, result["cell"]["id"])
    assert [(frame.type, frame.data.get("data")) for frame in frames[:-1]] == [
        ("output", "'a'"),
        ("update", "'b'"),
    ]


async def test_cleared_output_is_gone_when_the_next_comes(pad: Pad) -> None:
    id = await pad.cell(
        "from IPython.display import clear_output\n"
        # In one piece: of what `print` writes the end of the line may come on its own.
        "import sys\nsys.stdout.write('old\\n')\nsys.stdout.flush()\nclear_output(wait=True)\n"
        "sys.stdout.write('new\\n');"
    )
    frames = await stream(pad, id)
    assert [frame.type for frame in frames] == ["output", "clear", "output", "done"]
    result = await pad.server.post(f"{cell_path(pad, id)}/run?stream=false")
    assert [output["data"] for output in outputs(result)] == ["new\n"]


async def test_the_last_expression_is_the_result_and_help_is_shown(pad: Pad) -> None:
    result = await pad.run("6 * 7")
    [output] = outputs(result)
    assert output == {
        "mime": "text/plain",
        "data": "42",
        "kind": "result",
        "execution_count": result["cell"]["execution_count"],
    }
    [page] = outputs(await pad.run("len?"))
    assert "Return the number of items in a container" in page["data"]


@pytest.mark.parametrize("code", ["raise ValueError('a\\udc80b')", "print('a\\udc80b')", "'a\\udc80b'"])
async def test_what_is_no_unicode_is_shown_as_far_as_it_is(pad: Pad, code: str) -> None:
    [output] = outputs(await pad.run(code))
    assert "a" in str(output["data"])
    result = await pad.run("6 * 7")
    assert outputs(result)[0]["data"] == "42"


async def test_figures_are_data_urls(pad: Pad) -> None:
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    [png] = outputs(await pad.run(draw))
    assert (png["mime"], png["kind"]) == ("image/png", "display")
    prefix = "data:image/png;base64,"
    assert png["data"].startswith(prefix)
    assert base64.b64decode(png["data"].removeprefix(prefix), validate=True).startswith(b"\x89PNG\r\n")
    assert "Figure" in png["alternatives"]["text/plain"]
    svg_only = (
        "from matplotlib_inline.backend_inline import set_matplotlib_formats as formats\nformats({!r})\n"
    )
    [svg] = outputs(await pad.run(svg_only.format("svg") + draw))
    await pad.run(svg_only.format("png"))
    assert svg["mime"] == "image/svg+xml"
    content = base64.b64decode(svg["data"].removeprefix("data:image/svg+xml;base64,"), validate=True)
    assert b"<svg" in content


async def test_a_data_frame_is_html_with_its_text_beside_it(pad: Pad) -> None:
    [output] = outputs(await pad.run("import pandas as pd\npd.DataFrame({'n': [1, 2]})"))
    assert (output["mime"], output["kind"]) == ("text/html", "result")
    assert "<table" in output["data"]
    assert output["alternatives"]["text/plain"].split() == ["n", "0", "1", "1", "2"]


async def test_json_and_formulas_keep_their_types(pad: Pad) -> None:
    code = "from IPython.display import JSON, Latex\ndisplay(JSON({'a': [1, None]}), Latex('$x^2$'))"
    json, latex = outputs(await pad.run(code))
    assert (json["mime"], json["data"]) == ("application/json", {"a": [1, None]})
    assert (latex["mime"], latex["data"]) == ("text/latex", "$x^2$")


async def test_an_error_is_the_end_with_its_traceback(pad: Pad) -> None:
    result = await pad.run("print('\\x1b[31mred\\x1b[0m')\n1 / 0")
    stream, error = outputs(result)
    assert stream["data"] == "\x1b[31mred\x1b[0m\n"
    assert (result["status"], result["cell"]["status"]) == ("error", "error")
    assert result["cell"]["error"] == "ZeroDivisionError: division by zero"
    assert (error["kind"], error["mime"]) == ("error", "text/plain")
    assert error["metadata"] == {"ename": "ZeroDivisionError", "evalue": "division by zero"}
    assert "\x1b[" in error["data"]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", error["data"])
    assert "1 / 0" in plain
    assert plain.endswith("ZeroDivisionError: division by zero")
    assert await pad.works()


async def test_input_is_an_error_that_says_why(pad: Pad) -> None:
    result = await pad.run("name = input('Who? ')")
    assert result["status"] == "error"
    assert "input() does not work in a cell" in result["cell"]["error"]


async def test_sql_runs_on_the_data_frames_of_the_kernel(pad: Pad) -> None:
    await pad.run("import pandas as pd\nsales = pd.DataFrame({'region': ['N', 'S', 'N'], 'n': [1, 2, 3]})")
    query = "SELECT region, sum(n)::INT AS total FROM sales GROUP BY region ORDER BY region"
    [output] = outputs(await pad.run(query, language="sql"))
    assert output["mime"] == "text/html"
    assert output["alternatives"]["text/plain"].split() == ["region", "total", "0", "N", "4", "1", "S", "2"]
    result = await pad.run("SELECT * FROM nothing_of_this_name", language="sql")
    assert result["status"] == "error"
    assert "nothing_of_this_name" in result["cell"]["error"]


async def test_times_and_counts_of_a_run_are_kept(pad: Pad) -> None:
    first, second = await pad.run("1"), await pad.run("raise SystemError('x')")
    for result in (first, second):
        cell = result["cell"]
        assert cell["queued_at"] is None
        times = [datetime.fromisoformat(cell[name]) for name in ("started_at", "finished_at")]
        assert times == sorted(times)
        assert cell["started_at"].endswith("Z")
    assert second["cell"]["execution_count"] == first["cell"]["execution_count"] + 1


async def test_cells_that_are_run_at_once_wait_for_each_other(pad: Pad, tmp_path: Path) -> None:
    first = await pad.cell(waiting_for(tmp_path / "go", first="order = ['first']\nprint('ready')"))
    second = await pad.cell("order.append('second')\norder")
    async with pad.server.stream("POST", f"{cell_path(pad, first)}/run") as followed:
        await until_output(followed)
        waits = run_soon(pad, second)
        while len((status := await pad.server.get(f"/scratchpads/{pad.id}/kernel"))["running"]) < 2:
            await asyncio.sleep(0)
        assert status == {"state": "busy", "running": [first, second], "idle_since": None}
        running, waiting = [await pad.server.get(cell_path(pad, id)) for id in (first, second)]
        assert (running["status"], waiting["status"]) == ("running", "pending")
        assert running["queued_at"]
        assert waiting["queued_at"]
        for id in (first, second):
            assert fault(await pad.server.call("POST", f"{cell_path(pad, id)}/run")) == (409, "conflict")
            prose = await pad.server.call("PATCH", cell_path(pad, id), json={"type": "markdown"})
            assert fault(prose) == (409, "conflict")
        moved = await pad.server.call("PATCH", cell_path(pad, first), json={"index": 0, "content": "edited"})
        assert moved.status == 200
        (tmp_path / "go").touch()
        done = [frame async for frame in followed][-1]
    assert (done.data["status"], done.data["cell"]["content"]) == ("success", "edited")
    assert [output["data"] for output in outputs(await waits)] == ["['first', 'second']"]
    assert await order(pad, first) == [("code", 0), ("output", 1)]


async def test_output_over_the_limit_is_cut_with_a_notice(pad: Pad) -> None:
    await set_kernels(pad.server, output_bytes=10_000)
    try:
        result = await pad.run("for n in range(100_000): print('line', n)")
    finally:
        await set_kernels(pad.server, output_bytes=10_485_760)
    stream, notice = outputs(result)
    assert result["status"] == "success"
    assert 9_000 < len(stream["data"]) <= 10_000
    assert stream["data"].startswith("line 0\nline 1\n")
    assert notice["kind"] == "notice"
    assert "10,000 bytes" in notice["data"]


async def test_code_is_completed_with_what_the_kernel_knows(pad: Pad) -> None:
    await pad.run("revenue_by_region = {'N': 1}")
    path = f"/scratchpads/{pad.id}/complete"
    found = await pad.server.post(path, {"code": "🐢 = 1; revenue_by_re"})
    assert found["matches"] == ["revenue_by_region"]
    assert (found["cursor_start"], found["cursor_end"]) == (7, 20)
    found = await pad.server.post(path, {"code": "revenue_by_region.ke()", "cursor_pos": 20})
    assert any(match.endswith("keys") for match in found["matches"])
    found = await pad.server.post(path, {"code": "", "cursor_pos": 99})
    assert found["cursor_end"] == 0


async def test_nothing_is_completed_while_a_cell_runs(pad: Pad, tmp_path: Path) -> None:
    id = await pad.cell(waiting_for(tmp_path / "go"))
    async with pad.server.stream("POST", f"{cell_path(pad, id)}/run") as followed:
        await until_output(followed)
        found = await pad.server.post(f"/scratchpads/{pad.id}/complete", {"code": "pri"})
        assert found == {"matches": [], "cursor_start": 3, "cursor_end": 3, "metadata": {}}
        (tmp_path / "go").touch()
        assert [frame async for frame in followed][-1].data["status"] == "success"


async def test_the_kernel_gets_ordinary_variables_and_no_secrets(pad: Pad) -> None:
    result = await pad.run("import os\nprint('\\n'.join(f'{k}={v}' for k, v in os.environ.items()))")
    told = dict(line.split("=", 1) for line in text(result).splitlines() if "=" in line)
    assert told["ORDINARY"] == "passed on"
    assert not SECRETS.keys() & told.keys()
    assert "canary" not in text(result)
    assert {name for name in told if name.startswith(("COWORK_", "ANTHROPIC_"))} <= {"COWORK_PACKAGES"}


async def test_a_reader_that_comes_back_goes_on_where_it_was(pad: Pad, tmp_path: Path) -> None:
    code = "for n in range(5): display(n)\n" + waiting_for(tmp_path / "go", first="")
    id = await pad.cell(code)
    async with pad.server.stream("POST", f"{cell_path(pad, id)}/run") as followed:
        seen = [await anext(followed) for _ in range(5)]
    run_id = seen[0].data["run_id"]
    readers = [
        asyncio.create_task(follow(pad, id)),
        asyncio.create_task(follow(pad, id, after="2")),
        asyncio.create_task(follow(pad, id, headers={"Last-Event-ID": "2"})),
        asyncio.create_task(follow(pad, id, after="2", run_id=run_id)),
        asyncio.create_task(follow(pad, id, after="2", run_id="run_of_another_time")),
    ]
    (tmp_path / "go").touch()
    whole, *others = await asyncio.gather(*readers)
    assert [frame.raw for frame in whole[:5]] == [frame.raw for frame in seen]
    assert (whole[-1].type, whole[-1].data["status"]) == ("done", "success")
    raw = [frame.raw for frame in whole]
    assert [[frame.raw for frame in other] for other in others] == [raw[3:], raw[3:], raw[3:], raw]
    assert [frame.raw for frame in await follow(pad, id)] == raw
    assert [frame.raw for frame in await follow(pad, id, after="5", run_id=run_id)] == raw[6:]
    assert await follow(pad, id, after="99", run_id=run_id) == []


async def test_what_an_interrupt_stops_is_an_error_and_what_waits_does_not_run(pad: Pad) -> None:
    first = await pad.cell("kept = 1\nimport time\nprint('ready')\ntime.sleep(600)")
    second = await pad.cell("kept = 2")
    async with pad.server.stream("POST", f"{cell_path(pad, first)}/run") as followed:
        await until_output(followed)
        waits = run_soon(pad, second)
        while len((await pad.server.get(f"/scratchpads/{pad.id}/kernel"))["running"]) < 2:
            await asyncio.sleep(0)
        status = await pad.server.post(f"/scratchpads/{pad.id}/interrupt")
        done = [frame async for frame in followed][-1]
    assert first not in status["running"]
    assert (done.data["status"], done.data["cell"]["error"]) == ("error", "KeyboardInterrupt")
    not_run = await waits
    assert (not_run["status"], not_run["output_cell"]) == ("error", None)
    assert "interrupted while it waited" in not_run["cell"]["error"]
    assert [output["data"] for output in outputs(await pad.run("kept"))] == ["1"]


async def test_a_run_that_takes_too_long_is_stopped(pad: Pad) -> None:
    result = await pad.run("survives = 1\nimport time\ntime.sleep(600)", seconds=1)
    assert result["status"] == "error"
    assert "longer than 1 s" in result["cell"]["error"]
    assert [output["data"] for output in outputs(await pad.run("survives"))] == ["1"]


async def test_a_report_and_a_page_show_what_was_put_out(pad: Pad) -> None:
    await pad.run("print('canary in the report')")
    answer = await pad.server.call("GET", f"/scratchpads/{pad.id}/export?format=html")
    assert "canary in the report" in answer.body.decode()
    answer = await pad.server.call("PATCH", f"/scratchpads/{pad.id}", json={"saved": True})
    assert answer.json()["saved"] is True


async def test_a_restarted_kernel_knows_nothing_and_says_nothing(pad: Pad) -> None:
    await pad.run("forgotten = 1")
    before = pad.kernel_pid()
    status = await pad.server.post(f"/scratchpads/{pad.id}/restart")
    assert (status["state"], status["running"]) == ("idle", [])
    assert pad.kernel_pid() != before
    result = await pad.run("forgotten")
    assert result["cell"]["error"] == "NameError: name 'forgotten' is not defined"
    assert result["cell"]["execution_count"] == 1
    assert [output["kind"] for output in outputs(result)] == ["error"]


async def test_a_restart_ends_what_runs_and_what_waits(pad: Pad) -> None:
    first, second = await pad.cell("import time\nprint('ready')\ntime.sleep(600)"), await pad.cell("1")
    async with pad.server.stream("POST", f"{cell_path(pad, first)}/run") as followed:
        await until_output(followed)
        waits = run_soon(pad, second)
        while len((await pad.server.get(f"/scratchpads/{pad.id}/kernel"))["running"]) < 2:
            await asyncio.sleep(0)
        await pad.server.post(f"/scratchpads/{pad.id}/restart")
        done = [frame async for frame in followed][-1]
    for cell in (done.data["cell"], (await waits)["cell"]):
        assert cell["status"] == "error"
        assert "restarted" in cell["error"]
    assert await pad.works()


async def test_running_all_stops_at_the_first_that_fails(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await set_kernels(server, spare=False)
        pad = await new_pad(server)
        sources = ("x = 1", "print(x)", "1 / 0", "x = 2", "x = 3")
        ids = [await pad.cell(source) for source in sources]
        other = await pad.cell("x <- 1", language="r")
        status = await server.post(f"/scratchpads/{pad.id}/run-all")
        assert status["running"] == ids
        ends = [(await follow(pad, id))[-1].data["cell"] for id in ids]
        assert [end["status"] for end in ends] == ["success", "success", "error", "error", "error"]
        assert [end["error"] for end in ends[2:]] == [
            "ZeroDivisionError: division by zero",
            "Not run: a cell before it failed.",
            "Not run: a cell before it failed.",
        ]
        assert (await server.get(cell_path(pad, other)))["status"] == "pending"
        assert [output["data"] for output in outputs(await pad.run("x"))] == ["1"]
        state = await server.get(f"/scratchpads/{pad.id}/kernel")
        assert (state["state"], state["running"]) == ("idle", [])
        assert state["idle_since"].endswith("Z")


async def test_a_run_can_be_followed_after_the_server_has_ended_and_its_variables_are_gone(
    tmp_path: Path,
) -> None:
    async with running_server(tmp_path / "data") as server:
        await set_kernels(server, spare=False)
        pad = await new_pad(server)
        result = await pad.run("x = 1\nprint('kept')\nx")
        id = result["cell"]["id"]
        last = (await follow(pad, id))[-1]
    async with running_server(tmp_path / "data") as server:
        pad = Pad(server, pad.id)
        told = await follow(pad, id)
        assert [frame.type for frame in told] == ["clear", "output", "output", "done"]
        assert [frame.data["data"] for frame in told[1:3]] == ["kept\n", "1"]
        assert told[-1].data["cell"] == last.data["cell"] == await server.get(cell_path(pad, id))
        resumed = await follow(pad, id, after=str(last.id), run_id=result["run_id"])
        assert [frame.id for frame in resumed] == list(range(last.id + 1, last.id + 5))
        assert [frame.type for frame in resumed] == ["clear", "output", "output", "done"]
        assert (await follow(pad, id, after="7", run_id="another"))[0].id == 0
        assert (await server.get(f"/scratchpads/{pad.id}/kernel"))["state"] == "none"
        again = await pad.run("x")
        assert again["cell"]["error"] == "NameError: name 'x' is not defined"
        notice = outputs(again)[0]
        assert notice["kind"] == "notice"
        assert "variables of earlier runs are gone" in notice["data"]
        assert [output["kind"] for output in outputs(await pad.run("1"))] == ["result"]


async def test_kernels_work_in_the_folder_of_their_project(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await set_kernels(server, spare=False)
        [general] = [p["id"] for p in (await server.get("/projects"))["data"] if p["is_general"]]
        project = (await server.post("/projects", {"name": "P"}))["id"]
        pads = []
        for body in ({"project_id": project}, {}):
            conversation = await server.conversation(**body)
            made = await server.post("/scratchpads", {"conversation_id": conversation})
            pads.append(Pad(server, made["id"]))
        write = "import os\nprint(os.listdir())\nwith open('data.csv', 'w') as f: f.write({!r})"
        for pad, word in zip(pads, ("of the project", "of none"), strict=True):
            assert text(await pad.run(write.format(word))) == "[]\n"
        projects = tmp_path / "data" / "projects"
        assert (projects / project / "work" / "data.csv").read_text() == "of the project"
        assert (projects / general / "work" / "data.csv").read_text() == "of none"


async def test_what_runs_ends_with_what_is_deleted(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await set_kernels(server, spare=False)
        pad = await new_pad(server)
        conversation = (await server.get(f"/scratchpads/{pad.id}"))["conversation_id"]
        for path in ("cell", f"/conversations/{conversation}"):
            id = await pad.cell("import time\nprint('ready')\ntime.sleep(600)")
            async with server.stream("POST", f"{cell_path(pad, id)}/run") as followed:
                await until_output(followed)
                answer = await server.call("DELETE", cell_path(pad, id) if path == "cell" else path)
                assert answer.status == 204
                done = [frame async for frame in followed][-1]
            assert done.data["status"] == "error"
            assert "deleted" in done.data["cell"]["error"]
            if path == "cell":
                assert await pad.works()
        assert fault(await server.call("GET", f"/scratchpads/{pad.id}")) == (404, "not_found")


async def test_who_waits_for_the_result_of_a_cell_that_is_deleted_is_told_that_it_is_gone(
    tmp_path: Path,
) -> None:
    async with running_server(tmp_path / "data") as server:
        await set_kernels(server, spare=False)
        pad = await new_pad(server)
        id = await pad.cell("import time\ntime.sleep(600)")
        run = asyncio.create_task(server.call("POST", f"{cell_path(pad, id)}/run?stream=false"))
        await pad.until_running()
        await server.call("DELETE", cell_path(pad, id))
        assert (await run).status == 200


async def test_a_run_goes_on_without_its_reader(pad: Pad, tmp_path: Path) -> None:
    id = await pad.cell(waiting_for(tmp_path / "go"))
    url = f"{pad.server.url}/api/v1{cell_path(pad, id)}/run"
    async with aiohttp.ClientSession() as session, session.post(url) as answer:
        await answer.content.readline()
    (tmp_path / "go").touch()
    done = (await follow(pad, id))[-1]
    assert done.data["status"] == "success"
    output = (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"][done.data["cell"]["index"] + 1]
    assert output["outputs"][0]["data"] == "ready\nwent on\n"


async def test_a_server_that_ends_while_a_kernel_starts_ends_at_once(tmp_path: Path) -> None:
    async with asyncio.timeout(10):
        async with running_server(tmp_path / "data") as server:
            await set_kernels(server, spare=False)
            pad = await new_pad(server)
            id = await pad.cell("1")
            async with server.stream("POST", f"{cell_path(pad, id)}/run") as followed:
                while (await server.get(f"/scratchpads/{pad.id}/kernel"))["state"] != "starting":
                    await asyncio.sleep(0)
                del followed
    async with running_server(tmp_path / "data") as server:
        cell = await server.get(cell_path(pad, id))
        assert (cell["status"], cell["queued_at"]) == ("error", None)
        assert "The server ended while this cell ran" in cell["error"]


@pytest.mark.slow
async def test_a_server_ends_in_order_at_every_moment_of_a_spare_kernels_start(tmp_path: Path) -> None:
    for n in range(15):
        async with running_server(tmp_path / str(n)) as server:
            await new_pad(server)
            # Nothing outside tells how far a spare is, so that moments are tried.
            await asyncio.sleep(n * 0.005)
    gc.collect()  # a process that was lost would complain now
