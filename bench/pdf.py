"""A PDF of many pages of text, as small as the format allows (ISO 32000-1, 7.5)."""

import zlib
from collections.abc import Sequence

from bench.corpus import Corpus

_LINES, _WORDS_A_LINE = 45, 11
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_FIRST_PAGE = 4
"""Before it come the catalog, the tree of pages and the font, as objects 1 to 3."""


def make_pdf(corpus: Corpus, pages: int) -> bytes:
    places = range(_FIRST_PAGE, _FIRST_PAGE + 2 * pages, 2)
    kids = b" ".join(b"%d 0 R" % place for place in places)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /MediaBox [0 0 595 842] /Kids [%s] >>" % (pages, kids),
        _FONT,
    ]
    for place in places:
        objects += [
            b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>"
            % (place + 1),
            _stream([corpus.text(_WORDS_A_LINE) for _ in range(_LINES)]),
        ]
    return _file(objects)


def _stream(lines: Sequence[str]) -> bytes:
    shown = "".join(f"({line}) Tj T*\n" for line in lines)
    content = zlib.compress(f"BT /F 10 Tf 16 TL 50 780 Td\n{shown}ET".encode())
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content)


def _file(objects: Sequence[bytes]) -> bytes:
    file = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    return bytes(file) + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (count, table, count, len(file))
    )
