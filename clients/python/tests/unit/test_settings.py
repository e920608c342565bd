"""What is wrong in an address, a key, a file or a variable is said before anything is connected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trustme

import turnpike

SECRET = "tpk_secret_1234"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://127.0.0.1:50051", "dns:///127.0.0.1:50051"),
        ("http://localhost:1/", "dns:///localhost:1"),
        ("http://[::1]:50051", "dns:///[::1]:50051"),
        ("https://pay.shop.example:443", "dns:///pay.shop.example:443"),
    ],
)
def test_addresses(url: str, target: str) -> None:
    with turnpike.Turnpike(url, SECRET) as client:
        assert client.url == url.rstrip("/")
    read = turnpike.settings.read(
        url,
        SECRET,
        ca_file=None,
        cert_file=None,
        key_file=None,
        keepalive_seconds=1,
        keepalive_timeout_seconds=1,
        names={},
    )
    assert read.target == target
    assert read.tls == url.startswith("https")
    assert SECRET not in repr(read)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:50051",
        "localhost:50051",
        "grpc://127.0.0.1:50051",
        "http://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:port",
        "http://:50051",
        "http://127.0.0.1:50051/v1",
        "http://127.0.0.1:50051?a=b",
        "http://127.0.0.1:50051#a",
        f"http://user:{SECRET}@127.0.0.1:50051",
        f"http://{SECRET}@127.0.0.1:50051",
        "http://a b:50051",
        "http://[::1:50051",
        "http://[fe80::1%eth0]:50051",
    ],
)
def test_wrong_addresses(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(turnpike.SettingsError, match=r"^url must be http://host:port") as caught:
        turnpike.Turnpike(url, "tpk_1")
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("TURNPIKE_URL", url)
    monkeypatch.setenv("TURNPIKE_API_KEY", "tpk_1")
    with pytest.raises(turnpike.SettingsError, match=r"^TURNPIKE_URL "):
        turnpike.Turnpike.from_environment()


@pytest.mark.parametrize("key", ["", " ", f"{SECRET}\n", f"{SECRET} x", f"{SECRET}é", SECRET * 100])
def test_wrong_keys_are_not_repeated(key: str) -> None:
    with pytest.raises(turnpike.SettingsError, match=r"^api_key ") as caught:
        turnpike.Turnpike("http://127.0.0.1:1", key)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1, 86_401, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["keepalive_seconds", "keepalive_timeout_seconds"])
def test_wrong_times(name: str, seconds: float) -> None:
    times = {name: seconds}
    with pytest.raises(turnpike.SettingsError, match=f"^{name} "):
        turnpike.Turnpike("http://127.0.0.1:1", "tpk_1", **times)


@pytest.mark.parametrize("missing", ["TURNPIKE_URL", "TURNPIKE_API_KEY"])
def test_the_environment_has_to_be_complete(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNPIKE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("TURNPIKE_API_KEY", SECRET)
    turnpike.Turnpike.from_environment().close()
    monkeypatch.setenv(missing, "")
    with pytest.raises(turnpike.SettingsError, match=f"^{missing} is not set"):
        turnpike.Turnpike.from_environment()


@pytest.mark.parametrize("name", ["CA_FILE", "CERT_FILE", "KEY_FILE"])
def test_files_are_of_no_use_without_tls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNPIKE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("TURNPIKE_API_KEY", SECRET)
    monkeypatch.setenv(f"TURNPIKE_{name}", "/nowhere")
    with pytest.raises(turnpike.SettingsError, match=f"^TURNPIKE_{name} is of no use"):
        turnpike.Turnpike.from_environment()


def test_wrong_files_are_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    mine, other = (authority.issue_cert("shop.example") for _ in range(2))
    files = {name: str(tmp_path / name) for name in ("cert", "key", "other", "text")}
    mine.cert_chain_pems[0].write_to_path(files["cert"])
    mine.private_key_pem.write_to_path(files["key"])
    other.private_key_pem.write_to_path(files["other"])
    Path(files["text"]).write_text("no certificate")

    def refused(**given: str) -> str:
        with pytest.raises(turnpike.SettingsError) as caught:
            turnpike.Turnpike("https://127.0.0.1:1", SECRET, **given)
        return str(caught.value)

    assert re.match("ca_file cannot be read: .*: /nowhere", refused(ca_file="/nowhere"))
    assert refused(ca_file=files["text"]).startswith("ca_file holds no certificates in PEM")
    assert refused(ca_file=files["key"]).startswith("ca_file holds no certificates in PEM")
    assert refused(cert_file=files["cert"]) == "key_file is missing: cert_file is of no use alone"
    assert refused(key_file=files["key"]) == "cert_file is missing: key_file is of no use alone"
    assert refused(cert_file=files["cert"], key_file=files["other"]).startswith("cert_file is no certificate")
    assert refused(cert_file=files["text"], key_file=files["key"]).startswith("cert_file is no certificate")
    assert refused(cert_file=files["cert"], key_file="/nowhere").startswith("key_file cannot be read")
    turnpike.Turnpike("https://127.0.0.1:1", SECRET, cert_file=files["cert"], key_file=files["key"]).close()


def test_printing_a_client_shows_no_key() -> None:
    with turnpike.Turnpike("http://127.0.0.1:1", SECRET) as client:
        shown = f"{client!r} {client} {vars(client)}"
    assert SECRET not in shown
    assert "http://127.0.0.1:1" in shown
