"""``launchpad serve`` in a separate process with its own home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import requests
from ai_api_client_sdk.ai_api_v2_client import AIAPIV2Client
from ai_core_sdk.ai_core_v2_client import AICoreV2Client

from tests.services.execution_support import Bench

SECONDS = 30


def environment(home: Path) -> dict[str, str]:
    """Return the environment of commands that use a home."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AICORE_", "LAUNCHPAD_HOME"))
    }
    return {**kept, "LAUNCHPAD_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def command(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "launchpad_tui", *words],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@dataclass
class Key:
    """The service key of a client."""

    client_id: str
    secret: str


def add_client(home: Path, name: str, *words: str) -> Key:
    """Add a client and return its service key."""
    done = command(home, "serve", "clients", "add", name, "--json", *words)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    return Key(data["clientid"], data["clientsecret"])


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    home: Path
    url: str
    key: Key
    output: list[str] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict)

    def token(self, key: Key | None = None) -> str:
        """Return an access token."""
        key = key or self.key
        if key.client_id not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": key.client_id,
                "client_secret": key.secret,
            }
            answer = requests.post(f"{self.url}/oauth/token", data=form, timeout=SECONDS)
            assert answer.status_code == 200, answer.text
            self._tokens[key.client_id] = answer.json()["access_token"]
        return self._tokens[key.client_id]

    def call(
        self,
        method: str,
        path: str,
        *,
        key: Key | None = None,
        group: str | None = "default",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> requests.Response:
        """Send a request below ``/v2`` with a token."""
        sent = {"Authorization": f"Bearer {self.token(key)}", **(headers or {})}
        if group is not None:
            sent["AI-Resource-Group"] = group
        return requests.request(
            method, f"{self.url}/v2{path}", headers=sent, timeout=SECONDS, **more
        )

    def sdk(self, group: str = "default", key: Key | None = None) -> AICoreV2Client:
        """Return SAP's client of SAP AI Core."""
        key = key or self.key
        return AICoreV2Client(
            base_url=f"{self.url}/v2",
            auth_url=f"{self.url}/oauth/token",
            client_id=key.client_id,
            client_secret=key.secret,
            resource_group=group,
            num_request_retries=0,
        )

    def api(self, group: str = "default") -> AIAPIV2Client:
        """Return SAP's client of the AI API, which also supports schedules."""
        return AIAPIV2Client(
            base_url=f"{self.url}/v2/lm",
            auth_url=f"{self.url}/oauth/token",
            client_id=self.key.client_id,
            client_secret=self.key.secret,
            resource_group=group,
            num_request_retries=0,
        )

    def log(self) -> str:
        """Return the content of the log file."""
        return (self.home / "launchpad.log").read_text(encoding="utf-8")


def _lines(process: subprocess.Popen[str], into: Queue[str | None], kept: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        kept.append(line)
        into.put(line)
    into.put(None)


@contextmanager
def serving(home: Path, *words: str, key: Key | None = None) -> Iterator[Server]:
    """Run a server with a home on a free port while the context is open."""
    key = key or add_client(home, "tests")
    process = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", "serve", "--port", "0", *words],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: Queue[str | None] = Queue()
    output: list[str] = []
    reader = threading.Thread(target=_lines, args=(process, lines, output), daemon=True)
    reader.start()
    try:
        url = ""
        while not url:
            try:
                line = lines.get(timeout=SECONDS)
            except Empty:
                raise AssertionError(f"the server does not start: {output}") from None
            assert line is not None, f"the server ended: {output}"
            if line.startswith("Serving the AI API at "):
                url = line.split()[-1].removesuffix("/v2")
        yield Server(process, home, url, key, output)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(SECONDS)
        reader.join(SECONDS)
        assert process.stdout is not None
        process.stdout.close()
        assert not any("Traceback" in line for line in output), "".join(output)


def error_of(answer: requests.Response, status: int, code: str = "") -> dict[str, object]:
    """Return the error of a response, checked against the API's form."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "requestId", "target", "details"}
    assert all(
        isinstance(error[name], str) and error[name]
        for name in ("code", "message", "requestId", "target")
    )
    assert not code or error["code"] == code
    return dict(error)


@dataclass
class SharedServer:
    """A server and the desk of the same home, with the ID of a dataset."""

    server: Server
    bench: Bench
    dataset: str
