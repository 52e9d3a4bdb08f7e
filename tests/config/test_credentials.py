from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from launchpad_tui.config.credentials import CONNECTION, STORE, Credentials, store_owner
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import ConfigError, PermissionDenied


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "credentials.json")


def test_set_get_delete(credentials: Credentials) -> None:
    owner = store_owner(DEFAULT_SCOPE, "s3")
    assert credentials.get(STORE, owner) == {}
    credentials.set(STORE, owner, {"key": "geheim ü", "other": "x"})
    credentials.set(CONNECTION, "local", {"token": "t"})
    assert Credentials(credentials.path).get(STORE, owner) == {"key": "geheim ü", "other": "x"}
    assert credentials.get(CONNECTION, owner) == {}
    assert credentials.values() == {"geheim ü", "x", "t"}
    assert credentials.path.stat().st_mode & 0o777 == 0o600
    credentials.delete(STORE, str(DEFAULT_SCOPE))
    assert credentials.get(STORE, owner) == {}
    assert credentials.get(CONNECTION, "local") == {"token": "t"}


def test_delete_keeps_owners_with_a_longer_name(credentials: Credentials) -> None:
    credentials.set(STORE, "local/default/a", {"k": "1"})
    credentials.set(STORE, "local/default/ab", {"k": "2"})
    credentials.delete(STORE, "local/default/a")
    assert credentials.values() == {"2"}
    credentials.set(STORE, "local/default/ab", {})
    assert credentials.values() == frozenset()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_read_is_rejected(credentials: Credentials, mode: int) -> None:
    credentials.set(STORE, "a", {"key": "geheim"})
    credentials.path.chmod(mode)
    for call in (
        lambda: credentials.get(STORE, "a"),
        lambda: credentials.set(STORE, "b", {"k": "v"}),
    ):
        with pytest.raises(PermissionDenied) as caught:
            call()
        assert f"chmod 600 {credentials.path}" in caught.value.hint
        assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    ['{"store": {"a": {"k": "geheim"}', "[]", '{"store": {"a": "geheim"}}', '"\\ud800', "[" * 9999],
)
def test_errors_do_not_quote_a_damaged_file(credentials: Credentials, content: str) -> None:
    credentials.path.write_text(content)
    credentials.path.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        credentials.get(STORE, "a")
    assert caught.value.__cause__ is None
    assert "geheim" not in str(caught.value)


def test_concurrent_processes_and_threads_lose_no_secrets(credentials: Credentials) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from launchpad_tui.config.credentials import Credentials\n"
        "for i in range(10):\n"
        "    owner = f'{sys.argv[2]}-{i}'\n"
        "    Credentials(Path(sys.argv[1])).set('store', owner, {'k': str(i)})\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(credentials.path), f"process{n}"])
        for n in range(2)
    ]

    def store(number: int) -> None:
        for i in range(10):
            credentials.set(STORE, f"thread{number}-{i}", {"k": str(i)})

    threads = [threading.Thread(target=store, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in processes] == [0, 0]
    for owner in ("process0", "process1", "thread0", "thread1"):
        assert [credentials.get(STORE, f"{owner}-{i}") for i in range(10)] == [
            {"k": str(i)} for i in range(10)
        ]
    assert [p.name for p in credentials.path.parent.iterdir() if p.name.endswith(".tmp")] == []
    assert len(list(credentials.path.parent.iterdir())) == 2
