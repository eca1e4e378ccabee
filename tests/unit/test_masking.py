"""No way in which a credential is usually written gets through."""

import base64
import json
import re
from collections.abc import Callable
from decimal import Decimal
from html import escape
from urllib.parse import quote, quote_plus

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
