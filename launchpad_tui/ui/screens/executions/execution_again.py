"""Creating an execution again: its parameters and inputs, ready to be changed."""

from __future__ import annotations

from launchpad_tui.ui.screens.common.binding_wizard import BindingWizard


class ExecutionAgainScreen(BindingWizard):
    """The wizard over the configuration of an earlier execution.

    Args:
        item_id: the execution's ID.
    """

    TITLE_TEXT = "Create again"
    FINISH = "create and execute"

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id

    async def prepare(self) -> None:
        """Take everything from the execution."""
        details = await self.read(self.desk.executions.get, self.scope, self.item_id)
        configuration = details.configuration
        if configuration is None:
            configuration = await self.read(
                self.desk.configurations.get, self.scope, details.execution.configuration_id
            )
        await self.choose_executable(configuration.executable_id)
        self.values["name"] = configuration.name
        self.fill_in(configuration.parameters, configuration.inputs)

    async def finish(self) -> None:
        """Create the execution and show it."""
        made = await self.launchpad.act(
            self.desk.executions.create_again,
            self.scope,
            self.item_id,
            self.parameters(),
            self.inputs(),
            self.values["name"],
        )
        self.launchpad.say(f"Created execution {made.id}", "good")
        self.leave("execution", item_id=made.id)
