"""The report of a scratchpad: one HTML page that needs nothing besides itself."""

import base64
import hashlib
from collections.abc import Collection
from datetime import datetime
from html import escape
from importlib import resources
from itertools import zip_longest

from cowork_desktop.schemas.scratchpads import Cell, Scratchpad
from cowork_desktop.workspace.report_outputs import failure, note, output_to_html
from cowork_desktop.workspace.report_text import code_to_html, markdown_to_html

_LANGUAGES = {"python": "Python", "sql": "SQL", "r": "R"}
_SCRIPT = """
const button = document.getElementById("show-code");
const folds = [...document.querySelectorAll("details.code")];
const allOpen = () => folds.every((fold) => fold.open);
const label = () => { button.textContent = allOpen() ? "Hide all code" : "Show all code"; };
button.addEventListener("click", () => {
  const open = !allOpen();
  for (const fold of folds) fold.open = open;
});
for (const fold of folds) fold.addEventListener("toggle", label);
button.hidden = folds.length === 0;
"""


def render(pad: Scratchpad, *, images: Collection[str] = (), head: str = "") -> bytes:
    """The page in UTF-8. `images`: paths beside it that its prose may show; `head`: tags for its head.

    Its policy lets one script run, ours, by its hash, and nothing be fetched or sent. Scripts of outputs do
    not run: what let them in their frames, which inherit the policy, would let them in the page as well.
    """
    title = escape(pad.title)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(images)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>{head}
<style>
{_css()}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{_updated(pad)}</p>
<button type="button" id="show-code" hidden>Show all code</button>
</header>
<main>
{_cells(pad, images)}
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""
    return page.encode("utf-8", "replace")


def _policy(images: Collection[str]) -> str:
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    beside = " 'self'" if images else ""
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        f"img-src data:{beside}; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )


def _css() -> str:
    return resources.files("cowork_desktop.workspace").joinpath("report.css").read_text("utf-8")


def _updated(pad: Scratchpad) -> str:
    time = datetime.fromisoformat(pad.updated_at)
    return f'Updated <time datetime="{pad.updated_at}">{time.day} {time:%B %Y, %H:%M} UTC</time>'


def _cells(pad: Scratchpad, images: Collection[str]) -> str:
    parts: list[str] = []
    number = 0
    for cell, following in zip_longest(pad.cells, pad.cells[1:]):
        number += cell.type != "output"
        if cell.type == "code":
            parts.append(_code(cell))
        elif cell.type == "output":
            parts.append(_outputs(cell, number))
        else:
            content = _without_title(cell.content, pad.title) if number == 1 else cell.content
            parts.append(markdown_to_html(content, images) if content.strip() else "")
        if cell.error is not None and not _has_error(following):
            parts.append(failure(cell.error))
    return "\n".join(filter(None, parts)) or note("This scratchpad is empty.")


def _without_title(content: str, title: str) -> str:
    """A first heading that says the title again is left out."""
    first, _, rest = content.lstrip().partition("\n")
    return rest if first.startswith("# ") and first[2:].strip() == title.strip() else content


def _code(cell: Cell) -> str:
    language = cell.language or "python"
    words = ["Code", _LANGUAGES.get(language, language), *(["not run"] if cell.status == "pending" else [])]
    if not cell.content.strip():
        return ""
    source = code_to_html(cell.content, language)
    return f'<details class="code"><summary>{escape(" · ".join(words))}</summary>{source}</details>'


def _outputs(cell: Cell, number: int) -> str:
    inner = "\n".join(output_to_html(output, number) for output in cell.outputs or [])
    return f'<div class="outputs">\n{inner}\n</div>' if inner else ""


def _has_error(cell: Cell | None) -> bool:
    outputs = (cell.outputs if cell and cell.type == "output" else None) or []
    return any(output.kind == "error" for output in outputs)
