"""The secrets of connections and object stores: one file that only its owner may read, apart from the registry."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from launchpad_tui.config.atomic import write_private
from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import ConfigError, PermissionDenied

CONNECTION = "connection"
STORE = "store"


def store_owner(scope: Scope, name: str) -> str:
    """The owner under which an object store's secrets are kept."""
    return f"{scope}/{name}"


class Credentials:
    """Secrets by kind and owner, in a JSON file ``{kind: {owner: {field: secret}}}``, mode 0600.

    Safe for threads and processes: who writes holds a lock file and replaces the file whole, so that who reads needs no
    lock and sees all of a change or nothing of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, kind: str, owner: str) -> Mapping[str, str]:
        """The secrets of an owner by field; empty where there are none.

        Raises:
            PermissionDenied: others may read the file.
            ConfigError: the file is damaged or cannot be read.
        """
        return self._read().get(kind, {}).get(owner, {})

    def set(self, kind: str, owner: str, secrets: Mapping[str, str]) -> None:
        """Keep these secrets in place of those that the owner had; on disk when this returns.

        Raises:
            PermissionDenied, ConfigError: as for `get`.
            StorageFull: no room; the old secrets stay.
        """
        with self._locked():
            everything = self._read()
            owners = everything.setdefault(kind, {})
            if secrets:
                owners[owner] = dict(secrets)
            else:
                owners.pop(owner, None)
            self._write(everything)

    def delete(self, kind: str, owner: str) -> None:
        """Forget the owner's secrets, and those of everything below it (``owner/…``)."""
        with self._locked():
            everything = self._read()
            owners = everything.get(kind, {})
            gone = [name for name in owners if name == owner or name.startswith(f"{owner}/")]
            for name in gone:
                del owners[name]
            if gone:
                self._write(everything)

    def values(self) -> frozenset[str]:
        """All secrets, so that a log can leave them out."""
        everything = self._read()
        return frozenset(
            secret for owners in everything.values() for fields in owners.values() for secret in fields.values()
        )

    def _read(self) -> dict[str, dict[str, dict[str, str]]]:
        import json

        try:
            with open(self.path, encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & 0o077:
                    raise PermissionDenied(
                        "The credentials file can be read by others",
                        f"{self.path} has mode {mode & 0o777:04o}.",
                        f"Close it: chmod 600 {self.path}; then consider changing what stands in it.",
                    )
                data = json.load(file)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError("The credentials cannot be read", f"{self.path}: {error.strerror or error}") from error
        except ValueError:
            # The parser's error holds the text, so it is not handed on.
            raise self._damaged() from None
        if not _well_formed(data):
            raise self._damaged()
        return dict(data)

    def _damaged(self) -> ConfigError:
        return ConfigError(
            "The credentials file is damaged", str(self.path), "Correct it, or delete it and enter anew."
        )

    def _write(self, everything: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        import json

        kept = {kind: owners for kind, owners in everything.items() if owners}
        write_private(self.path, (json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock file is never removed: a lock on a file that somebody unlinked would lock nobody out.
        path = self.path.with_name(f".{self.path.name}.lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            raise ConfigError("The credentials cannot be locked", f"{path}: {error.strerror or error}") from error


def _well_formed(data: object) -> bool:
    return isinstance(data, dict) and all(
        isinstance(owners, dict)
        and all(
            isinstance(fields, dict) and all(isinstance(secret, str) for secret in fields.values())
            for fields in owners.values()
        )
        for owners in data.values()
    )
