"""Rows about the app in a browser: frames while an answer streams in, its first paint, and what it weighs."""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bench.limit_page import MESSAGES
from bench.model_endpoint import PACE_SECONDS
from bench.processes import Broken, limit, product
from bench.report import Row, interleaved, pairs
from bench.seed import seed
from cowork_desktop.app import UI_FOLDER
from tests.fakes import chromium

FRAME_GOAL, PAINT_GOAL, SCRIPTS_GOAL = 50.0, 1_000.0, 250_000
"""In milliseconds; the last in bytes."""
_BEFORE_IT_LOADS = """localStorage.setItem("cowork.started", "true");
addEventListener("focusin", () => { window.usable_ms ??= performance.now(); });"""
"""A new user is asked for a model first. What takes the focus is where one writes."""
_SCRIPTS = """() => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js"))
    .map(({ name, startTime }) => [name, startTime < window.usable_ms])"""
_WAIT_MS = 60_000
_WINDOW = ViewportSize(width=1280, height=860)
_COUNT = """() => {
    window.frames_ms = [];
    let last = performance.now();
    const count = (now) => {
        window.frames_ms.push(now - last);
        last = now;
        requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
}"""
_PAINTED = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    const paint = list.getEntriesByName("first-contentful-paint")[0];
    if (paint) resolve(paint.startTime);
}).observe({ type: "paint", buffered: true }))"""
_MESSAGE = "textarea:focus"
_FIRST_WORDS = "The quarter"


def measure(folder: Path, *, deltas: int, rounds: int, loads: int) -> Iterator[Row]:
    program = chromium.program()
    if program is None or not (UI_FOLDER / "index.html").is_file():
        yield Row(
            "NOT RUN: the app in a browser needs Chromium (`make chromium`) and a build (`make ui`)", ""
        )
        return
    data = seed(folder, "pages", conversations=20, items=MESSAGES)
    with ExitStack() as stack:
        enter = stack.enter_context
        _, model_port = enter(limit("model_endpoint", log=folder / "pages-model.log"))
        model = ("--base-url", f"http://127.0.0.1:{model_port}", "--model", f"bench-{deltas}-write")
        _, port = enter(product(data.data_dir, *model, ANTHROPIC_API_KEY="dummy"))
        _say_something(port, data.conversation_ids[-1])
        _, limit_port = enter(limit("limit_page", log=folder / "page.log"))
        playwright = enter(sync_playwright())
        browser = enter(playwright.chromium.launch(executable_path=program, args=chromium.flags()))
        app, bare = f"http://localhost:{port}", f"http://localhost:{limit_port}/?deltas={deltas}"
        yield from _streams(browser, f"{app}/tasks/{data.long_id}", bare, deltas, rounds)
        yield _paints(browser, app, bare, loads)
        yield from _scripts(browser, app)


def _say_something(port: int, conversation_id: str) -> None:
    """The first turn of a process imports the SDK."""
    body = {"conversation_id": conversation_id, "input": "Go on", "model": "bench-1", "stream": False}
    headers = {"Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}/api/v1/responses"
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=_WAIT_MS / 1e3) as answer:
        if json.load(answer)["status"] != "completed":
            raise Broken("A turn of one delta was not completed.")


@dataclass(frozen=True)
class Frames:
    """How long each was on the screen, in milliseconds."""

    first: Sequence[float]
    """From the moment in which the message is sent to the first words of the answer."""
    streaming: Sequence[float]
    """To the end of the answer."""

    @property
    def usual_longest(self) -> float:
        """All but one in a hundred are shorter."""
        return sorted(self.streaming)[len(self.streaming) * 99 // 100]


def _streams(browser: Browser, task: str, bare: str, deltas: int, rounds: int) -> Iterator[Row]:
    found = interleaved(rounds, lambda: _streamed(browser, task), lambda: _streamed(browser, bare))
    least = deltas * PACE_SECONDS["write"] * 1e3 * 0.9
    if any(sum(frames.streaming) < least for pair in found for frames in pair):
        raise Broken("An answer was there before all of it was sent.")
    ours, theirs = [product for product, _ in found], [limit for _, limit in found]
    yield _longest(
        f"{deltas:,} deltas, 100/s, into a conversation of {MESSAGES} items: longest frame",
        [ms for frames in ours for ms in frames.streaming],
        [ms for frames in theirs for ms in frames.streaming],
        goal=FRAME_GOAL,
    )
    long = pairs(found, lambda frames: frames.usual_longest)
    yield Row(
        "of these frames, 99 in a hundred are shorter than",
        f"{median(long.product):.1f} ms",
        f"{median(long.limit):.1f} ms",
        f"{long.ratio:.2f}",
    )
    yield _longest(
        "from the key that sends a message to the first words: longest frame",
        [ms for frames in ours for ms in frames.first],
        [ms for frames in theirs for ms in frames.first],
    )


def _longest(what: str, product: Sequence[float], limit: Sequence[float], goal: float | None = None) -> Row:
    # A frame is a multiple of the screen's 16.7 ms, and told with tenths: three may come to 50.1.
    over = [sum(round(ms) > FRAME_GOAL for ms in side) for side in (product, limit)]
    return Row(
        what,
        f"{max(product):.0f} ms, {over[0]} of {len(product):,} over {FRAME_GOAL:g}",
        f"{max(limit):.0f} ms, {over[1]} of {len(limit):,} over {FRAME_GOAL:g}",
        f"{max(limit) / max(product):.2f}",
        "" if goal is None else f"none over {goal:g} ms",
        None if goal is None else over[0] == 0,
    )


def _streamed(browser: Browser, url: str) -> Frames:
    with _page(browser, url) as page:
        page.locator(_MESSAGE).wait_for()
        page.wait_for_timeout(500)
        words = page.get_by_text(_FIRST_WORDS)
        before = words.count()
        page.evaluate(_COUNT)
        page.keyboard.type("Go on")
        page.keyboard.press("Enter")
        words.nth(before).wait_for(timeout=_WAIT_MS)
        first: list[float] = page.evaluate("window.frames_ms.splice(0)")
        ended = page.get_by_role("status").filter(has_text="Finished")
        ended.wait_for(state="attached", timeout=_WAIT_MS)
        streaming: list[float] = page.evaluate("window.frames_ms")
        return Frames(first, streaming)


def _paints(browser: Browser, app: str, bare: str, loads: int) -> Row:
    found = pairs(
        interleaved(loads, lambda: _painted(browser, app), lambda: _painted(browser, bare)), lambda ms: ms
    )
    took = median(found.product)
    return Row(
        f"first contentful paint of a browser that has nothing of it, {loads} loads",
        f"{took:.0f} ms",
        f"{median(found.limit):.0f} ms",
        f"{found.ratio:.2f}",
        f"<= {PAINT_GOAL:,.0f} ms",
        took <= PAINT_GOAL,
    )


def _painted(browser: Browser, url: str) -> float:
    with _page(browser, url) as page:
        painted: float = page.evaluate(_PAINTED)
        return painted


def _scripts(browser: Browser, app: str) -> Iterator[Row]:
    with _page(browser, app) as page:
        page.locator(_MESSAGE).wait_for()
        page.wait_for_timeout(1_000)
        scripts: list[tuple[str, bool]] = page.evaluate(_SCRIPTS)
        weights = {url: len(gzip.compress(page.request.get(url).body())) for url, _ in scripts}
    first = [weights[url] for url, is_first in scripts if is_first]
    ahead = [weights[url] for url, is_first in scripts if not is_first]
    if not first:
        raise Broken("The app loads no script.")
    yield Row(
        f"JavaScript until the first view can be used, gzipped, {len(first)} files",
        _kB(sum(first)),
        goal=f"<= {_kB(SCRIPTS_GOAL)}",
        is_met=sum(first) <= SCRIPTS_GOAL,
    )
    yield Row(f"JavaScript loaded ahead then, for tasks and the palette, {len(ahead)} files", _kB(sum(ahead)))


def _kB(weight: int) -> str:  # noqa: N802
    return f"{weight / 1e3:.0f} kB"


@contextmanager
def _page(browser: Browser, url: str) -> Iterator[Page]:
    """In a browser that has been nowhere yet."""
    context = browser.new_context(viewport=_WINDOW)
    try:
        page = context.new_page()
        page.add_init_script(_BEFORE_IT_LOADS)
        page.goto(url)
        yield page
    finally:
        context.close()
