"""A built app in a folder of its own, for tests that look at how it is served."""

from pathlib import Path

PUBLIC = Path(__file__).parents[2] / "electron" / "src" / "renderer" / "public"
"""What a build takes over as it is."""
PAGE = (
    b"<!doctype html><title>Cowork</title><script type=module src=/assets/index-Cx1.js></script>"
    b"<div id=app></div>"
)
FILES = {
    "index.html": PAGE,
    "icon.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "licences.md": b"# Licences",
    ".sources": b"what it was built of",
    "assets/index-Cx1.js": b"document.title = 'The script ran'",
    "assets/index-Dy2.css": b"body { margin: 0 }",
    "assets/math-Ez3.woff2": b"wOF2",
    "assets/.hidden": b"hidden",
}


def built_ui(folder: Path) -> Path:
    """A folder as a build leaves it."""
    for name, content in {**FILES, "frame.html": (PUBLIC / "frame.html").read_bytes()}.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder
