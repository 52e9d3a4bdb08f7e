"""The secrets of connections and object stores, kept outside of the registry.

They are in the system's keyring if one is unlocked, else in a file that only its owner may read.
The file records for each owner which of the two it is.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launchpad_tui.config.atomic import write_private
from launchpad_tui.config.credential_file import InKeyring, Kept, parse, text_of
from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import ConfigError, LaunchpadError, PermissionDenied

CONNECTION = "connection"
STORE = "store"
#: the environment variable that overrides the setting ``credentials.keep``
VARIABLE = "LAUNCHPAD_CREDENTIALS"
_PLACES = ("auto", "keyring", "file")

_log = logging.getLogger(__name__)
#: secrets of keyrings that this process read or wrote, by credentials file, for `Credentials.values`
_met: dict[Path, set[str]] = {}


def store_owner(scope: Scope, name: str) -> str:
    """Return the owner under which the secrets of an object store are kept."""
    return f"{scope}/{name}"


class Credentials:
    """Secrets by kind and owner, in a file of `credential_file` with mode 0600 and in keyrings.

    Safe for threads and processes: writers hold a lock file and replace the file, so that readers
    need no lock and see a change completely or not at all. A keyring call takes a few seconds at
    most and never prompts the user.

    Args:
        keep: where secrets are written to (setting ``credentials.keep``): ``auto`` uses the
            system's keyring if it is unlocked, else the file; ``keyring`` or ``file``.
            ``LAUNCHPAD_CREDENTIALS`` overrides it. Existing secrets are found in either place, and
            move when they are written.
    """

    def __init__(self, path: Path, keep: str = "auto") -> None:
        self.path = path
        self._keep = keep

    def get(self, kind: str, owner: str) -> Mapping[str, str]:
        """Return the secrets of an owner by field, empty if there are none.

        Raises:
            PermissionDenied: others may read the file.
            ConfigError: the file is damaged or cannot be read; or the secrets are in a keyring that
                is locked, missing, or no longer has them.
        """
        kept = self._kept(kind, owner)
        if not isinstance(kept, InKeyring):
            return kept
        try:
            return self._fetched(kept, owner)
        except ConfigError:
            now = self._kept(kind, owner)
            if now == kept:
                raise
        # Another process has moved them meanwhile.
        return self._fetched(now, owner) if isinstance(now, InKeyring) else now

    def names(self, kind: str, owner: str) -> frozenset[str]:
        """Return the names of the owner's secrets. Raises as `get`, but uses no keyring."""
        kept = self._kept(kind, owner)
        return frozenset(kept.fields if isinstance(kept, InKeyring) else kept)

    def where(self, kind: str, owner: str) -> str:
        """Describe where the owner's secrets are: ``keyring (…)`` or ``file …``, empty for none.

        Raises as `names`.
        """
        kept = self._kept(kind, owner)
        if isinstance(kept, InKeyring):
            return f"keyring ({kept.keyring})"
        return f"file {self.path}" if kept else ""

    def set(self, kind: str, owner: str, secrets: Mapping[str, str]) -> None:
        """Replace the owner's secrets; they are on disk on return.

        If no keyring can be used, ``auto`` stores them in the file and logs the reason.

        Raises:
            PermissionDenied: others may read the file.
            ConfigError: the file is damaged or cannot be written; or ``keyring`` is required, and
                none can be used.
            StorageFull: the disk is full; the old secrets are kept.
        """
        place = self._place()
        with self._locked():
            self._set(self._read(), kind, owner, secrets, place)

    def merge(self, kind: str, owner: str, secrets: Mapping[str, str]) -> None:
        """Add or replace single secrets of the owner.

        The others are read only if there are any, so that secrets whose keyring is missing can be
        entered again.

        Raises:
            As `get` and `set`.
        """
        place = self._place()
        with self._locked():
            everything = self._read()
            kept = everything.get(kind, {}).get(owner, {})
            if isinstance(kept, InKeyring):
                kept = self._fetched(kept, owner) if set(kept.fields) - set(secrets) else {}
            self._set(everything, kind, owner, {**kept, **secrets}, place)

    def delete(self, kind: str, owner: str) -> None:
        """Remove the secrets of the owner and of everything below it (``owner/…``).

        Entries that remain in a keyring that cannot be used are logged by name.

        Raises:
            PermissionDenied, ConfigError, StorageFull: the file cannot be used, as for `set`.
        """
        with self._locked():
            everything = self._read()
            owners = everything.get(kind, {})
            gone = {
                name: owners.pop(name)
                for name in list(owners)
                if name == owner or name.startswith(f"{owner}/")
            }
            if gone:
                self._write(everything)
            for name, kept in gone.items():
                self._forget(kept, kind, name)

    def values(self) -> frozenset[str]:
        """Return all secrets that this process may log, for redaction.

        These are the secrets of the file and those of a keyring that it read or wrote. No keyring
        is used.
        """
        found = {
            secret
            for owners in self._read().values()
            for kept in owners.values()
            if not isinstance(kept, InKeyring)
            for secret in kept.values()
        }
        return frozenset(found | _met.get(self.path, set()))

    def _place(self) -> str:
        named = os.environ.get(VARIABLE, "")
        if named and named not in _PLACES:
            raise ConfigError(
                f"{VARIABLE} is wrong", f"It is {named[:40]!r}.", f"One of {', '.join(_PLACES)}."
            )
        return named or self._keep

    def _kept(self, kind: str, owner: str) -> Kept:
        return self._read().get(kind, {}).get(owner, {})

    def _fetched(self, kept: InKeyring, owner: str) -> Mapping[str, str]:
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
            except ValueError:
                secrets = None
        if not isinstance(secrets, dict) or not all(
            isinstance(value, str) for value in secrets.values()
        ):
            what = "has no entry" if text is None else "has an entry of another kind"
            raise ConfigError(
                title, f"{kept.keyring} {what} {kept.entry}.", "Enter the secrets again."
            )
        self._meet(secrets)
        return secrets

    def _set(
        self,
        everything: dict[str, dict[str, Kept]],
        kind: str,
        owner: str,
        secrets: Mapping[str, str],
        place: str,
    ) -> None:
        owners = everything.setdefault(kind, {})
        before = owners.pop(owner, {})
        kept: Kept = {}
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
            isinstance(before, InKeyring)
            and isinstance(kept, InKeyring)
            and before.entry == kept.entry
        ):
            self._forget(before, kind, owner)

    def _put(
        self, kind: str, owner: str, secrets: Mapping[str, str], place: str
    ) -> tuple[Kept, Callable[[], None] | None]:
        """Write to the keyring if required.

        Return the content for the file and a function that undoes it.
        """
        if place == "file":
            return dict(secrets), None
        import json

        from launchpad_tui.config import keyrings

        self._meet(secrets)
        entry = f"{self._home()}:{kind}/{owner}"
        try:
            written = keyrings.write(
                entry, json.dumps(dict(secrets), ensure_ascii=False), chosen=place == "keyring"
            )
        except ConfigError as error:
            if place == "keyring":
                hint = f'{error.hint} Or let secrets be kept in a file: credentials.keep = "auto" in the settings.'
                raise ConfigError(error.title, error.detail, hint.strip()) from error
            _log.warning(
                "The secrets of %s %s are kept in %s: %s", kind, owner, self.path, error.detail
            )
            return dict(secrets), None

        def undo() -> None:
            try:
                written.undo()
            except LaunchpadError as error:
                _log.warning(
                    "The keyring still has secrets that could not be recorded in %s: %s",
                    entry,
                    error.detail,
                )

        return InKeyring(entry, written.keyring, tuple(sorted(secrets))), undo

    def _forget(self, kept: Kept, kind: str, owner: str) -> None:
        """Remove an entry from the keyring, unless another home of which this is a copy owns it."""
        if not isinstance(kept, InKeyring):
            return
        home = kept.entry.removesuffix(f":{kind}/{owner}")
        if home != self._home() and (Path(home) / self.path.name).exists():
            return
        from launchpad_tui.config import keyrings

        try:
            keyrings.delete(kept.entry)
        except ConfigError as error:
            _log.warning("%s still has the entry %s: %s", kept.keyring, kept.entry, error.detail)

    def _home(self) -> str:
        return os.path.realpath(self.path.parent)

    def _meet(self, secrets: Mapping[str, str]) -> None:
        _met.setdefault(self.path, set()).update(secrets.values())

    def _read(self) -> dict[str, dict[str, Kept]]:
        try:
            with open(self.path, encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & 0o077:
                    raise PermissionDenied(
                        "Other users can read the credentials file",
                        f"{self.path} has mode {mode & 0o777:04o}.",
                        f"Close it: chmod 600 {self.path}; then consider changing what stands in it.",
                    )
                return parse(file.read())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(
                "The credentials cannot be read", f"{self.path}: {error.strerror or error}"
            ) from error
        except ValueError:
            # The parser's error contains the text, so it is not passed on.
            raise ConfigError(
                "The credentials file is damaged",
                str(self.path),
                "Correct the file, or delete it and enter the secrets again.",
            ) from None

    def _write(self, everything: Mapping[str, Mapping[str, Kept]]) -> None:
        write_private(self.path, text_of(everything).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock file is never removed: a lock on an unlinked file excludes nobody.
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
                "The credentials cannot be locked", f"{path}: {error.strerror or error}"
            ) from error
