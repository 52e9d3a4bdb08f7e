"""Keyrings that fail or behave unexpectedly, and lazy import of the keyring package."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.null import Keyring as NullKeyring

from launchpad_tui.config import credentials as credentials_module
from launchpad_tui.config import keyrings
from launchpad_tui.config.credentials import STORE, VARIABLE, Credentials
from launchpad_tui.errors import ConfigError, LaunchpadError, StorageFull

OWNER = "local/default/lake"


class MemoryKeyring(KeyringBackend):
    """A keyring in memory that fails while ``failing`` is set."""

    priority = 1
    failing = False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return the entry."""
        self._check("")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the entry."""
        self._check(password)
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Delete the entry."""
        self._check("")
        del self.entries[service, username]

    def _check(self, text: str) -> None:
        if self.failing:
            raise OSError(f"cannot process {text or 'geheim'}")


def use(backend: KeyringBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    monkeypatch.setenv(VARIABLE, "keyring")


@pytest.fixture
def memory_keyring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    use(backend, monkeypatch)
    return backend


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "credentials.json")


def test_a_configured_keyring_is_used_if_required(
    memory_keyring: MemoryKeyring, credentials: Credentials
) -> None:
    credentials.set(STORE, OWNER, {"key": "geheim"})
    assert credentials.get(STORE, OWNER) == {"key": "geheim"}
    assert credentials.where(STORE, OWNER).startswith("keyring (")
    assert list(memory_keyring.entries) == [
        ("launchpad", f"{credentials.path.parent}:store/{OWNER}")
    ]
    assert "geheim" not in credentials.path.read_text()
    credentials.set(STORE, OWNER, {})
    assert memory_keyring.entries == {}
    assert credentials.where(STORE, OWNER) == ""


def test_a_configured_keyring_is_not_used_automatically(
    memory_keyring: MemoryKeyring,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(VARIABLE, "auto")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    with caplog.at_level(logging.WARNING):
        credentials.set(STORE, OWNER, {"key": "geheim"})
    assert memory_keyring.entries == {}
    assert credentials.where(STORE, OWNER) == f"file {credentials.path}"


def test_errors_contain_no_secret(
    memory_keyring: MemoryKeyring,
    credentials: Credentials,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("launchpad_tui"), "propagate", True)
    credentials.set(STORE, OWNER, {"key": "geheim"})
    memory_keyring.failing = True
    for call in (
        lambda: credentials.get(STORE, OWNER),
        lambda: credentials.set(STORE, "b", {"key": "geheim"}),
    ):
        with pytest.raises(ConfigError) as caught:
            call()
        error: BaseException | None = caught.value
        assert "OSError" in str(error)
        while error is not None:
            assert "geheim" not in str(error)
            error = error.__cause__
    assert credentials.names(STORE, "b") == frozenset()
    credentials.delete(STORE, OWNER)
    assert "still contains the entry" in caplog.text
    assert "geheim" not in caplog.text


def test_secrets_lost_by_the_keyring_can_be_entered_again(
    memory_keyring: MemoryKeyring, credentials: Credentials
) -> None:
    credentials.set(STORE, OWNER, {"id": "me", "key": "geheim"})
    for damaged in ("[]", "{", '{"key": 1}', None):
        memory_keyring.entries.clear()
        if damaged is not None:
            memory_keyring.entries["launchpad", f"{credentials.path.parent}:store/{OWNER}"] = (
                damaged
            )
        with pytest.raises(ConfigError) as caught:
            credentials.get(STORE, OWNER)
        assert "Enter the secrets again" in caught.value.hint
    with pytest.raises(ConfigError):
        credentials.merge(STORE, OWNER, {"key": "new"})
    credentials.merge(STORE, OWNER, {"id": "you", "key": "new"})
    assert credentials.get(STORE, OWNER) == {"id": "you", "key": "new"}


@pytest.mark.parametrize("before", [{}, {"id": "me"}])
def test_a_full_disk_leaves_the_keyring_unchanged(
    memory_keyring: MemoryKeyring,
    credentials: Credentials,
    before: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credentials.set(STORE, OWNER, before)
    entries_before = dict(memory_keyring.entries)

    def full(path: Path, content: bytes) -> None:
        raise StorageFull("No space left to write a file")

    monkeypatch.setattr(credentials_module, "write_private", full)
    with pytest.raises(StorageFull):
        credentials.set(STORE, OWNER, {"id": "you", "key": "geheim"})
    assert memory_keyring.entries == entries_before
    assert credentials.get(STORE, OWNER) == before


def test_an_entry_that_is_too_long(
    memory_keyring: MemoryKeyring, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        keyrings._LIMITS, MemoryKeyring.__module__, keyrings._LIMITS["keyring.backends.Windows"]
    )
    credentials.set(STORE, OWNER, {"key": "x" * (1280 - len('{"key": ""}'))})
    with pytest.raises(ConfigError) as caught:
        credentials.set(STORE, OWNER, {"key": "x" * (1281 - len('{"key": ""}'))})
    assert "at most 2,560 bytes, not 2,562" in caught.value.detail
    # If no keyring is required, the secrets are stored in the file.
    monkeypatch.setitem(keyrings._SYSTEMS, MemoryKeyring.__module__, "MemoryKeyring")
    monkeypatch.setenv(VARIABLE, "auto")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    credentials.set(STORE, OWNER, {"key": "x" * 1281})
    assert credentials.where(STORE, OWNER).startswith("file ")
    assert memory_keyring.entries == {}
    credentials.set(STORE, OWNER, {"key": "short"})
    assert credentials.where(STORE, OWNER) == "keyring (MemoryKeyring)"


def test_a_keyring_that_stores_nothing(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(NullKeyring(), monkeypatch)  # type: ignore[no-untyped-call]
    with pytest.raises(ConfigError) as caught:
        credentials.set(STORE, OWNER, {"key": "geheim"})
    assert "auto" in caught.value.hint
    assert not credentials.path.exists()


def test_an_invalid_value_in_the_environment(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "vault")
    with pytest.raises(ConfigError) as caught:
        credentials.set(STORE, OWNER, {"key": "geheim"})
    assert VARIABLE in caught.value.title
    assert "auto, keyring, file" in caught.value.hint


@pytest.mark.parametrize(
    "kept",
    [
        '{"kept": "keyring", "fields": ["key"]}',
        '{"entry": "e", "keyring": "k", "fields": [1]}',
        '{"entry": 1, "keyring": "k", "fields": []}',
    ],
)
def test_a_damaged_reference_to_a_keyring(credentials: Credentials, kept: str) -> None:
    credentials.path.write_text(f'{{"store": {{"a": {kept}}}}}')
    credentials.path.chmod(0o600)
    for call in (credentials.get, credentials.where, credentials.names):
        with pytest.raises(LaunchpadError) as caught:
            call(STORE, "a")
        assert caught.value.title == "The credentials file is damaged"


def test_the_tests_do_not_use_the_keyring_of_this_machine(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_keyring = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", memory_keyring)
    Credentials(credentials.path, "keyring").set(STORE, OWNER, {"key": "geheim"})
    assert memory_keyring.entries == {}
    assert credentials.where(STORE, OWNER) == f"file {credentials.path}"


@pytest.mark.parametrize("arguments", [["--help"], ["stores", "list"]])
def test_keyring_packages_are_not_imported_at_start(arguments: list[str], tmp_path: Path) -> None:
    program = (
        "import sys\nfrom launchpad_tui.__main__ import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        "modules = {'keyring', 'secretstorage', 'launchpad_tui.config.keyrings'}\n"
        "print(sorted(modules & set(sys.modules)))"
    )
    environ = {
        "LAUNCHPAD_HOME": str(tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere",
        "HOME": str(tmp_path),
    }
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environ
    )
    assert result.stdout.splitlines()[-1] == "[]"
