"""The table of screens, from which keys, command palette and help are generated."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.records import field, record


@record
class Route:
    """A screen.

    Args:
        id: the argument of `Shell.open`.
        title: the name in the header and the command palette.
        target: ``area.module:Class`` below ``launchpad_tui.ui.screens``, imported when it is first
            opened.
        key: opens the screen from anywhere; empty for screens that need arguments, which the
            command line cannot open.
        help: a sentence for help and the command palette.
        aliases: further names that the command palette and the command line accept.
        params: constructor arguments that are always given.
        top: whether the screen replaces all open screens; the others are pushed on top.
        tasks: what is done there, by name, with the first step; the command palette of other
            screens finds them.
    """

    id: str
    title: str
    target: str
    key: str = ""
    help: str = ""
    aliases: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    top: bool = False
    tasks: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> Any:
        """Return the screen's class.

        Raises:
            ImportError: the module does not exist.
            AttributeError: the module has no such class.
        """
        module, _, name = self.target.partition(":")
        return getattr(import_module(f"launchpad_tui.ui.screens.{module}"), name)


def _artifacts(
    name: str,
    title: str,
    key: str,
    kind: ArtifactKind,
    help_text: str,
    *aliases: str,
    tasks: Mapping[str, str] | None = None,
) -> Route:
    return Route(
        name,
        title,
        "models.artifacts:ArtifactsScreen",
        key,
        help_text,
        aliases,
        {"kind": kind},
        top=True,
        tasks=tasks or {},
    )


#: screens without a key take ``item_id`` (one item) or ``item_ids`` (several) and further
#: constructor arguments
ROUTES: tuple[Route, ...] = (
    _artifacts(
        "models",
        "Models",
        "1",
        ArtifactKind.MODEL,
        "The models with their source and metrics",
        "model",
        "m",
        tasks={
            "compare models": "select models, then compare them",
            "promote a model": "promote the model under the cursor",
            "upload a model": "upload files as a new model",
            "export a list": "write the list to a file",
        },
    ),
    _artifacts(
        "datasets",
        "Datasets",
        "2",
        ArtifactKind.DATASET,
        "The datasets of the resource group",
        "data",
        "ds",
    ),
    Route(
        "executions",
        "Executions",
        "executions.executions:ExecutionsScreen",
        "3",
        "Running, queued and finished executions",
        ("execution", "ex"),
        top=True,
        tasks={
            "stop an execution": "stop the execution under the cursor",
            "rerun an execution": "rerun it with other parameters",
        },
    ),
    Route(
        "configurations",
        "Configurations",
        "configurations.configurations:ConfigurationsScreen",
        "4",
        "Parameters and inputs, ready to be executed",
        ("configuration", "conf", "cf"),
        top=True,
        tasks={
            "train a model": "execute the configuration under the cursor",
            "sweep parameters": "execute it with several values of its parameters",
        },
    ),
    Route(
        "scenarios",
        "Scenarios",
        "scenarios.scenarios:ScenariosScreen",
        "5",
        "Scenarios and their executables",
        ("executables", "scenario", "sc"),
        top=True,
        tasks={"add a template": "add a workflow template or a training script"},
    ),
    _artifacts(
        "resultsets",
        "Result sets",
        "6",
        ArtifactKind.RESULTSET,
        "The result sets that executions created",
        "results",
        "rs",
    ),
    _artifacts(
        "others", "Other artifacts", "7", ArtifactKind.OTHER, "Artifacts of kind other", "other"
    ),
    Route(
        "board",
        "Metrics",
        "metrics.metrics:MetricsScreen",
        "8",
        "Charts of the models or executions selected last",
        ("metrics", "charts"),
        top=True,
    ),
    Route(
        "stores",
        "Object stores",
        "stores.stores:StoresScreen",
        "9",
        "The object stores of the resource group",
        ("store",),
        top=True,
        tasks={
            "import models": "browse an object store, then import the models in a folder",
            "upload files": "browse an object store, then upload files into a folder",
        },
    ),
    Route(
        "connections",
        "Connections",
        "connections.connections:ConnectionsScreen",
        "0",
        "AI runtimes and their resource groups",
        ("connection", "co", "groups"),
        top=True,
        tasks={"connect to a runtime": "add a connection"},
    ),
    Route(
        "everywhere",
        "Everywhere",
        "models.everywhere:EverywhereScreen",
        "ctrl+g",
        "Search in all connections and resource groups",
        ("search", "all"),
    ),
    Route(
        "schedules",
        "Schedules",
        "schedules.schedules:SchedulesScreen",
        "ctrl+e",
        "Execution schedules",
        ("schedule", "cron"),
        top=True,
    ),
    Route(
        "sweeps",
        "Sweeps",
        "executions.sweeps:SweepsScreen",
        "ctrl+w",
        "Sweeps: executions with different values of parameters",
        ("sweep", "grid", "sw"),
    ),
    Route("sweep", "Sweep", "executions.sweep:SweepScreen"),
    Route("welcome", "Welcome", "welcome.welcome:WelcomeScreen", top=True),
    Route("schedule", "Schedule", "schedules.schedule:ScheduleScreen"),
    Route("schedule.create", "Schedule", "schedules.schedules:ScheduleWizard"),
    Route("connection", "Connection", "connections.connection:ConnectionScreen"),
    Route("connection.add", "Add", "connections.connection_edit:ConnectionAddScreen"),
    Route("connection.edit", "Edit", "connections.connection_edit:ConnectionEditScreen"),
    Route("group.add", "Add", "connections.connection_edit:GroupAddScreen"),
    Route("group.stores", "Object stores", "stores.stores:StoresScreen"),
    Route("store", "Object store", "stores.store:StoreScreen"),
    Route("store.add", "Add", "stores.store_edit:StoreAddScreen"),
    Route("store.edit", "Edit", "stores.store_edit:StoreEditScreen"),
    Route("store.replace", "Replace", "stores.store_edit:StoreReplaceScreen"),
    Route("browse", "Browse", "stores.browse:BrowseScreen"),
    Route("preview", "Preview", "stores.preview:PreviewScreen"),
    Route("import", "Import", "stores.model_import:ImportScreen"),
    Route("manual", "Manual", "manual.manual:ManualScreen"),
    Route("manual.topic", "Manual", "manual.manual:TopicScreen"),
    Route("transfers", "Transfers", "transfers.transfers:TransfersScreen"),
    Route("artifact", "Artifact", "models.artifact:ArtifactScreen"),
    Route("versions", "Versions", "models.versions:VersionsScreen"),
    Route("artifact.add", "Add", "models.artifact_add:ArtifactAddScreen"),
    Route("artifact.upload", "Upload", "models.artifact_upload:ArtifactUploadScreen"),
    Route("execution", "Execution", "executions.execution:ExecutionScreen"),
    Route("execution.rerun", "Rerun", "executions.execution_rerun:ExecutionRerunScreen"),
    Route("configuration", "Configuration", "configurations.configuration:ConfigurationScreen"),
    Route(
        "configuration.create",
        "Create",
        "configurations.configuration_create:ConfigurationCreateScreen",
    ),
    Route("executable", "Executable", "scenarios.executable:ExecutableScreen"),
    Route("lineage", "Lineage", "models.lineage:LineageScreen"),
    Route("metrics", "Metrics", "metrics.metrics:MetricsScreen"),
    Route("chart", "Chart", "metrics.chart:ChartScreen"),
    Route("chart.edit", "Chart", "metrics.chart_edit:ChartEditScreen"),
    Route("compare", "Compare", "compare.compare:CompareScreen"),
    Route("difference", "Difference", "compare.difference:DifferenceScreen"),
)
BY_ID: Mapping[str, Route] = {route.id: route for route in ROUTES}


def find(word: str) -> Route | None:
    """Return the route that a word names: by its id, an alias or an unambiguous prefix of an id;
    None if there is none."""
    word = word.strip().lower()
    named = [route for route in ROUTES if route.key]
    for route in named:
        if word == route.id or word in route.aliases:
            return route
    found = [route for route in named if word and route.id.startswith(word)]
    return found[0] if len(found) == 1 else None
