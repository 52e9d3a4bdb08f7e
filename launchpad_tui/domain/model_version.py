"""Versions of models, their aliases, and what users change about artifacts."""

from __future__ import annotations

import re
from datetime import datetime

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

#: the alias of the highest version, which always exists
LATEST = "latest"
#: the largest number of characters of notes
NOTES_LIMIT = 100_000
_ALIAS = re.compile(r"[A-Za-z][\w.-]{0,62}", re.ASCII)
_NUMBER = re.compile(r"v?([0-9]{1,18})", re.ASCII | re.IGNORECASE)


@record
class AliasChange:
    """A change of an alias of the models of a name in a scenario.

    Attributes:
        artifact_id, version: the model to which the alias points since; empty and None if the alias
            was removed.
        previous_id, previous_version: the model to which it pointed before; empty and None if the
            alias did not exist.
        changed_by: the user and the machine.
    """

    scenario_id: str
    name: str
    alias: str
    artifact_id: str
    version: int | None
    previous_id: str
    previous_version: int | None
    changed_at: datetime
    changed_by: str

    @property
    def changed(self) -> bool:
        """Whether the alias points at another model than before."""
        return self.artifact_id != self.previous_id


@record
class ArtifactEdit:
    """Changes of an artifact; None keeps a value.

    Attributes:
        name: the shown name; empty restores the name in the runtime.
        set_labels: labels with their complete keys, which replace those with the same key.
        remove_labels: complete keys.
        notes: Markdown; empty removes the notes.
    """

    name: str | None = None
    description: str | None = None
    set_labels: tuple[tuple[str, str], ...] = ()
    remove_labels: tuple[str, ...] = ()
    notes: str | None = None
    pinned: bool | None = None


def version_number(text: str) -> int | None:
    """Return the version that a text such as ``3`` or ``v3`` names, None if it names none."""
    match = _NUMBER.fullmatch(text)
    return int(match.group(1)) if match else None


def check_alias(text: str) -> str:
    """Return an alias without surrounding spaces.

    Raises:
        InvalidInput: it is not valid, is reserved, or would be read as a version.
    """
    alias = text.strip()
    hint = "Use a letter followed by letters, digits, '_', '-' and '.', for example production."
    if alias == LATEST:
        raise InvalidInput(
            f"The alias {LATEST} is reserved",
            "It always refers to the highest version.",
            "Use another alias, for example production.",
            field="alias",
        )
    if version_number(alias) is not None:
        raise InvalidInput(
            f"{alias!r} is not a valid alias",
            "It would be read as the number of a version.",
            hint,
            field="alias",
        )
    if not _ALIAS.fullmatch(alias):
        raise InvalidInput(
            f"{alias[:80]!r} is not a valid alias" if alias else "The alias is missing",
            "It has more than 63 characters, or a character that is not allowed." if alias else "",
            hint,
            field="alias",
        )
    return alias
