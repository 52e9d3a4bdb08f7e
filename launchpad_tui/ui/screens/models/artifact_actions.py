"""The actions of the page of an artifact."""

from __future__ import annotations

from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.tabs import TAB_ACTIONS

ARTIFACT_ACTIONS: tuple[Action, ...] = (
    *TAB_ACTIONS,
    Action("artifact.metrics", "m", "metrics", "Chart the metrics of the artifact", footer=3),
    Action(
        "artifact.points",
        "p",
        "points",
        "Switch between the summary and the points of the metrics",
        footer=4,
    ),
    Action(
        "artifact.verify",
        "V",
        "verify",
        "Verify the files against their recorded checksums",
        footer=5,
    ),
    Action(
        "artifact.record",
        "R",
        "record",
        "Record the current sizes and checksums of the files",
        footer=6,
    ),
    Action(
        "artifact.metrics-down",
        "ctrl+d",
        "metrics down",
        "Scroll the metrics beside the overview down",
        hidden=True,
    ),
    Action(
        "artifact.metrics-up",
        "ctrl+u",
        "metrics up",
        "Scroll the metrics beside the overview up",
        hidden=True,
    ),
    Action(
        "artifact.lineage",
        "L",
        "lineage",
        "Show the lineage, or switch between its boxes and a tree",
    ),
    Action(
        "artifact.rerun",
        "A",
        "rerun",
        "Rerun the execution that created the artifact",
        footer=4,
        needs="executions",
    ),
    Action("artifact.download", "d", "download", "Download the files", footer=7),
    Action(
        "artifact.edit",
        "e",
        "edit",
        "Edit name, description, labels, notes or pin",
    ),
    Action("artifact.delete", "D", "delete", "Delete the artifact"),
    Action(
        "artifact.reproduce",
        "ctrl+r",
        "reproduce",
        "Run its execution again with recorded code, and compare",
        needs="executions",
    ),
    Action(
        "artifact.versions",
        "#",
        "versions",
        "Show the versions of the model, and a metric over them",
    ),
    Action("artifact.promote", "U", "promote", "Point an alias at the model"),
    Action(
        "artifact.preview",
        "v",
        "preview",
        "Preview the contents of the file without running any code",
        footer=8,
    ),
    Action(
        "artifact.browse",
        "b",
        "browse",
        "Browse the object store at the URL of the artifact",
        footer=9,
    ),
)
