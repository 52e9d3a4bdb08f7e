"""``launchpad serve`` for tests: a process with a separate home and a folder for each store."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from tests.stores import shared_server


@dataclass(frozen=True)
class Server:
    """A running server, with the credentials of its client ``tests``."""

    url: str
    home: str
    client_id: str
    client_secret: str

    def values(self, name: str = "", **more: str) -> dict[str, str]:
        """Return the values of a store; without a name, a new store is created on the server."""
        return {
            "object_store": name or self.new_store(),
            "resource_group": "default",
            "base_url": f"{self.url}/v2",
            "auth_url": f"{self.url}/oauth/token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **more,
        }

    def new_store(self) -> str:
        """Create an object store with an empty folder on the server; return its name."""
        name = f"store-{uuid.uuid4()}"
        root = Path(self.home) / "stores" / name
        root.mkdir(parents=True)
        desk = open_desk(Home.at(Path(self.home)))
        try:
            desk.stores.add(DEFAULT_SCOPE, name, "file", {"root": str(root)})
        finally:
            desk.close()
        return name

    def root(self, name: str) -> Path:
        """Return the folder of a store."""
        return Path(self.home) / "stores" / name


def shared() -> Server:
    """Return the server of this test run."""
    return shared_server.join("launchpad_serve", Server)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run a server until the block ends."""
    home = folder / "home"
    environment = {
        "LAUNCHPAD_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "LAUNCHPAD_CREDENTIALS": "file",
    }
    command = [sys.executable, "-m", "launchpad_tui", "serve"]
    created = subprocess.run(
        [*command, "clients", "add", "tests", "--json"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    key = json.loads(created.stdout)
    log = folder / "serve.log"
    with shared_server.running([*command, "--port", "0"], log, env=environment) as process:

        def ready() -> bool:
            return "Serving the AI API at " in log.read_text()

        shared_server.wait_until(ready, {log: process})
        found = re.search(
            r"Serving the AI API at .*?(http://\S+?)(/v2)?$", log.read_text(), re.MULTILINE
        )
        assert found is not None
        yield Server(found[1], str(home), key["clientid"], key["clientsecret"])
