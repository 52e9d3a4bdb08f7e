from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    StorageFull,
    Unreachable,
    UploadInProgress,
)
from launchpad_tui.stores import bucket, s3_client
from launchpad_tui.stores.base import SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.publication import digest_of
from launchpad_tui.stores.s3 import S3Store
from launchpad_tui.stores.s3_credentials import create_session
from launchpad_tui.stores.s3_errors import translate_errors
from tests.stores import seaweed
from tests.stores.faulty_relay import relaying


@pytest.fixture
def server() -> seaweed.Server:
    return seaweed.shared()


@pytest.fixture
def prefix() -> str:
    return f"p/{uuid.uuid4()}"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


def opened(values: dict[str, str]) -> S3Store:
    store = open_store(KINDS["s3"], values)
    assert isinstance(store, S3Store)
    return store


def client(server: seaweed.Server) -> Any:
    return s3_client.connect(server.values(""))


def keys(server: seaweed.Server, prefix: str) -> list[str]:
    answer = client(server).list_objects_v2(Bucket=seaweed.BUCKET, Prefix=prefix)
    return [each["Key"] for each in answer.get("Contents", ())]


def calls(store: S3Store, source: Path) -> list[Any]:
    return [
        store.check,
        lambda: list(store.list("a")),
        lambda: store.stat("a"),
        lambda: store.get("a", io.BytesIO()),
        lambda: store.put("a", source),
        lambda: store.publish("b", [SourceFile("c", source)]),
        lambda: store.delete_prefix("a"),
    ]


def test_boto3_is_imported_only_on_use() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.stores.base import open_store\n"
        "from launchpad_tui.stores.catalog import KINDS\n"
        "open_store(KINDS['s3'], {'bucket': 'b'})\n"
        "print(sorted({'boto3', 'botocore', 's3transfer'} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


@pytest.mark.parametrize(
    "wrong",
    [{"secret_access_key": "wrong-but-secret"}, {"access_key_id": "AKIANOBODY0000000000"}],
    ids=["secret", "id"],
)
def test_wrong_credentials(
    server: seaweed.Server, prefix: str, source: Path, wrong: dict[str, str]
) -> None:
    values = server.values(prefix) | wrong
    for call in calls(opened(values), source):
        with pytest.raises(AuthenticationFailed) as caught:
            call()
        assert values["secret_access_key"] not in str(caught.value)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock(
    server: seaweed.Server, prefix: str, source: Path, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.auth

    store = open_store(KINDS["s3"], server.values(prefix))
    current = botocore.auth.get_current_datetime
    monkeypatch.setattr(
        botocore.auth,
        "get_current_datetime",
        lambda *args, **more: current(*args, **more) + timedelta(hours=hours),
    )
    for call in (store.check, lambda: store.put("a", source)):
        with pytest.raises(AuthenticationFailed, match="Authentication failed") as caught:
            call()
        assert "clock" in caught.value.hint


def test_read_only_access(server: seaweed.Server, prefix: str, source: Path) -> None:
    opened(server.values(prefix)).put("a", source)
    store = opened(server.values(prefix, seaweed.READER))
    assert [each.path for each in store.list()] == ["a"]
    assert store.get("a", io.BytesIO()).size == 200_000
    for call in (
        lambda: store.put("b", source),
        lambda: store.publish("b", [SourceFile("c", source)]),
        lambda: store.delete("a"),
        lambda: store.delete_prefix("a"),
    ):
        with pytest.raises(PermissionDenied):
            call()
    assert keys(server, prefix) == [f"{prefix}/a"]


def test_missing_bucket(server: seaweed.Server, prefix: str, source: Path) -> None:
    # Only reads: SeaweedFS creates a missing bucket when an administrator writes to it.
    for call in calls(opened(server.values(prefix, bucket="no-such-bucket")), source)[:4]:
        with pytest.raises(ConfigError):
            call()


def test_unreachable_server(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "CONNECT_TIMEOUT", 0.2)
    monkeypatch.setattr(s3_client, "READ_TIMEOUT", 0.2)
    values = {"bucket": "b", "access_key_id": "a", "secret_access_key": "s", "addressing": "path"}
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(Unreachable):
            opened({**values, "endpoint": f"http://127.0.0.1:{port}"}).check()
    for call in calls(opened({**values, "endpoint": f"http://127.0.0.1:{port}"}), source)[:3]:
        with pytest.raises(Unreachable):
            call()


def test_invalid_values_are_rejected() -> None:
    values = {
        "access_key_id": "a",
        "secret_access_key": "s",
        "endpoint": "not a url",
        "bucket": "b",
    }
    with pytest.raises(ConfigError):
        opened(values).check()
    with pytest.raises(ConfigError):
        opened({**values, "endpoint": "http://127.0.0.1:9", "bucket": "Not/a bucket"}).check()


def test_configuration_of_the_aws_command_is_ignored(
    server: seaweed.Server, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile x]\nendpoint_url = http://127.0.0.1:9\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    assert server.endpoint in opened(server.values(prefix)).check()


def test_tls(server: seaweed.Server, prefix: str, source: Path) -> None:
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
    with pytest.raises(LaunchpadError):
        opened(values | {"ca_file": "/no/such/file"}).check()


def test_the_hash_is_stored_with_the_object(
    server: seaweed.Server, prefix: str, source: Path
) -> None:
    store = opened(server.values(prefix))
    stored = store.put("a", source)
    assert store.stat("a").sha256 == stored.sha256
    client(server).put_object(Bucket=seaweed.BUCKET, Key=f"{prefix}/foreign", Body=b"x")
    assert store.stat("foreign").sha256 == ""


def test_prefixes_separate_stores(server: seaweed.Server, prefix: str, source: Path) -> None:
    opened(server.values(prefix)).put("a", source)
    assert list(opened(server.values(f"{prefix}x")).list()) == []
    whole = opened(server.values(""))
    assert [each.path for each in whole.list(prefix)] == [f"{prefix}/a"]


def test_a_download_to_a_full_disk(server: seaweed.Server, prefix: str, source: Path) -> None:
    store = opened(server.values(prefix))
    store.put("a", source)
    with open("/dev/full", "wb", buffering=0) as target, pytest.raises(StorageFull):
        store.get("a", target)


def test_a_killed_publication_stays_hidden_and_can_be_repeated(
    server: seaweed.Server, prefix: str, source: Path
) -> None:
    source.write_bytes(b"x" * (20 << 20))
    program = (
        "import sys, json, os, threading, time\n"
        "from pathlib import Path\n"
        "from launchpad_tui.stores.s3 import S3Store\n"
        "from launchpad_tui.stores.base import SourceFile\n"
        "small = Path(sys.argv[2] + '.small'); small.write_bytes(b's')\n"
        "moved = 0\n"
        "def progress(count):\n"
        "    global moved\n"
        "    moved += count\n"
        "    if moved > 100_000:\n"
        "        print('half', flush=True)\n"
        "        time.sleep(60)\n"
        "files = [SourceFile('a', small), SourceFile('b', Path(sys.argv[2]))]\n"
        "S3Store(json.loads(sys.argv[1])).publish('e1/model', files, progress)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(server.values(prefix)), str(source)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    deadline = time.monotonic() + 60
    while f"{prefix}/e1/model/a" not in keys(server, prefix) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = opened(server.values(prefix))
    assert f"{prefix}/e1/model/a" in keys(server, prefix)
    assert list(store.list()) == []
    assert list(store.list("e1/model/a")) == []
    with pytest.raises(ObjectMissing):
        store.stat("e1/model/a")
    # The process that published has ended on this machine, so its marker is taken over at once.
    store.publish("e1/model", [SourceFile("b", source)])
    store.publish("e2", [SourceFile("x", source)])
    assert [each.path for each in store.list()] == ["e1/model/b", "e2/x"]
    assert keys(server, prefix) == [f"{prefix}/e1/model/b", f"{prefix}/e2/x"]
    uploads = client(server).list_multipart_uploads(Bucket=seaweed.BUCKET, Prefix=prefix)
    assert not uploads.get("Uploads")


def test_a_request_that_ends_after_its_head_stores_nothing(
    server: seaweed.Server, prefix: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.stores.outages.OUTAGE_SECONDS", 0.0)
    store = opened(server.values(prefix))
    with relaying(int(server.endpoint.rpartition(":")[2])) as relay:
        relay.heads_only = "PUT"
        cut = opened(server.values(prefix, endpoint=f"http://127.0.0.1:{relay.port}"))
        with pytest.raises(Unreachable, match="Incomplete request"):
            cut.publish("folder", [SourceFile("a", source)])
        with pytest.raises(Unreachable, match="Incomplete request"):
            cut.put("file", source)
        assert keys(server, prefix) == []
        # The marker of a running upload keeps its content.
        store._bucket.write(f"{prefix}/marker", b"owner")
        with pytest.raises(Unreachable, match="Incomplete request"):
            cut._bucket.write(f"{prefix}/marker", b"owner, renewed")
    assert b"".join(store.read("marker")) == b"owner"
    store.publish("folder", [SourceFile("a", source)])
    store.publish("file", [SourceFile(".", source)])
    assert store.stat("file").size == store.stat("folder/a").size == 200_000


def test_a_cancelled_upload_leaves_no_parts(
    server: seaweed.Server, prefix: str, source: Path
) -> None:
    source.write_bytes(b"x" * (40 << 20))

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    store = opened(server.values(prefix))
    with pytest.raises(KeyboardInterrupt):
        store.put("a", source, progress=stop)
    assert keys(server, prefix) == []
    assert (
        not client(server)
        .list_multipart_uploads(Bucket=seaweed.BUCKET, Prefix=prefix)
        .get("Uploads")
    )


def test_parts_of_killed_uploads_are_removed_after_a_week(
    server: seaweed.Server,
    prefix: str,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = client(server).create_multipart_upload(Bucket=seaweed.BUCKET, Key=f"{prefix}/died")
    store = opened(server.values(prefix))

    def uploads() -> list[str]:
        found = (
            client(server)
            .list_multipart_uploads(Bucket=seaweed.BUCKET, Prefix=prefix)
            .get("Uploads", ())
        )
        return [each["UploadId"] for each in found]

    store.publish("a", [SourceFile(".", source)])
    assert uploads() == [started["UploadId"]]
    monkeypatch.setattr(bucket, "_ABANDONED", timedelta(days=-1))
    store.publish("b", [SourceFile(".", source)])
    assert uploads() == []
    assert sorted(keys(server, prefix)) == [f"{prefix}/a", f"{prefix}/b"]


def test_markers_that_a_user_may_not_read(
    server: seaweed.Server, prefix: str, source: Path, tmp_path: Path
) -> None:
    """The user may list and store objects, but not read them."""
    key = f"{prefix}/.launchpad-staging/{digest_of('blocked')}.json"
    client(server).put_object(Bucket=seaweed.BUCKET, Key=key, Body=b'{"path": "blocked"}')
    client(server).put_object(Bucket=seaweed.BUCKET, Key=f"{prefix}/blocked/x", Body=b"x")
    (tmp_path / "small").write_bytes(b"s")
    files = [SourceFile("a", source), SourceFile("b", tmp_path / "small")]
    store = opened(server.values(prefix, seaweed.WRITER))
    with pytest.raises(PermissionDenied):
        store.stat("blocked-not")
    store.publish("mine", files)
    for reader in (store, opened(server.values(prefix))):
        assert [each.path for each in reader.list()] == ["mine/a", "mine/b"]
        assert reader.browse().folders == ("mine",)
    with pytest.raises(UploadInProgress):
        store.publish("blocked", files)


def test_ranges_that_a_proxy_ignores(server: seaweed.Server, prefix: str, source: Path) -> None:
    """The whole object is received for every request."""
    content = os.urandom(3_000_000)
    source.write_bytes(content)
    store = opened(server.values(prefix))
    store.put("a", source)
    connected = store._bucket._bucket._client  # type: ignore[attr-defined]

    def without_range(params: dict[str, Any], **_: Any) -> None:
        params["headers"].pop("Range", None)

    connected.meta.events.register("before-call.s3.GetObject", without_range)
    assert store.abilities.ranges
    assert b"".join(store.read("a", 1_500_000, 1_000_000)) == content[1_500_000:2_500_000]
    assert b"".join(store.read("a", 2_999_990)) == content[-10:]
    assert not store.abilities.ranges


@pytest.mark.parametrize(
    ("code", "text"),
    [("SignatureDoesNotMatch", "not valid for this access key"), ("Odd", "gives no reason")],
)
def test_an_error_without_a_message_is_explained(code: str, text: str) -> None:
    response: Any = {
        "Error": {"Code": code, "Message": None},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }
    with pytest.raises(LaunchpadError) as caught, translate_errors("bucket 'b'"):
        raise ClientError(response, "GetObject")
    assert "None" not in str(caught.value)
    assert text in caught.value.detail


def test_folder_markers_are_not_listed_as_objects(server: seaweed.Server, prefix: str) -> None:
    client(server).put_object(Bucket=seaweed.BUCKET, Key=f"{prefix}/folder/", Body=b"")
    assert list(opened(server.values(prefix)).list()) == []


def test_an_object_of_many_parts(server: seaweed.Server, prefix: str, source: Path) -> None:
    source.write_bytes(os.urandom(1 << 20) * 150)
    store = opened(server.values(prefix))
    stored = store.put("a", source)
    with open(os.devnull, "wb") as target:
        got = store.get("a", target)
    assert (got.size, got.sha256) == (150 << 20, stored.sha256)


def test_an_interrupted_download_is_resumed(
    server: seaweed.Server, prefix: str, source: Path
) -> None:
    source.write_bytes(os.urandom(5_000_000))
    opened(server.values(prefix)).put("a", source)
    upstream = int(server.endpoint.rpartition(":")[2])
    ranges: list[bytes] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        threading.Thread(
            target=_interrupting_relay, args=(listener, upstream, ranges), daemon=True
        ).start()
        target = io.BytesIO()
        opened(server.values(prefix, endpoint=f"http://127.0.0.1:{port}")).get("a", target)
    assert target.getvalue() == source.read_bytes()
    assert len(ranges) >= 2


def _interrupting_relay(listener: socket.socket, upstream: int, ranges: list[bytes]) -> None:
    """Forward connections to the server; close each after two million bytes of responses."""
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        far = socket.create_connection(("127.0.0.1", upstream))

        def up(near: socket.socket = near, far: socket.socket = far) -> None:
            with contextlib.suppress(OSError):
                while data := near.recv(65536):
                    ranges.extend(re.findall(rb"(?i)\r\nrange: (\S+)", data))
                    far.sendall(data)

        def down(near: socket.socket = near, far: socket.socket = far) -> None:
            left = 2_000_000
            with contextlib.suppress(OSError):
                while left > 0 and (data := far.recv(min(65536, left))):
                    near.sendall(data)
                    left -= len(data)
            for each in (near, far):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

        for work in (up, down):
            threading.Thread(target=work, daemon=True).start()


def test_clients_share_the_descriptions_of_services(server: seaweed.Server) -> None:
    loader = create_session(server.values("")).get_component("data_loader")
    client(server)
    paths = list(dict.fromkeys(loader.search_paths))
    assert loader.list_available_services("service-2")
    for _ in range(3):
        client(server)
    session = create_session(server.values(""))
    assert session.get_component("data_loader") is loader
    assert loader.search_paths == paths
