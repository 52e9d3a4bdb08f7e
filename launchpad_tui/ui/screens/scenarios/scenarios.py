"""The list of scenarios with their executables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.scenario import AddedExecutables, Executable, Scenario
from launchpad_tui.errors import Conflict, InvalidInput
from launchpad_tui.records import record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.table import NO_ROW, VirtualTable


@record
class _Line:
    """A row of the list."""

    scenario: Scenario
    executable: Executable


_COLUMNS = (
    Column[_Line]("executable", "Executable", lambda r: r.executable.name, 22, 44, 3, priority=0),
    Column[_Line](
        "scenario", "Scenario", lambda r: Cell(r.scenario.name, "dim"), 16, 36, 2, priority=1
    ),
    Column[_Line](
        "version", "Version", lambda r: Cell(r.executable.version, "dim"), 8, 14, 0, priority=2
    ),
    Column[_Line]("id", "ID", lambda r: Cell(r.executable.id, "dim"), 14, 36, 1, priority=3),
    Column[_Line](
        "description",
        "Description",
        lambda r: Cell(r.executable.description, "dim"),
        16,
        90,
        5,
        priority=4,
    ),
    Column[_Line](
        "changed",
        "Changed",
        lambda r: Cell(timestamp_text(r.executable.modified_at), "dim"),
        16,
        16,
        0,
        priority=5,
    ),
)


class ScenariosScreen(LaunchpadScreen):
    """All executables of the connection, by scenario.

    Args:
        add: whether to ask for workflow templates to add at once.
    """

    TITLE_TEXT = "Scenarios"
    TOPICS = frozenset({"scenarios"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "scenarios.add",
            "a",
            "add",
            "Add workflow templates from a file, folder or script",
            footer=2,
            needs="add_executable",
        ),
        Action(
            "scenarios.add-scenario",
            "+",
            "add scenario",
            "Add a scenario without workflow templates",
            footer=5,
            needs="add_executable",
        ),
        Action(
            "scenarios.configure",
            "x",
            "execute",
            "Create a configuration of the executable and execute it",
            footer=3,
            needs="create_configuration",
        ),
        Action(
            "scenarios.remove",
            "D",
            "remove",
            "Remove the executable (executions and models are kept)",
            footer=4,
            needs="add_executable",
        ),
    )

    def __init__(self, *, add: bool = False) -> None:
        super().__init__()
        self._add = add
        self._refused_path = ""

    def body(self) -> ComposeResult:
        """Yield the table."""
        yield VirtualTable(
            _COLUMNS,
            lambda row: row.executable.id,
            title="Executables",
            empty="No executables yet\n"
            "Press a to add a Python script, a workflow template, or a folder such as a checkout",
            multi=False,
            id="list",
        )

    @property
    def table(self) -> VirtualTable[_Line]:
        """The table that shows the list."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read scenarios and executables."""
        scenarios = {
            each.id: each for each in await self.read(self.desk.scenarios.scenarios, self.scope)
        }
        executables = await self.read(self.desk.scenarios.executables, self.scope)
        rows = [
            _Line(scenarios[each.scenario_id], each)
            for each in executables
            if each.scenario_id in scenarios
        ]
        rows.sort(key=lambda row: (row.scenario.name.casefold(), row.executable.name.casefold()))
        self.table.set_rows(rows)
        if self._add:
            self._add = False
            self.run_task(self.do_add(), "add")

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the details of the executable."""
        self.launchpad.open("executable", item_id=event.row.executable.id)

    async def do_add_scenario(self) -> None:
        """Ask for the ID of a scenario and add it."""
        from launchpad_tui.ui.screens.common.new_scenario import add_scenario

        await add_scenario(self)

    async def do_add(self) -> None:
        """Ask for a file or folder and add its workflow templates."""
        typed = await self.launchpad.ask(
            PromptDialog(
                "Add workflow templates from",
                self._refused_path,
                "Type a YAML file, a folder to add all templates in it and its subfolders, or a "
                "Python script to write a template for it.",
                verb="add",
                path=True,
            )
        )
        if not typed:
            return
        # What was refused is corrected and added again.
        self._refused_path = typed
        path = Path(typed).expanduser().absolute()
        add = self.desk.scenarios.add_executables
        try:
            found = await self.launchpad.files(add, self.scope, path)
        except Conflict as error:
            # The template of a script has been edited, or the script's options have changed.
            question = ConfirmDialog(
                f"Replace {path.with_suffix('.yaml').name}?",
                f"{error.title}. What was edited in it is lost. To add the file as it is, cancel "
                "and type its path.",
                yes="replace",
                danger=True,
            )
            if not await self.launchpad.ask(question):
                return
            found = await self.launchpad.files(add, self.scope, path, overwrite=True)
        self._show_added(path, found)
        for executable_id, folders in found.code_candidates.items():
            await self._select_code_folder(executable_id, folders)

    def _show_added(self, path: Path, found: AddedExecutables) -> None:
        """Put the cursor on what was added, and report it and what was refused."""
        if found.added:
            self.launchpad.point_at("scenarios", found.added[0][0].id)
        if found.refused:
            count, added = len(found.refused), len(found.added)
            title = f"{count} template{'s were' if count > 1 else ' was'} refused"
            detail = "\n".join(
                f"{each.file}:{each.line}: {each.reason}" for each in found.refused[:20]
            )
            hint = "Correct the file and add it again."
            if added:
                hint = f"{added} other{'s were' if added > 1 else ' was'} added. {hint}"
            self.launchpad.show_error(InvalidInput(title, detail, hint))
        elif not found.added:
            skipped = "\n".join(map(str, found.skipped[:20]))
            raise InvalidInput(
                f"No workflow templates in {path}",
                skipped or "No document in a YAML or JSON file has the kind WorkflowTemplate.",
                "Type the path of a workflow template, a folder that contains one, or a Python "
                "script.",
            )
        else:
            self._refused_path = ""
            text = ", ".join(f"{outcome} {one.id}" for one, outcome in found.added[:6])
            if found.skipped:
                text += f"; skipped {found.skipped[0].file.name}: {found.skipped[0].reason}"
            if found.template_file:
                text += f" from {found.template_file}"
            if found.script_notes:
                text = f"{text}. {'. '.join(found.script_notes)}"
            self.launchpad.say(text, "warn" if found.script_notes else "good", 8)

    async def _select_code_folder(self, executable_id: str, folders: Sequence[str]) -> None:
        """Ask which of several folders has the code of an executable, and save the setting."""
        selected = await self.launchpad.ask(
            ChooseDialog(f"Code of {executable_id}", [Choice(each, each) for each in folders])
        )
        if selected:
            executable = await self.read(self.desk.scenarios.executable, self.scope, executable_id)
            settings = {**executable.settings, "code": selected[0]}
            await self.read(self.desk.scenarios.set_executable, self.scope, executable_id, settings)
            self.launchpad.say(f"Code folder of {executable_id} saved", "good")

    def why_not_configure(self) -> str | None:
        """Return why there is no executable to act on."""
        return None if self.table.row is not None else NO_ROW

    why_not_remove = why_not_configure

    def do_configure(self) -> None:
        """Open the wizard that creates a configuration of the executable."""
        self.launchpad.open("configuration.create", executable_id=self.table.row_id)

    async def do_remove(self) -> None:
        """Ask, then remove the executable."""
        executable_id = self.table.row_id
        detail = "Its configurations, executions and models are kept."
        if await self.launchpad.ask(
            ConfirmDialog(
                f"Remove the executable {executable_id}?", detail, yes="remove", danger=True
            )
        ):
            await self.read(self.desk.scenarios.delete_executable, self.scope, executable_id)
            self.launchpad.say(f"Executable {executable_id} removed", "good")
