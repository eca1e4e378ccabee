"""Puts the credentials of a connection into a request, in the way that its spec says."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from yarl import URL

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.http_asked import Asked, check_header
from cowork_desktop.connectors.drivers.sigv4 import Keys, Scope, signed


def authenticated(target: Target, asked: Asked, now: int) -> tuple[URL, dict[str, str]]:
    """The URL and the headers with the credentials, to be sent as they are. `now`: in milliseconds. Raises
    DriverFailed."""
    url, headers, auth = asked.place.url, dict(asked.headers), _auth(target)
    match auth["type"]:
        case "none":
            pass
        case "bearer":
            headers["authorization"] = f"Bearer {_header_value(target, auth['field'])}"
        case "oauth2":
            headers["authorization"] = f"Bearer {_header_value(target, 'access_token')}"
        case "basic":
            headers["authorization"] = _basic(target, auth)
        case "header":
            headers |= _own_header(target, auth)
        case "query":
            url = url.update_query({auth["parameter"]: _given(target, auth["field"])})
        case "sigv4":
            return _signed(target, auth, asked, now)
        case other:
            raise DriverFailed("failed", f"The connector wants a sign-in that is not known: {other}")
    return url, headers


def secret_parameter(target: Target) -> str | None:
    """Of a URL: the one that holds the credential, where there is one."""
    auth = _auth(target)
    return str(auth["parameter"]) if auth["type"] == "query" else None


def _auth(target: Target) -> Mapping[str, Any]:
    auth: Mapping[str, Any] = target.method.get("auth") or {}
    return auth if "type" in auth else {"type": "oauth2" if "access_token" in target.secrets else "none"}


def _given(target: Target, key: str) -> str:
    value = target.text(key).strip()
    if not value:
        raise DriverFailed("authentication", f"The field {key} of the connection is empty; fill it in.")
    return value


def _header_value(target: Target, key: str) -> str:
    value = _given(target, key)
    if not (value.isascii() and value.isprintable()):
        raise DriverFailed(
            "authentication",
            f"The field {key} of the connection has characters that cannot be in it, such as a line end."
            " Copy it again.",
        )
    return value


def _basic(target: Target, auth: Mapping[str, Any]) -> str:
    """https://www.rfc-editor.org/rfc/rfc7617; many services take a key alone, as user or as password."""
    user, password = (target.text(auth[part]) if part in auth else "" for part in ("user", "password"))
    if ":" in user:
        raise DriverFailed("authentication", f"The field {auth['user']} cannot have a colon in it.")
    if not user and not password:
        raise DriverFailed("authentication", "The connection has no user and no password; fill them in.")
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _own_header(target: Target, auth: Mapping[str, Any]) -> dict[str, str]:
    name = str(auth.get("header", ""))
    if "header_field" in auth:
        name = target.text(auth["header_field"], name).strip()
    value = f"{auth.get('prefix', '')}{_header_value(target, auth['field'])}"
    check_header(name, value, f"The field {auth['field']}")
    return {name.lower(): value}


def _signed(target: Target, auth: Mapping[str, Any], asked: Asked, now: int) -> tuple[URL, dict[str, str]]:
    keys = Keys(
        _header_value(target, "access_key_id"),
        _given(target, "secret_access_key"),
        _header_value(target, "session_token") if target.text("session_token") else None,
    )
    region = target.text("region", str(auth.get("region", "us-east-1")))
    scope = Scope(auth["service"], region, datetime.fromtimestamp(now / 1000, UTC))
    return signed(keys, scope, asked.method, asked.place.url, asked.headers, asked.body or b"")
