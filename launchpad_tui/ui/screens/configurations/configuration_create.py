"""The wizard that creates a configuration and, if the user wants, an execution of it."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.ui.screens.common.binding_wizard import BindingWizard
from launchpad_tui.ui.screens.common.wizard import Step
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog


class ConfigurationCreateScreen(BindingWizard):
    """Steps: scenario and executable unless they are given, then those of `BindingWizard`.

    Args:
        executable_id: the executable that is selected at first; empty for none.
        like: the ID of the configuration whose values are filled in; empty for none.
        sweep: whether a parameter must have several values.
    """

    TITLE_TEXT = "Create a configuration"

    def __init__(self, executable_id: str = "", like: str = "", *, sweep: bool = False) -> None:
        super().__init__(sweep=sweep)
        self._like = like
        self._executable_id = executable_id

    def title_text(self) -> str:
        """Return what is created."""
        return "Create a sweep" if self._sweep else self.TITLE_TEXT

    async def prepare(self) -> None:
        """Fill in the values of the given configuration or executable."""
        if self._like:
            source = await self.read(self.desk.configurations.get, self.scope, self._like)
            await self.choose_executable(source.executable_id)
            self.start_from(source)
        elif self._executable_id:
            await self.choose_executable(self._executable_id)
        if self.executable is not None:
            self.values |= {
                "scenario": self.executable.scenario_id,
                "executable": self.executable.id,
            }

    def steps(self) -> Sequence[Step]:
        """Return the steps, beginning with scenario and executable unless they are given."""
        if self._executable_id or self._like:
            return super().steps()
        return (
            Step(
                "scenario",
                "Scenario",
                "Select the use case.",
                (Field("scenario", "Scenario", FieldKind.CHOICE, required=True),),
                skip_single=True,
            ),
            Step(
                "executable",
                "Executable",
                "Select the executable to configure.",
                (Field("executable", "Executable", FieldKind.CHOICE, required=True),),
                skip_single=True,
            ),
            *super().steps(),
        )

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the scenarios, or the executables of the selected scenario."""
        if step.id == "scenario":
            found = await self.read(self.desk.scenarios.scenarios, self.scope)
            if not found:
                self.launchpad.say(
                    "No scenarios yet: press 5, then a to add workflow templates", "warn", 10
                )
            return self._with_default(
                field, [Choice(each.id, each.name, each.description) for each in found]
            )
        if step.id == "executable":
            executables = await self.read(
                self.desk.scenarios.executables, self.scope, self.values["scenario"]
            )
            choices = [
                Choice(
                    each.id,
                    each.name,
                    f"{each.version}  {each.description}",
                    "It has no parameters to vary" if self._sweep and not each.parameters else "",
                )
                for each in executables
            ]
            return self._with_default(field, choices)
        return await super().choices(step, field)

    def _with_default(self, field: Field, choices: list[Choice]) -> list[Choice]:
        """Select the first choice if none of them is selected, and return the choices."""
        possible = [each.id for each in choices if not each.reason]
        if possible and self.values.get(field.name) not in possible:
            self.values[field.name] = possible[0]
        return choices

    async def check(self, step: Step) -> str:
        """Load the parameters of the selected executable, and check the common steps."""
        if step.id == "executable":
            await self.choose_executable(self.values["executable"])
        return await super().check(step)

    async def finish_one(self) -> None:
        """Create the configuration, then offer to execute it."""
        created = await self.launchpad.act(
            self.desk.configurations.create,
            self.scope,
            self.configuration_name(),
            self.values["executable"],
            self.parameters(),
            self.inputs(),
        )
        self.launchpad.point_at("configurations", created.id)
        question = ConfirmDialog(
            f"Configuration {created.name} created. Execute it now?",
            "The execution starts as soon as the runtime has free capacity.",
            yes="execute",
            cancel="later",
        )
        if await self.launchpad.ask(question):
            execution = await self.launchpad.act(
                self.desk.executions.create, self.scope, created.id
            )
            self.launchpad.point_at("executions", execution.id)
            self.leave("execution", item_id=execution.id)
        else:
            self.leave("configuration", item_id=created.id)
