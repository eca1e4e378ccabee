"""The rules of the house that no linter knows."""

import graphlib
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

import cowork_desktop

ROOT = Path(cowork_desktop.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if path.name != "__main__.py"
)
RELEASED_MIGRATIONS: dict[str, str] = {}
"""SHA-256 of each migration that a release has shipped; add, never change. There is no release yet."""


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_in_one_sentence_what_it_owns(module: str) -> None:
    path = ROOT.parent / Path(*module.split("."))
    package = path / "__init__.py"
    source = (package if package.is_file() else path.with_suffix(".py")).read_text("utf-8")
    assert not source or source.startswith('"""'), module


@pytest.mark.parametrize("module", [module for module in MODULES if ".schemas." in module])
def test_every_pattern_says_in_words_what_it_wants(module: str) -> None:
    source = Path(ROOT.parent, *module.split(".")).with_suffix(".py").read_text("utf-8")
    assert "pattern=" not in source, "`Pattern` of schemas/base.py has words"


def test_every_module_imports_without_a_warning() -> None:
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    subprocess.run([sys.executable, "-W", "error", "-c", script, *MODULES], check=True, timeout=100)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Else whether a module imports depends on which one came first."""
    graph = grimp.build_graph("cowork_desktop", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert set(MODULES) <= imports.keys()
    graphlib.TopologicalSorter(imports).prepare()


SLOW_TO_IMPORT = (
    "anthropic",
    "aiosmtplib",
    "charset_normalizer",
    "cryptography",
    "cowork_desktop.agent.answering",
    "cowork_desktop.agent.offline",
    "cowork_desktop.agent.toolbox",
    "cowork_desktop.connectors.connectors",
    "cowork_desktop.connectors.drivers",
    "cowork_desktop.connectors.specs",
    "cowork_desktop.web",
    "cowork_desktop.workspace.artifact_check",
    "duckdb",
    "ipykernel",
    "IPython",
    "jupyter_client",
    "keyring",
    "latex2mathml",
    "markdown_it",
    "matplotlib",
    "mcp",
    "nbformat",
    "nh3",
    "numpy",
    "pandas",
    "platformdirs",
    "psycopg",
    "pygments",
    "pymysql",
    "pypdfium2",
    "python_calamine",
    "redis",
    "sqlglot",
    "webbrowser",
    "yaml",
    "zmq",
)


def test_a_server_starts_without_what_is_slow_to_import() -> None:
    script = "import cowork_desktop.cli, cowork_desktop.serve, sys; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", script], timeout=60, text=True).split()
    assert "cowork_desktop.app" in loaded
    assert not set(SLOW_TO_IMPORT) & set(loaded)


def test_released_migrations_do_not_change() -> None:
    for name, digest in RELEASED_MIGRATIONS.items():
        script = (ROOT / "store" / "migrations" / name).read_bytes()
        assert hashlib.sha256(script).hexdigest() == digest, name


def test_migrations_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "store" / "migrations").glob("*.sql"))
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]


def test_what_connects_to_others_lets_nobody_in() -> None:
    for path in (ROOT / "connectors").rglob("*.py"):
        assert not re.search(r"aiohttp\.web\b|from aiohttp import .*\bweb\b", path.read_text("utf-8")), path
