"""The lists of models, datasets, result sets and other artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.query import ArtifactRow, Query
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.executables import NeedsExecutables
from launchpad_tui.ui.screens.common.list_screen import ListScreen
from launchpad_tui.ui.screens.common.metric_columns import MetricColumns
from launchpad_tui.ui.screens.common.preview import RowPreview
from launchpad_tui.ui.screens.models.artifact_columns import artifact_columns
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.table import VirtualTable

_TITLES = {
    ArtifactKind.MODEL: "Models",
    ArtifactKind.DATASET: "Datasets",
    ArtifactKind.RESULTSET: "Result sets",
    ArtifactKind.OTHER: "Other artifacts",
}
#: the routes of the lists by kind
LIST_ROUTES = {
    ArtifactKind.MODEL: "models",
    ArtifactKind.DATASET: "datasets",
    ArtifactKind.RESULTSET: "resultsets",
    ArtifactKind.OTHER: "others",
}
_ADD = "Press u to upload files of this machine, or a to add one by its URL"
_EMPTY = {
    ArtifactKind.MODEL: (
        "No models yet\n"
        "Press u to upload files of this machine, a to add one by its URL, "
        "or 4 to create a configuration that trains one"
    ),
    ArtifactKind.DATASET: f"No datasets yet\n{_ADD}",
    ArtifactKind.RESULTSET: f"No result sets yet\n{_ADD}",
    ArtifactKind.OTHER: f"No other artifacts yet\n{_ADD}",
}
_ATTRIBUTES = (
    ("name", "Name"),
    ("configuration_name", "Configuration"),
    ("description", "Description"),
    ("id", "ID"),
    ("scenario_id", "Scenario"),
    ("url", "URL"),
    ("execution_id", "Execution ID"),
    ("created_at", "Created"),
    ("modified_at", "Changed"),
    ("size", "Size in bytes"),
    ("files_state", "Files"),
    ("checked_at", "Files verified"),
    ("version", "Version"),
    ("aliases", "Aliases"),
    ("pinned_at", "Pinned"),
    ("duration", "Duration in seconds"),
    ("sweep", "Sweep"),
    ("commit", "Commit of the code"),
)


class ArtifactsScreen(NeedsExecutables, MetricColumns, ListScreen[ArtifactRow]):
    """The list of the artifacts of one kind.

    Args:
        kind: the kind.
    """

    TOPICS = frozenset({"artifacts", "metrics", "scenarios"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "artifacts.add",
            "a",
            "add",
            "Add an artifact in an object store by its URL",
            footer=2,
            needs="create_artifact",
        ),
        Action(
            "artifacts.metrics",
            "m",
            "metrics",
            "Chart the metrics of the selected artifacts",
            footer=3,
        ),
        Action(
            "artifacts.compare",
            "c",
            "compare",
            "Compare the selected artifacts, or those in view",
            footer=4,
        ),
        Action(
            "artifacts.lineage",
            "L",
            "lineage",
            "Show the inputs and outputs of the artifact as a tree",
            footer=5,
        ),
        Action(
            "artifacts.rerun",
            "A",
            "rerun",
            "Rerun the execution that created the artifact",
            needs="executions",
        ),
        Action(
            "artifacts.columns",
            "o",
            "columns",
            "Select metrics, parameters, labels and tags as columns",
            footer=4,
        ),
        Action(
            "artifacts.verify",
            "V",
            "verify",
            "Verify the files of the selected artifacts",
            footer=6,
        ),
        Action(
            "artifacts.download",
            "d",
            "download",
            "Download the files of the selected artifacts",
            footer=7,
        ),
        Action(
            "artifacts.upload",
            "u",
            "upload",
            "Upload files from this machine as an artifact",
            footer=8,
        ),
        Action(
            "artifacts.edit",
            "e",
            "edit",
            "Edit name, description, labels, notes or pin",
        ),
        Action("artifacts.delete", "D", "delete", "Delete the selected artifacts"),
        Action(
            "artifacts.restore", "Z", "restore", "Restore objects that were deleted or archived"
        ),
        Action(
            "artifacts.versions",
            "#",
            "versions",
            "Show the versions of the model, and a metric over them",
        ),
        Action("artifacts.promote", "U", "promote", "Point an alias at the model"),
        Action(
            "artifacts.verify-all",
            "*",
            "verify all",
            "Verify the files of all artifacts in the list",
        ),
    )

    def __init__(self, kind: ArtifactKind = ArtifactKind.MODEL) -> None:
        super().__init__()
        self.kind = kind
        self.EMPTY = _EMPTY[kind]  # type: ignore[misc]

    def title_text(self) -> str:
        """Return the plural of the kind."""
        return _TITLES[self.kind]

    def columns(self) -> Sequence[Column[ArtifactRow]]:
        """Return the columns of the kind with the selected metrics."""
        query = self.current_query
        look = self.launchpad.look
        return artifact_columns(self.kind, query, self.best, look=look)

    def key_of(self, row: ArtifactRow) -> str:
        """Return the ID of the artifact."""
        return row.artifact.id

    async def preview_of(self, row: ArtifactRow) -> RowPreview:
        """Return the preview of an artifact."""
        from launchpad_tui.ui.screens.models.artifact_preview import artifact_preview

        return await artifact_preview(self, row)

    def listing(self, query: Query) -> Listing[ArtifactRow]:
        """Return the artifacts that match a query."""
        return self.desk.artifacts.listing(self.scope, self.kind, query)

    async def load(self) -> None:
        """Restore the selected columns, then read the list."""
        await self.prepare_columns()
        await super().load()
        await self.read_executables()
        self.mark_best()

    async def condition_names(self) -> list[tuple[str, str]]:
        """Return what a condition can name: attributes, labels, metrics and parameters."""
        artifacts, scope = self.desk.artifacts, self.scope
        names = [(f"attribute {name}", title) for name, title in _ATTRIBUTES]
        labels = await self.read(artifacts.label_keys, scope, self.kind)
        names += [(f"label {key}", f"label {key.rpartition('/')[2]}") for key in labels]
        names += [
            (f"metric {key}", f"metric {key}")
            for key in await self.read(artifacts.metric_keys, scope)
        ]
        names += [
            (f"parameter {n}", f"parameter {n}")
            for n in await self.read(artifacts.parameter_names, scope)
        ]
        names += [(f"tag {n}", f"tag {n}") for n in await self.read(artifacts.tag_names, scope)]
        return names

    def label_keys(self) -> list[str]:
        """Return the keys of the labels of the artifacts."""
        return self.desk.artifacts.label_keys(self.scope, self.kind)

    @property
    def chooses_metrics(self) -> bool:
        """Only models are ranked by metrics."""
        return self.kind is ArtifactKind.MODEL

    @property
    def preference(self) -> str:
        """The key of the preference that stores the columns of this kind."""
        return f"columns.{self.kind}"

    # Actions --------------------------------------------------------------------------------------

    def why_not_metrics(self) -> str | None:
        """Disable the action without a row, or with too many selected rows."""
        return self.why_not_show_together()

    why_not_compare = why_not_metrics

    def why_not_edit(self) -> str | None:
        """Disable the action without a row."""
        return None if self.table.target_ids else "No artifact is under the cursor"

    why_not_delete = why_not_edit

    def why_not_promote(self) -> str | None:
        """Disable the action unless a model is under the cursor."""
        if self.kind is not ArtifactKind.MODEL:
            return "Only models have aliases"
        return None if self.table.row is not None else "No model is under the cursor"

    def why_not_lineage(self) -> str | None:
        """Disable the action without a row under the cursor."""
        return None if self.table.row is not None else "No artifact is under the cursor"

    def why_not_rerun(self) -> str | None:
        """Disable the action unless an execution created the artifact under the cursor."""
        row = self.table.row
        if row is None:
            return "No artifact is under the cursor"
        if not row.artifact.execution_id:
            return "No execution created this artifact"
        return self.why_no_executable(row.executable_id) if row.executable_id else None

    why_not_download = why_not_verify = why_not_metrics

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the details of the artifact."""
        self.launchpad.open("artifact", item_id=event.row.artifact.id)

    def do_add(self) -> None:
        """Open the wizard that adds an artifact by its URL."""
        self.launchpad.open("artifact.add", kind=self.kind)

    def do_metrics(self) -> None:
        """Open the charts of the selected artifacts."""
        self.launchpad.open("metrics", item_ids=self.table.target_ids)

    def do_compare(self) -> None:
        """Open the comparison of the selected artifacts, or of those in view."""
        self.launchpad.open("compare", item_ids=self.table.comparable_ids)

    def do_lineage(self) -> None:
        """Open the lineage of the artifact under the cursor."""
        self.launchpad.open("lineage", item_id=self.table.row_id)

    def do_rerun(self) -> None:
        """Open the wizard that reruns the execution that created the artifact."""
        row = self.table.row
        if row is not None:
            self.launchpad.open("execution.rerun", item_id=row.artifact.execution_id)

    def do_upload(self) -> None:
        """Open the wizard that uploads files as an artifact."""
        self.launchpad.open("artifact.upload", kind=self.kind)

    async def do_edit(self) -> None:
        """Edit the selected artifacts."""
        from launchpad_tui.ui.screens.models.artifact_edit import edit_artifacts

        await edit_artifacts(self, self.table.target_ids)

    async def do_delete(self) -> None:
        """Move the selected artifacts into the trash."""
        from launchpad_tui.ui.screens.models.artifact_removal import delete_artifacts

        if await delete_artifacts(self, self.table.target_ids):
            self.table.clear_selection()

    async def do_restore(self) -> None:
        """Restore objects from the trash."""
        from launchpad_tui.ui.screens.models.artifact_removal import restore_deleted

        await restore_deleted(self)

    def why_not_versions(self) -> str | None:
        """Return why there is no model whose versions can be shown."""
        if self.kind is not ArtifactKind.MODEL:
            return "Only models have versions"
        return None if self.table.row is not None else "No model is under the cursor"

    def do_versions(self) -> None:
        """Show the versions of the model."""
        self.launchpad.open("versions", item_id=self.table.row_id)

    async def do_promote(self) -> None:
        """Point an alias at the model under the cursor."""
        from launchpad_tui.ui.screens.common.promotion import promote_model

        await promote_model(self, self.table.row_id)

    async def do_download(self) -> None:
        """Download the files of the selected artifacts."""
        from launchpad_tui.ui.screens.common.downloads import download_artifacts

        await download_artifacts(self, self.table.target_ids)

    def do_verify(self) -> None:
        """Verify the files of the selected artifacts in the background."""
        from launchpad_tui.ui.screens.models.verification import verify

        verify(self, self.table.target_ids)

    def do_verify_all(self) -> None:
        """Verify the files of all artifacts of the kind in the background."""
        from launchpad_tui.ui.screens.models.verification import verify_all

        verify_all(self, self.kind, _TITLES[self.kind])
