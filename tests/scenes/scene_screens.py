"""Scenes of all screens except models, charts and comparison, over a home with all item kinds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import RuntimeRejected, Unreachable
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.transfers import Job, JobState
from launchpad_tui.ui.screens.transfers.transfers import LeaveDialog
from launchpad_tui.ui.transfer_watch import header_text
from tests.scenes.harness import Scene, press, settled
from tests.scenes.screen_seeds import COMPLETED, DEAD, MODEL, SWEEP, TRAIN, swept, workshop
from tests.scenes.seeds import nothing

Drive = Callable[[Pilot[Any]], Awaitable[None]]


def keys(*names: str) -> Drive:
    """Return a function that presses keys."""

    async def drive(pilot: Pilot[Any]) -> None:
        await press(pilot, *names)

    return drive


def opened(route: str, *names: str, **params: Any) -> Drive:
    """Return a function that opens a screen, then presses keys."""

    async def drive(pilot: Pilot[Any]) -> None:
        pilot.app.open(route, **params)  # type: ignore[attr-defined]
        await settled(pilot)
        await press(pilot, *names)

    return drive


async def _error(pilot: Pilot[Any]) -> None:
    await press(pilot, "3")
    detail = "The server at https://api.example.com answered 422 to POST /v2/lm/executions."
    error = RuntimeRejected(
        "The runtime refused the execution", detail, "Check the resource plan of the template."
    )
    pilot.app.show_error(error)  # type: ignore[attr-defined]
    await pilot.pause()


async def transferring(pilot: Pilot[Any]) -> None:
    """Show transfers in every state that do not progress."""
    service = pilot.app.desk.transfers  # type: ignore[attr-defined]
    service.jobs = _jobs
    pilot.app.transfers.text = header_text([job for job in _jobs() if not job.state.over])  # type: ignore[attr-defined]
    pilot.app.open("transfers")  # type: ignore[attr-defined]
    await settled(pilot)


async def _browse_broken_store(pilot: Pilot[Any]) -> None:
    """Browse an object store whose folder is a file."""
    desk: Desk = pilot.app.desk  # type: ignore[attr-defined]
    root = str(desk.home.files / "incoming" / "notes.txt")
    desk.stores.add(DEFAULT_SCOPE, "broken", "file", {"root": root})
    await opened("browse", store="broken", path="a")(pilot)


async def leaving(pilot: Pilot[Any]) -> None:
    """Show the question before the app is left while transfers run."""
    pilot.app.push_screen(LeaveDialog(2))
    await pilot.pause()


def _jobs() -> tuple[Job, ...]:
    """Return a transfer in each state."""
    unreachable = Unreachable(
        "The bucket 'models' does not answer", "Connection refused", "Check the network."
    )
    return (
        Job(
            1,
            "Download churn-model",
            "B",
            JobState.DONE,
            55,
            55,
            message="Downloaded 2 files to /tmp/churn-model",
        ),
        Job(
            2,
            "Upload bert-large",
            "B",
            JobState.RUNNING,
            603_000_000,
            1_340_000_000,
            "model.safetensors",
            48.2e6,
            15.3,
        ),
        Job(3, "Verify all models", "verified", JobState.WAITING),
        Job(
            4, "Download resnet-50", "B", JobState.FAILED, 12_000_000, 97_800_000, error=unreachable
        ),
        Job(5, "Download old", "B", JobState.CANCELLED, 1_000_000, 4_000_000),
    )


SMALL, USUAL = (80, 24), (120, 36)
FLOW = ("Executable", "Input artifacts", "Configuration", "Output artifacts")

SCENES = [
    Scene(
        "executions",
        workshop,
        keys("3"),
        USUAL,
        expect=("1–5 of 5", "✓ COMPLETED", "✗ DEAD", "3 Executions ●1"),
    ),
    Scene(
        "executions-80x24", workshop, keys("3"), SMALL, expect=("1–5 of 5", "■ STOPPED", "a create")
    ),
    Scene(
        "executions-empty",
        nothing,
        keys("3"),
        SMALL,
        expect=("No executions yet", "Press a to select"),
    ),
    Scene(
        "execution",
        workshop,
        opened("execution", item_id=COMPLETED),
        USUAL,
        expect=(*FLOW, "deep trees", "1 m 33 s", "customers · dataset", "learning_rate"),
    ),
    Scene(
        "execution-80x24",
        workshop,
        opened("execution", item_id=DEAD),
        SMALL,
        expect=("Failed at log line 2", "DEAD", "Train a churn model"),
    ),
    Scene(
        "execution-metrics",
        workshop,
        opened("execution", "tab", item_id=COMPLETED),
        USUAL,
        expect=("val loss", "40 points", "boosting", "██ 42"),
    ),
    Scene(
        "execution-log",
        workshop,
        opened("execution", item_id=COMPLETED, tab="logs"),
        SMALL,
        expect=("12:00:39 epoch  40  loss 0.0250", "▸"),
    ),
    Scene(
        "execution-log-hostile",
        workshop,
        opened("execution", item_id=DEAD, tab="logs"),
        USUAL,
        expect=("warning: the column left is empty", "␛[31mred", "[bold]markup[/bold]"),
    ),
    Scene(
        "execution-log-found",
        workshop,
        opened("execution", "slash", *"loss 0.05", "enter", "N", item_id=COMPLETED, tab="logs"),
        USUAL,
        expect=("Match 4 of 4", "epoch  20  loss 0.0500"),
    ),
    Scene(
        "execution-stop",
        workshop,
        keys("3", "down", "S"),
        USUAL,
        expect=("(e000000000000004)?",),
    ),
    Scene(
        "execution-rerun",
        workshop,
        opened("execution.rerun", item_id=COMPLETED),
        SMALL,
        expect=("● Parameters", "learning_rate", "0.05", "Step of each tree", "^n next", "f1 help"),
    ),
    Scene(
        "configurations",
        workshop,
        keys("4"),
        USUAL,
        expect=("1–2 of 2", "deep trees"),
    ),
    Scene(
        "welcome",
        nothing,
        keys(),
        (120, 24),
        start="welcome",
        expect=(
            "Welcome to launchpad",
            "Run the demo",
            "Connect to SAP AI Core",
            "Open the manual",
        ),
    ),
    Scene(
        "welcome-narrow", nothing, keys(), SMALL, start="welcome", expect=("Import from a bucket",)
    ),
    Scene("configurations-empty", nothing, keys("4"), SMALL, expect=("No configurations yet",)),
    Scene(
        "versions",
        workshop,
        opened("versions", item_id=MODEL),
        SMALL,
        expect=("Versions of churn-model", "1–1 of 1"),
    ),
    Scene(
        "sweeps",
        swept,
        keys("3", "ctrl+w"),
        SMALL,
        expect=("rates", "2/4", "1 completed, 1 dead", "enter open"),
    ),
    Scene(
        "sweep",
        swept,
        opened("sweep", item_id=SWEEP),
        SMALL,
        expect=("2/4", "1 were not created: The runtime did not respond", "1–3 of 3"),
    ),
    Scene(
        "configuration",
        workshop,
        keys("4", "down", "enter"),
        USUAL,
        expect=(
            "learning_rate",
            "customers  ai://default/data/customers",
            "1–4 of 4",
            "C create like this",
        ),
    ),
    Scene(
        "configuration-create",
        workshop,
        keys("4", "a"),
        SMALL,
        expect=("● Executable", "space choose"),
    ),
    Scene(
        "configuration-parameters",
        workshop,
        opened(
            "configuration.create",
            "ctrl+n",
            "ctrl+n",
            executable_id=TRAIN,
        ),
        USUAL,
        expect=("● Parameters", "target *", "✗ This field is required", "200"),
    ),
    Scene(
        "configuration-review",
        workshop,
        opened(
            "configuration.create", *["ctrl+n"] * 2, like="c0f19000-0000-4000-8000-000000000001"
        ),
        USUAL,
        expect=(
            "● Review",
            "Train a churn model",
            "left",
            "customers  ai://default/data/customers",
        ),
    ),
    Scene(
        "scenarios",
        workshop,
        keys("5"),
        USUAL,
        expect=("1–2 of 2", "Evaluate a churn model", "churn-train"),
    ),
    Scene(
        "scenarios-empty",
        nothing,
        keys("5"),
        SMALL,
        expect=("No executables yet", "Press a to add"),
    ),
    Scene(
        "executable",
        workshop,
        opened("executable", item_id=TRAIN),
        USUAL,
        expect=(
            "learning_rate",
            "0.1       Step of each tree",
            "dataset  One row a customer",
            "Notes on the template",
        ),
    ),
    Scene(
        "executable-template",
        workshop,
        opened("executable", "tab", item_id=TRAIN),
        SMALL,
        expect=("1  apiVersion: argoproj.io/v1alpha1", "▸", "entrypoint: train"),
    ),
    Scene(
        "artifact",
        workshop,
        opened("artifact", item_id=MODEL),
        USUAL,
        expect=(
            "▌Overview",
            "Made for the spring campaign",
            "✓ COMPLETED",
            "learning_rate",
            "stage",
        ),
    ),
    Scene(
        "artifact-metrics",
        workshop,
        opened("artifact", "tab", item_id=MODEL),
        SMALL,
        expect=("val loss", "Points  1–4 of 80", "39", "confusion matrix"),
    ),
    Scene(
        "artifact-files",
        workshop,
        opened("artifact", item_id=MODEL, then="verify"),
        SMALL,
        expect=("model.bin", "✓ intact", "card.md", "2 intact"),
    ),
    Scene(
        "artifact-lineage",
        workshop,
        opened("artifact", "shift+tab", item_id=MODEL),
        USUAL,
        expect=(
            "─ dataset ─",
            "customers",
            "this model",
            "─ result set ─",
            "churn report",
        ),
    ),
    Scene(
        "artifact-download",
        workshop,
        opened("artifact", "d", item_id=MODEL),
        SMALL,
        expect=("Download churn-model into the folder", "churn-model"),
    ),
    Scene(
        "transfers",
        workshop,
        transferring,
        (120, 14),
        expect=(
            "Upload bert-large",
            "45 %",
            "waiting",
            "✗ failed",
            "✓ done",
            "2 transfers 22 %",
            "15 s",
            "The bucket 'models'",
        ),
        shown=True,
    ),
    Scene("transfers-80x24", workshop, transferring, SMALL, expect=("Upload bert-large", "45 %")),
    Scene(
        "transfers-empty",
        nothing,
        opened("transfers"),
        SMALL,
        expect=("No transfers", "press d to download a model"),
    ),
    Scene("leave", workshop, leaving, SMALL, expect=("Quit while 2 transfers are running?",)),
    Scene(
        "browse",
        workshop,
        opened("browse", store="default", path="incoming"),
        (120, 14),
        expect=("ai://default/incoming", "▸ bert-small/", "notes.txt", "1–4 of 4"),
        shown=True,
    ),
    Scene(
        "browse-80x24",
        workshop,
        opened("browse", "enter", store="default", path="incoming"),
        SMALL,
        expect=("model.safetensors", "p preview"),
    ),
    Scene(
        "browse-empty",
        nothing,
        opened("browse", store="default"),
        SMALL,
        expect=("The object store is empty",),
    ),
    Scene(
        "browse-error",
        workshop,
        _browse_broken_store,
        SMALL,
        expect=("The folder", "Press r to try again"),
    ),
    Scene(
        "preview",
        workshop,
        opened("preview", store="default", path="incoming/bert-small/model.safetensors"),
        (120, 20),
        expect=("embeddings.word", "[305, 384]", "F16"),
        shown=True,
    ),
    Scene(
        "preview-80x24",
        workshop,
        opened("preview", store="default", path="incoming/notes.txt"),
        SMALL,
        expect=("notes.txt", "the second line"),
    ),
    Scene(
        "import",
        workshop,
        opened("import", store="default", path="incoming"),
        (120, 14),
        expect=(
            "* in ai://default/incoming, as model",
            "bert-small",
            "new",
            "4 new, 0 added",
        ),
        shown=True,
    ),
    Scene(
        "import-pattern",
        workshop,
        opened("import", "p", store="default", path="incoming"),
        SMALL,
        expect=("Pattern of the paths to add",),
    ),
    Scene(
        "upload",
        workshop,
        opened("artifact.upload"),
        SMALL,
        expect=("Upload a model", "● Files", "File or folder *"),
    ),
    Scene(
        "lineage",
        workshop,
        keys("down", "L"),
        SMALL,
        expect=("Lineage of churn-mod…", "added manually"),
    ),
    Scene(
        "artifact-add",
        workshop,
        keys("2", "a", *"data/new", "ctrl+n"),
        SMALL,
        expect=("Add a dataset", "● Dataset", "ai://default/data/new", "has no files"),
    ),
    Scene(
        "stores",
        workshop,
        keys("9"),
        USUAL,
        expect=("1–2 of 2", "archive", "Amazon S3", "bucket=models"),
    ),
    Scene(
        "store",
        workshop,
        keys("9", "down", "enter"),
        SMALL,
        expect=("Amazon S3", "ai://archive/…", "set, not shown", "eu-central-1"),
    ),
    Scene(
        "store-add",
        workshop,
        keys("9", "a", "right", "ctrl+n"),
        USUAL,
        expect=(
            "● Settings",
            "Bucket *",
            "For example eu-central-1.",
            "Use at most 63 lower-case letters",
        ),
        shown=True,
    ),
    Scene(
        "store-test",
        workshop,
        keys("9", "V"),
        SMALL,
        expect=("Test of default", "✓ settings", "✓ All steps succeeded"),
    ),
    Scene(
        "store-replace",
        workshop,
        keys("9", "R", "right", "ctrl+n"),
        SMALL,
        expect=("New name of the replaced store", "default-before", "Endpoint"),
    ),
    Scene(
        "store-edit",
        workshop,
        keys("9", "down", "e"),
        USUAL,
        expect=("Edit archive", "models", "Leave empty to keep the stored value."),
    ),
    Scene(
        "connections",
        workshop,
        keys("0"),
        USUAL,
        expect=("This machine", "✓ ready", "» current", "default archive"),
    ),
    Scene(
        "connection",
        workshop,
        keys("0", "i"),
        USUAL,
        expect=("✓ ready", "Capabilities", "Add executables"),
    ),
    Scene("connection-add", workshop, keys("0", "a"), SMALL, expect=("● Type", "SAP AI Core")),
    Scene(
        "group-add",
        workshop,
        keys("0", "+", *"Bad Name", "ctrl+n"),
        SMALL,
        expect=("Add a resource…", "✗ ", "Bad Name"),
    ),
    Scene(
        "help-80x24",
        workshop,
        keys("3", "question_mark", *"stop"),
        SMALL,
        expect=("Stop the selected executions", "enter select   esc cancel"),
    ),
    Scene(
        "commands-80x24",
        workshop,
        keys("ctrl+p", *"theme"),
        SMALL,
        expect=("theme light", "Dark"),
    ),
    Scene(
        "error",
        workshop,
        _error,
        SMALL,
        expect=(
            "✗ The runtime refused the execution",
            "422 to POST",
            "Check the resource plan",
            "y copy",
        ),
    ),
    Scene("sort", workshop, keys("s"), SMALL, expect=("Sort by", "▌  Created", "Changed")),
]
