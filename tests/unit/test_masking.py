"""No way in which a credential is usually written gets through."""

import base64
import json
import re
from collections.abc import Callable
from decimal import Decimal
from html import escape
from random import Random
from string import ascii_letters
from time import perf_counter
from urllib.parse import quote, quote_plus
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.connectors.masking import MASK, Masking

SECRET = 'pä"ss\\w/o+rd=7&x'


@pytest.mark.parametrize(
    "write",
    [
        str,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: f"postgres://user:{quote(text, safe='')}@host/db",
        lambda text: f"https://example.com/?key={quote_plus(text)}",
        repr,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_written(write: Callable[[str], str]) -> None:
    told = Masking([SECRET]).text(f"before {write(SECRET)} after")
    assert MASK in told
    assert "rd=7" not in told
    assert told.startswith("before ")
    assert told.endswith(" after")


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40), st.text(max_size=9)
)
def test_a_password_in_basic_authentication_is_masked(password: str, user: str) -> None:
    header = base64.b64encode(f"{user}:{password}".encode()).decode()
    told = Masking([password]).text(f"Authorization: Basic {header}")
    assert told == f"Authorization: Basic {MASK}"


def test_values_and_bytes_are_masked_to_their_depths() -> None:
    masking = Masking([SECRET])
    value = {"a": [SECRET, 1, None, {"b": f"x{SECRET}"}], SECRET: SECRET.encode()}
    assert masking.value(value) == {"a": [MASK, 1, None, {"b": f"x{MASK}"}], MASK: MASK.encode()}


def test_each_line_of_a_private_key_is_masked() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
    told = Masking([key]).text("invalid line: hkiG9w0BAQEFAASC")
    assert told == f"invalid line: {MASK}"


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Masking(["abcd", "abcdefgh"]).text("abcdefgh abcd") == f"{MASK} {MASK}"


def test_what_has_no_secrets_is_left_as_it_is() -> None:
    rows: list[list[object]] = [[1, "x"], [None, b"y"]]
    assert Masking([]).rows(rows) is rows
    assert Masking(["", "abc"]).text("abc") == "abc"


@pytest.mark.parametrize(
    "write",
    [
        escape,
        quote,
        lambda text: quote(text, safe="!'()*"),
        lambda text: re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe="")),
        lambda text: text.encode().hex(),
        lambda text: json.dumps(json.dumps(text)),
        lambda text: json.dumps(text).replace("/", "\\/"),
        lambda text: "'" + text.replace("'", "''") + "'",
    ],
)
def test_a_secret_is_masked_in_less_usual_ways_too(write: Callable[[str], str]) -> None:
    told = Masking([SECRET]).text(f"before {write(SECRET)} after")
    assert MASK in told
    assert "rd=7" not in told


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    told = Masking(["test", "1234"]).text("the latest tests: test, 'test' 91234567 1234")
    assert told == f"the latest tests: {MASK}, '{MASK}' 91234567 {MASK}"


def test_a_number_that_is_the_secret_is_masked() -> None:
    rows: list[list[object]] = [[12345678, 1.5, "x"], [1, None, Decimal("12345678")]]
    assert Masking(["12345678"]).rows(rows) == [[MASK, 1.5, "x"], [1, None, MASK]]


def test_what_a_file_of_credentials_holds_is_masked() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIBAQ"
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    secret = json.dumps({"type": "service_account", "private_key": key, "client_email": "a@b.example"})
    told = Masking([secret]).text(f"a@b.example service_account {key}")
    assert told.startswith(f"a@b.example service_account {MASK}")
    assert "MIIE" not in told


def test_rows_without_a_secret_stay_as_they_are() -> None:
    rows: list[list[object]] = [[1, "x", 2.5], [None, "y", {"a": 1}]]
    assert Masking([SECRET]).rows(rows) is rows


HARD = "pä'ss\"w\\ord<&>/+!'x 7"


@pytest.mark.parametrize(
    "write",
    [
        lambda text: escape(text).replace("&#x27;", "&#39;"),
        lambda text: escape(text, quote=False),
        lambda text: quote(text, safe="!'()*"),
        lambda text: text.encode().hex().upper(),
        lambda text: json.dumps(json.dumps({"a": text}, ensure_ascii=False)),
        lambda text: json.dumps(json.dumps(text).replace("/", "\\/")),
        lambda text: json.dumps(text).replace("<", "\\u003c").replace("&", "\\u0026").replace(">", "\\u003e"),
        lambda text: text.replace("'", "''"),
        lambda text: text.replace('"', '""'),
        lambda text: text.replace("'", "\\'"),
        lambda text: text.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"'),
        lambda text: base64.b64encode(text.encode()).decode().replace("/", "\\/"),
        lambda text: repr(text.encode()),
    ],
)
def test_nothing_of_a_secret_with_quotes_and_signs_is_left(write: Callable[[str], str]) -> None:
    told = Masking([HARD]).text(f"before {write(HARD)} after")
    before, after = told.removeprefix("before ").removesuffix(" after").split(MASK)
    assert set(before) <= set("b'{\\\"a: ")  # only what was written around it
    assert set(after) <= set("'\\\"}")


@pytest.mark.parametrize("user", ["", "a", "ada", "ü?>", "anna@example.com"])
@pytest.mark.parametrize("password", ["test", "pä?>", "ÿÿÿÿÿÿÿÿÿ", "another>>>one"])
def test_urlsafe_base64_of_a_user_and_a_password_is_masked(user: str, password: str) -> None:
    header = base64.urlsafe_b64encode(f"{user}:{password}".encode()).decode()
    assert Masking([password]).text(f"Basic {header}, {header}") == f"Basic {MASK}, {MASK}"


def test_base64_of_a_word_with_a_short_secret_in_it_is_left() -> None:
    for word in ("contest", "latest news", "the tests"):
        encoded = base64.b64encode(word.encode()).decode()
        assert Masking(["test"]).text(encoded) == encoded


@pytest.mark.parametrize("before", ["\\n", "%3D", "%3a", "\\x3d", "\\u003d", "_", " ", ""])
def test_a_short_secret_after_an_escape_stands_alone(before: str) -> None:
    assert Masking(["test"]).text(f"{before}test") == f"{before}{MASK}"


def test_a_short_secret_with_signs_at_its_edges_is_masked_after_words() -> None:
    assert Masking(["!a1b?"]).text("word!a1b?word") == f"word{MASK}word"


def test_what_is_left_of_a_secret_without_its_spaces_is_not_searched_where_too_short() -> None:
    assert Masking(["  a  "]).text("a cat") == "a cat"


def test_short_lines_and_the_frame_of_a_key_are_left() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\r\nMIIEvQIBADANBgkq\r\nabc=12\r\n-----END RSA PRIVATE KEY-----"
    masking = Masking([key])
    assert masking.text("abc=12 -----BEGIN RSA PRIVATE KEY-----") == "abc=12 -----BEGIN RSA PRIVATE KEY-----"
    assert masking.text("MIIEvQIBADANBgkq") == MASK
    assert masking.text(f"<{key}>") == f"<{MASK}>"


def test_numbers_and_ids_that_are_secrets_are_masked_at_any_depth() -> None:
    id = "6f1c2f0e-5b1c-4c39-9d55-0f1f6f3b7a11"
    masking = Masking(["12345678", "1234.5", "0001", id])
    known = [12345678, Decimal("1234.50"), 1234.5, UUID(id), {"a": [12345678]}]
    assert masking.value(known) == [MASK, MASK, MASK, MASK, {"a": [MASK]}]
    others = [True, 1, 123456789, Decimal("NaN"), Decimal("sNaN"), float("nan"), 10**5000, None]
    assert [one is kept for one, kept in zip(masking.value(others), others, strict=True)] == [True] * 8


def test_each_text_in_a_secret_that_is_json_is_masked_but_for_what_everybody_may_know() -> None:
    deep = {
        "web": {"client_secret": "GOCSPX-abcdefgh", "auth_uri": "https://auth.example"},
        "keys": ["k-12345678"],
    }
    told = Masking([json.dumps(deep)]).text("GOCSPX-abcdefgh https://auth.example k-12345678")
    assert told == f"{MASK} https://auth.example {MASK}"


def test_a_secret_that_looks_like_json_but_is_none_is_masked_as_it_is() -> None:
    for secret in ("{not json", "[" * 100_000):
        assert Masking([secret]).text(secret) == MASK


def test_only_the_rows_with_a_secret_are_made_anew() -> None:
    rows: list[list[object]] = [[1, "x"], [{"a": [SECRET.encode()]}, None], ["y", {SECRET: 1}]]
    masked = Masking([SECRET]).rows(rows)
    assert masked == [[1, "x"], [{"a": [MASK.encode()]}, None], ["y", {MASK: 1}]]
    assert masked[0] is rows[0]


@given(st.integers(65_000, 66_000), st.sampled_from(["test", SECRET]))
def test_a_secret_across_the_pieces_of_a_long_text_is_masked(place: int, secret: str) -> None:
    text = " " * place + secret + " " * 70_000
    assert Masking([secret]).text(text) == text.replace(secret, MASK)


def test_masking_rows_of_texts_takes_a_fraction_of_searching_each() -> None:
    letters = Random(7)
    lines = ["".join(letters.choices(ascii_letters + "+/", k=64)) for _ in range(26)]
    masking = Masking(["\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])])
    rows = [["".join(letters.choices(ascii_letters, k=12)) for _ in range(30)] for _ in range(1000)]
    assert masking.rows(rows) is rows  # so all is compiled
    assert min(_seconds(lambda: masking.rows(rows)) for _ in range(3)) < 0.25
    assert masking.text(lines[3]) == MASK


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
