"""The text that the worker takes out of documents, and what it says of those that it cannot read."""

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]

from tests.documents.worker import DOCUMENTS, extract

pytestmark = pytest.mark.slow

OOXML = "application/vnd.openxmlformats-officedocument"
PLACES: list[tuple[str, str, dict[str, Any]]] = [
    ("columns.pdf", "start10.\nJetty", {"page": 1}),
    ("columns.pdf", "finish19.", {"page": 3}),
    ("scripts.pdf", "北京市朝阳区的仓库", {"page": 1}),
    ("scripts.pdf", "東京都の倉庫は水曜日", {"page": 1}),
    ("scripts.pdf", "서울 창고는 수요일에", {"page": 1}),
    ("scripts.pdf", "المستودع يوم", {"page": 1}),
    ("scripts.pdf", "Склад открыт в среду", {"page": 1}),
    ("scripts.pdf", "Η αποθήκη ανοίγει", {"page": 1}),
    ("scripts.pdf", "first officer files affidavits about fluffy waffles", {"page": 1}),
    ("scripts.pdf", "Žluťoučký kůň", {"page": 1}),
    ("rotated.pdf", "moorings of the outer basin.\nHarbour jetty", {"page": 1}),
    ("empty-password.pdf", "moorings of the outer basin", {"page": 1}),
    ("report.docx", "Report of the harbour master", {"paragraph": 1}),
    ("report.docx", "pilots newly agreed on a tariff for all boats.", {"paragraph": 3}),
    ("report.docx", "Fulmar\tSalted herring\t42", {"paragraph": 5}),
    ("report.docx", "Textbox says lighthouse", {"paragraph": 7}),
    ("report.docx", "A box stands beside this paragraph.", {"paragraph": 8}),
    ("report.docx", "needs repair. It was built in 1887.", {"paragraph": 9}),
    ("report.docx", "footnotearchive", {"paragraph": 11}),
    ("report.docx", "An endnote on dredging", {"paragraph": 12}),
    ("report.docx", "Harbour office of Kirkwall headline", {"paragraph": 13}),
    ("report.docx", "Footline seventeen", {"paragraph": 14}),
    ("report.docx", "Commentary about the winch", {"paragraph": 15}),
    ("word-sections.docx", "T4", {"paragraph": 4}),
    ("report.odt", "pilots newly agreed on a tariff for all boats.", {"paragraph": 4}),
    ("report.odt", "Fulmar\tSalted herring\t42", {"paragraph": 6}),
    ("report.odt", "Textbox says lighthouse", {"paragraph": 8}),
    ("report.odt", "Commentary about the winch", {"paragraph": 10}),
    ("report.odt", "Footline seventeen", {"paragraph": 15}),
    ("report.rtf", "Fulmar\tSalted herring\t42", {"line": 8}),
    ("report.rtf", "footnotearchive", {"line": 5}),
    *(
        (f"ledger.{kind}", words, place)
        for kind in ("xlsx", "xls", "ods")
        for words, place in (
            ("Landings of herring", {"sheet": "Landings", "row": 1}),
            ("Guillemot\t2024-03-09\t95\t19.25", {"sheet": "Landings", "row": 4}),
            ("Sum\t\t445\ttotal 445 barrels", {"sheet": "Landings", "row": 6}),
            ("Remark on two lines\tTRUE", {"sheet": "Landings", "row": 37}),
            ("Quarterly quahog", {"sheet": "Q2", "row": 17}),
            ("Hidden haddock", {"sheet": "Secret", "row": 1}),
        )
    ),
    *(
        (f"talk.{kind}", words, {"slide": slide})
        for kind in ("pptx", "odp")
        for words, slide in (
            ("Harbour plans", 1),
            ("Grouped gannet", 2),
            ("Nested nightjar", 2),
            ("First line second line", 2),
            ("Schooner\tTwelve crowns", 3),
            ("speakernote about dredging", 3),
            ("Hidden heron", 4),
        )
    ),
    ("powerpoint-text.pptx", "Text run in table cell", {"slide": 2}),
]


@pytest.mark.parametrize("document", sorted({document for document, _, _ in PLACES}))
def test_words_are_found_where_they_stand(document: str) -> None:
    found = extract(DOCUMENTS / document)
    assert (found.end, found.reason) == ("ready", None)
    expected = {words: place for name, words, place in PLACES if name == document}
    assert {words: found.place_of(words) for words in expected} == expected


@pytest.mark.parametrize("document", ["report.docx", "report.odt", "report.rtf"])
def test_deleted_text_is_not_found(document: str) -> None:
    assert "bygone" not in extract(DOCUMENTS / document).text


@pytest.mark.parametrize(
    "document",
    ["password.pdf", "password.docx", "password.xlsx", "password.xls", "password.odt", "password.ods"],
)
def test_a_document_with_a_password_says_so(document: str) -> None:
    found = extract(DOCUMENTS / document)
    assert (found.passages, found.end, found.reason) == (
        [],
        "failed",
        "The file is protected with a password.",
    )


def xls_of(workbook: bytes) -> bytes:
    """An OLE file with this beginning of its one stream, which is not a small one."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH10xIIIIIII", 62, 3, 0xFFFE, 9, 6, 1, 1, 0, 4_096, 0xFFFF_FFFE, 0, 0xFFFF_FFFE)
    head += struct.pack("<II", 0, 0).ljust(512 - len(head), b"\xff")
    table = struct.pack("<10I", 0xFFFF_FFFD, 0xFFFF_FFFE, *range(3, 10), 0xFFFF_FFFE)
    entries = [("Root Entry", 5, 1, 0xFFFF_FFFE, 0), ("Workbook", 2, 0xFFFF_FFFF, 2, 4_096)]
    directory = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBBiiI36xIQ", 2 * len(name) + 2, kind, 1, -1, -1, child, start, size)
        for name, kind, child, start, size in entries
    )
    return head + table.ljust(512, b"\xff") + directory.ljust(512, b"\0") + workbook.ljust(4_096, b"\0")


BOF_8 = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 3_515, 1_996, 0, 6)
BOF_5 = struct.pack("<HHHHHH", 0x809, 8, 0x500, 5, 3_515, 1_996)
WRITE_PROTECT = struct.pack("<HH", 0x86, 0)


@pytest.mark.parametrize(
    "records", [BOF_8, BOF_5, BOF_8 + WRITE_PROTECT], ids=["8", "5", "8, write-protected"]
)
def test_a_workbook_of_any_age_with_a_password_says_so(records: bytes, tmp_path: Path) -> None:
    path, scrambled = tmp_path / "old.xls", b"scrambled" * 20
    path.write_bytes(xls_of(records + struct.pack("<HHHH", 0x2F, 4, 1, 2) + scrambled))
    assert extract(path).reason == "The file is protected with a password."
    path.write_bytes(xls_of(records + scrambled))
    assert extract(path).reason == "It is damaged."


@pytest.mark.parametrize(
    ("document", "words"), [("ledger.ods", "Hidden haddock"), ("report.odt", "Footline")]
)
def test_a_document_type_in_a_manifest_does_no_harm(document: str, words: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(DOCUMENTS / document) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    declaration, manifest = members["META-INF/manifest.xml"].split(b"?>", 1)
    members["META-INF/manifest.xml"] = declaration + b"?><!DOCTYPE manifest:manifest>" + manifest
    write_zip(tmp_path / document, **members)
    assert words in extract(tmp_path / document, _type_of(document)).text


@pytest.mark.parametrize(
    "document",
    ["columns.pdf", "report.docx", "report.odt", "ledger.xlsx", "ledger.xls", "ledger.ods", "talk.pptx"],
)
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_truncated_document_fails_or_is_partial_in_plain_words(
    document: str, share: float, tmp_path: Path
) -> None:
    content = (DOCUMENTS / document).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(content[: int(len(content) * share)])
    kinds = {"pdf": "application/pdf", "xls": "application/vnd.ms-excel"}
    found = extract(path, kinds.get(document[-3:]) or _type_of(document))
    assert found.end in ("failed", "partial")
    assert found.reason
    assert str(tmp_path) not in found.reason
    assert "rror" not in found.reason


def _type_of(document: str) -> str:
    return {
        "docx": f"{OOXML}.wordprocessingml.document",
        "xlsx": f"{OOXML}.spreadsheetml.sheet",
        "pptx": f"{OOXML}.presentationml.presentation",
        ".odt": "application/vnd.oasis.opendocument.text",
        ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    }[document[-4:]]


@pytest.mark.parametrize(
    "type",
    [
        "application/pdf",
        f"{OOXML}.wordprocessingml.document",
        f"{OOXML}.spreadsheetml.sheet",
        f"{OOXML}.presentationml.presentation",
        "application/vnd.ms-excel",
        "application/vnd.oasis.opendocument.text",
        "application/x-ipynb+json",
    ],
)
def test_an_empty_file_that_claims_to_be_a_document_fails(type: str, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    found = extract(path, type)
    assert (found.end, found.passages) == ("failed", [])
    assert found.reason


@pytest.mark.parametrize("type", ["text/plain", "text/html", "application/rtf", "message/rfc822"])
def test_an_empty_text_is_ready(type: str, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    found = extract(path, type)
    assert (found.passages, found.end, found.reason) == ([], "ready", "The file holds no text.")


def test_a_pdf_whose_cross_references_are_broken_is_read(tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes((DOCUMENTS / "columns.pdf").read_bytes().replace(b"startxref", b"startxxxx"))
    assert extract(path).place_of("start10.\nJetty") == {"page": 1}


def pdf_of(pages: int, content: bytes, *, broken: tuple[int, ...] = ()) -> bytes:
    """A PDF whose pages share one content; broken ones are no pages."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>"
        % (pages, b" ".join(b"%d 0 R" % (number + 5) for number in range(pages))),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 3 0 R/Resources<</Font<</F 4 0 R>>>>>>"
    objects += [b"(no page)" if number in broken else page for number in range(1, pages + 1)]
    body, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer<</Size %d/Root 1 0 R>>startxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(body)


HELLO = b"BT /F 12 Tf 20 100 Td (Hello buoy) Tj ET"


def test_a_pdf_of_pictures_says_so(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_of(2, b"0 0 100 100 re f"))
    found = extract(path)
    assert (found.total, found.passages, found.end, found.reason) == (
        2,
        [],
        "ready",
        "The pages hold no text; they may be scanned images.",
    )


def test_pages_that_cannot_be_read_are_counted_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "torn.pdf"
    path.write_bytes(pdf_of(10, HELLO, broken=(3, 7)))
    found = extract(path)
    assert [passage["place"]["page"] for passage in found.passages] == [1, 2, 4, 5, 6, 8, 9, 10]
    assert (found.end, found.reason) == ("partial", "2 of 10 pages could not be read.")


@pytest.mark.slow
def test_a_pdf_of_100_000_pages_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf_of(100_000, HELLO))
    found = extract(path)
    assert (found.total, len(found.passages), found.end) == (100_000, 100_000, "ready")
    assert found.passages[-1] == {"place": {"page": 100_000}, "text": "Hello buoy", "done": 100_000}


@pytest.mark.slow
def test_what_is_more_than_is_kept_is_left_out_in_words(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"a line of text that has fifty characters, you see\n" * 450_000)
    found = extract(path)
    assert sum(len(passage["text"]) for passage in found.passages) == 20_000_000
    assert (found.end, found.reason) == ("partial", "The first 20,000,000 characters were read.")


@pytest.mark.slow
def test_100_000_rows_are_read_with_their_numbers(tmp_path: Path) -> None:
    row = (
        '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>item {0}</t></is></c><c r="B{0}"><v>{0}</v></c></row>'
    )
    rows = "".join(row.format(number) for number in range(1, 100_001))
    with zipfile.ZipFile(DOCUMENTS / "ledger.xlsx") as small:
        members = {name: small.read(name) for name in small.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    before, after = sheet.split("<sheetData>")[0], sheet.split("</sheetData>")[1]
    members["xl/worksheets/sheet1.xml"] = f"{before}<sheetData>{rows}</sheetData>{after}".encode()
    write_zip(tmp_path / "big.xlsx", **members)
    found = extract(tmp_path / "big.xlsx")
    assert found.end == "ready"
    assert found.place_of("item 87654\t87654") == {"sheet": "Landings", "row": 87_654}


TEXTS: list[tuple[str, str, str]] = [
    ("utf-8", "Naïve café\n倉庫", "倉庫"),
    ("utf-8-sig", "Naïve café\n倉庫", "倉庫"),
    ("utf-16", "Naïve café\n倉庫", "倉庫"),
    ("utf-32", "Naïve café\n倉庫", "倉庫"),
    ("cp1252", "Jose lives here\nJosé;Málaga;12 €", "José;Málaga;12 €"),
    ("cp1250", "Kůň\nŽluťoučký kůň příliš úpěl ďábelské ódy", "Žluťoučký"),
    ("cp1251", "Склад\nСклад открыт в среду с девяти часов утра", "открыт в среду"),
    ("koi8-r", "Склад\nСклад открыт в среду с девяти часов утра", "открыт в среду"),
    ("shift_jis", "倉庫\n東京都の倉庫は水曜日に開いています。", "東京都の倉庫"),
    ("gb18030", "仓库\n北京市朝阳区的仓库在星期三开放。", "北京市朝阳区"),
    ("euc-kr", "창고\n서울 창고는 수요일에 문을 엽니다.", "수요일에 문을"),
]


@pytest.mark.parametrize(("encoding", "text", "words"), TEXTS)
def test_text_of_many_encodings_is_read_with_its_lines(
    encoding: str, text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("\n".join([text, *text.split("\n") * 20]).encode(encoding))
    found = extract(path)
    assert (found.end, found.total) == ("ready", path.stat().st_size)
    assert found.place_of(words) == {"line": 2}


def test_one_fault_in_utf_8_does_not_make_it_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes("Größe in Málaga\n".encode() * 50 + b"cut \xc3\n")
    found = extract(path)
    assert found.place_of("cut \ufffd") == {"line": 51}
    assert "Größe in Málaga" in found.text


def test_a_legacy_letter_after_much_ascii_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"plain,ascii\n" * 200_000 + "José,Málaga\n".encode("cp1252"))
    assert extract(path).place_of("José,Málaga") == {"line": 200_001}


def test_a_huge_line_is_cut_and_keeps_its_number(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"before": [7] * 100_000, "needle": "haystack"}) + "\n[]")
    found = extract(path)
    assert found.place_of('"needle"') == {"line": 1}
    assert all(passage["place"] == {"line": 1} for passage in found.passages)
    assert max(len(passage["text"]) for passage in found.passages) <= 2_000


def test_escaped_letters_of_json_are_found(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps(["Málaga 😀", "C:\\users", 'tab\t"quote"'], indent=0))
    assert extract(path).text.split("\n") == [
        "[",
        '"Málaga 😀",',
        '"C:\\\\users",',
        '"tab\\t\\"quote\\""',
        "]",
    ]


def test_a_page_shows_what_a_reader_sees(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<!DOCTYPE html><head><title>Harbour &amp; quay</title><style>p { color: red }</style>"
        "<script>if (a < b) hush('</p>')</script></head><body><!-- hush -->"
        "<p>One <b>bo</b>at<br>and its\n   crew</p><template>hush</template><noscript>hush</noscript>"
        "<table><tr><th>Boat<th>Fee<tr><td>Dinghy</td><td>One</td></tr></table>"
        "<pre>first\n  second</pre><a title='x > y' href=z>Link</a> 3 < 4 &eacute;&#x20AC;",
    )
    found = extract(path)
    assert found.text.split("\n") == [
        "Harbour & quay",
        "One boat",
        "and its crew",
        "Boat\tFee",
        "Dinghy\tOne",
        "first",
        "second",
        "Link 3 < 4 é€",
    ]
    assert found.place_of("Dinghy") == {"line": 5}


def test_a_page_is_read_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes('<html><meta charset="windows-1251"><p>да'.encode("cp1251"))
    assert extract(path).text == "да"


def test_a_notebook_gives_the_sources_of_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "book.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["# Tides\n", "of March"]},
        {"cell_type": "code", "source": "print('ebb')", "outputs": [{"text": "hush"}]},
    ]
    path.write_text(json.dumps({"cells": cells}))
    found = extract(path)
    assert found.text == "# Tides\nof March\nprint('ebb')"
    assert found.place_of("ebb") == {"line": 3}


def test_mail_gives_its_headers_its_text_and_the_names_of_attachments(tmp_path: Path) -> None:
    path = tmp_path / "letter.eml"
    path.write_bytes(
        b"From: =?utf-8?q?Jos=C3=A9?= <jose@harbour.example>\nTo: ann@harbour.example\nSubject: Tariff\n"
        b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n'
        b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<p>The fee is=C2=A0due.</p>\n--x\n"
        b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="fee.pdf"\n\nhush\n--x--\n'
    )
    assert extract(path).text.split("\n") == [
        "From: José <jose@harbour.example>",
        "To: ann@harbour.example",
        "Subject: Tariff",
        "The fee is due.",
        "Attachment: fee.pdf",
    ]


def test_rtf_has_its_letters_and_none_of_its_machinery(tmp_path: Path) -> None:
    path = tmp_path / "letter.rtf"
    path.write_bytes(
        rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 hush;}}{\info{\title hush}}{\*\unknown hush}"
        rb"\'cf\'f0\'e8\'e2\'e5\'f2 \u8364?\u-10179?\u-8704? {\b bold}\par{\v hush}"
        rb'{\field{\*\fldinst HYPERLINK "hush"}{\fldrslt link}}\bin4 hush!}'
    )
    assert extract(path).text == "Привет €😀 bold\nlink!"


Bomb = Callable[[Path], None]


def write_zip(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def docx_of(document: bytes) -> dict[str, bytes]:
    main = f"{OOXML}.wordprocessingml.document.main+xml"
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    return {"[Content_Types].xml": types.encode(), "word/document.xml": document}


ENTITIES = b'<!DOCTYPE d [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (ord("b") + n, b"&%c;" % (ord("a") + n) * 10) for n in range(12)
)
HOSTILE_XML = {
    "billion laughs": ENTITIES + b"]><d><p><t>&m;</t></p></d>",
    "quadratic blowup": b'<!DOCTYPE d [<!ENTITY a "%b">]><d><p><t>%b</t></p></d>' 
    % (b"x" * 99_999, b"&a;" * 99_999),
    "external entity": b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d><p><t>&a;</t></p></d>',
    "parameter entity": b'<!DOCTYPE d [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><d><p><t>x</t></p></d>',
}  # fmt: skip


@pytest.mark.parametrize("document", HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_document_types_in_xml_are_refused(document: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.docx"
    write_zip(path, **docx_of(document))
    found = extract(path)
    assert (found.end, found.text) == ("failed", "")
    assert found.cpu_seconds < 2


@pytest.mark.parametrize("document", HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_xml_that_is_text_is_shown_as_it_stands(document: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.xml"
    path.write_bytes(document)
    found = extract(path)
    assert found.end == "ready"
    assert "root:" not in found.text


@pytest.mark.slow
@pytest.mark.parametrize("text", [b"<p><t>%b</t></p>" % (b"a" * 240), b"a" * 1024])
def test_a_zip_bomb_ends_within_bounds(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        members = docx_of(b"")
        archive.writestr("[Content_Types].xml", members["[Content_Types].xml"])
        with archive.open("word/document.xml", "w", force_zip64=True) as member:
            member.write(b"<d><p><t>")
            for _ in range(500):
                member.write(text * (1024**2 // len(text)))
    assert path.stat().st_size < 5_000_000
    found = extract(path)
    assert found.end in ("failed", "partial")
    assert found.reason
    assert found.peak_memory < 1024**3


@pytest.mark.slow
def test_a_workbook_that_is_a_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"")
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as member:
            for _ in range(401):
                member.write(bytes(1024**2))
    found = extract(path, f"{OOXML}.spreadsheetml.sheet")
    assert (found.end, found.reason) == ("failed", "Unpacked, it is larger than is read.")


def test_a_workbook_whose_cells_lie_far_apart_fails_in_words(tmp_path: Path) -> None:
    book = Workbook()
    book.active["A1"] = "first"
    book.active["XFD1048576"] = "last"
    book.save(tmp_path / "sparse.xlsx")
    found = extract(tmp_path / "sparse.xlsx")
    assert (found.end, found.reason) == ("failed", "Its cells lie too far apart to be read.")


HOSTILE_PAGES = {
    "comments": "<!--" * 50_000,
    "open tags": "<a " * 100_000,
    "nested": "<div>" * 200_000 + "words",
    "one tag": "<a " + 'x="y" ' * 100_000,
    "quotes": '<a ">"' * 100_000,
    "scripts": "<script>" + "</scrip" * 50_000,
    "references": "&" * 200_000,
}


@pytest.mark.parametrize("page", HOSTILE_PAGES.values(), ids=HOSTILE_PAGES)
def test_no_page_takes_more_time_than_its_length(page: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(page)
    found = extract(path, "text/html")
    assert found.end == "ready"
    assert found.cpu_seconds < 3


@pytest.mark.parametrize("name", ["deep.json", "deep.ipynb"])
def test_json_that_is_nested_very_deeply_does_no_harm(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text('{"cells":' * 200_000)
    assert extract(path).end in ("ready", "failed")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4\n" + b"[" * 500_000,
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 1>>endobj trailer<</Root 1 0 R>>",
        b"{\\rtf1" + b"{\\b " * 200_000 + b"x",
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: message/rfc822\n\n" * 500,
    ],
    ids=["pdf", "pdf that is its own page", "rtf", "mail"],
)
def test_nesting_without_end_comes_to_one(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "deep.eml"
    path.write_bytes(content)
    assert extract(path).end in ("ready", "failed")


def test_a_type_without_text_fails_in_words(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert extract(path).reason == "Files of this type hold no text that can be read."


def test_a_small_text_takes_hardly_any_time(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("words")
    extract(path)  # Python keeps what it compiles
    assert extract(path).cpu_seconds < 0.2


@pytest.mark.slow
def test_what_takes_too_much_memory_fails_in_words(tmp_path: Path) -> None:
    path = tmp_path / "book.ipynb"
    path.write_text('{"cells":[' + "[]," * 33_000_000 + "[]]}")
    found = extract(path)
    assert (found.end, found.reason) == ("failed", "Reading it takes more memory than is allowed.")


def test_a_damaged_workbook_fails_in_words(tmp_path: Path) -> None:
    path = tmp_path / "fake.xlsx"
    write_zip(path, **{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook"})
    found = extract(path)
    assert (found.end, found.reason, found.errors) == ("failed", "It is damaged.", "")


def test_a_fault_that_nobody_expects_is_told_in_plain_words_and_logged(tmp_path: Path) -> None:
    found = extract(tmp_path / "gone.pdf.txt", "text/plain")
    assert (found.end, found.reason) == ("failed", "It is damaged, or not of the kind that it seems to be.")
    assert "FileNotFoundError" in found.errors
