"""Cells that die, hang, flood and vanish: each run ends with a reason, and the next one works."""

import asyncio
import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
import zmq
from jupyter_client.connect import LocalPortCache
from jupyter_client.manager import AsyncKernelManager

from tests.fakes.clock import FakeClock
from tests.fakes.scratchpad import Pad, new_pad, no_spare_kernel, text
from tests.fakes.server import Server, running_server
from tests.faults.process import ServerProcess, running_process

pytestmark = pytest.mark.slow

HANG = """
import ctypes
c, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
c.pthread_mutex_lock(mutex), c.pthread_mutex_lock(mutex)
"""
"""C code that waits for ever, keeps the interpreter's lock meanwhile and takes no notice of an interrupt."""


def is_running(pid: int) -> bool:
    """A process that has ended but was not waited for is not running: in a container nobody may do that."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until_gone(pids: set[int], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while left := {pid for pid in pids if is_running(pid)}:
        assert time.monotonic() < deadline, f"still running: {left}"
        await asyncio.sleep(0.02)


@pytest.mark.no_spare_kernel
async def test_a_kernel_starts_also_where_it_is_heard_late(pad: Pad, monkeypatch: pytest.MonkeyPatch) -> None:
    connect_iopub = AsyncKernelManager.connect_iopub

    def connect_late(manager: AsyncKernelManager, identity: bytes | None = None) -> zmq.Socket[bytes]:
        channel: zmq.Socket[bytes] = connect_iopub(manager, identity)
        place = str(channel.get_string(zmq.LAST_ENDPOINT)).rstrip("\0")
        channel.disconnect(place)
        # In milliseconds: what is asked on the other channel is answered long before.
        channel.reconnect_ivl = 4_000
        channel.connect(place)
        return channel

    monkeypatch.setattr(AsyncKernelManager, "connect_iopub", connect_late)
    monkeypatch.setattr("cowork_desktop.kernels.kernel.START_SECONDS", 20.0)
    assert text(await pad.run("print('here')")) == "here\n"


async def test_a_kernel_that_exits_ends_its_cell_with_the_reason(pad: Pad) -> None:
    await pad.run("x = 1")
    result = await pad.run("print('last words', flush=True)\nimport os, time; time.sleep(0.2); os._exit(7)")
    assert (result["status"], result["cell"]["error"]) == (
        "error",
        "The kernel ended by itself, with code 7.",
    )
    assert text(result) == "last words\n"
    again = await pad.run("print('x' in globals())")
    assert [output["kind"] for output in again["output_cell"]["outputs"]] == ["notice", "stream"]
    assert "variables of earlier runs are gone" in text(again)
    assert text(again).endswith("False\n")
    assert (await pad.run("pass"))["output_cell"] is None


async def test_a_kernel_that_is_killed_ends_its_cell_with_the_reason(pad: Pad) -> None:
    await pad.run("pass")
    running = asyncio.create_task(pad.run("print('so far', flush=True); import time; time.sleep(600)"))
    await pad.until_running()
    await asyncio.sleep(0.5)
    os.kill(pad.kernel_pid(), signal.SIGKILL)
    result = await running
    assert result["cell"]["error"] == "The kernel was killed by SIGKILL (perhaps because memory ran out)."
    assert text(result) == "so far\n"
    assert await pad.works()


async def test_a_kernel_that_died_between_runs_is_replaced(pad: Pad) -> None:
    await pad.run("pass")
    os.kill(pad.kernel_pid(), signal.SIGKILL)
    while (await pad.server.get(f"/scratchpads/{pad.id}/kernel"))["state"] != "none":
        await asyncio.sleep(0.01)
    assert await pad.works()


async def test_exit_ends_the_kernel_and_the_next_run_has_a_new_one(pad: Pad) -> None:
    assert (await pad.run("exit()"))["status"] == "success"
    assert await pad.works()


async def test_a_segmentation_fault_is_told(pad: Pad) -> None:
    result = await pad.run("import ctypes; ctypes.string_at(0)")
    assert result["cell"]["error"] == "The kernel was killed by SIGSEGV."
    assert await pad.works()


async def test_a_cell_over_its_time_is_interrupted_and_keeps_its_kernel(pad: Pad) -> None:
    await pad.run("x = 41")
    result = await pad.run("import time; time.sleep(600)", seconds=1)
    assert result["cell"]["error"] == "The cell ran longer than 1 s, and was stopped."
    assert text(await pad.run("print(x + 1)")) == "42\n"


async def test_a_hang_in_c_code_ends_with_its_kernel_when_its_time_is_over(pad: Pad) -> None:
    result = await pad.run(HANG, seconds=1)
    assert result["status"] == "error"
    assert "ran longer than 1 s" in result["cell"]["error"]
    assert "took no notice" in result["cell"]["error"]
    assert await pad.works()


async def test_a_hang_in_c_code_is_ended_by_a_restart(pad: Pad) -> None:
    running = asyncio.create_task(pad.run(HANG))
    await pad.until_running()
    await asyncio.sleep(0.3)
    after = await pad.server.post(f"/scratchpads/{pad.id}/interrupt")
    assert after["state"] == "busy"
    assert (await pad.server.post(f"/scratchpads/{pad.id}/restart"))["state"] == "idle"
    assert "restarted" in (await running)["cell"]["error"]
    assert await pad.works()


async def test_ten_megabytes_of_output_are_kept_and_the_rest_is_cut_and_said(pad: Pad) -> None:
    result = await pad.run("print('x' * 30_000_000)")
    outputs = result["output_cell"]["outputs"]
    assert [output["kind"] for output in outputs] == ["stream", "notice"]
    assert outputs[0]["data"] == "x" * 10_485_760
    assert "10,485,760 bytes" in outputs[1]["data"]
    assert await pad.works()


async def test_a_million_small_prints_arrive_all(pad: Pad) -> None:
    result = await pad.run("for n in range(1_000_000): print(n)")
    assert result["status"] == "success"
    assert text(result) == "".join(f"{n}\n" for n in range(1_000_000))
    assert await pad.works()


async def test_a_flood_of_displays_ends_bounded_and_others_are_served_meanwhile(pad: Pad) -> None:
    running = asyncio.create_task(
        pad.run("from IPython.display import display\nfor n in range(20_000): display(n)")
    )
    await pad.until_running()
    slowest = 0.0
    while not running.done():
        begun = time.monotonic()
        await pad.server.get("/health")
        slowest = max(slowest, time.monotonic() - begun)
        await asyncio.sleep(0.02)
    outputs = (await running)["output_cell"]["outputs"]
    assert [output["kind"] for output in outputs[-2:]] == ["display", "notice"]
    assert len(outputs) <= 5_001
    assert slowest < 2


async def test_a_gigabyte_is_allocated_and_given_back(pad: Pad) -> None:
    result = await pad.run("x = bytearray(2**30); x[-1] = 1; print(len(x)); del x")
    assert result["status"] in ("success", "error")
    assert result["cell"]["error"] or text(result) == "1073741824\n"
    assert await pad.works()


async def test_a_cell_that_is_deleted_while_it_runs_ends_for_its_readers(pad: Pad) -> None:
    await pad.run("x = 1")
    cell = await pad.cell("print('begun', flush=True); import time; time.sleep(600)")
    path = f"/scratchpads/{pad.id}/cells/{cell}"
    async with pad.server.stream("POST", f"{path}/run") as followed:
        assert (await anext(followed)).data["data"] == "begun\n"
        assert (await pad.server.call("DELETE", path)).status == 204
        last = [frame async for frame in followed][-1]
    assert last.data["status"] == "error"
    assert "deleted" in last.data["cell"]["error"]
    assert [
        c["id"] for c in (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"] if c["id"] == cell
    ] == []
    assert text(await pad.run("print(x)")) == "1\n"


async def test_deleting_a_scratchpad_or_conversation_ends_its_kernel(server: Server) -> None:
    for path in ("/scratchpads/{pad}", "/conversations/{conversation}"):
        pad = await new_pad(server)
        conversation = (await server.get(f"/scratchpads/{pad.id}"))["conversation_id"]
        cell = await pad.cell("import time; time.sleep(600)")
        async with server.stream("POST", f"/scratchpads/{pad.id}/cells/{cell}/run") as followed:
            await pad.until_running()
            pid = pad.kernel_pid()
            where = path.format(pad=pad.id, conversation=conversation)
            assert (await server.call("DELETE", where)).status == 204
            assert [frame.data["status"] async for frame in followed] == ["error"]
        await until_gone({pid})


async def test_what_a_cell_has_started_ends_with_its_kernel(pad: Pad) -> None:
    started = await pad.run("import subprocess; print(subprocess.Popen(['sleep', '600']).pid)")
    child = int(text(started))
    assert is_running(child)
    assert (await pad.server.call("DELETE", f"/scratchpads/{pad.id}")).status == 204
    await until_gone({child})


async def test_twenty_scratchpads_run_at_once(server: Server) -> None:
    pads = [await new_pad(server) for _ in range(20)]
    results = await asyncio.gather(*(pad.run(f"print({n} * 2)") for n, pad in enumerate(pads)))
    assert [text(result) for result in results] == [f"{n * 2}\n" for n in range(20)]
    again = await asyncio.gather(*(pad.run("print('again')") for pad in pads))
    assert {text(result) for result in again} == {"again\n"}


@pytest.mark.parametrize(("taken_ports", "works"), [(15, True), (20, False)])
async def test_a_kernel_whose_ports_were_taken_is_started_again_three_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken_ports: int, works: bool
) -> None:
    """It uses five ports, where the path of a socket would be too long."""
    find = LocalPortCache.find_available_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = iter([taken.getsockname()[1]] * taken_ports)
        monkeypatch.setattr(
            LocalPortCache, "find_available_port", lambda cache, ip: next(given, None) or find(cache, ip)
        )
        async with running_server(tmp_path / ("long" * 25)) as server:
            await no_spare_kernel(server)
            result = await (await new_pad(server)).run("print(1 + 1)")
    assert next(given, None) is None
    if works:
        assert text(result) == "2\n"
    else:
        assert "The kernel could not be started" in result["cell"]["error"]
        assert "Address already in use" in result["cell"]["error"]


async def test_an_idle_kernel_is_shut_down_and_the_next_run_says_so(timed: Server, clock: FakeClock) -> None:
    await timed.call("PATCH", "/settings", json={"kernels": {"spare": False, "idle_seconds": 100}})
    pad = await new_pad(timed)
    await pad.run("x = 1")
    pid = pad.kernel_pid()
    clock.advance(50)
    assert (await timed.get(f"/scratchpads/{pad.id}/kernel"))["state"] == "idle"
    while is_running(pid):
        clock.advance(10)
        await asyncio.sleep(0.01)
    assert (await timed.get(f"/scratchpads/{pad.id}/kernel"))["state"] == "none"
    assert "variables of earlier runs are gone" in text(await pad.run("pass"))


async def test_a_kernel_that_is_being_shut_down_ends_with_the_server(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_server(tmp_path / "data", clock=clock) as server:
        await server.call("PATCH", "/settings", json={"kernels": {"spare": False, "idle_seconds": 100}})
        pad = await new_pad(server)
        # It goes on for longer than it is let end by itself.
        await pad.run("import atexit, time; atexit.register(time.sleep, 60)")
        pid = pad.kernel_pid()
        await clock.until_sleeping()
        clock.advance(100)
        while (await server.get(f"/scratchpads/{pad.id}/kernel"))["state"] != "none":
            await asyncio.sleep(0.01)
        assert is_running(pid)
    assert not Path(f"/proc/{pid}").exists()


async def _start_run(server: ServerProcess, code: str) -> tuple[str, str, int]:
    """The ids of a scratchpad and of a cell that runs and has put out its kernel's process id, and that."""
    conversation = (await server.post("/conversations", {}))["id"]
    pad = (await server.post("/scratchpads", {"conversation_id": conversation}))["id"]
    body = {"type": "code", "content": f"import os; print(os.getpid(), flush=True)\n{code}"}
    cell = (await server.post(f"/scratchpads/{pad}/cells", body))["id"]
    async with server.session.post(f"{server.api}/scratchpads/{pad}/cells/{cell}/run") as response:
        frame = await response.content.readuntil(b"\n\n")
    return pad, cell, int(json.loads(frame.split(b"data: ")[1])["data"])


def of_the_server(pid: int) -> set[int]:
    """The processes that a server has started: kernels, spare ones too, and what watches over them."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = {
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _parent(int(entry.name)) == pid
    }
    return found | {int(child) for child in children.read_text().split()}


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


@pytest.mark.parametrize("code", ["import time; time.sleep(600)", HANG], ids=["sleeping", "hanging"])
async def test_kernels_end_with_a_server_that_is_killed_and_the_cell_says_so(
    tmp_path: Path, code: str
) -> None:
    async with running_process(tmp_path) as server:
        child = "import subprocess; subprocess.Popen(['sleep', '600'])\n"
        pad, cell, kernel = await _start_run(server, child + code)
        await asyncio.sleep(0.5)
        started = of_the_server(server.process.pid) | of_the_server(kernel)
        assert kernel in started
        assert len(of_the_server(kernel)) == 1
        server.process.kill()
        await server.process.wait()
        await until_gone(started)
    async with running_process(tmp_path) as server:
        stored = await server.get(f"/scratchpads/{pad}/cells/{cell}")
        assert stored["status"] == "error"
        assert "server ended while this cell ran" in stored["error"]
        [_, output] = (await server.get(f"/scratchpads/{pad}"))["cells"]
        assert output["outputs"][0]["data"] == f"{kernel}\n"
        async with server.session.post(
            f"{server.api}/scratchpads/{pad}/cells/{cell}/run?stream=false&timeout_s=1"
        ):
            pass
        assert list((tmp_path / "kernels" / "run").glob(f"*{kernel}*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_server_and_kernels_within_two_seconds(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with running_process(tmp_path) as server:
        pad, cell, kernel = await _start_run(server, HANG)
        started = of_the_server(server.process.pid)
        assert kernel in started
        began = time.monotonic()
        server.process.send_signal(number)
        assert await server.process.wait() == 0
        assert time.monotonic() - began < 2
        assert {pid for pid in started if is_running(pid)} == set()
    assert list((tmp_path / "kernels" / "run").iterdir()) == []
    async with running_process(tmp_path) as server:
        assert "server ended" in (await server.get(f"/scratchpads/{pad}/cells/{cell}"))["error"]


@pytest.mark.parametrize(
    "code",
    [
        "import sys\nsys.stdout = open('x.txt', 'w'); print(1); sys.stdout.close()",
        "import sys\nwith open('x.txt', 'w') as sys.stdout:\n    print(1)",
        "import sys\nsys.stdout = None",
        "import sys\nsys.stderr = object()",
    ],
)
async def test_a_cell_that_breaks_its_streams_ends_and_the_next_one_has_them_again(
    code: str, pad: Pad
) -> None:
    assert (await pad.run(code, seconds=20))["status"] == "success"
    assert await pad.works()


async def test_an_interrupt_at_any_moment_ends_the_cell(pad: Pad) -> None:
    await pad.run("pass")
    for n in range(15):
        running = asyncio.create_task(pad.run("print('x' * 2_000_000)", seconds=30))
        await asyncio.sleep(0.004 * n)
        await pad.server.post(f"/scratchpads/{pad.id}/interrupt")
        result = await asyncio.wait_for(running, 20)
        assert result["status"] == "success" or "nterrupt" in result["cell"]["error"]
    assert await pad.works()


async def test_an_interrupt_where_python_knows_no_line_is_shown_as_one(pad: Pad) -> None:
    module = """
import sys, types
def interrupted():
    frame = sys._getframe()
    keep = lambda: frame
    place = next(start for start, _, line in frame.f_code.co_lines() if line is None)
    raise KeyboardInterrupt().with_traceback(types.TracebackType(None, frame, place, -1))
"""
    code = f"open('lineless.py', 'w').write({module!r})\nimport sys; sys.path.insert(0, '.')\nimport lineless"
    result = await pad.run(code + "\nlineless.interrupted()")
    assert result["cell"]["error"] == "KeyboardInterrupt"
    [output] = result["output_cell"]["outputs"]
    assert output["kind"] == "error", output
    assert "raise KeyboardInterrupt()" in output["data"]


async def test_files_that_no_project_knows_are_never_deleted(tmp_path: Path) -> None:
    precious = tmp_path / "projects" / "proj_01jz0000000000000000000000" / "work" / "precious.csv"
    precious.parent.mkdir(parents=True)
    precious.write_text("a,b")
    async with running_process(tmp_path) as server:
        project = (await server.post("/projects", {"name": "P"}))["id"]
        async with server.session.delete(f"{server.api}/projects/{project}") as deleted:
            assert deleted.status == 204
    async with running_process(tmp_path):
        assert precious.read_text() == "a,b"


async def test_a_display_that_is_shown_again_is_stored_as_it_was_told(pad: Pad) -> None:
    code = "from IPython.display import display\nh = display('first', display_id='a'); h.update('second')"
    await pad.run(code)
    result = await pad.run("h.update('new'); display('third', display_id='a');")
    assert text(result) == "'third'"
    cells = (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"]
    assert [c["outputs"][0]["data"] for c in cells if c["type"] == "output"] == ["'new'", "'third'"]


async def test_running_all_twice_at_once_runs_each_cell_once(pad: Pad) -> None:
    for n in range(5):
        await pad.cell(f"print({n})")
    await asyncio.gather(*(pad.server.post(f"/scratchpads/{pad.id}/run-all") for _ in range(2)))
    while (await pad.server.get(f"/scratchpads/{pad.id}/kernel"))["running"]:
        await asyncio.sleep(0.01)
    cells = (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"]
    assert [c["status"] for c in cells if c["type"] == "code"] == ["success"] * 5
    assert sorted(c["execution_count"] for c in cells if c["type"] == "code") == [1, 2, 3, 4, 5]


async def test_completion_does_not_wait_for_a_cell(pad: Pad) -> None:
    await pad.run("pass")
    running = asyncio.create_task(pad.run("import time; time.sleep(3)"))
    await pad.until_running()
    assert (await pad.server.post(f"/scratchpads/{pad.id}/complete", {"code": "imp"}))["matches"] == []
    assert not running.done()
    await running
