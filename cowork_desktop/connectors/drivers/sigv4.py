"""Signs requests to AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote

from yarl import URL

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = frozenset(
    ("accept-encoding", "authorization", "connection", "content-length", "expect", "user-agent")
)
"""What is on the way may change."""


@dataclass(frozen=True)
class Keys:
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Scope:
    service: str
    region: str
    now: datetime
    """In UTC."""

    @property
    def stamp(self) -> str:
        return f"{self.now:%Y%m%dT%H%M%SZ}"

    @property
    def text(self) -> str:
        return f"{self.now:%Y%m%d}/{self.region}/{self.service}/aws4_request"

    def key(self, secret: str) -> bytes:
        key = f"AWS4{secret}".encode()
        for part in self.text.split("/"):
            key = _hmac(key, part)
        return key


def signed(
    keys: Keys, scope: Scope, method: str, url: URL, headers: Mapping[str, str], body: bytes
) -> tuple[URL, dict[str, str]]:
    """The URL in the one form that is signed, and all headers, by small names."""
    digest = hashlib.sha256(body).hexdigest()
    url = URL.build(
        scheme=url.scheme,
        authority=url.raw_authority,
        path=_encoded_path(url.raw_path),
        query_string=_canonical_query(url),
        encoded=True,
    )
    all_headers = {name.lower(): value for name, value in headers.items()}
    all_headers |= {"host": url.host_port_subcomponent or "", "x-amz-date": scope.stamp}
    if scope.service == "s3":
        all_headers["x-amz-content-sha256"] = digest
    if keys.session_token:
        all_headers["x-amz-security-token"] = keys.session_token
    all_headers["authorization"] = _authorization(keys, scope, method, url, all_headers, digest)
    return url, all_headers


def _authorization(
    keys: Keys, scope: Scope, method: str, url: URL, headers: Mapping[str, str], digest: str
) -> str:
    names = sorted(set(headers) - _UNSIGNED)
    lines = [f"{name}:{re.sub(' +', ' ', headers[name].strip())}\n" for name in names]
    # S3 takes the path as it is sent; the others escape it once more.
    path = url.raw_path if scope.service == "s3" else quote(url.raw_path, safe="/~")
    request = [method, path, url.raw_query_string, "".join(lines), ";".join(names), digest]
    hashed = hashlib.sha256("\n".join(request).encode()).hexdigest()
    to_sign = "\n".join([_ALGORITHM, scope.stamp, scope.text, hashed])
    signature = _hmac(scope.key(keys.secret_access_key), to_sign).hex()
    who = f"{keys.access_key_id}/{scope.text}"
    return f"{_ALGORITHM} Credential={who}, SignedHeaders={';'.join(names)}, Signature={signature}"


def _encoded_path(raw_path: str) -> str:
    """Every segment escaped in the one way."""
    return "/".join(_encoded(unquote(segment)) for segment in raw_path.split("/")) or "/"


def _canonical_query(url: URL) -> str:
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in url.query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
