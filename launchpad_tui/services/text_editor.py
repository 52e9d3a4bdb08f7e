"""Edits a text in the editor of the user, which takes over the terminal meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

from launchpad_tui.errors import InvalidInput, LaunchpadError


def edited_text(text: str) -> str:
    """Return the text after the user has edited it in ``VISUAL`` or ``EDITOR`` (default: vi).

    Raises:
        LaunchpadError: The editor cannot be started or fails; the text is not changed.
        InvalidInput: The editor has not saved UTF-8.
    """
    import shlex
    import subprocess
    import tempfile

    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="launchpad-") as folder:
        path = Path(folder, "notes.md")
        path.write_text(text, encoding="utf-8")
        hint = "Set EDITOR to the command of an editor."
        try:
            code = subprocess.run([*shlex.split(command), str(path)], check=False).returncode
        except (OSError, ValueError) as error:
            raise LaunchpadError(
                "The editor cannot be started", f"{command}: {error}", hint
            ) from error
        if code:
            raise LaunchpadError(
                "The text was not changed", f"{command} ended with exit code {code}.", hint
            )
        return text_of_file(path)


def text_of_file(path: Path) -> str:
    """Return the text in a file. Raises OSError, or InvalidInput if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not a text file", str(error), "Use a file in UTF-8.", field="note_file"
        ) from error
