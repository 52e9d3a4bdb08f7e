"""The details of an executable: parameters, artifacts, settings and template."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.scenario import ArtifactSlot, Executable
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.cells import labels_text
from launchpad_tui.ui.screens.common.detail_items import timestamp_item
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.details import NONE, Details, Item, heading
from launchpad_tui.ui.widgets.dialogs import PromptDialog
from launchpad_tui.ui.widgets.lines import Lines
from launchpad_tui.ui.widgets.tabs import TAB_ACTIONS, TabbedKeys, TabStrip


class ExecutableScreen(TabbedKeys, LaunchpadScreen):
    """The details of an executable.

    Args:
        item_id: the ID of the executable.
    """

    TOPICS = frozenset({"scenarios"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *TAB_ACTIONS,
        Action(
            "executable.configure",
            "x",
            "execute",
            "Create a configuration of the executable and execute it",
            footer=3,
            needs="create_configuration",
        ),
        Action(
            "executable.edit",
            "e",
            "settings",
            "Edit the settings, for example the code folder",
            footer=4,
            needs="add_executable",
        ),
    )

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._executable: Executable | None = None

    def title_text(self) -> str:
        """Return the name of the executable."""
        return self._executable.name if self._executable else self.item_id

    def body(self) -> ComposeResult:
        """Yield a tab with the details and one with the template."""
        yield TabStrip([("overview", "Overview"), ("template", "Template")])
        yield Details(id="overview")
        yield Lines(id="template", empty="The runtime does not provide the template")

    async def load(self) -> None:
        """Read the executable."""
        one = self._executable = await self.read(
            self.desk.scenarios.executable, self.scope, self.item_id
        )
        items = [
            heading(one.name),
            Item("ID", one.id),
            Item("Scenario", one.scenario_id),
            Item("Version", one.version),
            Item("Description", one.description or "none", "text" if one.description else "faint"),
            timestamp_item("Changed", one.modified_at),
            heading("Parameters"),
        ]
        for parameter in one.parameters:
            default = "required" if parameter.default is None else parameter.default
            items.append(_aligned(parameter.name, default, parameter.description))
        items += [] if one.parameters else [NONE]
        items += [
            heading("Input artifacts"),
            *([_slot(each, "any kind") for each in one.inputs] if one.inputs else [NONE]),
        ]
        items += [
            heading("Output artifacts"),
            *(map(_slot, one.outputs) if one.outputs else [NONE]),
        ]
        fields = self.desk.scenarios.executable_fields(self.scope)
        if one.source or fields:
            items.append(heading("On this machine"))
        if one.source:
            items.append(Item("Template file", one.source))
        for field in fields:
            value = one.settings.get(field.name, "")
            items.append(Item(field.title, value or "not set", "text" if value else "faint"))
        if one.notes:
            items.append(heading("Notes on the template"))
            items += [Item("", note, "dim") for note in one.notes]
        self.query_one("#overview", Details).set_items(items)
        lines = one.template.rstrip("\n").split("\n") if one.template else []
        template = [
            [(f" {number:4d}  ", "faint"), (line.expandtabs(4), "text")]
            for number, line in enumerate(lines, 1)
        ]
        self.query_one("#template", Lines).set_lines(template)
        self.repaint_frame()

    def do_configure(self) -> None:
        """Open the wizard that creates a configuration of the executable."""
        self.launchpad.open("configuration.create", executable_id=self.item_id)

    async def do_edit(self) -> None:
        """Ask for a setting and its value, and save it."""
        if self._executable is None:
            return
        fields = {field.name: field for field in self.desk.scenarios.executable_fields(self.scope)}
        settings = dict(self._executable.settings)
        choices = [
            Choice(each.name, each.title, settings.get(each.name, "") or "not set")
            for each in fields.values()
        ]
        selected = await self.launchpad.ask(ChooseDialog("Setting to edit", choices))
        if not selected:
            return
        field = fields[selected[0]]
        typed = await self.launchpad.ask(
            PromptDialog(field.title, settings.get(field.name, ""), field.help, verb="save")
        )
        if typed is None:
            return
        settings[field.name] = typed
        try:
            await self.read(self.desk.scenarios.set_executable, self.scope, self.item_id, settings)
        except InvalidInput as error:
            self.launchpad.show_error(error)
        else:
            self.launchpad.say(f"{field.title} saved", "good")


def _slot(slot: ArtifactSlot, no_kind: str = "") -> Item:
    """Return a line with the kind, description and labels of an input or output."""
    return _aligned(slot.name, slot.kind or no_kind, slot.description, labels_text(slot.labels))


def _aligned(name: str, *parts: str) -> Item:
    """Return a line whose parts are below those of the other lines of its section."""
    while parts and not parts[-1]:
        parts = parts[:-1]
    return Item(name, ", ".join(filter(None, parts)), columns=parts)
