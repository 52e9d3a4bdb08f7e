"""The wizard that creates a configuration, and an execution of it."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.ui.screens.common.binding_wizard import BindingWizard
from launchpad_tui.ui.screens.common.wizard import Step
from launchpad_tui.ui.widgets.dialogs import Choice, ConfirmDialog


class ConfigurationCreateScreen(BindingWizard):
    """Scenario, executable, name, parameters, inputs, review.

    Args:
        executable_id: chosen already, empty for none.
        like: a configuration whose values it starts with, empty for none.
    """

    TITLE_TEXT = "Create a configuration"

    def __init__(self, executable_id: str = "", like: str = "") -> None:
        super().__init__()
        self._like = like
        self._executable_id = executable_id

    async def prepare(self) -> None:
        """Take over what is known."""
        if self._like:
            source = await self.read(self.desk.configurations.get, self.scope, self._like)
            await self.choose_executable(source.executable_id)
            self.values["name"] = source.name
            self.fill_in(source.parameters, source.inputs)
        elif self._executable_id:
            await self.choose_executable(self._executable_id)
        if self.executable is not None:
            self.values |= {
                "scenario": self.executable.scenario_id,
                "executable": self.executable.id,
            }

    def steps(self) -> Sequence[Step]:
        """Two steps more, in front."""
        return (
            Step(
                "scenario",
                "Scenario",
                "The use case.",
                (Field("scenario", "Scenario", FieldKind.CHOICE, required=True),),
            ),
            Step(
                "executable",
                "Executable",
                "What is executed.",
                (Field("executable", "Executable", FieldKind.CHOICE, required=True),),
            ),
            *super().steps(),
        )

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Scenarios, and the executables of the chosen one."""
        if step.id == "scenario":
            found = await self.read(self.desk.scenarios.scenarios, self.scope)
            if not found:
                self.launchpad.say(
                    "There is no scenario yet: 5, then a, adds workflow templates", "warn", 10
                )
            return self._one_of(
                field, [Choice(each.id, each.name, each.description) for each in found]
            )
        if step.id == "executable":
            executables = await self.read(
                self.desk.scenarios.executables, self.scope, self.values["scenario"]
            )
            choices = [
                Choice(each.id, each.name, f"{each.version}  {each.description}")
                for each in executables
            ]
            return self._one_of(field, choices)
        return await super().choices(step, field)

    def _one_of(self, field: Field, choices: list[Choice]) -> list[Choice]:
        """The choices; the first one is taken where nothing that can be chosen was."""
        if choices and self.values.get(field.name) not in {each.id for each in choices}:
            self.values[field.name] = choices[0].id
        return choices

    async def check(self, step: Step) -> str:
        """Another executable brings its own parameters."""
        if step.id == "executable":
            await self.choose_executable(self.values["executable"])
        return await super().check(step)

    async def finish(self) -> None:
        """Create it; then offer to execute it."""
        made = await self.launchpad.act(
            self.desk.configurations.create,
            self.scope,
            self.values["name"],
            self.values["executable"],
            self.parameters(),
            self.inputs(),
        )
        question = ConfirmDialog(
            f"Created {made.name}. Execute it now?",
            "It starts as soon as there is room.",
            yes="execute",
        )
        if await self.launchpad.ask(question):
            execution = await self.launchpad.act(self.desk.executions.create, self.scope, made.id)
            self.leave("execution", item_id=execution.id)
        else:
            self.leave("configuration", item_id=made.id)
