"""Jupyter's own suite of the messaging protocol, on our kernel as the server starts it."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import zmq.asyncio
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_kernel_test import KernelTests  # type: ignore[import-untyped]

from cowork_desktop.clock import SystemClock
from cowork_desktop.kernels.process import Launch, make_context, make_manager
from cowork_desktop.kernels.spec import environment
from cowork_desktop.kernels.watch import Watch


@pytest.mark.slow
class TestKernel(KernelTests):  # type: ignore[misc]
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "imp", "matches": {"import"}},
    ]
    complete_code_samples = ["1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n"]
    incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples = ["import = 7q"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('no')"
    code_execute_result = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
    ]
    code_display_data = [
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))",
            "mime": "text/html",
        },
        {
            "code": "from IPython.display import Math, display; display(Math('\\\\frac{1}{2}'))",
            "mime": "text/latex",
        },
    ]
    code_history_pattern = "1?2*"
    # Without "range": IPython numbers the session that runs 0 there, and otherwise elsewhere.
    supported_history_operations = ("tail", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    def test_it_collects_garbage(self) -> None:
        self.flush_channels()
        _, messages = self.execute_helper("import gc; gc.isenabled()")
        assert messages[0]["content"]["data"] == {"text/plain": "True"}

    folder: Path
    context: zmq.asyncio.Context

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="cowork-test-"))
        cls.context = make_context()
        launch = Launch(cls.folder, cls.context, Watch(), SystemClock())
        manager = make_manager(launch, "suite")

        async def start() -> None:
            await manager.start_kernel(env=environment(os.environ, cls.folder, is_spare=False))

        asyncio.run(start())
        cls.km = manager
        cls.kc = BlockingKernelClient(connection_file=manager.connection_file)
        cls.kc.load_connection_file()
        cls.kc.start_channels()
        cls.kc.wait_for_ready(timeout=60)

    @classmethod
    def tearDownClass(cls) -> None:
        async def stop() -> None:
            await cls.km.shutdown_kernel(now=True)

        cls.kc.stop_channels()
        asyncio.run(stop())
        cls.kc.context.destroy()
        cls.context.destroy(linger=0)
        shutil.rmtree(cls.folder)


del KernelTests
