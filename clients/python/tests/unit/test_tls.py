"""TLS and mutual TLS, against a server with certificates that are made up on the spot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import trustme
from server import Server

import turnpike
from turnpike import v1

REQUEST = v1.ListAccountsRequest()


class Files:
    """An authority, and what it has issued for the server and for the client, as files."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.server = self.authority.issue_cert("127.0.0.1")
        self.client = self.authority.issue_cert("client.example")
        self.ca_file, self.cert_file, self.key_file, self.stranger_file = (
            folder / name for name in ("ca.pem", "client.pem", "client.key", "stranger.pem")
        )
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        trustme.CA().cert_pem.write_to_path(str(self.stranger_file))
        for blob in self.client.cert_chain_pems:
            blob.write_to_path(str(self.cert_file), append=True)
        self.client.private_key_pem.write_to_path(str(self.key_file))

    def credentials(self, mutual: bool) -> grpc.ServerCredentials:
        chain = b"".join(blob.bytes() for blob in self.server.cert_chain_pems)
        pair = (self.server.private_key_pem.bytes(), chain)
        return grpc.ssl_server_credentials([pair], self.authority.cert_pem.bytes() if mutual else None, mutual)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def tls(files: Files) -> Iterator[Server]:
    with Server(credentials=files.credentials(mutual=False)) as server:
        yield server


@pytest.fixture
def mutual(files: Files) -> Iterator[Server]:
    with Server(credentials=files.credentials(mutual=True)) as server:
        yield server


def refused(client: turnpike.Turnpike) -> None:
    with client, pytest.raises(turnpike.Error) as caught:
        client.accounts.ListAccounts(REQUEST)
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
    assert not caught.value.nothing_was_sent


def test_tls(tls: Server, files: Files) -> None:
    with turnpike.Turnpike(tls.url, "tpk_1", ca_file=files.ca_file) as client:
        client.accounts.ListAccounts(REQUEST)
    assert tls.metadata[0]["authorization"] == "Bearer tpk_1"
    refused(turnpike.Turnpike(tls.url, "tpk_1", ca_file=files.stranger_file))
    refused(turnpike.Turnpike(tls.url, "tpk_1"))
    refused(turnpike.Turnpike(tls.url.replace("https", "http"), "tpk_1"))
    assert len(tls.calls) == 1


def test_mutual_tls(mutual: Server, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"URL": mutual.url, "API_KEY": "tpk_1", "CA_FILE": files.ca_file}
    for name, value in variables.items():
        monkeypatch.setenv(f"TURNPIKE_{name}", str(value))
    refused(turnpike.Turnpike.from_environment())
    monkeypatch.setenv("TURNPIKE_CERT_FILE", str(files.cert_file))
    monkeypatch.setenv("TURNPIKE_KEY_FILE", str(files.key_file))
    with turnpike.Turnpike.from_environment() as client:
        client.accounts.ListAccounts(REQUEST)

    async def main() -> None:
        async with turnpike.AsyncTurnpike.from_environment() as client:
            await client.accounts.ListAccounts(REQUEST)

    asyncio.run(main())
    assert len(mutual.calls) == 2


def test_the_authorities_of_the_system(tls: Server, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL takes them from here, and so the client does."""
    monkeypatch.setenv("SSL_CERT_FILE", str(files.ca_file))
    with turnpike.Turnpike(tls.url, "tpk_1") as client:
        client.accounts.ListAccounts(REQUEST)
