"""What the files of artifacts are, told from their names, which are ours."""

import mimetypes
from functools import cache
from pathlib import PurePosixPath

_BY_SUFFIX = {
    ".avif": "image/avif",
    ".css": "text/css",
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".htm": "text/html",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".ogg": "audio/ogg",
    ".otf": "font/otf",
    ".svg": "image/svg+xml",
    ".toml": "text/plain",
    ".tsv": "text/tab-separated-values",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
    ".xml": "text/xml",
    ".yaml": "text/plain",
    ".yml": "text/plain",
}
"""What pages are made of; the system's own table may say otherwise, or nothing."""


def media_type(path: str) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    return _BY_SUFFIX.get(suffix) or _others().guess_type(f"x{suffix}")[0] or "application/octet-stream"


def is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("json", "+xml", "jsonl", "javascript"))


@cache
def _others() -> mimetypes.MimeTypes:
    """Python's own table, without the system's."""
    return mimetypes.MimeTypes()
