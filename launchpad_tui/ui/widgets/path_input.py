"""An input for a path of this machine, which tab completes as in a shell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import work

from launchpad_tui.ui.widgets.text_input import TextInput

if TYPE_CHECKING:
    from launchpad_tui.ui.shell import Shell

#: the number of names in a folder that are read at most
_MOST_NAMES = 10_000


class PathInput(TextInput):
    """An input for a path. ``tab`` completes it, and again steps through several candidates."""

    BINDINGS = [("tab", "complete", "complete path")]  # noqa: RUF012  declared as in Textual

    _candidates: list[str]

    def on_mount(self) -> None:
        """Start without candidates."""
        self._candidates = []

    @work(exclusive=True)
    async def action_complete(self) -> None:
        """Complete the path, or replace its completion by the next candidate."""
        typed = self.value
        if typed in self._candidates and len(self._candidates) > 1:
            place = self._candidates.index(typed) + 1
            self._set(self._candidates[place % len(self._candidates)])
            return
        found = await cast("Shell", self.app).files(completions, typed)
        if self.value != typed:
            return
        self._candidates = found
        if not found:
            self.app.bell()
            return
        common = os.path.commonprefix(found)  # noqa: RUF071  by characters, as in a shell
        self._set(common if len(common) > len(typed) else found[0])

    def _set(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)


def completions(typed: str) -> list[str]:
    """Return the paths that begin with a typed one, folders with a slash at the end.

    Names that begin with a dot are found if the dot is typed. ``~`` is kept as it was typed. A
    folder that cannot be read has no completions.

    Args:
        typed: the start of a path; a relative one is relative to the current folder.
    """
    before, slash, start = typed.rpartition("/")
    folder = Path(before + slash or ".").expanduser()
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(_MOST_NAMES), entries, strict=False):
                name = entry.name
                if name.startswith(start) and (start or not name.startswith(".")):
                    found.append(before + slash + name + ("/" if entry.is_dir() else ""))
    except OSError:
        return []
    return sorted(found)
