"""The details of an artifact: overview, metrics, files and lineage."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal

from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactKind,
    FileCheck,
    FilesState,
    FileState,
    parse_url,
)
from launchpad_tui.domain.artifact_attributes import AttributeKind, Sources
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.lineage import Lineage
from launchpad_tui.domain.metric import series_titles
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.stored_object import join
from launchpad_tui.domain.transfer import Progress, Transfer
from launchpad_tui.ui.screens.common.detail_items import metric_items
from launchpad_tui.ui.screens.common.downloads import download_artifacts
from launchpad_tui.ui.screens.common.executables import NeedsExecutables
from launchpad_tui.ui.screens.common.preview import read_series
from launchpad_tui.ui.screens.common.preview_lines import SeriesLine
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.models.artifact_actions import ARTIFACT_ACTIONS
from launchpad_tui.ui.screens.models.artifact_items import (
    FileLine,
    PointLine,
    file_columns,
    overview_items,
    point_columns,
    point_lines,
    summary_lines,
)
from launchpad_tui.ui.screens.models.lineage_view import LineageView
from launchpad_tui.ui.widgets.details import Details, DetailsAndTable
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.preview_pane import PreviewPane, pane_width
from launchpad_tui.ui.widgets.table import VirtualTable
from launchpad_tui.ui.widgets.tabs import TabbedKeys, TabStrip

#: number of newest points of each metric that the Metrics tab shows, and of all metrics together
POINTS, _MOST_POINTS = 2000, 40_000
NOT_LOADED = "The artifact is not loaded yet"
#: seconds between two messages about the progress of a verification
_PROGRESS_SECONDS = 0.25


class ArtifactScreen(NeedsExecutables, TabbedKeys, LaunchpadScreen):
    """The details of a model, dataset, result set or other artifact.

    Args:
        item_id: the ID of the artifact.
        then: ``verify`` to verify the files once the screen is loaded; empty for nothing.
    """

    TOPICS = frozenset({"artifacts", "executions", "metrics", "scenarios"})
    DEFAULT_CSS = """
    ArtifactScreen #overview { height: 1fr; }
    ArtifactScreen #facts { width: 1fr; }
    ArtifactScreen #resource { height: 1fr; }
    ArtifactScreen #points { height: 1fr; }
    """
    ACTIONS = ARTIFACT_ACTIONS

    def __init__(self, item_id: str, then: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        self._then = then
        self._artifact: Artifact | None = None
        self._notes = ""
        self._remote = False
        self._provenance: Mapping[str, Any] = {}
        self._why_not_reproduce: str | None = NOT_LOADED
        self._sources: Sources = {}
        self._lineage: Lineage | None = None
        self._checks: tuple[FileCheck, ...] = ()
        self._subject: ComparedItem | None = None
        self._series: tuple[SeriesLine, ...] = ()

    def title_text(self) -> str:
        """Return the name of the artifact."""
        return self._artifact.name_with_version if self._artifact else "Artifact"

    def body(self) -> ComposeResult:
        """Yield the tabs."""
        yield TabStrip(
            [
                ("overview", "Overview"),
                ("resource", "Metrics"),
                ("files", "Files"),
                ("lineage", "Lineage"),
            ]
        )
        with Horizontal(id="overview"):
            yield Details(id="facts")
            yield PreviewPane(id="summary")
        with DetailsAndTable(id="resource"):
            yield Details(id="series", empty="No metrics were logged for this artifact")
            yield VirtualTable(
                point_columns(),
                _point_key,
                title="Points",
                empty="No points",
                multi=False,
                opens=False,
                id="points",
            )
        yield VirtualTable(
            file_columns(self.launchpad.look),
            _file_key,
            title="Files",
            empty="No files are recorded\nPress V to verify the files, R to record them",
            multi=False,
            id="files",
        )
        yield LineageView(own_page=True, id="lineage")

    async def load(self) -> None:
        """Read the artifact and fill all tabs."""
        first = self._artifact is None
        desk, scope = self.desk, self.scope
        artifact = self._artifact = await self.read(desk.artifacts.get, scope, self.item_id)
        subjects = await self.read(desk.compare.artifacts, scope, [artifact.id])
        self._lineage = await self.read(desk.lineage.lineage, scope, artifact.id)
        self._notes = await self.read(desk.annotations.notes, scope, artifact.id)
        self._provenance = await self.read(desk.executions.provenance, scope, artifact.execution_id)
        self._why_not_reproduce = await self.read(
            desk.reproduction.why_not, scope, artifact.execution_id
        )
        await self.read_executables()
        self._remote = await self.read(desk.runtimes.is_remote, scope)
        self._sources = await self.read(desk.annotations.attribute_sources, scope, artifact.id)
        subject = self._subject = subjects[0] if subjects else None
        self._show_overview()
        if subject is not None and subject.series:
            self._series = await read_series(self, subject.series)
            self._show_overview()
        await self._load_metrics(artifact)
        self.run_task(self.launchpad.sync_status.read_metrics([artifact.execution_id]), "metrics")
        await self._load_files()
        self.query_one(LineageView).set_lineage(self._lineage)
        self.repaint_frame()
        if first and self._then:
            self.query_one(TabStrip).show("files")
            self.run_task(self.do_verify(), self._then)

    def _show_overview(self) -> None:
        """Show the facts, and the metrics beside them or, in a narrow terminal, among them."""
        artifact, lineage = self._artifact, self._lineage
        if artifact is None or lineage is None:
            return
        width = pane_width(self.app.size.width) if self._has_metrics else 0
        pane = self.query_one("#summary", PreviewPane)
        pane.display = bool(width)
        pane.styles.width = width or 1
        look, series = self.launchpad.look, self._series
        pane.show(artifact.id, "Metrics", lambda room, _height: summary_lines(series, room, look))
        names = {each.id: each.name_with_version for each in lineage.artifacts.values()}
        beside = () if width else series
        items = overview_items(
            artifact,
            self._subject,
            look,
            names,
            beside,
            notes=self._notes,
            remote=self._remote,
            provenance=self._provenance,
            sources=self._sources,
        )
        self.query_one("#facts", Details).set_items(items)

    def on_resize(self, _event: events.Resize) -> None:
        """Show the metrics beside the facts or among them, depending on the width."""
        if self.query("#summary"):
            self._show_overview()

    async def _load_metrics(self, artifact: Artifact) -> None:
        metrics, scope, owner = self.desk.metrics, self.scope, artifact.attributes_id
        points: list[PointLine] = []
        if artifact.execution_id or self._sources:
            series = await self.read(metrics.series_of_artifact, scope, artifact.id, complete=False)
            tags = await self.read(metrics.tags, scope, owner)
            infos = await self.read(metrics.custom_info, scope, owner)
            items = await self.read(metric_items, series, tags, infos)
            self.query_one("#series", Details).set_items(items)
            limit = max(1, min(POINTS, _MOST_POINTS // max(1, len(series))))
            newest = await self.read(metrics.newest, series, limit)
            titles = series_titles(one.key for one in series)
            points = point_lines(newest, titles)
        self.query_one("#points", VirtualTable).set_rows(points)

    async def _load_files(self) -> None:
        if self._checks:
            # Only a verification finds files that are in the store but not recorded.
            lines = [FileLine(each.file, each.state) for each in self._checks]
        else:
            files = await self.read(self.desk.files.recorded, self.scope, self.item_id)
            intact = self._artifact is not None and self._artifact.files_state is FilesState.INTACT
            lines = [FileLine(each, FileState.INTACT if intact else None) for each in files]
        self.query_one("#files", VirtualTable).set_rows(lines)

    @on(TabStrip.Changed)
    def tab_changed(self) -> None:
        """Update the available actions, which depend on the tab."""
        self.refresh_footer()

    def why_not_scroll(self) -> str | None:
        """Return why there is no pane of metrics to scroll."""
        pane = self.query_one("#summary", PreviewPane)
        shown = pane.display and self.query_one(TabStrip).shown == "overview"
        if not shown:
            return "No metrics are shown beside the overview"
        return "All metrics are in view" if pane.fits else None

    why_not_metrics_down = why_not_metrics_up = why_not_scroll

    def do_metrics_down(self) -> None:
        """Scroll the metrics beside the overview down."""
        self.query_one("#summary", PreviewPane).scroll_by_half(1)

    def do_metrics_up(self) -> None:
        """Scroll the metrics beside the overview up."""
        self.query_one("#summary", PreviewPane).scroll_by_half(-1)

    # Actions --------------------------------------------------------------------------------------

    def why_not_metrics(self) -> str | None:
        """Return why the artifact has no metrics, or None."""
        if self._artifact is None:
            return NOT_LOADED
        return (
            None
            if self._has_metrics
            else "No execution created this artifact, and no metrics were added to it"
        )

    @property
    def _has_metrics(self) -> bool:
        """Whether an execution created the artifact, or metrics were added to it."""
        created = self._artifact is not None and bool(self._artifact.execution_id)
        return created or any(part is AttributeKind.METRIC for part, _ in self._sources)

    def why_not_rerun(self) -> str | None:
        """Return why no execution can be run again, or None."""
        if self._artifact is None:
            return NOT_LOADED
        if not self._artifact.execution_id:
            return "No execution created this artifact"
        execution = self._subject.execution if self._subject is not None else None
        return None if execution is None else self.why_no_executable(execution.executable_id)

    def do_rerun(self) -> None:
        """Open the wizard that reruns the execution that created the artifact."""
        if self._artifact is not None:
            self.launchpad.open("execution.rerun", item_id=self._artifact.execution_id)

    def why_not_points(self) -> str | None:
        """Disable the action unless the Metrics tab is shown."""
        return (
            None
            if self.query_one(TabStrip).shown == "resource"
            else "Open the Metrics tab to show points"
        )

    def why_not_preview(self) -> str | None:
        """Disable the preview unless the Files tab is shown with a file under the cursor."""
        if self.query_one(TabStrip).shown != "files":
            return "Open the Files tab to preview a file"
        return (
            None
            if self.query_one("#files", VirtualTable).row is not None
            else "No file is under the cursor"
        )

    def why_not_lineage(self) -> str | None:
        """Return why only the tree of the lineage can be shown."""
        if self.query_one(TabStrip).shown == "lineage":
            return self.query_one(LineageView).why_not_tree()
        return None

    def do_lineage(self) -> None:
        """Show the Lineage tab; on it, switch between boxes and tree."""
        strip = self.query_one(TabStrip)
        if strip.shown == "lineage":
            self.query_one(LineageView).switch()
        else:
            strip.show("lineage")

    def do_metrics(self) -> None:
        """Open the charts of the artifact's metrics."""
        self.launchpad.open("metrics", item_ids=(self.item_id,))

    def do_points(self) -> None:
        """Move the focus between the summary and the points of the metrics."""
        series, points = self.query_one("#series", Details), self.query_one("#points", VirtualTable)
        (series if points.has_focus else points).focus()

    async def do_verify(self) -> None:
        """Verify the files against their record, and show the state of each."""
        self.query_one(TabStrip).show("files")
        checks = await self.launchpad.files(
            self.desk.verification.verify, self.scope, self.item_id, self._progress("Verified")
        )
        self._checks = checks
        await self._load_files()
        counts = {state: sum(each.state is state for each in checks) for state in FileState}
        summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        failed = counts[FileState.CHANGED] + counts[FileState.MISSING] + counts[FileState.EXTRA]
        hint = "; press R to record the current files" if counts[FileState.UNRECORDED] else ""
        role = "bad" if failed else "warn" if hint or not checks else "good"
        self.launchpad.say((summary or "The URL contains no files") + hint, role, 10)

    async def do_record(self) -> None:
        """Record sizes and checksums of the files after a confirmation."""
        recorded = await self.read(self.desk.files.recorded, self.scope, self.item_id)
        detail = (
            "The previous record is replaced."
            if recorded
            else "Later verifications report files that differ from this record."
        )
        if not await self.launchpad.ask(
            ConfirmDialog("Record the current state of the files?", detail, yes="record")
        ):
            return
        await self.launchpad.files(
            self.desk.verification.record, self.scope, self.item_id, self._progress("Read")
        )
        self._checks = ()
        await self._load_files()
        self.launchpad.say("Sizes and checksums of the files recorded", "good")

    async def do_download(self) -> None:
        """Download the files to a folder of this machine."""
        await download_artifacts(self, (self.item_id,))

    def why_not_promote(self) -> str | None:
        """Disable the action unless the artifact is a model."""
        if self._artifact is None:
            return NOT_LOADED
        model = self._artifact.kind is ArtifactKind.MODEL
        return None if model else "Only models have aliases"

    def why_not_reproduce(self) -> str | None:
        """Return why the source execution cannot be reproduced."""
        if self._artifact is not None and not self._artifact.execution_id:
            return "No execution created this artifact"
        return self._why_not_reproduce

    async def do_reproduce(self) -> None:
        """Ask, then run the source execution again with its recorded code and inputs."""
        from launchpad_tui.ui.screens.executions.reproduction import reproduce_execution

        if self._artifact is not None:
            await reproduce_execution(self, self._artifact.execution_id)

    async def do_edit(self) -> None:
        """Edit the artifact."""
        from launchpad_tui.ui.screens.models.artifact_edit import edit_artifacts

        await edit_artifacts(self, (self.item_id,))

    async def do_delete(self) -> None:
        """Move the artifact into the trash and close the screen."""
        from launchpad_tui.ui.screens.models.artifact_removal import delete_artifacts

        if await delete_artifacts(self, (self.item_id,)):
            self.dismiss(None)

    def why_not_versions(self) -> str | None:
        """Return why the artifact has no versions."""
        if self._artifact is not None and self._artifact.kind is not ArtifactKind.MODEL:
            return "Only models have versions"
        return None

    def do_versions(self) -> None:
        """Show the versions of the model."""
        self.launchpad.open("versions", item_id=self.item_id)

    async def do_promote(self) -> None:
        """Point an alias at the model."""
        from launchpad_tui.ui.screens.common.promotion import promote_model

        await promote_model(self, self.item_id)

    def do_browse(self) -> None:
        """Browse the object store at the artifact's URL."""
        if self._artifact is not None:
            url = parse_url(self._artifact.url)
            self.launchpad.open("browse", store=url.store, path=url.path)

    def do_preview(self) -> None:
        """Open the preview of the file under the cursor."""
        if self._artifact is not None:
            url, name = parse_url(self._artifact.url), self.query_one("#files", VirtualTable).row_id
            self.launchpad.open("preview", store=url.store, path=join(url.path, name))

    @on(VirtualTable.Opened)
    def file_opened(self) -> None:
        """Open the preview of the file."""
        self.do_preview()

    def _progress(self, verb: str) -> Progress:
        """Return a callback that shows the progress, at most every `_PROGRESS_SECONDS`."""
        shown_at = time.monotonic()

        def progress(transfer: Transfer) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at > _PROGRESS_SECONDS:
                shown_at = time.monotonic()
                text = f"{verb} {size_text(transfer.done)} of {size_text(transfer.total)}"
                self.app.call_from_thread(self.launchpad.say, text)

        return progress


def _point_key(line: PointLine) -> str:
    return str(line.number)


def _file_key(line: FileLine) -> str:
    return line.file.path
