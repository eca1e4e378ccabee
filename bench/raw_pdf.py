"""The limit of reading a PDF: a library alone, and the text of each page as a line of JSON."""

import json
import sys
from collections.abc import Iterator
from importlib import import_module


def by_pypdfium2(path: str) -> Iterator[str]:
    for page in import_module("pypdfium2").PdfDocument(path):
        yield page.get_textpage().get_text_range()


def by_pypdf(path: str) -> Iterator[str]:
    for page in import_module("pypdf").PdfReader(path).pages:
        yield page.extract_text()


if __name__ == "__main__":
    library, path = sys.argv[1:]
    for text in {"pypdfium2": by_pypdfium2, "pypdf": by_pypdf}[library](path):
        sys.stdout.write(json.dumps({"text": text}) + "\n")
