"""The certificates of the authorities that the system trusts, as a file, for libraries that bring their own
OpenSSL and so look where nothing is."""

import ssl
from pathlib import Path

_USUAL = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def authorities() -> str | None:
    """Blocks. None: no such file is there."""
    named = ssl.get_default_verify_paths().cafile
    places = [named, *_USUAL] if named else _USUAL
    return next((place for place in places if Path(place).is_file()), _certifi())


def _certifi() -> str | None:
    try:
        import certifi
    except ImportError:
        return None
    return certifi.where()
