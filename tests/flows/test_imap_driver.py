"""Mail over IMAP, against Dovecot and against servers that fail."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.imap import ImapDriver
from tests.fakes.imap_server import DIE, HANG, PASSWORD, USER, Dovecot, dovecot, scripted_imap
from tests.fakes.waiting import until

pytestmark = pytest.mark.slow
DRIVER = ImapDriver()


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with dovecot() as server:
        yield server


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    """Empty."""
    running.empty()
    return running


def target(
    port: int, *, password: str = PASSWORD, method: dict[str, Any] | None = None, **fields: Any
) -> Target:
    settings = {"host": "localhost", "port": port, "user": USER, "security": "none", **fields}
    secrets = {"password": password, "access_token": "ya29.token"}
    return Target(settings, secrets, "read", method=method or {})


async def rows(
    server_target: Target, text: str | None = None, *, seconds: float = 30, **query: Any
) -> list[dict[str, Any]]:
    async with DRIVER.query(server_target, text or json.dumps(query), seconds=seconds) as result:
        names = [column.name for column in result.columns]
        return [dict(zip(names, row, strict=True)) async for batch in result.batches for row in batch]


async def failure(
    server_target: Target, seconds: float = 30, query: str = '{"body": "text"}'
) -> DriverFailed:
    with pytest.raises(DriverFailed) as caught:
        await rows(server_target, query, seconds=seconds)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def message(subject: str = "Hello", text: str = "Hi", day: int = 1, **headers: str) -> bytes:
    made = EmailMessage()
    made["Subject"], made["Date"] = subject, f"Mon, {day:02} Jun 2026 10:00:00 +0200"
    for name, value in {"From": "Bob Müller <bob@example.org>", "To": "ann@example.com", **headers}.items():
        made[name] = value
    made.set_content(text)
    return made.as_bytes()


async def test_a_mail_is_read_with_all_that_it_has(server: Dovecot) -> None:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = "Größe 🎉", "Bob Müller <bob@example.org>", "ann@example.com"
    made["Date"] = "Mon, 01 Jun 2026 10:00:00 +0200"
    made.set_content("Zeile ä\n")
    made.add_alternative("<p>other</p>", subtype="html")
    made.add_attachment(b"\x00", maintype="image", subtype="png", filename="Büro.png")
    made.add_attachment(b"a,b", maintype="text", subtype="csv", filename="a.csv")
    server.put(made.as_bytes(), flags="(\\Flagged $Label1)")
    [row] = await rows(target(server.port), body="text")
    assert row.pop("size") > 500
    assert sorted(row.pop("flags")) == ["$Label1", "\\Flagged"]
    assert isinstance(row.pop("uid"), int)
    assert row == {
        "date": datetime(2026, 6, 1, 8, tzinfo=UTC),
        "from": "Bob Müller <bob@example.org>",
        "to": "ann@example.com",
        "subject": "Größe 🎉",
        "attachments": ["Büro.png", "a.csv"],
        "text": "Zeile ä",
    }


async def test_reading_marks_nothing_as_read(server: Dovecot) -> None:
    server.put(message(), message())
    assert len(await rows(target(server.port), body="text")) == 2
    assert not any(b"\\Seen" in flags for flags in server.flags())


async def test_the_newest_mails_come_first_and_no_more_than_asked_for(server: Dovecot) -> None:
    server.put(*(message(f"Mail {n}") for n in range(130)))
    found = await rows(target(server.port), limit=120)
    assert [row["subject"] for row in found] == [f"Mail {n}" for n in range(129, 9, -1)]
    assert len(await rows(target(server.port))) == 20


SEARCHES: list[tuple[dict[str, Any], list[str]]] = [
    ({"from": "carl@"}, ["Carl"]),
    ({"from": "Müller"}, ["Grüße aus Köln", 'quote " back \\', "Hello"]),
    ({"subject": "grüße"}, ["Grüße aus Köln"]),
    ({"subject": "Grüße", "text": "Köln", "from": "müller"}, ["Grüße aus Köln"]),
    ({"subject": "Grüße", "from": "Zürich"}, []),
    ({"subject": 'quote " back \\'}, ['quote " back \\']),
    ({"text": "needle"}, ["Carl"]),
    ({"to": "office@"}, ["Carl"]),
    ({"unseen": False}, ["Carl"]),
    ({"flagged": True}, ["Carl"]),
    ({"flagged": False, "unseen": True, "subject": "Hello"}, ["Hello"]),
    ({"since": "2001-01-01", "subject": "Carl"}, ["Carl"]),
    ({"before": "2001-01-01"}, []),
    ({"subject": ") LOGOUT"}, []),
]


async def test_mails_are_found_by_what_they_say(server: Dovecot) -> None:
    server.put(message(), message('quote " back \\'), message("Grüße aus Köln", "Köln am Rhein"))
    carl = message("Carl", "a needle", From="carl@example.org", To="office@example.com")
    server.put(carl, flags="(\\Seen \\Flagged)")
    for search, subjects in SEARCHES:
        found = await rows(target(server.port), search=search)
        assert [row["subject"] for row in found] == subjects, search
    uids = [row["uid"] for row in await rows(target(server.port))]
    again = await rows(target(server.port), search={"uid": [uids[2], uids[0], 4_000_000_000]})
    assert [row["uid"] for row in again] == [uids[0], uids[2]]


async def test_the_catalog_has_the_folders_with_their_counts(server: Dovecot) -> None:
    server.put(message(), message())
    server.put(message(), folder='"Entw&APw-rfe &- mehr"', flags="\\Seen")
    catalog = await DRIVER.catalog(target(server.port))
    told = {(table.name, table.kind, table.rows, table.comment) for table in catalog.tables}
    assert told == {("INBOX", "folder", 2, "2 unread"), ("Entwürfe & mehr", "folder", 1, "0 unread")}
    assert catalog.is_complete
    query = DRIVER.sample(target(server.port), "Entwürfe & mehr", 5)
    assert len(await rows(target(server.port), **json.loads(query))) == 1


@pytest.mark.parametrize(
    "folder", ["None", 'IN"BOX', "INBOX\\", "&-", "../../etc", "*", "%", "日本", "INBOX (x"]
)
async def test_a_folder_that_is_not_there_is_told(server: Dovecot, folder: str) -> None:
    failed = await failure(target(server.port), query=json.dumps({"folder": folder}))
    assert failed.kind == "not_found"
    assert folder in failed.message


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from:bob", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "should be an object"),
        ('{"folders": "x"}', "no “folders”"),
        ('{"search": {"form": "x"}}', "no “form”"),
        ('{"search": []}', "should be an object"),
        ('{"search": {"from": 1}}', "`from`"),
        ('{"search": {"from": "a\\r\\nb LOGOUT"}}', "`from`"),
        ('{"search": {"from": "\\ud800"}}', "`from`"),
        ('{"search": {"since": "1 June"}}', "`since`"),
        ('{"search": {"since": 5}}', "`since`"),
        ('{"search": {"unseen": "yes"}}', "`unseen`"),
        ('{"search": {"uid": ["1:*"]}}', "`uid`"),
        ('{"search": {"uid": [true]}}', "`uid`"),
        ('{"search": {"uid": []}}', "`uid`"),
        ('{"folder": "INBOX\\r\\na DELETE x"}', "`folder`"),
        ('{"folder": ""}', "`folder`"),
        ('{"limit": 501}', "`limit`"),
        ('{"limit": true}', "`limit`"),
        ('{"body": "html"}', "`body`"),
    ],
)
async def test_a_query_that_cannot_be_understood_is_told_how_it_looks(query: str, words: str) -> None:
    failed = await failure(target(1), query=query)
    assert failed.kind == "bad_query"
    assert words in failed.message
    assert "A query is JSON" in failed.message


async def test_a_test_of_the_connection_says_who_is_signed_in(server: Dovecot) -> None:
    assert await DRIVER.probe(target(server.port)) == f"localhost (IMAP, signed in as {USER})"


async def test_a_wrong_password_is_told(server: Dovecot) -> None:
    failed = await failure(target(server.port, password="wrong"))
    assert failed.kind == "authentication"
    assert "localhost" in failed.message


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_tls_is_spoken_with_a_server_that_is_trusted_alone(server: Dovecot, security: str) -> None:
    port = server.tls_port if security == "tls" else server.port
    server.put(message())
    own = target(port, security=security, ca_file=server.certificate)
    assert len(await rows(own, body="text")) == 1
    failed = await failure(target(port, security=security))
    assert failed.kind == "tls"
    assert "certificate" in failed.message
    assert (await failure(target(server.port, security="tls"))).kind == "tls"


async def test_a_large_mail_is_read_from_its_beginning(server: Dovecot) -> None:
    server.put(message(text="word " * 600_000))
    [row] = await rows(target(server.port), body="text")
    assert row["size"] > 2_500_000
    assert row["text"] == ("word " * 4_000)
    assert len(row["text"]) == 20_000


async def test_mails_that_are_broken_are_read_as_far_as_they_go(server: Dovecot) -> None:
    part = b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n'
    deep = b"".join(part % (n, n) for n in range(3_000))
    broken = [
        b"Subject: =?utf-8?b?!!!?= =?x-none?q?=E4?= =?utf-8?q?=\r\n\r\n",
        b"From: \xe4\xf6\xfc\r\nDate: yesterday\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xe4",
        b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nno boundary",
        b'Content-Type: text/plain; charset*0="\x00"; name*=x\'y\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n@@@",
        b"Content-Disposition: attachment; filename*=utf-8''%FF%0D%0Ax\r\n\r\nx",
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\nContent-Type: ////\r\n\r\nplain",
        deep,
    ]
    server.put(*broken)
    found = await rows(target(server.port), body="text")
    assert len(found) == len(broken)
    assert found[1]["text"] == "plain"
    assert found[2]["attachments"] == ["� x"]
    assert "�" in found[5]["from"]
    assert all(row["date"] is not None for row in found)


async def test_an_access_token_signs_in_where_the_spec_says_so() -> None:
    async with scripted_imap({}) as server:
        method = {"auth": {"type": "xoauth2"}}
        assert len(await rows(target(server.port, method=method), body="text")) == 1
        assert any("AUTHENTICATE XOAUTH2" in command for command in server.commands)
        assert "field user" in (await failure(target(server.port, method=method, user=""))).message


async def test_no_word_is_said_that_could_change_a_mail() -> None:
    async with scripted_imap({}) as server:
        await rows(target(server.port), body="text", search={"text": "ä"})
        await DRIVER.catalog(target(server.port))
        await DRIVER.probe(target(server.port))
        words = {command.split()[1] for command in server.commands if " " in command}
        assert words <= {"CAPABILITY", "AUTHENTICATE", "EXAMINE", "UID", "LIST", "STATUS", "LOGOUT"}
        assert all("PEEK" in command for command in server.commands if " FETCH " in command)


STAGES = ["CONNECT", "CAPABILITY", "AUTHENTICATE", "CREDENTIALS", "EXAMINE", "SEARCH", "FETCH"]


@pytest.mark.parametrize("stage", STAGES)
async def test_a_server_that_falls_silent_is_given_up(stage: str) -> None:
    async with scripted_imap({stage: HANG}) as server:
        failed = await failure(target(server.port), seconds=0.3)
        assert failed.kind == "timeout"

        async def gone() -> bool:
            return server.open == 0

        await until(gone)


@pytest.mark.parametrize("stage", STAGES)
async def test_a_server_that_hangs_up_is_told(stage: str) -> None:
    async with scripted_imap({stage: DIE}) as server:
        failed = await failure(target(server.port))
        assert failed.kind == "unreachable"
        assert f"localhost:{server.port}" in failed.message


GARBAGE: list[str | bytes] = [
    "HTTP/1.1 400 Bad Request\r\n",
    b"\xff\xfe\x00" * 500,
    "* BAD\r\n",
    "* 1 FETCH (UID 7 BODY[] {99999999999999}\r\n",
    "* 1 FETCH (UID 7 BODY[] {-5}\r\nTAG OK",
    "* SEARCH x y z\r\nTAG OK",
    "* 18446744073709551617 EXISTS\r\nTAG NO x",
    "TAG",
    b"x" * 1_200_000,
]


@pytest.mark.parametrize("stage", STAGES)
async def test_garbage_is_told_and_does_no_harm(stage: str) -> None:
    for garbage in GARBAGE:
        async with scripted_imap({stage: garbage}) as server:
            with contextlib.suppress(DriverFailed):
                await rows(target(server.port), seconds=0.3, body="text")


async def test_a_query_that_is_left_or_cancelled_hangs_up() -> None:
    async with scripted_imap({"FETCH": HANG}) as server:
        asking = asyncio.create_task(rows(target(server.port), body="text"))

        async def asked() -> bool:
            return any(" FETCH " in command for command in server.commands)

        async def gone() -> bool:
            return server.open == 0

        await until(asked)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(gone)


async def test_nobody_listens_and_no_host_are_told_apart(unused_tcp_port: int) -> None:
    assert (await failure(target(unused_tcp_port))).kind == "refused"
    assert (await failure(target(143, host="no-such-host.invalid", security="tls"))).kind == "unknown_host"
    failed = await failure(target(143, host="mail.example.com"))
    assert "security" in failed.message
