"""Texts that come from files of this machine, such as certificates."""

from __future__ import annotations

import os
from pathlib import Path

from launchpad_tui.errors import InvalidInput

#: a certificate or key is a few kilobytes
_FILE_LIMIT = 1_000_000


def is_path(text: str) -> bool:
    """Whether a text that may be pasted whole looks like the path of a file with it: a line that begins like one."""
    return text.startswith(("/", "~", "./", "../")) and text.isprintable()


def read_secret(name: str, path: str) -> str:
    """As `read_text`, of what was typed where nobody sees it; no message holds it: it may be a secret after all.

    Args:
        path: ``~`` is the user's folder.

    Raises:
        InvalidInput: it cannot be read; ``field`` is the name.
    """
    try:
        # Path.expanduser raises for ~nobody.
        return read_text(name, Path(os.path.expanduser(path)))
    except (InvalidInput, ValueError) as error:
        why = (
            error.detail.rpartition(": ")[2]
            if isinstance(error, InvalidInput)
            else "That is no path."
        )
        # The error before holds the path, so it is not handed on.
        raise InvalidInput(
            f"The file for {name} cannot be read", "", f"{why.rstrip('.')}.", field=name
        ) from None


def read_text(name: str, path: Path) -> str:
    """The text of a file that is the value of a field, at most a megabyte.

    Raises:
        InvalidInput: it cannot be read; ``field`` is the name.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "It is not UTF-8 text."
        raise InvalidInput(
            f"The file for {name} cannot be read", f"{path}: {why}", field=name
        ) from error
    if len(content) > _FILE_LIMIT:
        raise InvalidInput(
            f"The file for {name} is too long", f"{path}: over {_FILE_LIMIT:,} bytes.", field=name
        )
    # An editor ends a file with a newline that is no part of a key.
    return text.removesuffix("\n").removesuffix("\r")
