"""What a mail says, whatever is wrong with it; names of folders; words of HTML."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cowork_desktop.connectors.drivers.html_text import text_of_html
from cowork_desktop.connectors.drivers.imap_names import from_modified_utf7, quoted, to_modified_utf7
from cowork_desktop.connectors.drivers.mail_text import MOST_TEXT, decoded_text, header_text, mail_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two&amp;&nbsp;more<br>line</p>", "One\n\nTwo& more\nline"),
        ("a\n b <b>c</b>d", "a b cd"),
        ("<head><title>x</title></head><style>p{}</style><SCRIPT>1 < 2</SCRIPT>text", "text"),
        ("<!-- <p>no</p> -->yes<!-- open", "yes"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ('<a title="a>b" href=x>link</a> 1 < 2 <3', "link 1 < 2 <3"),
        ("<script>never ends", ""),
        ("<p", ""),
        ("&#" + "9" * 5_000 + ";", "&#" + "9" * 5_000 + ";"),
    ],
)
def test_html_is_read_as_text(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<a href='",
        '<a x="',
        "<!--",
        "<![CDATA[",
        "<script>",
        "</",
        "<?",
        "&",
        "&#x",
        "<style",
        "<td>",
    ],
)
def test_html_that_is_made_to_take_long_does_not(piece: str) -> None:
    begun = time.process_time()
    text_of_html(piece * (1_000_000 // len(piece)))
    assert time.process_time() - begun < 10


@given(st.text(alphabet="<>/!-?'\"&;#abscript \n", max_size=80))
def test_any_html_is_read(html: str) -> None:
    text_of_html(html)


@given(st.text(max_size=60))
@example("Entwürfe & &- ~")
@example("a\r\nb")
def test_the_name_of_a_folder_comes_back_from_ascii_alone(name: str) -> None:
    try:
        written = to_modified_utf7(name)
    except UnicodeError:
        assert any("\ud800" <= sign <= "\udfff" for sign in name)
        return
    assert all(32 <= sign < 127 for sign in written)
    assert from_modified_utf7(written) == name


@given(st.binary(max_size=60))
@example(b"&AAA-")
@example(b"&2AA-")
def test_any_name_of_a_folder_is_read(name: bytes) -> None:
    assert isinstance(from_modified_utf7(name), str)


def test_names_of_folders_are_written_as_the_standard_has_them() -> None:
    assert to_modified_utf7("~peter/mail/台北/日本語") == b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"
    assert quoted(b'a"b\\') == b'"a\\"b\\\\"'


@given(st.binary(max_size=300))
@example(b"From: =?utf-8?b?x?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n--x--")
@example(b"Content-Type: message/rfc822\n\nSubject: x\n\nContent-Disposition: attachment; filename*0*=''%")
@example(b"Content-Transfer-Encoding: uuencode\n\nbegin 666 x\n#")
def test_any_mail_is_read(content: bytes) -> None:
    for headers_only in (True, False):
        mail = mail_of(content, headers_only=headers_only)
        assert len(mail.text) <= MOST_TEXT


def test_a_mail_in_a_mail_is_an_attachment() -> None:
    inner = b"Subject: inner\r\n\r\nsecret"
    mail = mail_of(
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
        + inner
        + b"\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>outer</b>\r\n--x--"
    )
    assert mail.attachments == ["(no name)"]
    assert mail.text == "outer"


def test_headers_lose_their_encoding_and_their_line_breaks() -> None:
    assert (
        header_text("=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?q?_=E4?=\r\n\tand more") == "Grüße ä and more"
    )
    assert header_text("=?utf-8?q?a=0D=0AX:_b?=") == "a X: b"


@pytest.mark.parametrize(
    "charset", ["klingon", "idna", "rot13", "hex", "zip", "", None, "utf-8\0", "undefined"]
)
def test_an_unknown_charset_is_taken_for_utf8(charset: str | None) -> None:
    assert decoded_text("ä".encode(), charset) == "ä"
