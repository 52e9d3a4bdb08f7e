"""Secrets in a real Secret Service on a session bus of the test's own."""

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

from tests.config.keyring_session import Session, environment, lacking, session

LAKE = '"store", "local/default/lake"'
needs_programs = pytest.mark.skipif(bool(lacking()), reason=f"a real keyring needs {lacking()}")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path has room for a socket's name behind it (108 bytes)."""
    with tempfile.TemporaryDirectory(prefix="lp-") as folder:
        yield Path(folder)


@pytest.fixture
def desktop(short_path: Path) -> Iterator[Session]:
    """A session with an open keyring."""
    with session(short_path) as started:
        yield started


def file_of(where: Session, home: str) -> str:
    return (where.folder / home / "credentials.json").read_text()


@needs_programs
def test_kept_read_moved_deleted(desktop: Session) -> None:
    desktop.run(
        f'at("a").set({LAKE}, {{"key": "geheim ü", "id": "me"}}); at("b").set({LAKE}, {{"key": "other"}}); tell()'
    )
    entry = f"{desktop.folder}/a:store/local/default/lake"
    assert "geheim" not in file_of(desktop, "a")
    assert {name: json.loads(text) for name, text in desktop.entries().items()} == {
        entry: {"key": "geheim ü", "id": "me"},
        f"{desktop.folder}/b:store/local/default/lake": {"key": "other"},
    }
    read = desktop.run(
        f'c = at("a"); before = sorted(c.values()); tell(got=dict(c.get({LAKE})), where=c.where({LAKE}),'
        f" names=sorted(c.names({LAKE})), before=before, values=sorted(c.values()))"
    )
    assert read["got"] == {"key": "geheim ü", "id": "me"}
    assert read["where"] == "keyring (Secret Service)"
    assert read["names"] == ["id", "key"]
    # What was never read cannot come into a log; what was read stays out of it.
    assert (read["before"], read["values"]) == ([], ["geheim ü", "me"])

    moved = desktop.run(
        f'c = at("a", "file"); c.merge({LAKE}, {{"key": "new"}}); tell(where=c.where({LAKE}))'
    )
    assert moved["where"] == f"file {desktop.folder}/a/credentials.json"
    assert json.loads(file_of(desktop, "a")) == {
        "store": {"local/default/lake": {"key": "new", "id": "me"}}
    }
    assert entry not in desktop.entries()
    desktop.run(f'c = at("a"); c.merge({LAKE}, {{"id": "you"}}); tell()')
    assert json.loads(desktop.entries()[entry]) == {"key": "new", "id": "you"}
    assert "you" not in file_of(desktop, "a")

    desktop.run('at("a").delete("store", "local"); tell()')
    assert list(desktop.entries()) == [f"{desktop.folder}/b:store/local/default/lake"]
    assert json.loads(file_of(desktop, "a")) == {}


@needs_programs
def test_a_copied_home_takes_nothing_from_the_first(desktop: Session) -> None:
    desktop.run(f'at("a").set({LAKE}, {{"key": "geheim"}}); tell()')
    shutil.copytree(desktop.folder / "a", desktop.folder / "copy")
    told = desktop.run(
        f'c = at("copy"); got = dict(c.get({LAKE})); c.set({LAKE}, {{"key": "mine"}}); c.delete({LAKE});'
        f' tell(got=got, first=dict(at("a").get({LAKE})))'
    )
    assert (told["got"], told["first"]) == ({"key": "geheim"}, {"key": "geheim"})
    # A home that was moved takes its secrets along, and forgets them where they are.
    (desktop.folder / "a").rename(desktop.folder / "moved")
    shutil.rmtree(desktop.folder / "copy")
    told = desktop.run(
        f'c = at("moved"); got = dict(c.get({LAKE})); c.delete({LAKE}); tell(got=got)'
    )
    assert told["got"] == {"key": "geheim"}
    assert desktop.entries() == {}


@needs_programs
def test_a_locked_keyring(desktop: Session) -> None:
    desktop.run(f'at("a").set({LAKE}, {{"key": "geheim"}}); tell()')
    desktop.lock()
    told = desktop.run(
        'began = time.monotonic(); c = at("a")\n'
        f"read, names = said(c.get, {LAKE}), sorted(c.names({LAKE}))\n"
        'c.set("connection", "ai", {"token": "heimlich"})\n'
        'wanted = said(at("a", "keyring").set, "connection", "ai", {"token": "x"})\n'
        'tell(read=read, names=names, where=c.where("connection", "ai"), wanted=wanted, took=time.monotonic() - began)'
    )
    assert told["read"].startswith(
        "ConfigError: The secrets of local/default/lake cannot be read from the keyring"
    )
    assert "Secret Service: The default keyring is locked." in told["read"]
    assert "Unlock" in told["read"]
    assert "enter the secrets again" in told["read"]
    assert told["names"] == ["key"]
    assert told["where"] == f"file {desktop.folder}/a/credentials.json"
    assert "heimlich" in file_of(desktop, "a")
    # Why is told where warnings go, here standard error, without the secret.
    assert "connection ai are kept in" in told["stderr"]
    assert "locked" in told["stderr"]
    assert "heimlich" not in told["stderr"]
    assert told["wanted"].startswith("ConfigError")
    assert told["took"] < 2

    anew = desktop.run(
        f'c = at("a"); c.merge({LAKE}, {{"key": "new"}}); tell(got=dict(c.get({LAKE})))'
    )
    assert anew["got"] == {"key": "new"}
    assert "still has the entry" in anew["stderr"]


@needs_programs
def test_a_session_without_a_keyring(short_path: Path) -> None:
    with session(short_path, unlocked=False) as bare:
        told = bare.run(
            f'c = at("a"); c.set({LAKE}, {{"key": "geheim"}}); tell(where=c.where({LAKE}))'
        )
    assert told["where"] == f"file {short_path}/a/credentials.json"
    assert "no default keyring" in told["stderr"]


@needs_programs
def test_a_keyring_that_hangs_is_not_waited_for(desktop: Session) -> None:
    daemon = desktop.process()
    os.kill(daemon, signal.SIGSTOP)
    try:
        told = desktop.run(
            "import os, signal, threading\n"
            'c, began = at("a"), time.monotonic()\n'
            f'c.set({LAKE}, {{"key": "geheim"}})\n'
            "first = time.monotonic() - began\n"
            'c.set("store", "b", {"key": "x"})\n'
            "second = time.monotonic() - began - first\n"
            f"os.kill({daemon}, signal.SIGCONT)\n"
            '[each.join() for each in threading.enumerate() if each.name == "keyring"]\n'
            f"tell(first=first, second=second, where=c.where({LAKE}))"
        )
    finally:
        os.kill(daemon, signal.SIGCONT)
    assert told["where"].startswith("file ")
    assert "did not answer within 2 seconds" in told["stderr"]
    assert 2 <= told["first"] < 10
    assert told["second"] < 1
    # What came too late was taken back.
    assert desktop.entries() == {}


def test_a_bus_that_never_answers(short_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(short_path / "bus"))
        mute.listen()
        address = f"unix:path={short_path / 'bus'}"
        told = Session(short_path, environment(short_path, DBUS_SESSION_BUS_ADDRESS=address)).run(
            f'c, began = at("a"), time.monotonic(); c.set({LAKE}, {{"key": "geheim"}})\n'
            f"tell(took=time.monotonic() - began, where=c.where({LAKE}))"
        )
    assert told["where"].startswith("file ")
    assert told["took"] < 10


def test_without_a_bus_nothing_of_a_keyring_is_imported(short_path: Path) -> None:
    told = Session(short_path, environment(short_path)).run(
        f'c = at("a"); c.set({LAKE}, {{"key": "geheim"}}); c.get({LAKE})\n'
        'tell(where=c.where("store", "local/default/lake"),'
        ' loaded=sorted({"keyring", "secretstorage"} & set(sys.modules)))'
    )
    assert told["where"].startswith("file ")
    assert told["loaded"] == []
    assert "no session bus" in told["stderr"]
