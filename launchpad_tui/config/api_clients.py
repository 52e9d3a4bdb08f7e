"""The clients of ``launchpad serve``, which may call the AI API of this machine.

A file of mode 0600 has the content ``{"clients": [{"name": …, "id": …, "salt": …, "hash": …}]}``.
Instead of secrets it contains their scrypt hashes (RFC 7914), each with a random salt, so a copy of
the file gives no access.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launchpad_tui.config.atomic import write_private
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.timestamps import now, parse_rfc3339, to_rfc3339
from launchpad_tui.errors import ConfigError, Conflict, NotFound, PermissionDenied
from launchpad_tui.records import record

#: parameters of scrypt: 16 MB of memory for one secret
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1
_SALT, _HASH = 16, 32


@record
class _Entry:
    client: ApiClient
    salt: bytes
    hash: bytes


class ApiClients:
    """The file of clients. Safe for threads and processes: writers lock and replace the file.

    All methods raise PermissionDenied if others may read the file, and ConfigError if it is damaged
    or cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # The file's inode, time and size with its content, replaced in one assignment.
        self._cached: tuple[tuple[int, int, int], Mapping[str, _Entry]] = ((0, 0, 0), {})

    def list(self) -> Sequence[ApiClient]:
        """Return all clients by name."""
        return sorted((each.client for each in self._read().values()), key=lambda each: each.name)

    def add(self, name: str, group: str) -> tuple[ApiClient, str]:
        """Add a client and return it with its new secret, which cannot be shown again.

        Raises:
            Conflict: the name exists.
        """
        secret = secrets.token_urlsafe(32)
        salt = secrets.token_bytes(_SALT)
        entry = _Entry(
            ApiClient(name, f"launchpad-{name}-{secrets.token_hex(8)}", group, now()),
            salt,
            _hashed(secret, salt),
        )
        with self._locked():
            found = list(self._read().values())
            if any(each.client.name == name for each in found):
                raise Conflict(
                    f"Client {name!r} already exists",
                    "Every client has a unique name.",
                    "Choose another name, or delete the existing client first.",
                )
            self._write([*found, entry])
        return entry.client, secret

    def delete(self, name: str) -> None:
        """Remove a client; its tokens become invalid. Raises NotFound."""
        with self._locked():
            found = list(self._read().values())
            left = [each for each in found if each.client.name != name]
            if len(left) == len(found):
                known = ", ".join(sorted(each.client.name for each in found))
                raise NotFound(
                    f"Client {name!r} does not exist",
                    f"Clients: {known or 'none'}.",
                    "Check the name.",
                )
            self._write(left)

    def get(self, client_id: str) -> ApiClient | None:
        """Return the client with this ID; the file is read only if it has changed."""
        entry = self._read().get(client_id)
        return None if entry is None else entry.client

    def check(self, client_id: str, secret: str) -> ApiClient | None:
        """Return the client if the secret is correct, else None.

        An unknown client takes as long as a known one, so the time does not reveal IDs.
        """
        entry = self._read().get(client_id)
        salt, expected = (
            (entry.salt, entry.hash) if entry is not None else (bytes(_SALT), bytes(_HASH))
        )
        matches = hmac.compare_digest(_hashed(secret, salt), expected)
        return entry.client if entry is not None and matches else None

    def _read(self) -> Mapping[str, _Entry]:
        try:
            with open(self.path, "rb") as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
                if status.st_mode & 0o077:
                    raise PermissionDenied(
                        "Other users can read the file of clients",
                        f"{self.path} has mode {status.st_mode & 0o777:04o}.",
                        f"Restrict it to its owner: chmod 600 {self.path}",
                    )
                cached_stamp, entries = self._cached
                if stamp == cached_stamp:
                    return entries
                found = _parsed(file.read())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(
                "The file of clients cannot be read",
                f"{self.path}: {error.strerror or error}",
                "Check the permissions of the file.",
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            hint = "Correct the file, or delete it and add the clients again."
            raise ConfigError("The file of clients is damaged", str(self.path), hint) from None
        self._cached = (stamp, found)
        return found

    def _write(self, entries: Sequence[_Entry]) -> None:
        import json

        data = [
            {
                "name": each.client.name,
                "id": each.client.id,
                "group": each.client.group,
                "createdAt": to_rfc3339(each.client.created_at),
                "salt": each.salt.hex(),
                "hash": each.hash.hex(),
            }
            for each in entries
        ]
        write_private(self.path, (json.dumps({"clients": data}, indent=1) + "\n").encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock file is never removed: a lock on an unlinked file has no effect.
        path = self.path.with_name(f".{self.path.name}.lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(
                "The file of clients cannot be locked",
                f"{path}: {error.strerror or error}",
                "Check the permissions of the home folder.",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _hashed(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        secret.encode("utf-8", "replace"),
        salt=salt,
        n=_COST,
        r=_BLOCK,
        p=_PARALLEL,
        maxmem=64 << 20,
        dklen=_HASH,
    )


def _parsed(content: bytes) -> dict[str, _Entry]:
    import json

    found: dict[str, _Entry] = {}
    data: dict[str, Any] = json.loads(content)
    for each in data["clients"]:
        texts = [each[key] for key in ("name", "id", "group", "createdAt", "salt", "hash")]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("values are not strings")
        client = ApiClient(
            each["name"], each["id"], each["group"], parse_rfc3339(each["createdAt"])
        )
        found[client.id] = _Entry(client, bytes.fromhex(each["salt"]), bytes.fromhex(each["hash"]))
    return found
