"""Secrets in a real Secret Service on a separate session bus."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.keyring_session import Session, environment, missing_programs, session

LAKE = '"store", "local/default/lake"'
needs_programs = pytest.mark.skipif(
    bool(missing_programs()), reason=f"a real keyring requires {missing_programs()}"
)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder with a short path: the path of a socket has at most 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="lp-") as folder:
        yield Path(folder)


@pytest.fixture
def desktop(short_path: Path) -> Iterator[Session]:
    """A session with an unlocked keyring."""
    with session(short_path) as started:
        yield started


def credentials_file(where: Session, home: str) -> str:
    return (where.folder / home / "credentials.json").read_text()


@needs_programs
def test_secrets_are_stored_read_moved_and_deleted(desktop: Session) -> None:
    desktop.run(
        f'load("a").set({LAKE}, {{"key": "geheim ü", "id": "me"}})\n'
        f'load("b").set({LAKE}, {{"key": "other"}}); report()'
    )
    entry = f"{desktop.folder}/a:store/local/default/lake"
    assert "geheim" not in credentials_file(desktop, "a")
    assert {name: json.loads(text) for name, text in desktop.entries().items()} == {
        entry: {"key": "geheim ü", "id": "me"},
        f"{desktop.folder}/b:store/local/default/lake": {"key": "other"},
    }
    read = desktop.run(
        'c = load("a"); before = sorted(c.values())\n'
        f"report(secrets=dict(c.get({LAKE})), where=c.where({LAKE}), names=sorted(c.names({LAKE})),"
        " before=before, values=sorted(c.values()))"
    )
    assert read["secrets"] == {"key": "geheim ü", "id": "me"}
    assert read["where"] == "keyring (Secret Service)"
    assert read["names"] == ["id", "key"]
    # Only secrets that were read can get into a log, so only these are redacted.
    assert (read["before"], read["values"]) == ([], ["geheim ü", "me"])

    moved = desktop.run(
        f'c = load("a", "file"); c.merge({LAKE}, {{"key": "new"}}); report(where=c.where({LAKE}))'
    )
    assert moved["where"] == f"file {desktop.folder}/a/credentials.json"
    assert json.loads(credentials_file(desktop, "a")) == {
        "store": {"local/default/lake": {"key": "new", "id": "me"}}
    }
    assert entry not in desktop.entries()
    desktop.run(f'c = load("a"); c.merge({LAKE}, {{"id": "you"}}); report()')
    assert json.loads(desktop.entries()[entry]) == {"key": "new", "id": "you"}
    assert "you" not in credentials_file(desktop, "a")

    desktop.run('load("a").delete("store", "local"); report()')
    assert list(desktop.entries()) == [f"{desktop.folder}/b:store/local/default/lake"]
    assert json.loads(credentials_file(desktop, "a")) == {}


@needs_programs
def test_a_copied_home_does_not_delete_entries_of_the_original(desktop: Session) -> None:
    desktop.run(f'load("a").set({LAKE}, {{"key": "geheim"}}); report()')
    shutil.copytree(desktop.folder / "a", desktop.folder / "copy")
    result = desktop.run(
        f'c = load("copy"); got = dict(c.get({LAKE}))\n'
        f'c.set({LAKE}, {{"key": "mine"}}); c.delete({LAKE})\n'
        f'report(secrets=got, first=dict(load("a").get({LAKE})))'
    )
    assert (result["secrets"], result["first"]) == ({"key": "geheim"}, {"key": "geheim"})
    # A home that was moved still finds its entries, and deletes them.
    (desktop.folder / "a").rename(desktop.folder / "moved")
    shutil.rmtree(desktop.folder / "copy")
    result = desktop.run(
        f'c = load("moved"); got = dict(c.get({LAKE})); c.delete({LAKE}); report(secrets=got)'
    )
    assert result["secrets"] == {"key": "geheim"}
    assert desktop.entries() == {}


@needs_programs
def test_a_locked_keyring(desktop: Session) -> None:
    desktop.run(f'load("a").set({LAKE}, {{"key": "geheim"}}); report()')
    desktop.lock()
    result = desktop.run(
        'start = time.monotonic(); c = load("a")\n'
        f"read, names = error_of(c.get, {LAKE}), sorted(c.names({LAKE}))\n"
        'c.set("connection", "ai", {"token": "heimlich"})\n'
        'required = error_of(load("a", "keyring").set, "connection", "ai", {"token": "x"})\n'
        'report(read=read, names=names, where=c.where("connection", "ai"), required=required,'
        " seconds=time.monotonic() - start)"
    )
    assert result["read"].startswith(
        "ConfigError: The secrets of local/default/lake cannot be read from the keyring"
    )
    assert "Secret Service: The default keyring is locked." in result["read"]
    assert "Unlock" in result["read"]
    assert "enter the secrets again" in result["read"]
    assert result["names"] == ["key"]
    assert result["where"] == f"file {desktop.folder}/a/credentials.json"
    assert "heimlich" in credentials_file(desktop, "a")
    # A warning, here on standard error, contains the reason but not the secret.
    assert "connection ai are stored in" in result["stderr"]
    assert "locked" in result["stderr"]
    assert "heimlich" not in result["stderr"]
    assert result["required"].startswith("ConfigError")
    assert result["seconds"] < 60

    replaced = desktop.run(
        f'c = load("a"); c.merge({LAKE}, {{"key": "new"}}); report(secrets=dict(c.get({LAKE})))'
    )
    assert replaced["secrets"] == {"key": "new"}
    assert "still contains the entry" in replaced["stderr"]


@needs_programs
def test_a_session_without_a_keyring(short_path: Path) -> None:
    with session(short_path, unlocked=False) as bare:
        result = bare.run(
            f'c = load("a"); c.set({LAKE}, {{"key": "geheim"}}); report(where=c.where({LAKE}))'
        )
    assert result["where"] == f"file {short_path}/a/credentials.json"
    assert "no default keyring" in result["stderr"]


@needs_programs
def test_a_hanging_keyring_causes_no_long_wait(desktop: Session) -> None:
    daemon = desktop.process()
    os.kill(daemon, signal.SIGSTOP)
    try:
        result = desktop.run(
            "import os, signal, threading\n"
            'c, start = load("a"), time.monotonic()\n'
            f'c.set({LAKE}, {{"key": "geheim"}})\n'
            "first = time.monotonic() - start\n"
            'c.set("store", "b", {"key": "x"})\n'
            "second = time.monotonic() - start - first\n"
            f"os.kill({daemon}, signal.SIGCONT)\n"
            '[each.join() for each in threading.enumerate() if each.name == "keyring"]\n'
            f"report(first=first, second=second, where=c.where({LAKE}))"
        )
    finally:
        os.kill(daemon, signal.SIGCONT)
    assert result["where"].startswith("file ")
    assert "did not respond within 2 seconds" in result["stderr"]
    assert 2 <= result["first"] < 60
    assert result["second"] < 1
    # The entry that was written too late was removed again.
    assert desktop.entries() == {}


def test_a_bus_that_never_responds(short_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(short_path / "bus"))
        silent.listen()
        address = f"unix:path={short_path / 'bus'}"
        result = Session(short_path, environment(short_path, DBUS_SESSION_BUS_ADDRESS=address)).run(
            f'c, start = load("a"), time.monotonic(); c.set({LAKE}, {{"key": "geheim"}})\n'
            f"report(seconds=time.monotonic() - start, where=c.where({LAKE}))"
        )
    assert result["where"].startswith("file ")
    assert result["seconds"] < 10


def test_without_a_bus_the_keyring_package_is_not_imported(short_path: Path) -> None:
    result = Session(short_path, environment(short_path)).run(
        f'c = load("a"); c.set({LAKE}, {{"key": "geheim"}}); c.get({LAKE})\n'
        'report(where=c.where("store", "local/default/lake"),'
        ' loaded=sorted({"keyring", "secretstorage"} & set(sys.modules)))'
    )
    assert result["where"].startswith("file ")
    assert result["loaded"] == []
    assert "no session bus" in result["stderr"]
