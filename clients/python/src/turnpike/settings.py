"""Where the gateway is and who asks: read, and checked before anything is connected."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

KEEPALIVE_SECONDS = 10.0
"""After so much silence a ping is sent, also while no call is under way."""

KEEPALIVE_TIMEOUT_SECONDS = 5.0
"""A ping that is not answered for so long ends the connection."""

KEEPALIVE_SECONDS_MAX = 86_400.0
"""The longest time that either of the two can be set to: a day."""

API_KEY_LENGTH_MAX = 1024

FROM_ENVIRONMENT = {
    "url": "TURNPIKE_URL",
    "api_key": "TURNPIKE_API_KEY",
    "ca_file": "TURNPIKE_CA_FILE",
    "cert_file": "TURNPIKE_CERT_FILE",
    "key_file": "TURNPIKE_KEY_FILE",
}
"""The variables, by the names of the parameters that they stand for."""


_Wrong = Callable[[str, str], "SettingsError"]
"""Makes an error of a parameter and what is wrong with it."""


class SettingsError(ValueError):
    """An address, a key, a file or a time that cannot be used. It names the parameter or the variable."""


@dataclass(frozen=True)
class Settings:
    """Everything that a connection is made with. Printing it shows no key and no certificate."""

    url: str
    """The address as `http://host:port` or `https://host:port`."""

    target: str
    """The same as gRPC writes it."""

    tls: bool
    api_key: str | None = field(repr=False)
    keepalive_seconds: float
    keepalive_timeout_seconds: float

    authorities: bytes | None = field(repr=False)
    """Certificates in PEM. None means those of gRPC."""

    certificate: bytes | None = field(repr=False)
    private_key: bytes | None = field(repr=False)


def read(
    url: str,
    api_key: str | None,
    *,
    ca_file: str | os.PathLike[str] | None,
    cert_file: str | os.PathLike[str] | None,
    key_file: str | os.PathLike[str] | None,
    keepalive_seconds: float,
    keepalive_timeout_seconds: float,
    names: Mapping[str, str],
) -> Settings:
    """Checks all of it. `names` says what to call a parameter in an error; by default its own name."""

    def wrong(parameter: str, what: str) -> SettingsError:
        return SettingsError(f"{names.get(parameter, parameter)} {what}")

    host, port, tls = _read_url(url, wrong)
    if api_key is not None:
        # Anything else would break the header, and gRPC would print it to say so.
        if not re.fullmatch(r"[!-~]+", api_key):
            raise wrong("api_key", "is empty, or holds something else than printable ASCII without spaces")
        if len(api_key) > API_KEY_LENGTH_MAX:
            raise wrong("api_key", f"has more than {API_KEY_LENGTH_MAX} characters")
    for parameter, seconds in (
        ("keepalive_seconds", keepalive_seconds),
        ("keepalive_timeout_seconds", keepalive_timeout_seconds),
    ):
        if not 0.001 <= seconds <= KEEPALIVE_SECONDS_MAX:
            raise wrong(parameter, f"is not between 0.001 and {KEEPALIVE_SECONDS_MAX:.0f}")

    if not tls:
        for parameter, file in (("ca_file", ca_file), ("cert_file", cert_file), ("key_file", key_file)):
            if file is not None:
                raise wrong(parameter, f"is of no use without TLS: {names.get('url', 'url')} begins with http://")
    if (cert_file is None) != (key_file is None):
        missing, given = ("cert_file", "key_file") if cert_file is None else ("key_file", "cert_file")
        raise wrong(missing, f"is missing: {names.get(given, given)} is of no use alone")

    authorities = certificate = private_key = None
    if tls:
        authorities = _system_authorities() if ca_file is None else _read_authorities(ca_file, wrong)
    if cert_file is not None and key_file is not None:
        certificate, private_key = _read_certificate(cert_file, key_file, wrong)
    return Settings(
        url=f"{'https' if tls else 'http'}://{host}:{port}",
        target=f"dns:///{host}:{port}",
        tls=tls,
        api_key=api_key,
        keepalive_seconds=keepalive_seconds,
        keepalive_timeout_seconds=keepalive_timeout_seconds,
        authorities=authorities,
        certificate=certificate,
        private_key=private_key,
    )


def environment(variables: Mapping[str, str]) -> dict[str, str | None]:
    """The parameters that the environment sets. An empty variable counts as none."""
    found = {parameter: variables.get(name) or None for parameter, name in FROM_ENVIRONMENT.items()}
    for parameter in ("url", "api_key"):
        if found[parameter] is None:
            raise SettingsError(f"{FROM_ENVIRONMENT[parameter]} is not set")
    return found


# The address itself is not repeated in an error: it may hold a password by mistake.
def _read_url(url: str, wrong: _Wrong) -> tuple[str, int, bool]:
    form = "must be http://host:port or https://host:port"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong("url", form) from None
    if parts.scheme not in ("http", "https"):
        raise wrong("url", form)
    if parts.username is not None or parts.password is not None:
        raise wrong("url", f"{form}, without a user")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise wrong("url", f"{form}, without anything behind it")
    if not host or not port or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise wrong("url", form)
    return (f"[{host}]" if ":" in host else host), port, parts.scheme == "https"


def _read_file(parameter: str, file: str | os.PathLike[str], wrong: _Wrong) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise wrong(parameter, f"cannot be read: {error.strerror}: {os.fspath(file)}") from None


def _read_authorities(file: str | os.PathLike[str], wrong: _Wrong) -> bytes:
    import ssl

    pem = _read_file("ca_file", file, wrong)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise wrong("ca_file", f"holds no certificates in PEM: {os.fspath(file)}") from None
    return pem


def _read_certificate(
    cert_file: str | os.PathLike[str], key_file: str | os.PathLike[str], wrong: _Wrong
) -> tuple[bytes, bytes]:
    import ssl

    certificate = _read_file("cert_file", cert_file, wrong)
    private_key = _read_file("key_file", key_file, wrong)
    try:
        # An empty password, or OpenSSL would ask for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, password="")
    except (ssl.SSLError, ValueError):
        what = "is no certificate in PEM with the unencrypted key beside it in"
        raise wrong("cert_file", f"{what} {os.fspath(key_file)}: {os.fspath(cert_file)}") from None
    return certificate, private_key


def _system_authorities() -> bytes | None:
    """The authorities of the system. gRPC alone would take those that came with its package."""
    import ssl

    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode() or None
