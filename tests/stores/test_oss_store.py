"""The OSS store against the simulated server of `oss_server`: addresses, credentials and errors."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
import traceback
import uuid
from pathlib import Path

import pytest

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    PermissionDenied,
    RateLimited,
    StorageFull,
    Unreachable,
)
from launchpad_tui.stores import oss_client, oss_transfers
from launchpad_tui.stores.base import SourceFile
from launchpad_tui.stores.oss_client import address
from tests.stores import oss_server
from tests.stores.http_server import listening
from tests.stores.oss_helpers import ENDPOINT, NOBODY, Raw, calls, error_body, opened, responding
from tests.stores.oss_server import EXPIRED, READER, REGION, TEMPORARY


@pytest.fixture
def server() -> oss_server.Server:
    return oss_server.shared()


@pytest.fixture
def prefix() -> str:
    return f"p/{uuid.uuid4()}"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


@pytest.fixture
def raw(server: oss_server.Server) -> Raw:
    return Raw(server)


def run(program: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return result.stdout


def test_the_sdk_is_imported_only_on_use() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.stores.base import open_store\n"
        "from launchpad_tui.stores.catalog import KINDS\n"
        "values = {'bucket': 'b', 'endpoint': 'oss-cn-hangzhou.aliyuncs.com'}\n"
        "store = open_store(KINDS['oss'], values)\n"
        "store.endpoint()\n"
        "print(sorted({'alibabacloud_oss_v2', 'requests', 'crcmod'} & set(sys.modules)))\n"
    )
    assert run(program) == "[]\n"


@pytest.mark.parametrize("missing", ["alibabacloud_oss_v2", "crcmod"])
def test_the_sdk_is_not_installed(missing: str) -> None:
    program = (
        "import sys\n"
        f"sys.modules['{missing}'] = None\n"
        "from launchpad_tui.errors import DependencyMissing\n"
        "from launchpad_tui.stores.oss import OssStore\n"
        f"store = OssStore({ ({**NOBODY, 'endpoint': ENDPOINT})!r})\n"
        "try:\n"
        "    store.check()\n"
        "except DependencyMissing as error:\n"
        "    print(error.extra, error)\n"
    )
    text = run(program)
    assert text.startswith("oss ")
    assert missing in text
    assert "pip install 'launchpad-tui[oss]'" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_access_key": "wrong-but-secret"},
        {"access_key_id": "LTAInobody"},
        {"session_token": "wrong-but-secret-token"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_credentials(
    server: oss_server.Server, prefix: str, source: Path, wrong: dict[str, str]
) -> None:
    values = server.values(prefix) | wrong
    for call in calls(opened(values), source):
        with pytest.raises(AuthenticationFailed) as caught:
            call()
        text = "".join(traceback.format_exception(caught.value)) + str(caught.value)
        assert values["secret_access_key"] not in text
        assert (values["session_token"] or "no token") not in text


def test_tokens(server: oss_server.Server, prefix: str, source: Path) -> None:
    store = opened(server.values(prefix, TEMPORARY))
    store.put("a", source)
    assert store.get("a", io.BytesIO()).size == 200_000
    for call in calls(opened(server.values(prefix, EXPIRED)), source):
        with pytest.raises(AuthenticationFailed) as caught:
            call()
        assert "STS" in caught.value.hint
        assert EXPIRED.token not in "".join(traceback.format_exception(caught.value)) + str(
            caught.value
        )
    with pytest.raises(AuthenticationFailed):
        opened(server.values(prefix, TEMPORARY, session_token="")).check()


@pytest.mark.parametrize("field", ["access_key_id", "secret_access_key", "session_token"])
def test_credentials_that_are_invalid_in_a_header(server: oss_server.Server, field: str) -> None:
    store = opened(server.values("", TEMPORARY) | {field: "secret\nsecret"})
    with pytest.raises(ConfigError) as caught:
        store.check()
    assert "secret" not in "".join(traceback.format_exception(caught.value)[-1:]).replace(
        "secret_access_key", ""
    )


def test_keys_from_the_environment(
    server: oss_server.Server, prefix: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = server.values(
        prefix, credentials="environment", access_key_id="", secret_access_key=""
    )
    monkeypatch.delenv("OSS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", TEMPORARY.secret)
    with pytest.raises(ConfigError) as caught:
        opened(values).check()
    assert caught.value.detail == "Not set: OSS_ACCESS_KEY_ID."
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", TEMPORARY.id)
    monkeypatch.setenv("OSS_SESSION_TOKEN", TEMPORARY.token)
    opened(values).put("a", source)
    # If keys are stored with the object store, the environment is ignored.
    assert opened(server.values(prefix)).stat("a").size == 200_000
    with pytest.raises(ConfigError):
        opened(server.values(prefix, access_key_id="")).check()


def test_a_wrong_clock(tmp_path: Path, source: Path) -> None:
    with oss_server.serve(tmp_path, clock_ahead=3600) as ahead:
        before = time.monotonic()
        with pytest.raises(AuthenticationFailed) as caught:
            opened(ahead.values("")).check()
        assert "clock" in caught.value.hint
        assert time.monotonic() - before < 30


def test_requests_to_a_bucket_that_charges_the_requester(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x" * 100)
    (tmp_path / "large").write_bytes(b"x" * (17 << 20))
    with oss_server.serve(tmp_path, charges=True) as server:
        with pytest.raises(PermissionDenied) as caught:
            opened(server.values("")).check()
        assert "Requester pays" in caught.value.hint
        store = opened(server.values("", requester_pays="true"))
        store.check()
        store.publish("m", [SourceFile(name, tmp_path / name) for name in ("small", "large")])
        assert [each.path for each in store.list("m")] == ["m/large", "m/small"]
        assert b"".join(store.read("m/small")) == b"x" * 100
        store.copy("m/large", "copy")
        assert store.checksum("copy")
        assert store.delete_prefix("m") == 2


def test_missing_bucket(server: oss_server.Server, prefix: str, source: Path) -> None:
    for name in ("no-such-bucket", "Not/a bucket"):
        for call in calls(opened(server.values(prefix, bucket=name)), source):
            with pytest.raises(ConfigError):
                call()


def test_another_region(server: oss_server.Server, prefix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(server.values(prefix, region="cn-beijing")).check()
    assert "region" in caught.value.hint


def test_read_only_access(server: oss_server.Server, prefix: str, source: Path, raw: Raw) -> None:
    opened(server.values(prefix)).put("a", source)
    store = opened(server.values(prefix, READER))
    assert [each.path for each in store.list()] == ["a"]
    assert store.get("a", io.BytesIO()).size == 200_000
    large = source.with_name("large")
    large.write_bytes(bytes(oss_transfers.PART_SIZE + 1))
    for call in (
        lambda: store.put("b", source),
        lambda: store.put("b", large),
        lambda: store.publish("b", [SourceFile("c", source)]),
        lambda: store.copy("a", "b"),
        lambda: store.delete("a"),
        lambda: store.delete_prefix("a"),
    ):
        with pytest.raises(PermissionDenied):
            call()
    assert raw.keys(prefix) == [f"{prefix}/a"]


@pytest.mark.parametrize(
    ("endpoint", "region", "url", "called"),
    [
        ("oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou", ENDPOINT, "b.oss-cn-hangzhou.aliyuncs.com"),
        (f"{ENDPOINT}/", "cn-hangzhou", ENDPOINT, "b.oss-cn-hangzhou.aliyuncs.com"),
        ("http://oss-eu-central-1-internal.aliyuncs.com", "eu-central-1", None, None),
        (
            "https://b.oss-us-west-1.aliyuncs.com",
            "us-west-1",
            "https://oss-us-west-1.aliyuncs.com",
            None,
        ),
        (
            "ap-southeast-1.oss.aliyuncs.com",
            "ap-southeast-1",
            "https://ap-southeast-1.oss.aliyuncs.com",
            None,
        ),
    ],
)
def test_the_region_is_taken_from_the_endpoint(
    endpoint: str, region: str, url: str | None, called: str | None
) -> None:
    found = address({"bucket": "b", "endpoint": endpoint})
    assert (found.region, found.style) == (region, "virtual")
    assert found.url == (url or endpoint)
    assert called is None or (found.server.host, found.server.port) == (called, 443)


@pytest.mark.parametrize(
    "endpoint",
    [
        "oss-accelerate.aliyuncs.com",
        "https://oss-accelerate-overseas.aliyuncs.com",
        "https://files.example.com",
        "https://oss-cn-hangzhou.aliyuncs.com.example.com",
        "10.0.0.1:9000",
    ],
)
def test_an_endpoint_without_a_region(endpoint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        address({"bucket": "b", "endpoint": endpoint})
    assert "region" in caught.value.hint
    assert (
        address({"bucket": "b", "endpoint": endpoint, "region": "oss-cn-hangzhou"}).region
        == "cn-hangzhou"
    )


@pytest.mark.parametrize(
    ("endpoint", "addressing", "style", "host"),
    [
        ("https://files.example.com", "auto", "path", "files.example.com"),
        ("https://files.example.com", "virtual", "virtual", "b.files.example.com"),
        ("https://files.example.com", "cname", "cname", "files.example.com"),
        (ENDPOINT, "path", "path", "oss-cn-hangzhou.aliyuncs.com"),
        ("http://10.0.0.1:9000", "virtual", "path", "10.0.0.1"),
        ("http://[::1]:9000", "auto", "path", "::1"),
    ],
)
def test_addressing(endpoint: str, addressing: str, style: str, host: str) -> None:
    found = address(
        {"bucket": "b", "endpoint": endpoint, "addressing": addressing, "region": REGION}
    )
    assert (found.style, found.server.host, found.url) == (style, host, endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "not a url",
        "ftp://x",
        "https://",
        "https://host:99999",
        f"{ENDPOINT}/bucket",
        f"{ENDPOINT}?x=1",
        "",
    ],
)
def test_invalid_endpoints_are_rejected(endpoint: str) -> None:
    for call in (
        opened({**NOBODY, "endpoint": endpoint}).check,
        opened({**NOBODY, "endpoint": endpoint}).endpoint,
    ):
        with pytest.raises(ConfigError):
            call()


def test_an_endpoint_with_a_password() -> None:
    with pytest.raises(ConfigError) as caught:
        opened({**NOBODY, "endpoint": "https://user:hidden@host.example"}).check()
    assert "hidden" not in str(caught.value)
    with pytest.raises(ConfigError):
        opened({**NOBODY, "endpoint": ENDPOINT, "region": "Not a region"}).check()


@pytest.mark.parametrize(
    ("addressing", "host"),
    [("virtual", "localhost:8080"), ("cname", f"{oss_server.CNAME}:8080"), ("cname", "")],
)
def test_the_bucket_is_part_of_the_host_name(
    server: oss_server.Server,
    prefix: str,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    addressing: str,
    host: str,
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    # No resolver has these names, so requests are sent to the server as a proxy.
    monkeypatch.setenv("http_proxy", server.endpoint)
    endpoint = f"http://{host or oss_server.CNAME}"
    store = opened(server.values(prefix, tls=False, endpoint=endpoint, addressing=addressing))
    store.put("ü #1/a+b", source)
    assert store.get("ü #1/a+b", io.BytesIO()).size == 200_000
    store.copy("ü #1/a+b", "c")
    assert [each.path for each in store.list()] == ["c", "ü #1/a+b"]
    assert store.delete_prefix("c") == 1


def test_unreachable_server(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oss_client, "CONNECT_TIMEOUT", 0.2)
    monkeypatch.setattr(oss_client, "READ_TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        values = {**NOBODY, "endpoint": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with pytest.raises(Unreachable):
            opened(values).check()
    for call in calls(opened(values), source)[:3]:
        with pytest.raises(Unreachable):
            call()


def test_tls(
    server: oss_server.Server, prefix: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not server.tls_endpoint:
        pytest.skip("openssl is not installed")
    values = server.values(prefix)
    with pytest.raises(Unreachable) as caught:
        opened(values | {"ca_file": ""}).check()
    assert "CA file" in caught.value.hint
    # The field CA file takes precedence over the environment.
    bundle = source.with_name("bundle.pem")
    bundle.write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(bundle))
    for more in ({}, {"verify_tls": "false"}):
        store = opened(values | more)
        store.put("a", source)
        assert store.get("a", io.BytesIO()).size == 200_000
    for file in ("/no/such/file", str(bundle)):
        with pytest.raises(ConfigError):
            opened(values | {"ca_file": file}).check()


def test_netrc_does_not_replace_the_signature(
    server: oss_server.Server,
    prefix: str,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    opened(server.values(prefix)).put("a", source)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(source: Path, status: int) -> None:
    paths: list[str] = []
    with (
        listening(responding(200, paths=paths)) as other,
        listening(responding(status, headers={"Location": f"http://127.0.0.1:{other}/"})) as port,
    ):
        for call in calls(opened({**NOBODY, "endpoint": f"http://127.0.0.1:{port}"}), source)[:6]:
            with pytest.raises(ConfigError):
                call()
    assert paths == []


@pytest.mark.usefixtures("skipped_pauses")
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "UserDisable", PermissionDenied),
        (403, "SomethingNew", PermissionDenied),
        (403, "InvalidAccessKeyId", AuthenticationFailed),
        (403, "QuotaExceeded", StorageFull),
        (507, "Full", StorageFull),
        (503, "QpsLimitExceeded", RateLimited),
        (503, "ServiceUnavailable", Unreachable),
        (500, "InternalError", Unreachable),
        (400, "InvalidBucketName", ConfigError),
    ],
)
def test_oss_error_codes_are_mapped_to_errors(
    monkeypatch: pytest.MonkeyPatch, source: Path, status: int, code: str, expected: type[Exception]
) -> None:
    monkeypatch.setattr(oss_client, "ATTEMPTS", 1)
    with listening(responding(status, error_body(code))) as port:
        store = opened({**NOBODY, "endpoint": f"http://127.0.0.1:{port}"})
        with pytest.raises(expected):
            store.check()
        # An upload starts with a HEAD request, whose response has the status but no code.
        with pytest.raises(Unreachable if status == 503 else expected):
            store.put("a", source)


def test_a_bucket_with_another_endpoint() -> None:
    message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint."
    )
    with (
        listening(responding(403, error_body("AccessDenied", message))) as port,
        pytest.raises(ConfigError),
    ):
        opened({**NOBODY, "endpoint": f"http://127.0.0.1:{port}"}).check()


@pytest.mark.usefixtures("skipped_pauses")
@pytest.mark.parametrize(
    "page", [b"<html>please log in</html>", b"<html><br>please", b"please", b""]
)
def test_an_html_page_of_a_proxy_is_rejected(source: Path, page: bytes) -> None:
    with listening(responding(200, page)) as port:
        for call in calls(opened({**NOBODY, "endpoint": f"http://127.0.0.1:{port}"}), source):
            with pytest.raises(Unreachable):
                call()
