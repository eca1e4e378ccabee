"""Signatures of AWS, against those that AWS publishes and those that botocore makes."""

from datetime import UTC, datetime

import pytest
from yarl import URL

from cowork_desktop.connectors.drivers.sigv4 import Keys, Scope, signed

SUITE = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SUITE_NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
# https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
S3 = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
S3_NOW = datetime(2013, 5, 24, tzinfo=UTC)
BUCKET = "https://examplebucket.s3.amazonaws.com"


def _signature(headers: dict[str, str]) -> str:
    return headers["authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("/?Param1=value2&Param1=value1", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
    ],
)
def test_requests_of_the_published_suite_get_its_signatures(url: str, signature: str) -> None:
    scope = Scope("service", "us-east-1", SUITE_NOW)

    _, headers = signed(SUITE, scope, "GET", URL(f"https://example.amazonaws.com{url}"), {}, b"")

    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
        f" SignedHeaders=host;x-amz-date, Signature={signature}"
    )


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "signature"),
    [
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            b"",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "/?lifecycle", {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            {},
            b"",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_requests_of_the_s3_manual_get_its_signatures(
    method: str, url: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    scope = Scope("s3", "us-east-1", S3_NOW)

    _, all_headers = signed(S3, scope, method, URL(f"{BUCKET}{url}"), headers, body)

    assert _signature(all_headers) == signature


def test_escapes_ports_and_session_tokens_of_s3_are_signed_as_botocore_signs_them() -> None:
    # botocore 1.44.8: S3SigV4Auth(Credentials(AKIDEXAMPLE, ..., "TOKEN/+="), "s3", "eu-west-1").add_auth(...)
    # with PUT https://b.s3.eu-west-1.amazonaws.com:8443/a%20b/%C3%A4%2B%28x%29.txt, its payload signed.
    keys = Keys(SUITE.access_key_id, SUITE.secret_access_key, "TOKEN/+=")
    url = URL("https://b.s3.eu-west-1.amazonaws.com:8443/a b/ä%2B(x).txt?prefix=a/b c%2B&list-type=2")

    sent, headers = signed(
        keys, Scope("s3", "eu-west-1", SUITE_NOW), "PUT", url, {"content-type": "text/plain"}, b"hello"
    )

    assert sent.raw_path == "/a%20b/%C3%A4%2B%28x%29.txt"
    assert sent.raw_query_string == "list-type=2&prefix=a%2Fb%20c%2B"
    assert _signature(headers) == "621a5ffd6fb6476040828eef52042ef40b8c74054ad94deb4b611f881ad0c2d7"


def test_paths_of_other_services_are_escaped_once_more_as_botocore_does_it() -> None:
    # botocore 1.44.8: SigV4Auth(Credentials(AKIDEXAMPLE, ..., "TOKEN/+="), "execute-api", "eu-west-1")
    keys = Keys(SUITE.access_key_id, SUITE.secret_access_key, "TOKEN/+=")
    url = URL("https://abc.execute-api.eu-west-1.amazonaws.com/prod/a b/ä?x=1&a=ä")

    _, headers = signed(
        keys,
        Scope("execute-api", "eu-west-1", SUITE_NOW),
        "POST",
        url,
        {"content-type": "application/json"},
        b'{"a": 1}',
    )

    assert _signature(headers) == "c778ff9f7d0f72f8827328c61710c49ba441254386d28eb964b5efdfb6642f7e"


def test_the_keys_are_not_shown_where_an_object_is() -> None:
    assert "wJalr" not in repr(SUITE)
    assert "TOKEN" not in repr(Keys("a", "b", "TOKEN"))
