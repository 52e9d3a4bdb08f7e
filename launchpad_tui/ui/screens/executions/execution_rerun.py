"""The wizard that reruns an execution with the same or other parameters and inputs."""

from __future__ import annotations

from launchpad_tui.ui.screens.common.binding_wizard import BindingWizard


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

    async def prepare(self) -> None:
        """Fill in the name, parameters and inputs of the earlier execution."""
        details = await self.read(self.desk.executions.get, self.scope, self.item_id)
        configuration = details.configuration
        if configuration is None:
            configuration = await self.read(
                self.desk.configurations.get, self.scope, details.execution.configuration_id
            )
        await self.choose_executable(configuration.executable_id)
        self.values["name"] = configuration.name
        self.fill_in(configuration.parameters, configuration.inputs)

    async def finish_one(self) -> None:
        """Create the execution and open its screen."""
        created = await self.launchpad.act(
            self.desk.executions.create_again,
            self.scope,
            self.item_id,
            self.parameters(),
            self.inputs(),
            self.values["name"],
        )
        self.launchpad.point_at("executions", created.id)
        self.launchpad.say(f"Execution {created.id} created", "good")
        self.leave("execution", item_id=created.id)
