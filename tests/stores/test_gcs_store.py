from __future__ import annotations

import base64
import io
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    Conflict,
    DependencyMissing,
    ObjectMissing,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.stores.base import SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.gcs import GcsStore
from tests.stores import fake_gcs, memory_bucket
from tests.stores.cloud_helpers import calls, error_text, responding
from tests.stores.http_server import listening


@pytest.fixture
def server() -> fake_gcs.Server:
    return fake_gcs.shared()


@pytest.fixture
def prefix() -> str:
    return f"p/{uuid.uuid4()}"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("GOOGLE_", "CLOUDSDK_", "GCE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "no gcloud"))


@contextmanager
def local_server() -> Iterator[tuple[fake_gcs.ServerState, dict[str, str]]]:
    """Run a server in this process; yield its state and the values of a store."""
    state = fake_gcs.ServerState()
    with listening(state.handler()) as port:
        state.audience = f"http://127.0.0.1:{port}/token"
        values = {"bucket": fake_gcs.BUCKET, "endpoint": f"http://127.0.0.1:{port}"}
        yield state, values | {"private_key": state.create_account(fake_gcs.ACCOUNT)}


def opened(values: dict[str, str]) -> GcsStore:
    store = open_store(KINDS["gcs"], values)
    assert isinstance(store, GcsStore)
    return store


def test_httpx2_and_cryptography_are_imported_only_on_use(server: fake_gcs.Server) -> None:
    program = (
        "import sys, json\n"
        "from launchpad_tui.stores.base import open_store\n"
        "from launchpad_tui.stores.catalog import KINDS\n"
        "open_store(KINDS['gcs'], json.loads(sys.argv[1]))\n"
        "print(sorted({'httpx2', 'cryptography'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, json.dumps(server.values())]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_without_cryptography(server: fake_gcs.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(DependencyMissing) as caught:
        opened(server.values()).check()
    assert caught.value.extra == "gcs"


def test_a_key_of_another_account(server: fake_gcs.Server, prefix: str, source: Path) -> None:
    mixed = {**json.loads(server.key), "private_key": json.loads(server.reader_key)["private_key"]}
    for call in calls(opened(server.values(prefix, private_key=json.dumps(mixed))), source):
        with pytest.raises(AuthenticationFailed) as caught:
            call()
        assert "Invalid JWT Signature" in caught.value.detail
        assert mixed["private_key"][40:80] not in error_text(caught.value)


def test_requests_to_a_bucket_that_charges_the_requester(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x" * 100)
    (tmp_path / "large").write_bytes(b"x" * (9 << 20))
    with local_server() as (state, values):
        state.payer = "my-project-1"
        with pytest.raises(PermissionDenied) as caught:
            opened(values).check()
        assert "Billing project" in caught.value.hint
        store = opened({**values, "user_project": "my-project-1"})
        store.check()
        files = [SourceFile(name, tmp_path / name) for name in ("small", "large")]
        store.publish("m", files)
        assert [each.path for each in store.list("m")] == ["m/large", "m/small"]
        assert b"".join(store.read("m/small")) == b"x" * 100
        store.copy("m/small", "copy")
        assert store.checksum("copy")
        assert store.delete_prefix("m") == 2
        charged = [each for each in state.requests if "/storage/v1/" in each][1:]
        assert all("userProject=my-project-1" in each for each in charged)
        with pytest.raises(PermissionDenied):
            opened({**values, "user_project": "other"}).check()


def test_base64_keys(server: fake_gcs.Server, prefix: str) -> None:
    coded = base64.encodebytes(server.key.encode()).decode()
    assert "\n" in coded
    assert opened(server.values(prefix, private_key=coded)).check()


def test_invalid_keys_are_rejected(server: fake_gcs.Server) -> None:
    key = json.loads(server.key)
    for text, reason in (
        ("HIDDEN", "neither JSON nor base64"),
        (base64.b64encode(b"HIDDEN").decode(), "not valid JSON"),
        ('{"HIDDEN": ', "not valid JSON"),
        (base64.b64encode(b'["HIDDEN"]').decode(), "not a JSON object"),
        ('{"private_key": "HIDDEN"}', "Missing: client_email."),
        ('{"HIDDEN": 1}', "Missing: client_email, private_key."),
        (json.dumps({**key, "type": "HIDDEN"}), "type"),
        (json.dumps({**key, "token_uri": "HIDDEN"}), "token_uri"),
    ):
        with pytest.raises(ConfigError) as caught:
            opened(server.values(private_key=text))
        assert reason in caught.value.detail
        assert "HIDDEN" not in error_text(caught.value)
        assert text not in error_text(caught.value)
    store = opened(
        server.values(private_key=json.dumps({**key, "private_key": "-----BEGIN HIDDEN"}))
    )
    with pytest.raises(ConfigError) as caught:
        store.check()
    assert "HIDDEN" not in error_text(caught.value)
    with pytest.raises(AuthenticationFailed):
        opened(server.values(private_key=" "))


def test_token_servers_without_tls_are_not_contacted(server: fake_gcs.Server) -> None:
    key = {**json.loads(server.key), "token_uri": "http://oauth.example.com/token"}
    with pytest.raises(ConfigError):
        opened(server.values(private_key=json.dumps(key))).check()


def test_read_only_access(server: fake_gcs.Server, prefix: str, source: Path) -> None:
    opened(server.values(prefix)).put("a", source)
    store = opened(server.values(prefix, private_key=server.reader_key))
    assert store.get("a", io.BytesIO()).size == 200_000
    for call in calls(store, source)[4:]:
        with pytest.raises((PermissionDenied, Conflict)):
            call()
    assert [each.path for each in store.list()] == ["a"]


def test_missing_bucket(server: fake_gcs.Server, prefix: str, source: Path) -> None:
    for call in calls(opened(server.values(prefix, bucket="no-such-bucket")), source):
        with pytest.raises(ConfigError):
            call()


@pytest.mark.usefixtures("skipped_pauses")
def test_unreachable_server(server: fake_gcs.Server, source: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for call in calls(opened(server.values(endpoint=endpoint)), source):
        with pytest.raises(Unreachable):
            call()


def test_invalid_endpoints_are_rejected(server: fake_gcs.Server) -> None:
    for endpoint in (
        "nonsense",
        "ftp://host",
        "http://host:port",
        "https://HIDDEN@host",
        "https://host?HIDDEN",
    ):
        with pytest.raises(ConfigError) as caught:
            opened(server.values(endpoint=endpoint))
        assert "HIDDEN" not in error_text(caught.value)


def test_tls(server: fake_gcs.Server, prefix: str, source: Path) -> None:
    if not server.tls_endpoint:
        pytest.skip("openssl is not installed")
    values = server.values(prefix, endpoint=server.tls_endpoint)
    with pytest.raises(Unreachable) as caught:
        opened(values).check()
    assert "CA file" in caught.value.hint
    for more in ({"ca_file": server.ca_file}, {"verify_tls": "false"}):
        store = opened(values | more)
        store.put("a", source)
        assert store.get("a", io.BytesIO()).size == 200_000
    with pytest.raises(ConfigError):
        opened(values | {"ca_file": "/no/such/file"}).check()


def test_a_redirect_is_not_followed(server: fake_gcs.Server, source: Path) -> None:
    with responding(lambda handler: handler.reply(200)) as (other, stolen):
        there = {"Location": f"http://localhost:{other}/other"}
        with responding(lambda handler: handler.reply(307, headers=there)) as (port, seen):
            for call in calls(opened(server.values(endpoint=f"http://127.0.0.1:{port}")), source):
                with pytest.raises(ConfigError):
                    call()
            assert seen
        assert stolen == []


def test_an_expired_or_rejected_token_is_replaced(source: Path) -> None:
    with local_server() as (state, values):
        store = opened(values)
        store.put("a", source)
        store.put("b", source)
        assert len(state.tokens) == 1, "a valid token is used again"
        state.tokens.clear()
        store.check()
        store.put("c", source)
        assert len(state.tokens) == 1, "a rejected token is replaced once"
        state.lifetime = 2
        other = opened(values)
        other.check()
        assert len(state.tokens) == 2
        time.sleep(1.1)
        other.check()
        assert len(state.tokens) == 3, "a token is replaced before it expires"


def test_a_cancelled_upload_leaves_no_objects(source: Path) -> None:
    source.write_bytes(b"x" * (40 << 20))
    moved: list[int] = []

    def stop(count: int) -> None:
        moved.append(count)
        if sum(moved) > 20 << 20:
            raise KeyboardInterrupt

    with local_server() as (state, values):
        store = opened(values)
        with pytest.raises(KeyboardInterrupt):
            store.put("a", source, progress=stop)
        assert sum(moved) < 22 << 20
        assert list(store.list()) == []
        assert state.uploads == {}
        assert any(each.startswith("DELETE") for each in state.requests)


def test_an_upload_is_resumed_from_the_offset_of_the_server(source: Path) -> None:
    source.write_bytes(os.urandom(1 << 20) * 20)
    moved: list[int] = []
    with local_server() as (state, values):
        store = opened(values)
        store.put("a", source, progress=moved.append)
        target = io.BytesIO()
        store.get("a", target)
        parts = [each.rpartition(" ")[2] for each in state.requests if each.startswith("PUT")]
    assert target.getvalue() == source.read_bytes()
    assert sum(moved) == 20 << 20
    first_end = int(parts[0].partition("-")[2].partition("/")[0]) + 1
    assert int(parts[1].partition("-")[0]) == first_end - (256 << 10), (
        "the server stored less of the first part than was sent"
    )


def test_copies_keep_the_hash(server: fake_gcs.Server, prefix: str, source: Path) -> None:
    source.write_bytes(b"x" * (9 << 20))
    store = opened(server.values(prefix))
    stored = store.put("a", source)
    store.copy("a", "b")
    assert store.stat("a").sha256 == store.stat("b").sha256 == stored.sha256
    assert store.checksum("a") == store.checksum("b") != ""
    with pytest.raises(ObjectMissing):
        store.copy("nothing", "b")


def test_line_breaks_in_names_are_encoded(source: Path) -> None:
    with local_server() as (state, values):
        store = opened(values)
        for name in ("a\nb", "␊", "‛␊", "tab\t"):
            store.put(name, source)
        assert sorted(each.path for each in store.list()) == sorted(["a\nb", "␊", "‛␊", "tab\t"])
        assert state.bucket.find("a␊b") is not None
        assert state.bucket.find("‛␊") is not None
        assert state.bucket.find("tab\t") is not None


def test_the_first_page_of_a_large_folder_is_one_request() -> None:
    with local_server() as (state, values):
        for number in range(5000):
            state.bucket.put(f"f/{number:05}", memory_bucket.Stored(b"x", "e", {}))
            state.bucket.put(f"g/{number:05}/x", memory_bucket.Stored(b"x", "e", {}))
        store = opened(values)
        store.check()
        for folder in ("f", "g"):
            state.requests.clear()
            page = store.browse(folder)
            assert len(page.objects) + len(page.folders) == 1000
            assert page.next
            assert len([each for each in state.requests if "staging" not in each]) == 1


def test_credentials_from_the_environment(
    server: fake_gcs.Server, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = server.values(prefix, credentials="environment", private_key="")
    file = tmp_path / "key.json"
    file.write_text(server.key)
    with monkeypatch.context() as patched:
        patched.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        assert opened(values).check()
    kept = tmp_path / "gcloud" / "application_default_credentials.json"
    kept.parent.mkdir()
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(kept.parent))
    with responding(
        lambda handler: handler.reply(200, b'{"access_token": "t", "expires_in": 3599}')
    ) as (port, token_requests):
        uri = f"http://127.0.0.1:{port}/token"
        user = {
            "type": "authorized_user",
            "client_id": "i",
            "client_secret": "s",
            "refresh_token": "r",
        }
        kept.write_text(json.dumps({**user, "token_uri": uri}))
        with pytest.raises(AuthenticationFailed):
            opened(values).check()
        assert (
            "grant_type=refresh_token&client_id=i&client_secret=s&refresh_token=r"
            in token_requests[0]
        )
        kept.unlink()
        monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{port}")
        with pytest.raises(AuthenticationFailed):
            opened(values).check()
        assert "Metadata-Flavor: Google" in token_requests[-1]
    kept.write_text('{"type": "external_account"}')
    with pytest.raises(ConfigError):
        opened(values).check()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing"))
    with pytest.raises(ConfigError):
        opened(values).check()
