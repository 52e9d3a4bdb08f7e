"""The composition root: the one place that names concrete classes and joins them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import (
    DEFAULT_SCOPE,
    DEFAULT_STORE,
    LOCAL,
    Capabilities,
    Connection,
    Scope,
)
from launchpad_tui.errors import Unreachable
from launchpad_tui.registry import connections
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.desk import Desk

if TYPE_CHECKING:
    from launchpad_tui.runtimes.base import Runtime
    from launchpad_tui.services.acting import RemoteActs

#: seconds that an object store has to tell the size of an artifact that is added
_MEASURE = 10.0


def open_desk(home: Home | None = None) -> Desk:
    """The services over a home, by default the one that the environment names; the home is made where it lacks.

    Raises:
        ConfigError: the home or its settings cannot be used.
        RegistryCorrupt, SchemaTooNew, RegistryBusy, StorageFull: the registry cannot be used.
    """
    home = (home or Home.find()).ensure()
    settings = Settings.load(home)
    registry = Registry(home.registry_path)
    first_start(registry)
    return Desk(home, settings, registry, MAKERS)


def _connections(desk: Desk) -> object:
    from launchpad_tui.config.credentials import Credentials
    from launchpad_tui.services.connections import ConnectionService

    credentials = Credentials(desk.home.credentials_path, desk.settings.credentials.keep)

    def forget(name: str) -> None:
        import shutil

        from launchpad_tui.services.executions import REMOTE

        shutil.rmtree(desk.home.root / REMOTE / name, ignore_errors=True)

    return ConnectionService(
        desk.registry,
        credentials,
        lambda: desk.files,
        _capabilities,
        lambda scope: _acts(desk, scope),
        forget,
    )


def _capabilities(connection: Connection, secrets: Mapping[str, str]) -> Capabilities:
    """Ask a connection's runtime what it can do."""
    from launchpad_tui.runtimes.aicore.runtime import AICoreRuntime
    from launchpad_tui.runtimes.catalog import AICORE

    if connection.kind == AICORE:
        return AICoreRuntime(connection.settings, secrets).capabilities()
    return Capabilities()


def _files(desk: Desk) -> object:
    from launchpad_tui.config.credentials import Credentials
    from launchpad_tui.services.files import FileService

    credentials = Credentials(desk.home.credentials_path, desk.settings.credentials.keep)
    return FileService(desk.home, desk.registry, credentials, _store_address)


def _store_address(connection: Connection, secrets: Mapping[str, str]) -> Mapping[str, str]:
    """How a connection's object stores are reached where its runtime gives their files away."""
    from launchpad_tui.runtimes.aicore.credentials import of_connection
    from launchpad_tui.runtimes.catalog import AICORE

    if connection.kind != AICORE:
        return {}
    key = of_connection(connection.settings, secrets)
    found = {
        name: key.fields().get(name, "")
        for name in ("base_url", "auth_url", "client_id", "client_secret")
    }
    return {**found, "ca_file": connection.settings.get("ca_file", "")}


def _files_elsewhere(desk: Desk) -> object:
    from launchpad_tui.services.served_files import FilesElsewhere

    return FilesElsewhere(desk.home, desk.files)


def _open_remote(connection: Connection, secrets: Mapping[str, str]) -> Runtime | None:
    """The runtime of a connection elsewhere."""
    from launchpad_tui.runtimes.aicore.runtime import AICoreRuntime
    from launchpad_tui.runtimes.catalog import AICORE

    return (
        AICoreRuntime(connection.settings, secrets).client() if connection.kind == AICORE else None
    )


def _remotes(desk: Desk) -> object:
    from launchpad_tui.config.credentials import Credentials
    from launchpad_tui.services.remotes import Remotes

    credentials = Credentials(desk.home.credentials_path, desk.settings.credentials.keep)
    return Remotes(desk.registry, credentials, _open_remote)


def _sync(desk: Desk) -> object:
    from launchpad_tui.services.sync.service import SyncService

    return SyncService(desk.registry, desk.remotes)


def _verification(desk: Desk) -> object:
    from launchpad_tui.services.verification import VerificationService

    return VerificationService(desk.registry, desk.files)


def _importing(desk: Desk) -> object:
    from launchpad_tui.services.importing import ImportService

    return ImportService(
        desk.registry, desk.files, lambda: desk.artifacts, lambda scope: _acts(desk, scope)
    )


def _browsing(desk: Desk) -> object:
    from launchpad_tui.services.browsing import BrowseService

    return BrowseService(desk.files)


def _transfers(_desk: Desk) -> object:
    from launchpad_tui.services.transfers import TransferService

    return TransferService()


def _acts(desk: Desk, scope: Scope) -> RemoteActs | None:
    """What acts at the runtime of a scope; None where that is this machine."""
    if connections.connection(desk.registry, scope.connection).kind == LOCAL:
        return None
    from launchpad_tui.services.acting import RemoteActs

    return RemoteActs(desk.registry, desk.remotes)


def _configurations(desk: Desk) -> object:
    from launchpad_tui.services.configurations import ConfigurationService

    return ConfigurationService(desk.registry, lambda scope: _acts(desk, scope))


def _metrics(desk: Desk) -> object:
    from launchpad_tui.services.metrics import MetricService

    return MetricService(desk.registry, lambda scope: _acts(desk, scope))


def _executions(desk: Desk) -> object:
    from launchpad_tui.services.executions import ExecutionService

    def fire() -> int:
        return desk.schedules.fire_due()

    return ExecutionService(
        desk.home,
        desk.settings,
        desk.registry,
        desk.configurations,
        lambda: desk.files,
        lambda scope: _acts(desk, scope),
        lambda: desk.remotes,
        fire,
    )


def _schedules(desk: Desk) -> object:
    from launchpad_tui.services.schedules import ScheduleService

    return ScheduleService(desk.registry, lambda: desk.executions, lambda scope: _acts(desk, scope))


def _clients(desk: Desk) -> object:
    from launchpad_tui.config.api_clients import ApiClients
    from launchpad_tui.services.clients import ClientService

    return ClientService(ApiClients(desk.home.clients_path), desk.registry)


def _artifacts(desk: Desk) -> object:
    from launchpad_tui.services.artifacts import ArtifactService
    from launchpad_tui.services.timeouts import within

    def measure(scope: Scope, url: str) -> int | None:
        # Somebody waits for the artifact, perhaps behind a request that is given up after a minute.
        try:
            return within(_MEASURE, lambda: desk.files.size(scope, url))
        except Unreachable:
            return None

    return ArtifactService(desk.registry, measure, lambda scope: _acts(desk, scope))


def _over_registry(name: str, kind: str) -> Callable[[Desk], Any]:
    """Makes a service that needs nothing but the registry."""

    def make(desk: Desk) -> object:
        from importlib import import_module

        return getattr(import_module(f"launchpad_tui.services.{name}"), kind)(desk.registry)

    return make


#: how each service is made, by its attribute of the desk; a module is imported when its service is first used
MAKERS: Mapping[str, Callable[[Desk], Any]] = {
    "connections": _connections,
    "remotes": _remotes,
    "sync": _sync,
    "scenarios": _over_registry("scenarios", "ScenarioService"),
    "configurations": _configurations,
    "executions": _executions,
    "schedules": _schedules,
    "artifacts": _artifacts,
    "files": _files,
    "files_elsewhere": _files_elsewhere,
    "verification": _verification,
    "importing": _importing,
    "browsing": _browsing,
    "transfers": _transfers,
    "metrics": _metrics,
    "lineage": _over_registry("lineage", "LineageService"),
    "compare": _over_registry("compare", "CompareService"),
    "preferences": _over_registry("preferences", "PreferenceService"),
    "charts": _over_registry("charting", "ChartService"),
    "boards": _over_registry("boards", "BoardService"),
    "everywhere": _over_registry("everywhere", "EverywhereService"),
    "clients": _clients,
    "serving": _over_registry("serving", "ServingService"),
    "changes": _over_registry("changes", "ChangeWatch"),
}


def first_start(registry: Registry) -> None:
    """Make what exists without a question asked: the connection ``local``, its resource group ``default``, and in it
    the file store ``default``. Does nothing where they exist; several processes may start first at once."""
    name = DEFAULT_SCOPE.connection
    if any(connection.name == name for connection in connections.connections(registry)):
        return
    with registry.write():
        if any(connection.name == name for connection in connections.connections(registry)):
            return
        connections.add_connection(registry, name, "local", {})
        connections.add_group(registry, DEFAULT_SCOPE)
        connections.add_store(registry, DEFAULT_SCOPE, DEFAULT_STORE, "file", {})


def run_supervisor(arguments: Sequence[str]) -> int:
    """Supervise one execution: become a session of its own, and outlive whoever started this process.

    Args:
        arguments: the home's root, its settings file, and the execution's ID.

    Returns:
        An exit code; at once in the process that was started, which only forks.
    """
    root, settings_path, execution_id = arguments
    if os.fork():
        # The starter waits for this process: nobody is left who would have to reap the supervisor.
        return 0
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    return _supervise(Home(Path(root), Path(settings_path)), execution_id)


def run_sync_daemon(arguments: Sequence[str]) -> int:
    """Keep what is known of runtimes elsewhere fresh until standard input ends, which it does when whoever started this
    process ends, however that comes.

    Args:
        arguments: the home's root, and its settings file.

    Returns:
        An exit code.
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
            SyncDaemon(desk.registry, desk.remotes).run(stop)
    # Threads that wait for an answer would hold up the end.
    os._exit(0)


def _supervise(home: Home, execution_id: str) -> int:
    from launchpad_tui.config import logfile
    from launchpad_tui.config.credentials import Credentials
    from launchpad_tui.server.tracking import tracking_endpoint
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.metrics import MetricService
    from launchpad_tui.services.supervision import Supervisor

    logfile.setup(home)
    registry = Registry(home.registry_path)
    settings = Settings.load(home)
    files = FileService(
        home, registry, Credentials(home.credentials_path, settings.credentials.keep)
    )
    supervisor = Supervisor(
        home, settings, registry, files, MetricService(registry), tracking_endpoint
    )
    return supervisor.supervise(execution_id)
