"""The composition root: the one module that names the concrete classes and connects them."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import DEFAULT_SCOPE, DEFAULT_STORE, EMBEDDED_KIND
from launchpad_tui.registry import connections, preferences
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes import catalog
from launchpad_tui.services.desk import Desk, Factories

if TYPE_CHECKING:
    from launchpad_tui.config.credentials import Credentials
    from launchpad_tui.domain.connection import Connection
    from launchpad_tui.runtimes.base import Runtime
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


def open_desk(home: Home | None = None) -> Desk:
    """Open the services over a home folder, which is created if it is missing.

    Args:
        home: The home folder; None selects the one that the environment names.

    Raises:
        ConfigError: The home folder or its settings cannot be used.
        RegistryCorrupt, SchemaTooNew, RegistryBusy, StorageFull: The registry cannot be used.
    """
    home = (home or Home.find()).ensure()
    settings = Settings.load(home)
    registry = _registry(home, settings)
    first_start(registry)
    _settle(registry)
    desk = Desk(home, settings, registry, FACTORIES)
    if preferences.get(registry, preferences.CREDENTIALS_MOVED) is not True:
        from launchpad_tui.services.upgrade import upgrade

        upgrade(registry, lambda: _clients(desk), lambda: _credentials(desk), home.secrets)
    return desk


def _settle(registry: Registry) -> None:
    """Add the points that a killed process had committed to their series."""
    with registry.read() as db:
        left = db.execute("SELECT 1 FROM staged_points LIMIT 1").fetchone()
    if left:
        from launchpad_tui.registry.staged_points import settle_before_reading

        settle_before_reading(registry, complete=False)


def _registry(home: Home, settings: Settings) -> Registry:
    with contextlib.suppress(OSError):
        if not home.registry_path.stat().st_size:
            from launchpad_tui.services.maintenance import check_not_emptied

            check_not_emptied(home)
    return Registry(home.registry_path, catalog.LOCAL_KINDS, settings.registry.durability)


def _credentials(desk: Desk) -> Credentials:
    from launchpad_tui.config.credentials import Credentials

    return Credentials(desk.home.credentials_path, desk.settings.credentials.keep)


def _connections(desk: Desk) -> ConnectionService:
    from launchpad_tui.services.connections import ConnectionService

    def clear_cache(name: str) -> None:
        import shutil

        from launchpad_tui.runtimes.embedded.secrets import remove_connection_settings
        from launchpad_tui.services.executions import REMOTE

        shutil.rmtree(desk.home.root / REMOTE / name, ignore_errors=True)
        remove_connection_settings(desk.home.secrets, name)

    return ConnectionService(desk.registry, _credentials(desk), lambda: desk.runtimes, clear_cache)


def _stores(desk: Desk) -> StoreService:
    from launchpad_tui.services.stores import StoreService

    return StoreService(desk.registry, _credentials(desk), desk.files, desk.runtimes)


def _runtimes(desk: Desk) -> Runtimes:
    from launchpad_tui.services.runtimes import Runtimes

    def open_runtime(connection: Connection, secrets: Mapping[str, str]) -> Runtime:
        from launchpad_tui.runtimes import catalog
        from launchpad_tui.services.runtime_host import LocalRuntimeHost

        host = LocalRuntimeHost(
            desk.home, desk.settings.executions, desk.registry, lambda: desk.files
        )
        return catalog.open_runtime(connection, secrets, host)

    return Runtimes(desk.registry, _credentials(desk), open_runtime)


def _files(desk: Desk) -> FileService:
    from launchpad_tui.services.files import FileService

    return FileService(
        desk.home,
        desk.registry,
        _credentials(desk),
        _store_values,
        desk.settings.serve.allowed_addresses,
    )


def _store_values(connection: Connection, secrets: Mapping[str, str]) -> Mapping[str, str]:
    """Return the settings of the object store that reaches the files of a connection's runtime."""
    from launchpad_tui.domain.fields import complete_settings
    from launchpad_tui.runtimes.catalog import connection_support, kind_of

    kind = kind_of(connection)
    if kind is None:
        return {}
    settings = complete_settings(connection.settings, secrets)
    return connection_support(kind).store_values(settings, secrets)


def _served_files(desk: Desk) -> ServedFiles:
    from launchpad_tui.services.served_files import ServedFiles
    from launchpad_tui.services.storage_quota import StorageQuota

    return ServedFiles(desk.home, desk.files, StorageQuota(desk.home, desk.settings.serve))


def _sync(desk: Desk) -> SyncService:
    from launchpad_tui.services.sync.service import SyncService

    return SyncService(desk.registry, desk.runtimes)


def _verification(desk: Desk) -> VerificationService:
    from launchpad_tui.services.verification import VerificationService

    return VerificationService(desk.registry, desk.files)


def _importing(desk: Desk) -> ImportService:
    from launchpad_tui.services.importing import ImportService

    return ImportService(desk.registry, desk.files, lambda: desk.artifacts, desk.runtimes)


def _browsing(desk: Desk) -> BrowseService:
    from launchpad_tui.services.browsing import BrowseService

    return BrowseService(desk.files)


def _transfers(_desk: Desk) -> TransferService:
    from launchpad_tui.services.transfers import TransferService

    return TransferService()


def _configurations(desk: Desk) -> ConfigurationService:
    from launchpad_tui.services.configurations import ConfigurationService

    return ConfigurationService(desk.registry, lambda: desk.runtimes)


def _metrics(desk: Desk) -> MetricService:
    from launchpad_tui.services.metrics import MetricService

    return MetricService(desk.registry, lambda: desk.runtimes)


def _executions(desk: Desk) -> ExecutionService:
    from launchpad_tui.services.executions import ExecutionService

    return ExecutionService(desk.home, desk.registry, desk.configurations, lambda: desk.runtimes)


def _schedules(desk: Desk) -> ScheduleService:
    from launchpad_tui.services.schedules import ScheduleService

    return ScheduleService(desk.registry, lambda: desk.runtimes)


def _clients(desk: Desk) -> ClientService:
    from launchpad_tui.config.api_clients import ApiClients
    from launchpad_tui.services.clients import ClientService

    return ClientService(ApiClients(desk.home.clients_path), desk.registry)


def _artifacts(desk: Desk) -> ArtifactService:
    from launchpad_tui.services.artifacts import ArtifactService

    return ArtifactService(desk.registry, lambda: desk.runtimes)


def _annotations(desk: Desk) -> AnnotationService:
    from launchpad_tui.services.annotations import AnnotationService

    return AnnotationService(desk.registry)


def _attribute_files(desk: Desk) -> AttributeFileService:
    from launchpad_tui.services.attribute_files import AttributeFileService

    return AttributeFileService(desk.files, desk.annotations)


def _evaluations(desk: Desk) -> EvaluationService:
    from launchpad_tui.services.evaluations import EvaluationService

    return EvaluationService(desk.registry)


def _list_files(_desk: Desk) -> ListFileService:
    from launchpad_tui.services.list_files import ListFileService

    return ListFileService()


def _views(desk: Desk) -> ViewService:
    from launchpad_tui.services.views import ViewService

    return ViewService(desk.registry)


def _trash(desk: Desk) -> TrashService:
    from launchpad_tui.services.trash import TrashService

    return TrashService(
        desk.registry, lambda: desk.files, lambda: desk.runtimes, desk.settings.trash.days
    )


def _sweeps(desk: Desk) -> SweepService:
    from launchpad_tui.services.sweeps import SweepService

    return SweepService(desk.registry, desk.configurations, desk.executions)


def _scenarios(desk: Desk) -> ScenarioService:
    from launchpad_tui.services.scenarios import ScenarioService

    return ScenarioService(desk.registry, lambda: desk.runtimes)


def _lineage(desk: Desk) -> LineageService:
    from launchpad_tui.services.lineage import LineageService

    return LineageService(desk.registry)


def _compare(desk: Desk) -> CompareService:
    from launchpad_tui.services.compare import CompareService

    return CompareService(desk.registry, desk.code)


def _code(desk: Desk) -> CodeService:
    from launchpad_tui.runtimes.code_snapshots import CodeSnapshotStore
    from launchpad_tui.services.code import CodeService

    return CodeService(desk.registry, CodeSnapshotStore(desk.home.code_snapshots))


def _reproduction(desk: Desk) -> ReproductionService:
    from launchpad_tui.services.reproduction import ReproductionService

    return ReproductionService(desk.registry, desk.code, lambda: desk.runtimes)


def _preferences(desk: Desk) -> PreferenceService:
    from launchpad_tui.services.preferences import PreferenceService

    return PreferenceService(desk.registry)


def _charts(desk: Desk) -> ChartService:
    from launchpad_tui.services.charting import ChartService

    return ChartService(desk.registry)


def _boards(desk: Desk) -> BoardService:
    from launchpad_tui.services.boards import BoardService

    return BoardService(desk.registry)


def _everywhere(desk: Desk) -> EverywhereService:
    from launchpad_tui.services.everywhere import EverywhereService

    return EverywhereService(desk.registry)


def _overview(desk: Desk) -> OverviewService:
    from launchpad_tui.services.overview import OverviewService

    return OverviewService(desk.registry)


def _undo(desk: Desk) -> UndoService:
    from launchpad_tui.services.undo import UndoService

    return UndoService(desk.registry)


def _serving(desk: Desk) -> ServingService:
    from launchpad_tui.services.serving import ServingService

    return ServingService(desk.registry)


def _changes(desk: Desk) -> ChangeWatch:
    from launchpad_tui.services.changes import ChangeWatch

    return ChangeWatch(desk.registry)


#: Creates the services. The module of a service is imported when the service is first used.
FACTORIES = Factories(
    connections=_connections,
    stores=_stores,
    runtimes=_runtimes,
    sync=_sync,
    scenarios=_scenarios,
    configurations=_configurations,
    executions=_executions,
    schedules=_schedules,
    artifacts=_artifacts,
    annotations=_annotations,
    attribute_files=_attribute_files,
    evaluations=_evaluations,
    views=_views,
    list_files=_list_files,
    trash=_trash,
    sweeps=_sweeps,
    undo=_undo,
    files=_files,
    served_files=_served_files,
    verification=_verification,
    importing=_importing,
    browsing=_browsing,
    transfers=_transfers,
    metrics=_metrics,
    lineage=_lineage,
    compare=_compare,
    code=_code,
    reproduction=_reproduction,
    preferences=_preferences,
    charts=_charts,
    boards=_boards,
    everywhere=_everywhere,
    overview=_overview,
    clients=_clients,
    serving=_serving,
    changes=_changes,
)


def first_start(registry: Registry) -> None:
    """Create the connection ``local``, its resource group ``default`` and the store ``default``.

    Does nothing if the connection exists. Several processes may call this at the same time.
    """
    name = DEFAULT_SCOPE.connection
    if any(connection.name == name for connection in connections.connections(registry)):
        return
    with registry.write():
        if any(connection.name == name for connection in connections.connections(registry)):
            return
        connections.add_connection(registry, name, EMBEDDED_KIND, {})
        connections.add_group(registry, DEFAULT_SCOPE)
        connections.add_store(registry, DEFAULT_SCOPE, DEFAULT_STORE, "file", {})


def run_supervisor(arguments: Sequence[str]) -> int:
    """Supervise one execution in a child process, which outlives the process that started it.

    Args:
        arguments: The home folder, its settings file, and the ID of the execution.

    Returns:
        The exit code: at once in the process that was started, after the execution in its child.
    """
    root, settings_path, execution_id = arguments
    if os.fork():
        # The caller waits for this process only, so it never has to reap the supervisor.
        return 0
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    return _supervise(Home(Path(root), Path(settings_path)), execution_id)


def run_sync_daemon(arguments: Sequence[str]) -> int:
    """Synchronize remote runtimes until standard input ends.

    Standard input is a pipe from the process that started this one, so it ends with that process,
    even if that process is killed.

    Args:
        arguments: The home folder and its settings file.

    Returns:
        The exit code.
    """
    import threading

    from launchpad_tui.config import logfile
    from launchpad_tui.services.sync.daemon import SyncDaemon, alone

    root, settings_path = arguments
    home = Home(Path(root), Path(settings_path))
    logfile.setup(home)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = threading.Event()

    def watch() -> None:
        while os.read(0, 1024):
            pass
        stop.set()

    threading.Thread(target=watch, name="watch", daemon=True).start()
    desk = open_desk(home)
    with alone(home.root / "sync.lock", stop) as mine:
        if mine:
            SyncDaemon(desk.registry, desk.runtimes).run(stop)
    # A normal exit would wait for threads that are waiting for a response.
    os._exit(0)


def _supervise(home: Home, execution_id: str) -> int:
    from launchpad_tui.config import logfile
    from launchpad_tui.config.credentials import Credentials
    from launchpad_tui.runtimes.embedded.supervisor import supervise
    from launchpad_tui.server.tracking import tracking_endpoint
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtime_host import LocalRuntimeHost

    logfile.setup(home)
    settings = Settings.load(home)
    registry = _registry(home, settings)
    files = FileService(
        home,
        registry,
        Credentials(home.credentials_path, settings.credentials.keep),
        allowed_addresses=settings.serve.allowed_addresses,
    )
    host = LocalRuntimeHost(home, settings.executions, registry, lambda: files)
    supervise(host, tracking_endpoint, execution_id)
    return 0
