"""Edits a text in the editor of the user, which takes over the terminal meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from launchpad_tui.errors import InvalidInput, LaunchpadError


def edited_text(
    text: str,
    name: str = "notes.md",
    accept: Callable[[str], None] | None = None,
    again: Callable[[LaunchpadError], bool] | None = None,
) -> str:
    """Return the text after the user has edited it in ``VISUAL`` or ``EDITOR`` (default: vi).

    What was typed is never lost: if it is not accepted, or if the editor fails after it has saved
    something, it is kept in a file that the error names.

    Args:
        text: The text.
        name: The name of the file that the editor opens, from which it selects its syntax.
        accept: Checks and stores a changed text. Raises LaunchpadError if it is invalid.
        again: Returns whether to open the editor again after this error.

    Raises:
        LaunchpadError: The editor cannot be started or fails, or the text is invalid.
        InvalidInput: The editor has not saved UTF-8.
    """
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="launchpad-"))
    path = folder / name
    kept = False
    try:
        path.write_text(text, encoding="utf-8")
        while True:
            try:
                _edit(path)
                changed = text_of_file(path)
                if accept is not None and changed != text:
                    accept(changed)
                return changed
            except LaunchpadError as error:
                if again is not None and _is_changed(path, text) and again(error):
                    continue
                raise
    except BaseException as error:
        kept = _is_changed(path, text)
        if kept and isinstance(error, LaunchpadError):
            error.hint = "\n".join(filter(None, (error.hint, f"The text is kept in {path}")))
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _edit(path: Path) -> None:
    """Open a file in the editor and wait until it is closed. Raises LaunchpadError."""
    import shlex
    import subprocess

    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    hint = "Set EDITOR to the command of an editor."
    try:
        code = subprocess.run([*shlex.split(command), str(path)], check=False).returncode
    except (OSError, ValueError) as error:
        raise LaunchpadError("The editor cannot be started", f"{command}: {error}", hint) from error
    if code:
        raise LaunchpadError(
            "The text was not changed", f"{command} ended with exit code {code}.", hint
        )


def _is_changed(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() != text.encode()
    except OSError:
        return False


def text_of_file(path: Path) -> str:
    """Return the text in a file. Raises OSError, or InvalidInput if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not a text file", str(error), "Use a file in UTF-8.", field="note_file"
        ) from error
