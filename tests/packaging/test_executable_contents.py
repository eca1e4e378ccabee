"""What the executable has in it: the program, and the libraries that it needs as they are installed."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cowork_desktop.frozen import AS_INTERPRETER
from tests.fakes.secret_service import Keeper, secret_service
from tests.packaging.executable import Installed

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="NOT RUN: looks into /proc"),
]

IMPORT_ALL = """
import importlib, pkgutil, sys, warnings
import cowork_desktop
from cowork_desktop.connectors.drivers import registry
warnings.simplefilter("ignore")
for name, entry in registry.DRIVERS.items():
    print(name, entry.missing)
    if not entry.missing:
        registry.driver(name)
ours = [found.name for found in pkgutil.walk_packages(cowork_desktop.__path__, "cowork_desktop.")]
of_others = (
    "anthropic IPython.terminal.embed PIL.ImageFont matplotlib.backends.backend_pdf mcp.client.stdio"
    " mpl_toolkits.mplot3d numpy.testing openpyxl pandas.io.formats.style sqlglot.dialects.snowflake"
).split()
not_packed = "antigravity ensurepip idlelib lib2to3 test this tkinter _tkinter turtle turtledemo".split()
for name in [*ours, *of_others, *sorted(sys.stdlib_module_names.difference(not_packed))]:
    try:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    except ImportError as error:
        print(type(error).__name__, error.name)
print(len(ours))
"""
BACKENDS = "import keyring.backend as b; print(sorted(type(k).__module__ for k in b.get_all_keyring()))"
VERSIONS = """
import importlib.metadata, json
print(json.dumps([f"{found.name}=={found.version}" for found in importlib.metadata.distributions()]))
"""
AUTHORITIES = """
import certifi, ssl
print(len(ssl.create_default_context(cafile=certifi.where()).get_ca_certs()) > 100)
"""


def python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd="/", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_whatever_is_imported_late_is_there(installed: Installed) -> None:
    """Every module, every driver with its library, and the standard library."""
    with ThreadPoolExecutor() as both:
        ours, pythons = both.map(lambda run: run("-I", "-c", IMPORT_ALL), (installed.python, python))
    assert ours == pythons


def test_the_backends_of_keyrings_are_those_that_are_installed(installed: Installed) -> None:
    assert installed.python("-I", "-c", BACKENDS) == python("-I", "-c", BACKENDS)


def test_pip_is_told_what_is_packed_and_that_alone(installed: Installed) -> None:
    packed = set(json.loads(installed.python("-I", "-c", VERSIONS)))
    assert packed < set(json.loads(python("-I", "-c", VERSIONS)))
    names = {one.partition("==")[0] for one in packed}
    assert {"cowork-desktop", "duckdb", "numpy", "pandas", "pip", "pymongo"} <= names
    assert not {"pytest", "pyinstaller", "mypy", "debugpy"} & names


def test_the_authorities_of_the_web_are_known(installed: Installed) -> None:
    assert installed.python("-I", "-c", AUTHORITIES) == "True\n"


def test_a_secret_is_kept_in_the_keyring_of_the_system(installed: Installed) -> None:
    with secret_service() as service:
        service.start_daemon()
        environment = service.environment | {AS_INTERPRETER: "1"}
        with Keeper(environment, 20, python=(str(installed.program), "-I")) as keeper:
            assert keeper.ask("put", "model", "hunter2") == {"is": None, "state": "keyring"}
            assert keeper.ask("get", "model") == {"is": "hunter2", "state": "keyring"}
            assert service.kept() == ["owner_1/model"]
            assert keeper.end() == 0


def test_it_describes_the_api_as_the_source_does(installed: Installed) -> None:
    """The description reads docstrings from the source, which is packed for that alone."""
    assert installed.run("openapi") == (ROOT / "openapi.json").read_text("utf-8")
