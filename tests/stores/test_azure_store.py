from __future__ import annotations

import http.client
import io
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from launchpad_tui.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConfigError,
    Conflict,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net import client as net_client
from launchpad_tui.net import retry
from launchpad_tui.stores.azure import AzureStore
from launchpad_tui.stores.azure_account import AzureContainer
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from tests.stores import azurite
from tests.stores.cloud_helpers import calls, error_text, responding


@pytest.fixture
def server() -> azurite.Server:
    return azurite.shared()


@pytest.fixture
def prefix() -> str:
    return f"p/{uuid.uuid4()}"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_"))]:
        monkeypatch.delenv(name)


def opened(values: dict[str, str]) -> AzureStore:
    store = open_store(KINDS["azure"], values)
    assert isinstance(store, AzureStore)
    return store


def listed(server: azurite.Server, query: str) -> str:
    """A listing of the container, without the adapter."""
    address = urlsplit(server.container_uri)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    try:
        connection.request(
            "GET", f"{address.path}?restype=container&comp=list&{query}&{server.sas}"
        )
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_httpx2_is_imported_only_on_use(server: azurite.Server) -> None:
    program = (
        "import sys, json\n"
        "from launchpad_tui.stores.base import open_store\n"
        "from launchpad_tui.stores.catalog import KINDS\n"
        "open_store(KINDS['azure'], json.loads(sys.argv[1]))\n"
        "print(sorted({'httpx2', 'cryptography'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, json.dumps(server.values())]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_invalid_tokens_are_rejected(server: azurite.Server, prefix: str, source: Path) -> None:
    wrong = azurite.container_sas(azurite.ALL, key="b3RoZXI=")
    for token in (wrong, server.expired_sas):
        signature = token.partition("sig=")[2]
        for call in calls(opened(server.values(prefix, sas_token=token)), source):
            with pytest.raises(AuthenticationFailed) as caught:
                call()
            assert signature not in error_text(caught.value)
            assert unquote(signature) not in error_text(caught.value)


def test_a_token_may_start_with_a_question_mark(
    server: azurite.Server, prefix: str, source: Path
) -> None:
    store = opened(server.values(prefix, sas_token=f" ?{server.sas}\n"))
    store.put("a", source)
    # In a decoded token, the plus signs and slashes of the signature are literal.
    decoded = server.sas.partition("sig=")
    assert (
        opened(server.values(prefix, sas_token=f"{decoded[0]}sig={unquote(decoded[2])}"))
        .stat("a")
        .size
        == 200_000
    )


def test_read_only_access(server: azurite.Server, prefix: str, source: Path) -> None:
    opened(server.values(prefix)).put("a", source)
    store = opened(server.values(prefix, sas_token=server.reader_sas))
    assert [each.path for each in store.list()] == ["a"]
    assert store.get("a", io.BytesIO()).size == 200_000
    for call in calls(store, source)[4:]:
        with pytest.raises((PermissionDenied, Conflict)) as caught:
            call()
        assert server.reader_sas.partition("sig=")[2] not in error_text(caught.value)
    assert [each.path for each in store.list()] == ["a"]


def test_missing_container(server: azurite.Server, prefix: str, source: Path) -> None:
    uri = server.container_uri.replace(azurite.CONTAINER, "no-such-container")
    for call in calls(
        opened(server.values(prefix, container_uri=uri, sas_token=server.account_sas)), source
    ):
        with pytest.raises(ConfigError):
            call()


def test_invalid_values_are_rejected(server: azurite.Server) -> None:
    for uri in (
        "not a uri",
        "https://account.blob.core.windows.net",
        "https://account.blob.core.windows.net/container/folder",
        "https://account.blob.core.windows.net/container?sv=1&sig=HIDDEN",
        "https://HIDDEN@account.blob.core.windows.net/container",
        "https://account.blob.core.windows.net:port/container",
    ):
        with pytest.raises(ConfigError) as caught:
            opened(server.values(container_uri=uri))
        assert "HIDDEN" not in error_text(caught.value)
    for token in ("", "HIDDEN", "https://a.blob.core.windows.net/c?sv=1", "sv=1&se=HIDDEN"):
        with pytest.raises(ConfigError) as caught:
            opened(server.values(sas_token=token))
        assert "HIDDEN" not in error_text(caught.value)


@pytest.mark.parametrize(
    ("uri", "url", "account"),
    [
        ("https://acc.blob.core.windows.net/c/", "https://acc.blob.core.windows.net/c", "acc"),
        (
            "https://acc.blob.core.chinacloudapi.cn/$root",
            "https://acc.blob.core.chinacloudapi.cn/$root",
            "acc",
        ),
        (
            "https://acc.privatelink.blob.core.windows.net/c",
            "https://acc.privatelink.blob.core.windows.net/c",
            "acc",
        ),
        ("http://127.0.0.1:10000/acc/c", "http://127.0.0.1:10000/acc/c", "acc"),
        ("http://[::1]:10000/acc/c", "http://[::1]:10000/acc/c", "acc"),
        ("http://azurite:10000/acc/c", "http://azurite:10000/acc/c", "acc"),
    ],
)
def test_container_uris(uri: str, url: str, account: str) -> None:
    container = AzureContainer.of(uri)
    assert (container.url, container.account) == (url, account)


@pytest.mark.usefixtures("skipped_pauses")
def test_unreachable_server(
    server: azurite.Server, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(net_client, "CONNECT_TIMEOUT", 0.2)
    monkeypatch.setattr(net_client, "READ_TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/acc/c"
        start = time.monotonic()
        with pytest.raises(Unreachable):
            opened(server.values(container_uri=uri)).check()
        assert time.monotonic() - start < 30
    for call in calls(opened(server.values(container_uri=uri)), source):
        with pytest.raises(Unreachable) as caught:
            call()
        assert server.sas.partition("sig=")[2] not in error_text(caught.value)


def test_a_redirect_is_not_followed(server: azurite.Server, source: Path) -> None:
    with responding(lambda handler: handler.reply(200)) as (other, stolen):
        there = {"Location": f"http://localhost:{other}/other"}
        with responding(lambda handler: handler.reply(307, headers=there)) as (port, seen):
            for call in calls(
                opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c")), source
            ):
                with pytest.raises(ConfigError):
                    call()
            assert seen
        assert stolen == []


def test_signature_is_removed_from_error_messages(server: azurite.Server) -> None:
    signature = server.sas.partition("sig=")[2]
    message = f"<Message>{signature} {unquote(signature)}</Message>"
    body = f"<Error><Code>AuthenticationFailed</Code>{message}</Error>"
    with responding(lambda handler: handler.reply(403, body.encode())) as (port, _):
        with pytest.raises(AuthenticationFailed) as caught:
            opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c")).check()
        assert signature not in error_text(caught.value)
        assert unquote(signature) not in error_text(caught.value)


def test_archived_object_is_reported_as_such(server: azurite.Server) -> None:
    body = b"<Error><Code>BlobArchived</Code><Message>Not available</Message></Error>"
    with responding(lambda handler: handler.reply(409, body)) as (port, _):
        store = opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c"))
        with pytest.raises(CapabilityMissing, match="is archived"):
            list(store.read("a", version="1"))


@pytest.mark.parametrize(
    "listing",
    [
        b"<html><body>Log in</body></html>",
        b"<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs></EnumerationResults>",
        b"<EnumerationResults><Blobs><BlobPrefix/></Blobs></EnumerationResults>",
    ],
)
def test_incomplete_listing_is_an_error(server: azurite.Server, listing: bytes) -> None:
    with responding(lambda handler: handler.reply(200, listing)) as (port, _):
        store = opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c"))
        with pytest.raises(RuntimeRejected, match="Unexpected response"):
            list(store.list())


def test_requests_are_retried_when_the_server_is_busy(
    server: azurite.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.01)
    with responding(lambda handler: handler.reply(503, b"")) as (port, seen):
        with pytest.raises(Unreachable):
            opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c")).check()
        assert len(seen) == 3


def test_tls(server: azurite.Server, prefix: str, source: Path) -> None:
    if not server.tls_container_uri:
        pytest.skip("openssl is not installed")
    values = server.values(prefix, container_uri=server.tls_container_uri)
    with pytest.raises(Unreachable) as caught:
        opened(values).check()
    assert "CA file" in caught.value.hint
    for more in ({"ca_file": server.ca_file}, {"verify_tls": "false"}):
        store = opened(values | more)
        store.put("a", source)
        assert store.get("a", io.BytesIO()).size == 200_000
    with pytest.raises(ConfigError):
        opened(values | {"ca_file": "/no/such/file"}).check()


def test_a_cancelled_upload_leaves_no_objects(
    server: azurite.Server, prefix: str, source: Path
) -> None:
    source.write_bytes(b"x" * (40 << 20))
    moved: list[int] = []

    def stop(count: int) -> None:
        moved.append(count)
        if sum(moved) > 20 << 20:
            raise KeyboardInterrupt

    store = opened(server.values(prefix))
    with pytest.raises(KeyboardInterrupt):
        store.put("a", source, progress=stop)
    assert sum(moved) < 22 << 20, "no progress is reported after the error"
    assert list(store.list()) == []
    assert f"{prefix}/a" not in listed(server, f"prefix={prefix}")


def test_a_cancelled_replacement_keeps_the_existing_object(
    server: azurite.Server, prefix: str, source: Path
) -> None:
    store = opened(server.values(prefix))
    store.put("a", source)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    for size in (1, 9 << 20):
        source.write_bytes(b"y" * size)
        with pytest.raises(KeyboardInterrupt):
            store.put("a", source, progress=stop)
    assert store.get("a", io.BytesIO()).size == 200_000


def test_copies_keep_the_hash(server: azurite.Server, prefix: str, source: Path) -> None:
    source.write_bytes(b"x" * (9 << 20))
    store = opened(server.values(prefix))
    stored = store.put("a", source)
    store.copy("a", "b")
    assert store.stat("a").sha256 == store.stat("b").sha256 == stored.sha256


def test_names_rejected_by_azure_are_encoded(
    server: azurite.Server, prefix: str, source: Path
) -> None:
    store = opened(server.values(prefix))
    names = ["a\\b", "end.", "end./x", "␛\x1b", "‛␛", "a．", "del\x7f"]
    for name in names:
        store.put(name, source)
    assert sorted(each.path for each in store.list()) == sorted(names)
    for name in names:
        assert store.stat(name).size == 200_000
    page = listed(server, f"prefix={prefix}")
    assert f"<Name>{prefix}/a＼b</Name>" in page
    assert f"<Name>{prefix}/end．/x</Name>" in page
    assert store.browse().folders == ("end.",)
    assert store.delete_prefix("end.") == 2


def test_prefixes_separate_stores(server: azurite.Server, prefix: str, source: Path) -> None:
    opened(server.values(prefix)).put("a", source)
    assert list(opened(server.values(f"{prefix}x")).list()) == []
    assert [each.path for each in opened(server.values()).list(prefix)] == [f"{prefix}/a"]


def test_credentials_from_the_environment(
    server: azurite.Server, prefix: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = server.values(prefix, credentials="environment", sas_token="")
    for name, value in (
        ("AZURE_STORAGE_KEY", azurite.KEY),
        ("AZURE_STORAGE_SAS_TOKEN", f"?{server.sas}"),
    ):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            store = opened(values)
            store.put("a", source)
            assert store.stat("a").size == 200_000
    monkeypatch.setenv("AZURE_STORAGE_KEY", "not base64!")
    with pytest.raises(ConfigError) as caught:
        opened(values).check()
    assert "not base64!" not in error_text(caught.value)
    monkeypatch.setenv("AZURE_STORAGE_KEY", "b3RoZXI=")
    with pytest.raises(AuthenticationFailed):
        opened(values).check()


def test_the_environment_is_ignored_unless_selected(
    server: azurite.Server, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_KEY", "b3RoZXI=")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", server.expired_sas)
    assert opened(server.values(prefix)).check()


CLIENT = {
    "credentials": "client",
    "tenant_id": "tenant/x",
    "client_id": "client",
    "client_secret": "HIDDEN secret+",
}


def test_an_entra_id_client(
    server: azurite.Server, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How tokens are requested and sent; Azurite does not verify their signatures."""
    token_response = b'{"access_token": "the token", "expires_in": 3599}'
    listing = b"<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>"
    with (
        responding(lambda handler: handler.reply(200, token_response)) as (login, token_requests),
        responding(lambda handler: handler.reply(200, listing)) as (port, seen),
    ):
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"http://127.0.0.1:{login}")
        store = opened(
            server.values(prefix, container_uri=f"http://127.0.0.1:{port}/acc/c", **CLIENT)
        )
        store.check()
        store.check()
    assert len(token_requests) == 1
    assert token_requests[0].startswith("POST /tenant%2Fx/oauth2/v2.0/token\n")
    assert "client_secret=HIDDEN%20secret%2B" in token_requests[0]
    assert "scope=https%3A%2F%2Fstorage.azure.com%2F.default" in token_requests[0]
    assert len(seen) == 2
    assert all("Authorization: Bearer the token\n" in each for each in seen)
    assert not any("HIDDEN" in each for each in seen)


def test_a_rejected_client(server: azurite.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(
        {"error": "invalid_client", "error_description": "AADSTS7000215: HIDDEN secret+ is wrong"}
    )
    with responding(lambda handler: handler.reply(401, body.encode())) as (login, _):
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"http://127.0.0.1:{login}")
        with pytest.raises(AuthenticationFailed) as caught:
            opened(server.values(**CLIENT)).check()
    assert "AADSTS7000215" in caught.value.detail
    assert "HIDDEN" not in error_text(caught.value)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://login.example.com")
    with pytest.raises(ConfigError):
        opened(server.values(**CLIENT)).check()


def test_the_first_page_of_a_large_folder_is_one_request(
    server: azurite.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = "".join(
        f"<Blob><Name>f/{i}</Name><Properties>"
        "<Last-Modified>Mon, 23 Nov 2026 16:22:48 GMT</Last-Modified>"
        f"<Etag>0x{i}</Etag><Content-Length>1</Content-Length></Properties></Blob>"
        for i in range(1000)
    )
    content = f"<Blobs>{blobs}</Blobs><NextMarker>more</NextMarker>"
    page = f"<EnumerationResults>{content}</EnumerationResults>".encode()
    empty = b"<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>"

    with responding(
        lambda handler: handler.reply(200, empty if "staging" in handler.path else page)
    ) as (port, seen):
        found = opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c")).browse("f")
    assert (len(found.objects), found.next) == (1000, "more")
    assert len([each for each in seen if "staging" not in each]) == 1


def test_directories_of_a_hierarchical_namespace_are_not_listed_as_objects(
    server: azurite.Server,
) -> None:
    page = (
        b"<EnumerationResults><Blobs><BlobPrefix><Name>d/</Name></BlobPrefix>"
        b"<Blob><Name>d</Name><Properties>"
        b"<Last-Modified>Mon, 23 Nov 2026 16:22:48 GMT</Last-Modified>"
        b"<ResourceType>directory</ResourceType>"
        b'</Properties></Blob><Blob><Name Encoded="true">x%EF%BF%BE</Name><Properties>'
        b"<Content-Length>3</Content-Length>"
        b"<Last-Modified>Mon, 23 Nov 2026 16:22:48 GMT</Last-Modified>"
        b"</Properties></Blob></Blobs></EnumerationResults>"
    )
    empty = b"<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>"
    with responding(
        lambda handler: handler.reply(200, empty if "staging" in handler.path else page)
    ) as (port, _):
        found = opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c")).browse()
    assert found.folders == ("d",)
    assert [(each.path, each.size) for each in found.objects] == [("x\ufffe", 3)]


def test_a_server_that_is_not_an_object_store(server: azurite.Server, source: Path) -> None:
    with responding(lambda handler: handler.reply(200, b"<html>Welcome")) as (port, _):
        store = opened(server.values(container_uri=f"http://127.0.0.1:{port}/acc/c"))
        for call in (
            store.check,
            lambda: list(store.list()),
            lambda: store.stat("a"),
            store.browse,
        ):
            with pytest.raises(LaunchpadError):
                call()


def test_missing_objects(server: azurite.Server, prefix: str) -> None:
    store = opened(server.values(prefix))
    with pytest.raises(ObjectMissing):
        store.copy("a", "b")
    store.delete("a")
