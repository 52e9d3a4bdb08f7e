"""Everything that the user interface, the commands and the server call, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launchpad_tui.config.paths import Home
    from launchpad_tui.config.settings import Settings
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.artifacts import ArtifactService
    from launchpad_tui.services.changes import ChangeWatch
    from launchpad_tui.services.compare import CompareService
    from launchpad_tui.services.configurations import ConfigurationService
    from launchpad_tui.services.connections import ConnectionService
    from launchpad_tui.services.executions import ExecutionService
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.lineage import LineageService
    from launchpad_tui.services.metrics import MetricService
    from launchpad_tui.services.preferences import PreferenceService
    from launchpad_tui.services.scenarios import ScenarioService


@dataclass(frozen=True, slots=True)
class Desk:
    """The services over one home. Their calls block and may be made from any thread. Made by `bootstrap.open_desk`."""

    home: Home
    settings: Settings
    registry: Registry
    connections: ConnectionService
    scenarios: ScenarioService
    configurations: ConfigurationService
    executions: ExecutionService
    artifacts: ArtifactService
    files: FileService
    metrics: MetricService
    lineage: LineageService
    compare: CompareService
    preferences: PreferenceService
    changes: ChangeWatch

    def close(self) -> None:
        """Close the registry. No thread may use the desk while it is closed or later."""
        self.changes.close()
        self.registry.close()
