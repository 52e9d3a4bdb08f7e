"""The preview of a configuration: its parameters and inputs."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.errors import NotFound
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.preview import RowPreview
from launchpad_tui.ui.screens.common.preview_lines import pair_lines, parameter_lines, section
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.lines import Parts


async def configuration_preview(
    screen: LaunchpadScreen, configuration: Configuration
) -> RowPreview:
    """Read what the preview of a configuration shows."""
    varying, inputs = await screen.launchpad.preview(
        _read, screen.desk, screen.scope, configuration
    )

    def build(width: int, _height: int) -> list[Parts]:
        facts = [
            ("Executable", configuration.executable_id, "text"),
            ("Scenario", configuration.scenario_id, "text"),
            ("Created", timestamp_text(configuration.created_at), "text"),
            ("ID", configuration.id, "dim"),
        ]
        lines = pair_lines(facts, width)
        if configuration.parameters:
            lines += section("Parameters")
            lines += parameter_lines(configuration.parameters, varying, width)
        if inputs:
            lines += [*section("Input artifacts"), *pair_lines(inputs, width)]
        return lines

    return RowPreview(configuration.name, build)


def _read(
    desk: Desk, scope: Scope, configuration: Configuration
) -> tuple[frozenset[str], list[tuple[str, str, str]]]:
    """Return the varying parameters of the executable, and the names of the inputs."""
    inputs = []
    for name, artifact_id in configuration.inputs.items():
        try:
            inputs.append((name, desk.artifacts.get(scope, artifact_id).name, "text"))
        except NotFound:
            inputs.append((name, f"{artifact_id} (deleted)", "warn"))
    return desk.configurations.varying(scope, configuration.executable_id), inputs
