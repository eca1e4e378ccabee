"""The package that is built: the app that people see is in it, and is what a server from it serves."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import aiohttp
import pytest

from cowork_desktop.app import UI_FOLDER

ROOT = Path(__file__).parents[2]
PACKED = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore")
TOOLS = ("sh", "dirname", "find", "head", "mkdir", "touch", "rm", "mv")
NPM = """#!/bin/sh
case "$1" in
  ci) mkdir -p node_modules && touch node_modules/.package-lock.json ;;
  run) while [ "$1" != --outDir ]; do shift; done; mkdir -p "$2/assets" && echo built > "$2/index.html" ;;
esac
"""
"""Builds at once what a real build takes long for."""

pytestmark = pytest.mark.slow


def checkout(folder: Path, *, is_built: bool) -> Path:
    """What a package is built of, as it is here."""
    left_out = shutil.ignore_patterns("__pycache__", "node_modules", *([] if is_built else ["ui"]))
    for name in ("cowork_desktop", "electron", "tools", "assets"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in PACKED:
        shutil.copy2(ROOT / name, folder)
    if is_built:
        # What somebody edits while this runs is not what is tried.
        (folder / "cowork_desktop" / "ui" / "index.html").touch()
    return folder


def built_checkout(folder: Path) -> Path:
    if not (UI_FOLDER / "index.html").exists():
        assert not os.environ.get("CI"), "make test builds the app"
        pytest.skip("NOT RUN: the app is not built (make ui)")
    return checkout(folder, is_built=True)


def path_with(folder: Path, **programs: str) -> dict[str, str]:
    """An environment whose programs are a few tools and these scripts, and so no Node but one among them."""
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    for name, script in programs.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": str(folder)}


def build(
    target: str, source: Path, out: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    return subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def built(target: str, source: Path, out: Path, environment: dict[str, str] | None = None) -> Path:
    """The one file that a build makes, which must succeed."""
    done = build(target, source, out, environment)
    assert done.returncode == 0, done.stderr
    [made] = out.iterdir()
    return made


def ui_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith("cowork_desktop/ui/")]
        return {name.removeprefix("cowork_desktop/ui/"): archive.read(name) for name in names}


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        place.relative_to(folder).as_posix(): place.read_bytes()
        for place in folder.rglob("*")
        if place.is_file()
    }


def test_a_wheel_has_the_app_and_the_licences_of_what_is_in_it(tmp_path: Path) -> None:
    source = built_checkout(tmp_path / "source")
    wheel = built("wheel", source, tmp_path / "out", path_with(tmp_path / "bin"))
    packed = ui_of(wheel)
    assert packed == files_of(source / "cowork_desktop" / "ui")
    licences = packed["third-party-licences.md"].decode()
    for name in ("react", "react-dom", "@tanstack/react-query", "@codemirror/view"):
        assert f"\n## {name} - " in licences
    with zipfile.ZipFile(wheel) as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {
            "cowork_desktop",
            wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info",
        }


async def test_a_server_of_a_wheel_serves_the_app(tmp_path: Path) -> None:
    source, place = built_checkout(tmp_path / "source"), tmp_path / "installed"
    with zipfile.ZipFile(built("wheel", source, tmp_path / "out")) as archive:
        archive.extractall(place)
    flags = ["--port", "0", "--no-open", "--data-dir", str(tmp_path / "data")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cowork_desktop", "serve", *flags, cwd=place, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        async with aiohttp.ClientSession(ready["url"]) as session:
            async with session.get("/tasks", headers={"Accept": "text/html"}) as response:
                page = await response.read()
            assert page == (place / "cowork_desktop" / "ui" / "index.html").read_bytes()
            loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.decode().partition("<body>")[0])
            assert any(name.endswith(".js") for name in loaded)
            for name in loaded:
                async with session.get(name) as response:
                    assert response.status == 200, name
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0


def test_a_source_distribution_has_the_app_so_that_a_wheel_of_it_needs_no_node(tmp_path: Path) -> None:
    source, bare = built_checkout(tmp_path / "source"), path_with(tmp_path / "bin")
    with tarfile.open(built("sdist", source, tmp_path / "sdist", bare)) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    [unpacked] = (tmp_path / "unpacked").iterdir()
    for place in (unpacked / "electron" / "src").rglob("*"):
        place.touch()  # not every tool that unpacks keeps the times
    assert ui_of(built("wheel", unpacked, tmp_path / "out", bare)) == files_of(
        source / "cowork_desktop" / "ui"
    )


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_where_the_app_is_not_built_a_build_of_the_package_builds_it(target: str, tmp_path: Path) -> None:
    source = checkout(tmp_path / "source", is_built=False)
    with_node = path_with(tmp_path / "bin", node="#!/bin/sh\n", npm=NPM)
    built(target, source, tmp_path / "out", with_node)
    assert files_of(source / "cowork_desktop" / "ui") == {"index.html": b"built\n"}
    assert list((source / "build").iterdir()) == []


def test_without_node_a_build_of_the_package_says_what_is_missing(tmp_path: Path) -> None:
    source = checkout(tmp_path / "source", is_built=False)
    done = build("wheel", source, tmp_path / "out", path_with(tmp_path / "bin"))
    assert done.returncode != 0
    assert "Node 20.19, 22.12 or newer" in done.stderr
    assert "The app that people see belongs into the package" in done.stderr
    assert not list(tmp_path.glob("out/*.whl"))


def test_an_editable_installation_needs_neither_the_app_nor_node(tmp_path: Path) -> None:
    source, out = checkout(tmp_path / "source", is_built=False), tmp_path / "out"
    out.mkdir()
    script = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", script, str(out)],
        cwd=source,
        env=path_with(tmp_path / "bin"),
        check=True,
        timeout=60,
    )
    assert [ui_of(wheel) for wheel in out.iterdir()] == [{}]
