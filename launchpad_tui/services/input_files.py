"""Field values that are read from files of this machine, for example certificates."""

from __future__ import annotations

import os
from pathlib import Path

from launchpad_tui.domain.credential_text import masked
from launchpad_tui.errors import InvalidInput

#: Maximum size of a file in bytes. Certificates and keys have a few kilobytes.
_FILE_LIMIT = 1_000_000


def is_path(text: str) -> bool:
    """Return whether a field value is the path of a file that contains the value."""
    return text.startswith(("/", "~", "./", "../")) and text.isprintable()


def read_secret(name: str, path: str) -> str:
    """Return the text of a file whose path was entered in a hidden field.

    Error messages do not contain the path, because the user may have entered the secret itself.

    Args:
        name: The name of the field.
        path: The path of the file; a leading ``~`` is replaced by the home directory of the user.

    Raises:
        InvalidInput: The file cannot be read; ``field`` is the name.
    """
    try:
        # Unlike this function, Path.expanduser raises RuntimeError for an unknown user.
        return read_text(name, Path(os.path.expanduser(path)))
    except (InvalidInput, ValueError) as error:
        reason = (
            error.detail.rpartition(": ")[2]
            if isinstance(error, InvalidInput)
            else "The value is not a valid path"
        )
        # The original error contains the path, so it is not chained.
        raise InvalidInput(
            f"The file for {name} cannot be read",
            f"{reason.rstrip('.')}.",
            "Enter the path of a readable text file, or paste its content.",
            field=name,
        ) from None


def read_text(name: str, path: Path) -> str:
    """Return the text of a file of at most a megabyte that contains the value of a field.

    Raises:
        InvalidInput: The file cannot be read; ``field`` is the name.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "It is not UTF-8 text."
        shown = _path_text(path)
        # The error contains the path, which may be the secret itself.
        raise InvalidInput(
            f"The file for {name} cannot be read",
            f"{shown}: {reason}" if shown else "The value is not the path of a file.",
            "Check the path and its permissions." if shown else "Give the path of the file.",
            field=name,
        ) from (error if shown == str(path) else None)
    if len(content) > _FILE_LIMIT:
        raise InvalidInput(
            f"The file for {name} is too large",
            f"{path} is larger than {_FILE_LIMIT:,} bytes.",
            "Check the path.",
            field=name,
        )
    # Editors end a file with a line break that does not belong to a key.
    return text.removesuffix("\n").removesuffix("\r")


def _path_text(path: Path) -> str:
    """Return a path for messages; empty if it is a text that was given in place of a path."""
    text = str(path)
    is_path = text.isprintable() and len(text) < 1000 and not any(sign in text for sign in '{}"')
    return masked(text) if is_path else ""
