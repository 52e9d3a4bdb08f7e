"""A comparison into a file or the clipboard, as it stands on the screen."""

from __future__ import annotations

import json
from pathlib import Path

from launchpad_tui.domain.comparison import Comparison
from launchpad_tui.domain.comparison_text import as_csv, as_json, as_markdown
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.screens.metrics.selection import SelectionScreen
from launchpad_tui.ui.widgets.dialogs import PromptDialog


class CompareExport(SelectionScreen):
    """What the comparison view does with its comparison."""

    comparison = Comparison((), (), {})

    async def do_export(self) -> None:
        """Key ``w``."""
        dialog = PromptDialog(
            "Write the comparison into the file",
            "comparison.csv",
            "By its ending: .csv, .json, .md",
        )
        typed = await self.launchpad.ask(dialog)
        if typed:
            path = Path(typed).expanduser().absolute()
            await self.write_file(path, _as_text(self.comparison, path.suffix.lower()))

    def do_copy_table(self) -> None:
        """Key ``Y``."""
        self.launchpad.copy(_as_text(self.comparison, ".md"), "the table as Markdown")


def _as_text(comparison: Comparison, suffix: str) -> str:
    """The comparison in the format of a file's ending. Raises InvalidInput for another one."""
    if suffix == ".json":
        return json.dumps(as_json(comparison), indent=2, ensure_ascii=False) + "\n"
    if suffix in {".md", ".markdown"}:
        return as_markdown(comparison)
    if suffix == ".csv":
        return as_csv(comparison)
    raise InvalidInput(
        f"There is no format for {suffix or 'a file without an ending'!r}",
        hint="Use .csv, .json or .md.",
    )
