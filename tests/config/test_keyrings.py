"""Keyrings that behave in some other way than they should, and when any is imported at all."""

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


class Shelf(KeyringBackend):
    """A keyring in memory that fails where it is told to."""

    priority = 1
    failing = False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """The entry."""
        self._check("")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep the entry."""
        self._check(password)
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget the entry."""
        self._check("")
        del self.entries[service, username]

    def _check(self, text: str) -> None:
        if self.failing:
            raise OSError(f"no luck with {text or 'geheim'}")


def use(backend: KeyringBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    monkeypatch.setenv(VARIABLE, "keyring")


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    use(made, monkeypatch)
    return made


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "credentials.json")


def test_a_keyring_of_the_users_choice(shelf: Shelf, credentials: Credentials) -> None:
    credentials.set(STORE, OWNER, {"key": "geheim"})
    assert credentials.get(STORE, OWNER) == {"key": "geheim"}
    assert credentials.where(STORE, OWNER).startswith("keyring (")
    assert list(shelf.entries) == [("launchpad", f"{credentials.path.parent}:store/{OWNER}")]
    assert "geheim" not in credentials.path.read_text()
    credentials.set(STORE, OWNER, {})
    assert shelf.entries == {}
    assert credentials.where(STORE, OWNER) == ""


def test_it_is_not_taken_without_a_choice(
    shelf: Shelf,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(VARIABLE, "auto")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    with caplog.at_level(logging.WARNING):
        credentials.set(STORE, OWNER, {"key": "geheim"})
    assert shelf.entries == {}
    assert credentials.where(STORE, OWNER) == f"file {credentials.path}"


def test_errors_say_no_secret(
    shelf: Shelf,
    credentials: Credentials,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("launchpad_tui"), "propagate", True)
    credentials.set(STORE, OWNER, {"key": "geheim"})
    shelf.failing = True
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
    assert "still has the entry" in caplog.text
    assert "geheim" not in caplog.text


def test_secrets_lost_by_the_keyring_are_entered_again(
    shelf: Shelf, credentials: Credentials
) -> None:
    credentials.set(STORE, OWNER, {"id": "me", "key": "geheim"})
    for damaged in ("[]", "{", '{"key": 1}', None):
        shelf.entries.clear()
        if damaged is not None:
            shelf.entries["launchpad", f"{credentials.path.parent}:store/{OWNER}"] = damaged
        with pytest.raises(ConfigError) as caught:
            credentials.get(STORE, OWNER)
        assert "Enter the secrets again" in caught.value.hint
    with pytest.raises(ConfigError):
        credentials.merge(STORE, OWNER, {"key": "new"})
    credentials.merge(STORE, OWNER, {"id": "you", "key": "new"})
    assert credentials.get(STORE, OWNER) == {"id": "you", "key": "new"}


@pytest.mark.parametrize("before", [{}, {"id": "me"}])
def test_a_full_disk_leaves_the_keyring_as_it_was(
    shelf: Shelf, credentials: Credentials, before: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials.set(STORE, OWNER, before)
    kept = dict(shelf.entries)

    def full(path: Path, content: bytes) -> None:
        raise StorageFull("No room to write a file")

    monkeypatch.setattr(credentials_module, "write_private", full)
    with pytest.raises(StorageFull):
        credentials.set(STORE, OWNER, {"id": "you", "key": "geheim"})
    assert shelf.entries == kept
    assert credentials.get(STORE, OWNER) == before


def test_an_entry_that_is_too_long(
    shelf: Shelf, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        keyrings._LIMITS, Shelf.__module__, keyrings._LIMITS["keyring.backends.Windows"]
    )
    credentials.set(STORE, OWNER, {"key": "x" * (1280 - len('{"key": ""}'))})
    with pytest.raises(ConfigError) as caught:
        credentials.set(STORE, OWNER, {"key": "x" * (1281 - len('{"key": ""}'))})
    assert "room for 2,560 bytes, and 2,562 are to be kept" in caught.value.detail
    # Without the user's word for a keyring they go to the file.
    monkeypatch.setitem(keyrings._SYSTEMS, Shelf.__module__, "Shelf")
    monkeypatch.setenv(VARIABLE, "auto")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    credentials.set(STORE, OWNER, {"key": "x" * 1281})
    assert credentials.where(STORE, OWNER).startswith("file ")
    assert shelf.entries == {}
    credentials.set(STORE, OWNER, {"key": "short"})
    assert credentials.where(STORE, OWNER) == "keyring (Shelf)"


def test_a_keyring_that_keeps_nothing(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(NullKeyring(), monkeypatch)  # type: ignore[no-untyped-call]
    with pytest.raises(ConfigError) as caught:
        credentials.set(STORE, OWNER, {"key": "geheim"})
    assert "auto" in caught.value.hint
    assert not credentials.path.exists()


def test_a_wrong_word_in_the_environment(
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
def test_a_place_that_is_damaged(credentials: Credentials, kept: str) -> None:
    credentials.path.write_text(f'{{"store": {{"a": {kept}}}}}')
    credentials.path.chmod(0o600)
    for call in (credentials.get, credentials.where, credentials.names):
        with pytest.raises(LaunchpadError) as caught:
            call(STORE, "a")
        assert caught.value.title == "The credentials file is damaged"


def test_the_suite_is_kept_from_keyrings(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    monkeypatch.setattr(keyring.core, "_keyring_backend", shelf)
    Credentials(credentials.path, "keyring").set(STORE, OWNER, {"key": "geheim"})
    assert shelf.entries == {}
    assert credentials.where(STORE, OWNER) == f"file {credentials.path}"


@pytest.mark.parametrize("words", [["--help"], ["stores", "list"]])
def test_nothing_is_imported_before_it_is_needed(words: list[str], tmp_path: Path) -> None:
    program = (
        "import sys\nfrom launchpad_tui.__main__ import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "print(sorted({'keyring', 'secretstorage', 'launchpad_tui.config.keyrings'} & set(sys.modules)))"
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
