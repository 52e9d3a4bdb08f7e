"""Files of a code folder that are not copied: ``.launchpadignore``, in the format of .gitignore.

Source of the format: https://git-scm.com/docs/gitignore#_pattern_format
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from launchpad_tui.errors import ConfigError
from launchpad_tui.records import record

IGNORE_FILE = ".launchpadignore"


@record
class _Pattern:
    """A line of the file: ``negated`` includes again, ``folders_only`` matches only folders."""

    regex: re.Pattern[str]
    negated: bool
    folders_only: bool


@record
class IgnoreRules:
    """The patterns of an ignore file, which apply below its folder."""

    folder: Path
    patterns: tuple[_Pattern, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> IgnoreRules:
        """Return the rules of the ignore file in a folder; without one, nothing is ignored.

        Raises:
            ConfigError: the file cannot be read, or a line is not a valid pattern.
        """
        path = folder / IGNORE_FILE
        try:
            lines = path.read_text("utf-8", "surrogateescape").splitlines()
        except FileNotFoundError:
            return cls(folder)
        except OSError as error:
            raise ConfigError(
                f"{IGNORE_FILE} cannot be read",
                f"{path}: {error.strerror}",
                "Check the permissions of the file.",
            ) from error
        found = []
        for number, line in enumerate(lines, 1):
            try:
                pattern = _pattern(line)
            except re.error as error:
                raise ConfigError(
                    f"Line {number} of {IGNORE_FILE} is not a valid pattern",
                    f"{path}: {line[:200]}: {error}",
                    "Correct the line. The format is that of .gitignore.",
                ) from error
            if pattern is not None:
                found.append(pattern)
        return cls(folder, tuple(found))

    def ignores(self, path: Path) -> bool:
        """Return whether a file or folder is ignored by itself, whatever its parent folders are.

        The last pattern that matches decides.
        """
        if not self.patterns or not path.is_relative_to(self.folder):
            return False
        name = path.relative_to(self.folder).as_posix()
        is_folder = os.path.isdir(path) and not os.path.islink(path)
        for pattern in reversed(self.patterns):
            if (is_folder or not pattern.folders_only) and pattern.regex.fullmatch(name):
                return not pattern.negated
        return False


def _pattern(line: str) -> _Pattern | None:
    """Return the pattern of a line, None for an empty line or a comment. Raises re.error."""
    # Spaces at the end count only after a backslash.
    text = re.sub(r"(?<!\\) +$", "", line)
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text.removeprefix("!") if negated else text
    folders_only = text.endswith("/")
    text = text.rstrip("/") if folders_only else text
    if not text:
        return None
    # A slash at the beginning or in the middle anchors a pattern to the folder of the file.
    anchored = "/" in text
    expression = ("" if anchored else "(?:.*/)?") + _expression(text.lstrip("/"))
    return _Pattern(re.compile(expression, re.DOTALL), negated, folders_only)


def _expression(text: str) -> str:
    """Return the regular expression of a pattern."""
    found, at = "", 0
    while at < len(text):
        rest = text[at:]
        if rest.startswith("**/") and (at == 0 or text[at - 1] == "/"):
            found, at = found + "(?:.*/)?", at + 3
        elif rest == "**" and (at == 0 or text[at - 1] == "/"):
            found, at = found + ".*", at + 2
        elif rest[0] == "*":
            found, at = found + "[^/]*", at + 1
        elif rest[0] == "?":
            found, at = found + "[^/]", at + 1
        elif rest[0] == "[" and (end := _class_end(rest)):
            inner = rest[1:end]
            inner = "^" + inner[1:] if inner[0] in "!^" else inner
            found, at = found + "(?!/)[" + inner.replace("[", "\\[") + "]", at + end + 1
        elif rest[0] == "\\" and len(rest) > 1:
            found, at = found + re.escape(rest[1]), at + 2
        else:
            found, at = found + re.escape(rest[0]), at + 1
    return found


def _class_end(text: str) -> int:
    """Return the position of the bracket that ends a character class; 0 if there is none."""
    first = 2 if text[1:2] in {"!", "^"} else 1
    # A bracket at the beginning is a member of the class.
    return max(0, text.find("]", first + 1))
