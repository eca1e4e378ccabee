"""The rules of the house that no linter knows."""

import hashlib
import subprocess
import sys
from pathlib import Path

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
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")
    assert not source or source.startswith('"""'), module


@pytest.mark.parametrize("module", [module for module in MODULES if ".schemas." in module])
def test_every_pattern_says_in_words_what_it_wants(module: str) -> None:
    source = Path(ROOT.parent, *module.split(".")).with_suffix(".py").read_text("utf-8")
    assert "pattern=" not in source, "`Pattern` of schemas/base.py has words"


def test_every_module_imports_alone() -> None:
    """A cycle shows only where a module is the first to be imported."""
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for m in [m for m in sys.modules if m.startswith('cowork_desktop')]: del sys.modules[m]\n"
        "    importlib.import_module(name)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script, *MODULES], check=True, timeout=100)


@pytest.mark.parametrize(
    "package",
    [
        "anthropic",
        "charset_normalizer",
        "duckdb",
        "ipykernel",
        "IPython",
        "jupyter_client",
        "keyring",
        "latex2mathml",
        "markdown_it",
        "matplotlib",
        "nbformat",
        "nh3",
        "numpy",
        "pandas",
        "platformdirs",
        "pygments",
        "pypdfium2",
        "python_calamine",
        "webbrowser",
        "yaml",
        "zmq",
    ],
)
def test_a_server_starts_without_what_is_slow_to_import(package: str) -> None:
    script = f"import cowork_desktop.cli, cowork_desktop.serve, sys; sys.exit({package!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


def test_released_migrations_do_not_change() -> None:
    for name, digest in RELEASED_MIGRATIONS.items():
        script = (ROOT / "store" / "migrations" / name).read_bytes()
        assert hashlib.sha256(script).hexdigest() == digest, name


def test_migrations_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "store" / "migrations").glob("*.sql"))
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
