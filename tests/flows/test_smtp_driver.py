"""Mail over SMTP, against aiosmtpd and against servers that fail."""

import asyncio
import ssl
import unicodedata
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cowork_desktop.connectors.drivers.driver import Attachment, DriverFailed, Mail, Target
from cowork_desktop.connectors.drivers.mail_message import address_of, letter_of
from cowork_desktop.connectors.drivers.smtp import Smtp
from cowork_desktop.connectors.drivers.smtp_session import Limits
from tests.fakes.certificates import Certificates, make_certificates
from tests.fakes.clock import FakeClock
from tests.fakes.mail_server import (
    DIE,
    HANG,
    PASSWORD,
    USER,
    MailServer,
    mail_server,
    scripted_server,
)
from tests.fakes.waiting import until

DRIVER = Smtp(clock=FakeClock(), limits=Limits(connect_seconds=0.4, seconds=1.2))


def target(port: int, *, password: str = PASSWORD, **settings: Any) -> Target:
    method = settings.pop("method", {})
    fields: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "user": USER,
        "from_address": "ann@example.com",
    }
    secrets = {"password": password, "access_token": "ya29.token"}
    return Target({**fields, "security": "none", **settings}, secrets, "write", method=method)


def a_mail(**fields: Any) -> Mail:
    plain: dict[str, Any] = {"to": ["bob@example.org"], "cc": [], "bcc": [], "subject": "Hello", "text": "Hi"}
    return Mail(**{**plain, **fields})


async def failure(server_target: Target, mail: Mail | None = None, driver: Smtp = DRIVER) -> DriverFailed:
    with pytest.raises(DriverFailed) as caught:
        await driver.send(server_target, mail or a_mail())
    assert PASSWORD not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


@pytest.fixture
def certificate(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path)


@pytest.fixture
def tls(certificate: Certificates) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


async def test_a_mail_arrives_as_it_was_written(server: MailServer) -> None:
    picture = Attachment("Büro – 2026 plan.png", "image/png", bytes(range(256)) * 50)
    table = Attachment('a;b"c.csv', "text/csv", "größe,1\r\n".encode())
    mail = a_mail(
        to=["Bob Müller <bob@example.org>", "carl@example.org"],
        cc=["dora@bücher.example"],
        bcc=["eve@example.net", "carl@example.org"],
        subject="Grüße aus Zürich 🎉",
        text="Zeile ä\n.\n..\nFrom here\n" + "long " * 400,
        html="<p>Zeile ä</p>",
        reply_to="office@example.com",
        attachments=[picture, table],
    )
    message_id = await DRIVER.send(target(server.port, from_name="Ann Lee, PhD"), mail)
    [got] = server.received
    message = got.message
    assert got.sender == "ann@example.com"
    assert got.recipients == [
        "bob@example.org",
        "carl@example.org",
        "dora@xn--bcher-kva.example",
        "eve@example.net",
    ]
    assert max(map(len, got.content.splitlines())) <= 998
    assert message["Bcc"] is None
    assert b"eve@" not in got.content
    assert message["Message-ID"] == message_id
    assert message_id.endswith("@example.com>")
    assert message["Date"].datetime.utcoffset() == timedelta(0)
    assert [(one.display_name, one.addr_spec) for one in message["From"].addresses] == [
        ("Ann Lee, PhD", "ann@example.com")
    ]
    assert [one.display_name for one in message["To"].addresses] == ["Bob Müller", ""]
    assert message["Reply-To"] == "office@example.com"
    assert message["Subject"] == mail.subject
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == mail.text + "\n"
    assert html.get_content().strip() == mail.html
    files = list(message.iter_attachments())
    assert [(one.get_filename(), one.get_content_type()) for one in files] == [
        (picture.name, "image/png"),
        (table.name, "text/csv"),
    ]
    assert [one.get_payload(decode=True) for one in files] == [picture.content, table.content]


async def test_a_mail_with_bcc_alone_has_no_recipient_in_its_headers(server: MailServer) -> None:
    await DRIVER.send(target(server.port), a_mail(to=[], bcc=["eve@example.net"]))
    [got] = server.received
    assert got.recipients == ["eve@example.net"]
    assert b"eve@" not in got.content


@pytest.mark.parametrize("type", ["message/rfc822", "multipart/mixed", "not a type", "text/x\r\nBcc: a@b.c"])
async def test_an_attachment_of_any_type_is_whole(server: MailServer, type: str) -> None:
    content = b"Subject: x\r\n\r\n\x00\xff--"
    await DRIVER.send(target(server.port), a_mail(attachments=[Attachment("a.bin", type, content)]))
    [file] = server.received[0].message.iter_attachments()
    assert file.get_content_type() == "application/octet-stream"
    assert file.get_payload(decode=True) == content


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
async def test_each_way_to_sign_in_is_known(way: str) -> None:
    async with mail_server(auth_exclude_mechanism={"PLAIN", "LOGIN"} - {way}) as server:
        await DRIVER.send(target(server.port), a_mail())
        assert server.signed_in == [way]
        assert len(server.received) == 1


async def test_a_test_of_the_connection_says_who_answers_and_who_is_signed_in(server: MailServer) -> None:
    assert await DRIVER.probe(target(server.port)) == f"mail.example.com (ESMTP, signed in as {USER})"
    assert await DRIVER.probe(target(server.port, user="")) == "mail.example.com (ESMTP, not signed in)"
    catalog = await DRIVER.catalog(target(server.port, from_name="Ann"))
    assert catalog.notes == "Sends mail from Ann <ann@example.com>."
    assert server.received == []


async def test_a_wrong_password_is_tried_once(server: MailServer) -> None:
    failed = await failure(target(server.port, password="wrong-Canary"))
    assert failed.kind == "authentication"
    assert "wrong-Canary" not in failed.message


async def test_a_server_that_wants_a_user_says_so(certificate: Certificates, tls: ssl.SSLContext) -> None:
    async with mail_server(tls=tls, auth_required=True) as server:
        trusted = str(certificate.authority)
        failed = await failure(target(server.port, user="", security="starttls", ca_file=trusted))
        assert failed.kind == "authentication"
        assert "user and a password" in failed.message


async def test_an_access_token_signs_in_where_the_spec_says_so() -> None:
    async with scripted_server({}) as server:
        method = {"auth": {"type": "xoauth2"}}
        await DRIVER.send(target(server.port, method=method), a_mail())
        [sign_in] = [line for line in server.commands if line.startswith("AUTH")]
        assert sign_in.startswith("AUTH XOAUTH2 ")
        assert "field user" in (await failure(target(server.port, method=method, user=""))).message


async def test_starttls_is_spoken_where_the_certificate_is_trusted(
    certificate: Certificates, tls: ssl.SSLContext
) -> None:
    async with mail_server(tls=tls, require_starttls=True) as server:
        own = target(server.port, security="starttls", ca_file=str(certificate.authority))
        await DRIVER.send(own, a_mail())
        assert len(server.received) == 1
        assert server.signed_in != []


async def test_a_certificate_that_nobody_has_signed_is_not_trusted(tls: ssl.SSLContext) -> None:
    async with mail_server(tls=tls) as server:
        failed = await failure(target(server.port, security="starttls"))
        assert failed.kind == "tls"
        assert "certificate" in failed.message
        assert server.signed_in == []


async def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    files = make_certificates(tmp_path, "mail.example.com")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    async with mail_server(tls=context) as server:
        failed = await failure(
            target(server.port, security="starttls", ca_file=str(files.authority), host="localhost")
        )
        assert failed.kind == "tls"


async def test_a_server_without_starttls_gets_no_password(server: MailServer) -> None:
    failed = await failure(target(server.port, security="starttls"))
    assert failed.kind == "tls"
    assert "STARTTLS" in failed.message
    assert server.signed_in == []


async def test_a_server_that_does_not_speak_tls_is_told_from_one_that_is_not_trusted(
    server: MailServer,
) -> None:
    assert (await failure(target(server.port, security="tls"))).kind == "tls"


async def test_credentials_go_to_no_other_machine_without_tls() -> None:
    failed = await failure(target(25, host="mail.example.com"))
    assert failed.kind == "failed"
    assert "security" in failed.message


async def test_a_mail_goes_to_all_its_recipients_or_to_none(server: MailServer) -> None:
    mail = a_mail(to=["bob@example.org", "nobody@example.org"], bcc=["nobody2@example.org"])
    failed = await failure(target(server.port), mail)
    assert failed.kind == "failed"
    assert "nobody@example.org (550 5.1.1 No such user here)" in failed.message
    assert "nobody2@example.org" in failed.message
    assert "bob@" not in failed.message
    assert server.received == []


async def test_a_mail_larger_than_the_server_takes_is_not_begun() -> None:
    async with scripted_server({}) as server:
        big = Attachment("a.bin", "application/octet-stream", b"x" * 1_000_000)
        failed = await failure(target(server.port), a_mail(attachments=[big]))
        assert failed.kind == "bad_query"
        assert "1.0 MB at most" in failed.message
        assert not any(line.startswith("MAIL") for line in server.commands)


async def test_an_address_beyond_ascii_is_sent_where_the_server_takes_it(server: MailServer) -> None:
    failed = await failure(target(server.port), a_mail(to=["jürgen@example.org"]))
    assert failed.kind == "bad_query"
    async with mail_server(enable_SMTPUTF8=True) as modern:
        await DRIVER.send(target(modern.port), a_mail(to=["jürgen@bücher.example"], subject="Grüße"))
        [got] = modern.received
        assert got.recipients == ["jürgen@bücher.example"]
        assert got.message["Subject"] == "Grüße"


BREAKS = [
    "\r\nBcc: evil@example.org",
    "\nBcc: evil@example.org",
    "\rBcc: evil",
    "\u2028Bcc: x",
    "\x85Bcc: x",
    "\x00",
]
ENCODED = "=?utf-8?q?x=0D=0ABcc:_evil@example.org?="


@pytest.mark.parametrize("evil", [*BREAKS, ENCODED])
async def test_nothing_adds_a_header_to_a_mail(server: MailServer, evil: str) -> None:
    where: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"subject": f"Hello{evil}"}, {}),
        ({"to": [f"bob{evil}@example.org"]}, {}),
        ({"to": [f"bob@example.org{evil}"]}, {}),
        ({"to": [f'"Bob{evil}" <bob@example.org>']}, {}),
        ({"cc": [f"bob@example.org{evil}"]}, {}),
        ({"bcc": [f"bob@example.org{evil}"]}, {}),
        ({"reply_to": f"bob@example.org{evil}"}, {}),
        ({"attachments": [Attachment(f"a{evil}", "text/plain", b"")]}, {}),
        ({}, {"from_name": f"Ann{evil}"}),
        ({}, {"from_address": f"ann@example.com{evil}"}),
    ]
    for fields, settings in where:
        failed = await failure(target(server.port, **settings), a_mail(**fields))
        assert failed.kind == "bad_query", (fields, settings)
    assert server.received == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "bob@",
        "@example.org",
        "a@b.c, d@e.f",
        "a@b.c d@e.f",
        "friends: a@b.c, d@e.f;",
        "friends: a@b.c;",
        "bob@exa mple.org",
        "bob@example..org",
        "b..ob@example.org",
        '"b ob"@example.org',
        "bob@-example.org",
        "bob@[127.0.0.1]",
        "bob> SIZE=1 <x@example.org",
        "b" * 65 + "@example.org",
    ],
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(DriverFailed) as caught:
        address_of(text)
    assert caught.value.kind == "bad_query"


@pytest.mark.parametrize(
    "text", ["bob@localhost", "b.o+b@example.org", "o'neil@a-b.example", "<bob@example.org>"]
)
def test_usual_addresses_are_taken(text: str) -> None:
    assert address_of(text).addr_spec == text.strip("<>")


def test_a_mail_has_a_recipient_and_a_hundred_at_most() -> None:
    sender = address_of("ann@example.com")
    many = [f"u{n}@example.org" for n in range(100)]
    assert len(letter_of(a_mail(to=many, cc=many), sender, 0).recipients) == 100
    for to in ([], [*many, "one@example.org"]):
        with pytest.raises(DriverFailed):
            letter_of(a_mail(to=to), sender, 0)


@given(st.text(max_size=80), st.text(max_size=80))
@example("x", ENCODED)
@example("a, b <c@d.e>", '"')
def test_no_subject_and_no_name_breaks_a_mail(subject: str, name: str) -> None:
    try:
        sender = address_of("ann@example.com", name)
        letter = letter_of(a_mail(subject=subject), sender, 0)
    except DriverFailed:
        signs = {unicodedata.category(sign) for sign in subject + name}
        assert signs & {"Cc", "Cs", "Zl", "Zp"} or "=?" in subject + name
        return
    headers, _, body = letter.written().partition(b"\r\n\r\n")
    names = [line.split(b":")[0] for line in headers.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == [
        b"Content-Transfer-Encoding",
        b"Content-Type",
        b"Date",
        b"From",
        b"MIME-Version",
        b"Message-ID",
        b"Subject",
        b"To",
    ]
    assert body == b"Hi\r\n"


STAGES = ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT"]


@pytest.mark.parametrize("stage", STAGES)
async def test_a_server_that_falls_silent_is_given_up(stage: str) -> None:
    async with scripted_server({stage: HANG}) as server:
        failed = await failure(target(server.port))
        assert failed.kind == "timeout"
        assert ("not known whether" in failed.message) == (stage in ("DATA", "CONTENT"))


@pytest.mark.parametrize("stage", STAGES)
async def test_a_server_that_hangs_up_is_told(stage: str) -> None:
    async with scripted_server({stage: DIE}) as server:
        failed = await failure(target(server.port))
        assert failed.kind == "unreachable"
        assert f"localhost:{server.port}" in failed.message
        assert ("not known whether" in failed.message) == (stage in ("DATA", "CONTENT"))


@pytest.mark.parametrize("stage", STAGES)
async def test_what_the_server_says_when_it_refuses_is_told(stage: str) -> None:
    async with scripted_server({stage: "554 5.7.1 Not today\x1b[31m"}) as server:
        failed = await failure(target(server.port))
        assert "554 5.7.1 Not today [31m" in failed.message
        assert "not known whether" not in failed.message


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "CONTENT"])
async def test_what_is_no_smtp_is_told(stage: str) -> None:
    async with scripted_server({stage: "HTTP/1.1 400 Bad Request"}) as server:
        failed = await failure(target(server.port))
        assert failed.kind == "failed"
        assert "does not speak SMTP" in failed.message


async def test_a_mail_that_was_taken_is_sent_whatever_comes_after_it() -> None:
    for end in (HANG, DIE, "500 No"):
        async with scripted_server({"QUIT": end}) as server:
            assert await DRIVER.send(target(server.port), a_mail())


async def test_a_send_that_is_cancelled_hangs_up() -> None:
    async with scripted_server({"RCPT": HANG}) as server:
        sending = asyncio.create_task(Smtp(clock=FakeClock()).send(target(server.port), a_mail()))

        async def asked() -> bool:
            return any(line.startswith("RCPT") for line in server.commands)

        async def gone() -> bool:
            return server.open == 0

        await until(asked)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await until(gone)


async def test_nobody_listens_and_no_host_are_told_apart(unused_tcp_port: int) -> None:
    assert (await failure(target(unused_tcp_port))).kind == "refused"
    own = target(25, host="no-such-host.invalid", user="")
    assert (await failure(own, driver=Smtp(clock=FakeClock()))).kind == "unknown_host"
    assert (await failure(target(25, host="x" * 80, user=""))).kind == "unknown_host"
