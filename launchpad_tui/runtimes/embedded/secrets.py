"""Reads the secrets that workflow templates name: a folder for each secret, a file for each key.

Settings of executables that contain credentials are stored in the same way.
"""

from __future__ import annotations

import contextlib
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.config.atomic import write_private
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import ConfigError


def read_secret(folder: Path, name: str, key: str = "") -> dict[str, str]:
    """Return the keys and values of a secret, which are files in ``folder/name``.

    Args:
        folder: the folder that holds all secrets.
        name: the name of the secret.
        key: return only this key; empty for all.

    Raises:
        ConfigError: the name is invalid, or the secret is missing, empty, or readable by other
            users.
    """
    place = folder / name
    what = f"{name}/{key}" if key else name
    if "/" in name or "/" in key or name in {".", ".."} or key in {".", ".."}:
        raise ConfigError(
            f"Invalid secret name {what!r}",
            "The names of secrets and keys are names of files, without '/'.",
            "Change the name in the workflow template.",
        )
    hint = f"Create a file with mode 0600 in {place} for each key; its content is the value."
    try:
        files = [place / key] if key else sorted(each for each in place.iterdir() if each.is_file())
        found = {}
        for each in files:
            if each.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigError(
                    f"The secret {what} can be read by other users",
                    str(each),
                    f"Run: chmod 600 {each}",
                )
            found[each.name] = each.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret {what} that the executable requires is missing", str(place / key), hint
        ) from error
    if not found:
        raise ConfigError(f"The secret {what} is empty", str(place), hint)
    return found


def stored_settings(folder: Path, connection: str, executable_id: str) -> dict[str, str]:
    """Return the settings of an executable of a connection that contain credentials, by name."""
    name = _settings_name(connection, executable_id)
    return read_secret(folder, name) if (folder / name).is_dir() else {}


def store_settings(
    folder: Path, connection: str, executable_id: str, values: Mapping[str, str]
) -> None:
    """Replace the settings of an executable of a connection that contain credentials.

    Raises:
        StorageFull, ConfigError: they cannot be written.
    """
    place = folder / _settings_name(connection, executable_id)
    if values:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, value in values.items():
        write_private(place / name, value.encode())
    with contextlib.suppress(OSError):
        for file in place.iterdir():
            if file.name not in values:
                file.unlink()
        if not values:
            place.rmdir()


def remove_connection_settings(folder: Path, connection: str) -> None:
    """Remove the settings with credentials of all executables of a connection."""
    for place in folder.glob(f"executable-{connection}:*"):
        shutil.rmtree(place, ignore_errors=True)


def _settings_name(connection: str, executable_id: str) -> str:
    """Return the name of the folder. Neither part contains a colon, and executables of the
    connection to this machine keep the name that they had before there were others."""
    if connection == DEFAULT_SCOPE.connection:
        return f"executable-{executable_id}"
    return f"executable-{connection}:{executable_id}"
