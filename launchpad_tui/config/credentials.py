"""Stores the secrets of connections and object stores outside of the registry.

Secrets are in the system's keyring if it is unlocked, else in a file that only its owner may read.
The file records for each owner where its secrets are.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launchpad_tui.config.atomic import write_private
from launchpad_tui.config.credential_file import KeyringReference, StoredSecrets, parse, serialize
from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import ConfigError, LaunchpadError, PermissionDenied

CONNECTION = "connection"
STORE = "store"
#: the environment variable that overrides the setting ``credentials.keep``
VARIABLE = "LAUNCHPAD_CREDENTIALS"
_LOCATIONS = ("auto", "keyring", "file")

#: secrets that this process read from or wrote to keyrings, by credentials file
_used_secrets: dict[Path, set[str]] = {}


def _warn(message: str, *values: object) -> None:
    # Imported when something goes wrong: most commands do not log.
    import logging

    logging.getLogger(__name__).warning(message, *values)


def store_owner(scope: Scope, name: str) -> str:
    """Return the owner under which the secrets of an object store are stored."""
    return f"{scope}/{name}"


class Credentials:
    """Secrets by kind and owner, in a file of `credential_file` with mode 0600 and in keyrings.

    Safe for threads and processes: writers hold a lock file and replace the file, so that readers
    need no lock and see a change completely or not at all. A keyring call takes a few seconds at
    most and never prompts the user.

    Args:
        keep: where secrets are written (setting ``credentials.keep``): ``keyring``, ``file``, or
            ``auto`` for the system's keyring if it is unlocked, else the file. The variable
            ``LAUNCHPAD_CREDENTIALS`` overrides the setting. Existing secrets are read from either
            location, and are moved when they are written.
    """

    def __init__(self, path: Path, keep: str = "auto") -> None:
        self.path = path
        self._keep = keep

    def get(self, kind: str, owner: str) -> Mapping[str, str]:
        """Return the secrets of an owner by field, empty if there are none.

        Raises:
            PermissionDenied: others may read the file.
            ConfigError: the file is damaged or cannot be read; or the secrets are in a keyring that
                is locked or missing, or that no longer contains them.
        """
        kept = self._stored(kind, owner)
        if not isinstance(kept, KeyringReference):
            return kept
        try:
            return self._fetch(kept, owner)
        except ConfigError:
            now = self._stored(kind, owner)
            if now == kept:
                raise
        # Another process has moved the secrets in the meantime.
        return self._fetch(now, owner) if isinstance(now, KeyringReference) else now

    def names(self, kind: str, owner: str) -> frozenset[str]:
        """Return the names of the owner's secrets without using a keyring; raises as `get`."""
        kept = self._stored(kind, owner)
        return frozenset(kept.fields if isinstance(kept, KeyringReference) else kept)

    def where(self, kind: str, owner: str) -> str:
        """Describe where the owner's secrets are: ``keyring (…)`` or ``file …``, empty for none.

        Raises as `names`.
        """
        kept = self._stored(kind, owner)
        if isinstance(kept, KeyringReference):
            return f"keyring ({kept.keyring})"
        return f"file {self.path}" if kept else ""

    def set(self, kind: str, owner: str, secrets: Mapping[str, str]) -> None:
        """Replace the owner's secrets; they are on disk when the method returns.

        If no keyring can be used, ``auto`` stores them in the file and logs the reason.

        Raises:
            PermissionDenied: others may read the file.
            ConfigError: the file is damaged or cannot be written; or a keyring is
                required, and none can be used.
            StorageFull: the disk is full. The old secrets are unchanged.
        """
        place = self._location()
        with self._locked():
            self._set(self._read(), kind, owner, secrets, place)

    def merge(
        self, kind: str, owner: str, secrets: Mapping[str, str], remove: Collection[str] = ()
    ) -> None:
        """Add or replace single secrets of the owner, and remove others.

        The other secrets are read only if there are any, so that secrets whose keyring is missing
        can be entered again.

        Raises:
            As `get` and `set`.
        """
        place = self._location()
        with self._locked():
            everything = self._read()
            kept = everything.get(kind, {}).get(owner, {})
            if isinstance(kept, KeyringReference):
                kept = self._fetch(kept, owner) if set(kept.fields) - set(secrets) else {}
            left = {name: value for name, value in kept.items() if name not in remove}
            self._set(everything, kind, owner, {**left, **secrets}, place)

    def delete(self, kind: str, owner: str) -> None:
        """Remove the secrets of the owner and of everything below it (``owner/…``).

        If a keyring cannot be used, the names of the entries that remain in it are logged.

        Raises:
            PermissionDenied, ConfigError, StorageFull: the file cannot be used, as for `set`.
        """
        with self._locked():
            everything = self._read()
            owners = everything.get(kind, {})
            removed = {
                name: owners.pop(name)
                for name in list(owners)
                if name == owner or name.startswith(f"{owner}/")
            }
            if removed:
                self._write(everything)
            for name, kept in removed.items():
                self._delete_entry(kept, kind, name)

    def values(self) -> frozenset[str]:
        """Return all secrets that the log of this process must not contain.

        These are the secrets in the file, and those that this process read from or wrote to a
        keyring. No keyring is used.
        """
        found = {
            secret
            for owners in self._read().values()
            for kept in owners.values()
            if not isinstance(kept, KeyringReference)
            for secret in kept.values()
        }
        return frozenset(found | _used_secrets.get(self.path, set()))

    def _location(self) -> str:
        named = os.environ.get(VARIABLE, "")
        if named and named not in _LOCATIONS:
            raise ConfigError(
                f"The environment variable {VARIABLE} is invalid",
                f"Its value is {named[:40]!r}.",
                f"Valid values: {', '.join(_LOCATIONS)}.",
            )
        return named or self._keep

    def _stored(self, kind: str, owner: str) -> StoredSecrets:
        return self._read().get(kind, {}).get(owner, {})

    def _fetch(self, kept: KeyringReference, owner: str) -> Mapping[str, str]:
        import json

        from launchpad_tui.config import keyrings

        title = f"The secrets of {owner} cannot be read from the keyring"
        try:
            text = keyrings.read(kept.entry)
        except ConfigError as error:
            hint = f"{error.hint or 'Unlock or repair the keyring.'} Or enter the secrets again."
            raise ConfigError(title, f"{kept.keyring}: {error.detail}", hint) from error
        secrets: Any = None
        if text is not None:
            try:
                secrets = json.loads(text)
            except (ValueError, RecursionError):
                secrets = None
        if not isinstance(secrets, dict) or not all(
            isinstance(value, str) for value in secrets.values()
        ):
            problem = "has no entry" if text is None else "has an invalid entry"
            raise ConfigError(
                title, f"{kept.keyring} {problem} {kept.entry}.", "Enter the secrets again."
            )
        self._remember(secrets)
        return secrets

    def _set(
        self,
        everything: dict[str, dict[str, StoredSecrets]],
        kind: str,
        owner: str,
        secrets: Mapping[str, str],
        place: str,
    ) -> None:
        owners = everything.setdefault(kind, {})
        before = owners.pop(owner, {})
        kept: StoredSecrets = {}
        undo: Callable[[], None] | None = None
        if secrets:
            kept, undo = self._put(kind, owner, secrets, place)
            owners[owner] = kept
        try:
            if kept != before:
                self._write(everything)
        except BaseException:
            if undo is not None:
                undo()
            raise
        if not (
            isinstance(before, KeyringReference)
            and isinstance(kept, KeyringReference)
            and before.entry == kept.entry
        ):
            self._delete_entry(before, kind, owner)

    def _put(
        self, kind: str, owner: str, secrets: Mapping[str, str], place: str
    ) -> tuple[StoredSecrets, Callable[[], None] | None]:
        """Write the secrets to the keyring, unless they belong into the file.

        Returns:
            The content for the file, and a function that restores the keyring, if it was changed.
        """
        if place == "file":
            return dict(secrets), None
        import json

        from launchpad_tui.config import keyrings

        self._remember(secrets)
        entry = f"{self._home()}:{kind}/{owner}"
        try:
            written = keyrings.write(
                entry, json.dumps(dict(secrets), ensure_ascii=False), required=place == "keyring"
            )
        except ConfigError as error:
            if place == "keyring":
                hint = (
                    f"{error.hint} To store secrets in a file, "
                    'set credentials.keep = "auto" in the settings.'
                )
                raise ConfigError(error.title, error.detail, hint.strip()) from error
            _warn("The secrets of %s %s are stored in %s: %s", kind, owner, self.path, error.detail)
            return dict(secrets), None

        def undo() -> None:
            try:
                written.undo()
            except LaunchpadError as error:
                _warn(
                    "The keyring still contains the entry %s, which could not be recorded: %s",
                    entry,
                    error.detail,
                )

        return KeyringReference(entry, written.keyring, tuple(sorted(secrets))), undo

    def _delete_entry(self, kept: StoredSecrets, kind: str, owner: str) -> None:
        """Remove an entry from the keyring.

        If this home is a copy of another one that still exists, the entry belongs to that one and
        is kept.
        """
        if not isinstance(kept, KeyringReference):
            return
        home = kept.entry.removesuffix(f":{kind}/{owner}")
        if home != self._home() and (Path(home) / self.path.name).exists():
            return
        from launchpad_tui.config import keyrings

        try:
            keyrings.delete(kept.entry)
        except ConfigError as error:
            _warn("%s still contains the entry %s: %s", kept.keyring, kept.entry, error.detail)

    def _home(self) -> str:
        return os.path.realpath(self.path.parent)

    def _remember(self, secrets: Mapping[str, str]) -> None:
        _used_secrets.setdefault(self.path, set()).update(secrets.values())

    def _read(self) -> dict[str, dict[str, StoredSecrets]]:
        try:
            with open(self.path, encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & 0o077:
                    raise PermissionDenied(
                        "Other users can read the credentials file",
                        f"{self.path} has mode {mode & 0o777:04o}.",
                        f"Restrict it to its owner: chmod 600 {self.path}; "
                        "then consider replacing the secrets in it.",
                    )
                return parse(file.read())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(
                "The credentials file cannot be read",
                f"{self.path}: {error.strerror or error}",
                "Check the permissions of the file.",
            ) from error
        except (ValueError, RecursionError):
            # The parser's error contains text of the file, so it is not attached.
            raise ConfigError(
                "The credentials file is damaged",
                str(self.path),
                "Correct the file, or delete it and enter the secrets again.",
            ) from None

    def _write(self, everything: Mapping[str, Mapping[str, StoredSecrets]]) -> None:
        write_private(self.path, serialize(everything).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock file is never removed: a lock on an unlinked file has no effect.
        path = self.path.with_name(f".{self.path.name}.lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            raise ConfigError(
                "The credentials file cannot be locked",
                f"{path}: {error.strerror or error}",
                "Check the permissions of the home folder.",
            ) from error
