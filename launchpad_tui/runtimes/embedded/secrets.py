"""Reads the secrets that workflow templates name: a folder for each secret, a file for each key."""

from __future__ import annotations

import stat
from pathlib import Path

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
