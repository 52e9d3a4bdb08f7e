"""The wizard that reruns an execution with the same or other parameters and inputs."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.domain.connection import Field
from launchpad_tui.records import replace
from launchpad_tui.ui.screens.common.binding_wizard import BindingWizard
from launchpad_tui.ui.screens.common.wizard import Step
from launchpad_tui.ui.widgets.details import Item, heading

#: what distinguishes the names of settings from those of other fields
_SETTING = "setting "
_STEP = Step("settings", "Job", "Set values for this execution alone. All may be empty.")


class ExecutionRerunScreen(BindingWizard):
    """A wizard whose fields are filled with the configuration of an earlier execution.

    Args:
        item_id: the ID of the earlier execution.
    """

    TITLE_TEXT = "Rerun"
    FINISH = "rerun"

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._settings: tuple[Field, ...] = ()

    def steps(self) -> Sequence[Step]:
        """Return the common steps, and that of the execution's settings if there are any.

        The name comes last: it is usually kept, and it depends on the parameters.
        """
        name, *others = super().steps()
        return (*others, *([_STEP] if self._settings else []), name)

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the settings that the runtime has; executions of a sweep have none."""
        if step is not _STEP:
            return await super().fields(step)
        found = () if self.varied() else self._settings
        return tuple(replace(each, name=f"{_SETTING}{each.name}") for each in found)

    async def review(self) -> list[Item]:
        """Return all values, those of the settings last."""
        items = await super().review()
        if self._settings and not self.varied():
            items.append(heading("Job"))
            values = self._setting_values()
            items += [
                Item(each.title, values[each.name] or "of the template", "text")
                for each in self._settings
            ]
        return items

    def _setting_values(self) -> dict[str, str]:
        return {each.name: self.values.get(f"{_SETTING}{each.name}", "") for each in self._settings}

    async def prepare(self) -> None:
        """Fill in the name, parameters, inputs and settings of the earlier execution."""
        details = await self.read(self.desk.executions.get, self.scope, self.item_id)
        configuration = details.configuration
        if configuration is None:
            configuration = await self.read(
                self.desk.configurations.get, self.scope, details.execution.configuration_id
            )
        await self.choose_executable(configuration.executable_id)
        self._settings = await self.read(self.desk.executions.fields, self.scope)
        self.update_steps()
        known = details.execution.status_details
        self.values |= {
            f"{_SETTING}{each.name}": known.get(each.name, "") for each in self._settings
        }
        self.start_from(configuration)

    async def finish_one(self) -> None:
        """Create the execution and open its screen."""
        created = await self.launchpad.act(
            self.desk.executions.create_again,
            self.scope,
            self.item_id,
            self.parameters(),
            self.inputs(),
            self.configuration_name(),
            self._setting_values(),
        )
        self.launchpad.point_at("executions", created.id)
        self.launchpad.say(f"Execution {created.id} created", "good")
        self.leave("execution", item_id=created.id)
