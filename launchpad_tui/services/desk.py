"""The services of a home folder, which the user interface, the commands and the server call."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from launchpad_tui.records import record

if TYPE_CHECKING:
    from launchpad_tui.config.paths import Home
    from launchpad_tui.config.settings import Settings
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.annotations import AnnotationService
    from launchpad_tui.services.artifacts import ArtifactService
    from launchpad_tui.services.attribute_files import AttributeFileService
    from launchpad_tui.services.boards import BoardService
    from launchpad_tui.services.browsing import BrowseService
    from launchpad_tui.services.changes import ChangeWatch
    from launchpad_tui.services.charting import ChartService
    from launchpad_tui.services.clients import ClientService
    from launchpad_tui.services.code import CodeService
    from launchpad_tui.services.compare import CompareService
    from launchpad_tui.services.configurations import ConfigurationService
    from launchpad_tui.services.connections import ConnectionService
    from launchpad_tui.services.evaluations import EvaluationService
    from launchpad_tui.services.everywhere import EverywhereService
    from launchpad_tui.services.executions import ExecutionService
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.importing import ImportService
    from launchpad_tui.services.lineage import LineageService
    from launchpad_tui.services.list_files import ListFileService
    from launchpad_tui.services.metrics import MetricService
    from launchpad_tui.services.overview import OverviewService
    from launchpad_tui.services.preferences import PreferenceService
    from launchpad_tui.services.reproduction import ReproductionService
    from launchpad_tui.services.runtimes import Runtimes
    from launchpad_tui.services.scenarios import ScenarioService
    from launchpad_tui.services.schedules import ScheduleService
    from launchpad_tui.services.served_files import ServedFiles
    from launchpad_tui.services.serving import ServingService
    from launchpad_tui.services.stores import StoreService
    from launchpad_tui.services.sweeps import SweepService
    from launchpad_tui.services.sync.service import SyncService
    from launchpad_tui.services.transfers import TransferService
    from launchpad_tui.services.trash import TrashService
    from launchpad_tui.services.undo import UndoService
    from launchpad_tui.services.verification import VerificationService
    from launchpad_tui.services.views import ViewService


@record
class Factories:
    """Functions that create the services of a desk, by the name of the attribute."""

    connections: Callable[[Desk], ConnectionService]
    stores: Callable[[Desk], StoreService]
    runtimes: Callable[[Desk], Runtimes]
    sync: Callable[[Desk], SyncService]
    scenarios: Callable[[Desk], ScenarioService]
    configurations: Callable[[Desk], ConfigurationService]
    executions: Callable[[Desk], ExecutionService]
    schedules: Callable[[Desk], ScheduleService]
    artifacts: Callable[[Desk], ArtifactService]
    annotations: Callable[[Desk], AnnotationService]
    attribute_files: Callable[[Desk], AttributeFileService]
    evaluations: Callable[[Desk], EvaluationService]
    views: Callable[[Desk], ViewService]
    list_files: Callable[[Desk], ListFileService]
    trash: Callable[[Desk], TrashService]
    sweeps: Callable[[Desk], SweepService]
    undo: Callable[[Desk], UndoService]
    files: Callable[[Desk], FileService]
    served_files: Callable[[Desk], ServedFiles]
    verification: Callable[[Desk], VerificationService]
    importing: Callable[[Desk], ImportService]
    browsing: Callable[[Desk], BrowseService]
    transfers: Callable[[Desk], TransferService]
    metrics: Callable[[Desk], MetricService]
    lineage: Callable[[Desk], LineageService]
    compare: Callable[[Desk], CompareService]
    code: Callable[[Desk], CodeService]
    reproduction: Callable[[Desk], ReproductionService]
    preferences: Callable[[Desk], PreferenceService]
    charts: Callable[[Desk], ChartService]
    boards: Callable[[Desk], BoardService]
    everywhere: Callable[[Desk], EverywhereService]
    overview: Callable[[Desk], OverviewService]
    clients: Callable[[Desk], ClientService]
    serving: Callable[[Desk], ServingService]
    changes: Callable[[Desk], ChangeWatch]


class Desk:
    """The services of one home folder, created by `bootstrap.open_desk`.

    Calls of services block and may be made from any thread.

    Args:
        factories: Called when a service is first used, so that a screen loads only the modules that
            it needs.
    """

    def __init__(
        self, home: Home, settings: Settings, registry: Registry, factories: Factories
    ) -> None:
        self.home = home
        self.settings = settings
        self.registry = registry
        self._factories = factories

    @cached_property
    def connections(self) -> ConnectionService:
        """Connections, resource groups, and the current scope."""
        return self._factories.connections(self)

    @cached_property
    def stores(self) -> StoreService:
        """Object stores of resource groups."""
        return self._factories.stores(self)

    @cached_property
    def runtimes(self) -> Runtimes:
        """The runtimes of all connections."""
        return self._factories.runtimes(self)

    @cached_property
    def sync(self) -> SyncService:
        """Copies of remote runtimes in the registry."""
        return self._factories.sync(self)

    @cached_property
    def scenarios(self) -> ScenarioService:
        """Scenarios and executables."""
        return self._factories.scenarios(self)

    @cached_property
    def configurations(self) -> ConfigurationService:
        """Configurations."""
        return self._factories.configurations(self)

    @cached_property
    def executions(self) -> ExecutionService:
        """Executions."""
        return self._factories.executions(self)

    @cached_property
    def schedules(self) -> ScheduleService:
        """Execution schedules."""
        return self._factories.schedules(self)

    @cached_property
    def artifacts(self) -> ArtifactService:
        """Models, datasets, result sets and other artifacts."""
        return self._factories.artifacts(self)

    @cached_property
    def annotations(self) -> AnnotationService:
        """What users add to artifacts: names, labels, notes, pins, aliases, metrics, parameters."""
        return self._factories.annotations(self)

    @cached_property
    def attribute_files(self) -> AttributeFileService:
        """Files beside models that have their metrics and parameters."""
        return self._factories.attribute_files(self)

    @cached_property
    def evaluations(self) -> EvaluationService:
        """Metrics that executions report about models that they evaluated."""
        return self._factories.evaluations(self)

    @cached_property
    def list_files(self) -> ListFileService:
        """Lists as files."""
        return self._factories.list_files(self)

    @cached_property
    def views(self) -> ViewService:
        """Saved views of lists."""
        return self._factories.views(self)

    @cached_property
    def trash(self) -> TrashService:
        """Deleted and archived objects, which can be restored."""
        return self._factories.trash(self)

    @cached_property
    def sweeps(self) -> SweepService:
        """Groups of executions with different parameters."""
        return self._factories.sweeps(self)

    @cached_property
    def undo(self) -> UndoService:
        """Changes that can be undone."""
        return self._factories.undo(self)

    @cached_property
    def files(self) -> FileService:
        """Files of artifacts in object stores."""
        return self._factories.files(self)

    @cached_property
    def served_files(self) -> ServedFiles:
        """Files of object stores for clients of the AI API."""
        return self._factories.served_files(self)

    @cached_property
    def verification(self) -> VerificationService:
        """Checks of the files of artifacts."""
        return self._factories.verification(self)

    @cached_property
    def importing(self) -> ImportService:
        """Registration of models that are in a store already."""
        return self._factories.importing(self)

    @cached_property
    def browsing(self) -> BrowseService:
        """Contents of object stores and previews of files."""
        return self._factories.browsing(self)

    @cached_property
    def transfers(self) -> TransferService:
        """Downloads and uploads in the background."""
        return self._factories.transfers(self)

    @cached_property
    def metrics(self) -> MetricService:
        """Metrics, tags and custom info."""
        return self._factories.metrics(self)

    @cached_property
    def lineage(self) -> LineageService:
        """Inputs and uses of artifacts."""
        return self._factories.lineage(self)

    @cached_property
    def compare(self) -> CompareService:
        """Comparisons of models and executions."""
        return self._factories.compare(self)

    @cached_property
    def code(self) -> CodeService:
        """The recorded code of executions."""
        return self._factories.code(self)

    @cached_property
    def reproduction(self) -> ReproductionService:
        """Executions that run again with recorded code and inputs."""
        return self._factories.reproduction(self)

    @cached_property
    def preferences(self) -> PreferenceService:
        """Preferences of the user, shared by all processes."""
        return self._factories.preferences(self)

    @cached_property
    def charts(self) -> ChartService:
        """Data of charts."""
        return self._factories.charts(self)

    @cached_property
    def boards(self) -> BoardService:
        """Boards of charts, colours of models, directions of metrics."""
        return self._factories.boards(self)

    @cached_property
    def everywhere(self) -> EverywhereService:
        """Search in all connections and resource groups."""
        return self._factories.everywhere(self)

    @cached_property
    def overview(self) -> OverviewService:
        """Numbers of objects."""
        return self._factories.overview(self)

    @cached_property
    def clients(self) -> ClientService:
        """Clients of the AI API of this machine."""
        return self._factories.clients(self)

    @cached_property
    def serving(self) -> ServingService:
        """Lists as the AI API returns them."""
        return self._factories.serving(self)

    @cached_property
    def changes(self) -> ChangeWatch:
        """Notifications of changes by any process."""
        return self._factories.changes(self)

    def close(self) -> None:
        """Close the registry. No thread may use the desk during or after this call."""
        self.changes.close()
        self.registry.close()
