"""Everything that the user interface, the commands and the server call, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from launchpad_tui.config.paths import Home
    from launchpad_tui.config.settings import Settings
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.artifacts import ArtifactService
    from launchpad_tui.services.boards import BoardService
    from launchpad_tui.services.browsing import BrowseService
    from launchpad_tui.services.changes import ChangeWatch
    from launchpad_tui.services.charting import ChartService
    from launchpad_tui.services.clients import ClientService
    from launchpad_tui.services.compare import CompareService
    from launchpad_tui.services.configurations import ConfigurationService
    from launchpad_tui.services.connections import ConnectionService
    from launchpad_tui.services.everywhere import EverywhereService
    from launchpad_tui.services.executions import ExecutionService
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.importing import ImportService
    from launchpad_tui.services.lineage import LineageService
    from launchpad_tui.services.metrics import MetricService
    from launchpad_tui.services.preferences import PreferenceService
    from launchpad_tui.services.remotes import Remotes
    from launchpad_tui.services.scenarios import ScenarioService
    from launchpad_tui.services.schedules import ScheduleService
    from launchpad_tui.services.served_files import FilesElsewhere
    from launchpad_tui.services.serving import ServingService
    from launchpad_tui.services.sync.service import SyncService
    from launchpad_tui.services.transfers import TransferService
    from launchpad_tui.services.verification import VerificationService


class Desk:
    """The services over one home. Their calls block and may be made from any thread. Made by `bootstrap.open_desk`.

    Args:
        makers: makes a service by the name of its attribute here; called when the service is first used, so that a
            screen waits only for the modules that it needs.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        registry: Registry,
        makers: Mapping[str, Callable[[Desk], Any]],
    ) -> None:
        self.home = home
        self.settings = settings
        self.registry = registry
        self._makers = makers

    @cached_property
    def connections(self) -> ConnectionService:
        """Connections, resource groups, object stores, and the scope chosen."""
        made: ConnectionService = self._makers["connections"](self)
        return made

    @cached_property
    def remotes(self) -> Remotes:
        """The runtimes of connections elsewhere."""
        made: Remotes = self._makers["remotes"](self)
        return made

    @cached_property
    def sync(self) -> SyncService:
        """Reading runtimes elsewhere into the registry."""
        made: SyncService = self._makers["sync"](self)
        return made

    @cached_property
    def scenarios(self) -> ScenarioService:
        """Scenarios and executables."""
        made: ScenarioService = self._makers["scenarios"](self)
        return made

    @cached_property
    def configurations(self) -> ConfigurationService:
        """Configurations."""
        made: ConfigurationService = self._makers["configurations"](self)
        return made

    @cached_property
    def executions(self) -> ExecutionService:
        """Executions."""
        made: ExecutionService = self._makers["executions"](self)
        return made

    @cached_property
    def schedules(self) -> ScheduleService:
        """Execution schedules."""
        made: ScheduleService = self._makers["schedules"](self)
        return made

    @cached_property
    def artifacts(self) -> ArtifactService:
        """Models, datasets, result sets and other artifacts."""
        made: ArtifactService = self._makers["artifacts"](self)
        return made

    @cached_property
    def files(self) -> FileService:
        """The files of artifacts."""
        made: FileService = self._makers["files"](self)
        return made

    @cached_property
    def files_elsewhere(self) -> FilesElsewhere:
        """The files of object stores, for those who ask over the network."""
        made: FilesElsewhere = self._makers["files_elsewhere"](self)
        return made

    @cached_property
    def verification(self) -> VerificationService:
        """Whether the files of artifacts are still there and the same."""
        made: VerificationService = self._makers["verification"](self)
        return made

    @cached_property
    def importing(self) -> ImportService:
        """Models that are in a store already."""
        made: ImportService = self._makers["importing"](self)
        return made

    @cached_property
    def browsing(self) -> BrowseService:
        """What is in object stores, and what their files say of themselves."""
        made: BrowseService = self._makers["browsing"](self)
        return made

    @cached_property
    def transfers(self) -> TransferService:
        """Downloads and uploads that go on in the background."""
        made: TransferService = self._makers["transfers"](self)
        return made

    @cached_property
    def metrics(self) -> MetricService:
        """Metrics, tags and custom info."""
        made: MetricService = self._makers["metrics"](self)
        return made

    @cached_property
    def lineage(self) -> LineageService:
        """Where artifacts came from and went to."""
        made: LineageService = self._makers["lineage"](self)
        return made

    @cached_property
    def compare(self) -> CompareService:
        """Models and executions side by side."""
        made: CompareService = self._makers["compare"](self)
        return made

    @cached_property
    def preferences(self) -> PreferenceService:
        """What the user chose, shared by all processes."""
        made: PreferenceService = self._makers["preferences"](self)
        return made

    @cached_property
    def charts(self) -> ChartService:
        """What charts are drawn from."""
        made: ChartService = self._makers["charts"](self)
        return made

    @cached_property
    def boards(self) -> BoardService:
        """Boards of charts, colours of models, directions of metrics."""
        made: BoardService = self._makers["boards"](self)
        return made

    @cached_property
    def everywhere(self) -> EverywhereService:
        """A search over all connections and resource groups."""
        made: EverywhereService = self._makers["everywhere"](self)
        return made

    @cached_property
    def clients(self) -> ClientService:
        """Who may call the AI API of this machine."""
        made: ClientService = self._makers["clients"](self)
        return made

    @cached_property
    def serving(self) -> ServingService:
        """Lists as the AI API gives them."""
        made: ServingService = self._makers["serving"](self)
        return made

    @cached_property
    def changes(self) -> ChangeWatch:
        """What any process changed."""
        made: ChangeWatch = self._makers["changes"](self)
        return made

    def close(self) -> None:
        """Close the registry. No thread may use the desk while it is closed or later."""
        self.changes.close()
        self.registry.close()
