"""Every screen but lists of models, charts and the comparison, over a home with one of everything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from launchpad_tui.errors import RuntimeRejected
from tests.scenes.harness import Scene, press, settled
from tests.scenes.screen_seeds import COMPLETED, DEAD, MODEL, TRAIN, workshop
from tests.scenes.seeds import nothing

Drive = Callable[[Pilot[Any]], Awaitable[None]]


def keys(*names: str) -> Drive:
    """Press keys."""

    async def drive(pilot: Pilot[Any]) -> None:
        await press(pilot, *names)

    return drive


def opened(route: str, *names: str, **params: Any) -> Drive:
    """Open a screen, then press keys."""

    async def drive(pilot: Pilot[Any]) -> None:
        pilot.app.open(route, **params)  # type: ignore[attr-defined]
        await settled(pilot)
        await press(pilot, *names)

    return drive


async def _error(pilot: Pilot[Any]) -> None:
    await press(pilot, "3")
    detail = "The server at https://api.example.com answered 422 to POST /v2/lm/executions."
    error = RuntimeRejected("The runtime refused the execution", detail, "Check the resource plan of the template.")
    pilot.app.show_error(error)  # type: ignore[attr-defined]
    await pilot.pause()


SMALL, USUAL = (80, 24), (120, 36)
FLOW = ("Executable", "Input artifacts", "Configuration", "Output artifacts")

SCENES = [
    Scene("executions", workshop, keys("3"), USUAL, expect=("1–5 of 5", "✓ COMPLETED", "✗ DEAD", "● 1 running")),
    Scene("executions-80x24", workshop, keys("3"), SMALL, expect=("1–5 of 5", "■ STOPPED", "S stop")),
    Scene("executions-empty", nothing, keys("3"), SMALL, expect=("Nothing was executed yet", "a chooses")),
    Scene("execution", workshop, opened("execution", item_id=COMPLETED), USUAL,
          expect=(*FLOW, "deep trees", "1 m 33 s", "customers · dataset", "learning_rate")),
    Scene("execution-80x24", workshop, opened("execution", item_id=DEAD), SMALL,
          expect=("✗ DEAD", "step train ended with exit code 1", "Train a churn model")),
    Scene("execution-metrics", workshop, opened("execution", "tab", item_id=COMPLETED), USUAL,
          expect=("loss{phase=validation}", "40 points", "boosting", "[2, 39, 4]")),
    Scene("execution-log", workshop, opened("execution", item_id=COMPLETED, tab="logs"), SMALL,
          expect=("12:00:39 epoch  40  loss 0.0250", "▸")),
    Scene("execution-log-hostile", workshop, opened("execution", item_id=DEAD, tab="logs"), USUAL,
          expect=("warning: the column left is empty", "␛[31mred", "[bold]markup[/bold]")),
    Scene("execution-log-found", workshop,
          opened("execution", "slash", *"loss 0.05", "enter", "N", item_id=COMPLETED, tab="logs"), USUAL,
          expect=("Match 4 of 4", "epoch  20  loss 0.0500")),
    Scene("execution-stop", workshop, keys("3", "down", "S"), USUAL, expect=("Stop execution e000000000000004?",)),
    Scene("create-again", workshop, opened("execution.again", "ctrl+n", item_id=COMPLETED), SMALL,
          expect=("● Parameters", "learning_rate", "0.05", "Step of each tree", "^n next", "f1 help")),
    Scene("configurations", workshop, keys("4"), USUAL, expect=("1–2 of 2", "learning_rate=0.05 trees=400")),
    Scene("configurations-empty", nothing, keys("4"), SMALL, expect=("No configurations yet",)),
    Scene("configuration", workshop, keys("4", "down", "enter"), USUAL,
          expect=("learning_rate", "customers  ai://default/data/customers", "1–4 of 4", "C create like it")),
    Scene("configuration-create", workshop, keys("4", "a"), SMALL,
          expect=("● Scenario", "◂ Churn", "Who leaves", "space choose")),
    Scene("configuration-parameters", workshop,
          opened("configuration.create", "ctrl+n", "ctrl+n", *"mine", "ctrl+n", "ctrl+n", executable_id=TRAIN), USUAL,
          expect=("● Parameters", "target *", "✗ This is needed", "200")),
    Scene("configuration-review", workshop,
          opened("configuration.create", *["ctrl+n"] * 5, like="c0f19000-0000-4000-8000-000000000001"), USUAL,
          expect=("● Review", "Train a churn model", "left", "customers  ai://default/data/customers")),
    Scene("scenarios", workshop, keys("5"), USUAL, expect=("1–2 of 2", "Evaluate a churn model", "churn-train")),
    Scene("scenarios-empty", nothing, keys("5"), SMALL, expect=("No executables yet", "a YAML file")),
    Scene("executable", workshop, opened("executable", item_id=TRAIN), USUAL,
          expect=("learning_rate", "0.1   Step of each tree", "dataset   One row a customer", "this machine ignores")),
    Scene("executable-template", workshop, opened("executable", "tab", item_id=TRAIN), SMALL,
          expect=("1  apiVersion: argoproj.io/v1alpha1", "▸", "entrypoint: train")),
    Scene("artifact", workshop, opened("artifact", item_id=MODEL), USUAL,
          expect=("▌Overview", "Made for the spring campaign", "✓ COMPLETED", "learning_rate", "stage")),
    Scene("artifact-metrics", workshop, opened("artifact", "tab", item_id=MODEL), SMALL,
          expect=("loss{phase=validation}", "Points  1–10 of 80", "39", "confusion matrix")),
    Scene("artifact-files", workshop, opened("artifact", item_id=MODEL, then="verify"), SMALL,
          expect=("model.bin", "✓ intact", "card.md", "2 intact")),
    Scene("artifact-lineage", workshop, opened("artifact", "shift+tab", item_id=MODEL), USUAL,
          expect=("Made from", "dataset customers", "This artifact", "Made from it", "resultset churn report")),
    Scene("artifact-download", workshop, opened("artifact", item_id=MODEL, then="download"), SMALL,
          expect=("Download into the folder", "churn-model")),
    Scene("lineage", workshop, keys("down", "L"), SMALL, expect=("Lineage of churn-mod…", "added by hand")),
    Scene("artifact-add", workshop, keys("2", "a", "ctrl+n", *"new data", "ctrl+n", "ctrl+n"), SMALL,
          expect=("Add a dataset", "● URL", "ai://default/")),
    Scene("stores", workshop, keys("9"), USUAL, expect=("1–2 of 2", "archive", "Amazon S3", "bucket=models")),
    Scene("store", workshop, keys("9", "down", "enter"), SMALL,
          expect=("Amazon S3", "ai://archive/…", "kept, not shown", "eu-central-1")),
    Scene("store-add", workshop, keys("9", "a", "right", "ctrl+n"), USUAL,
          expect=("● Settings", "Bucket *", "Such as eu-central-1.", "at most 63 characters")),
    Scene("store-edit", workshop, keys("9", "down", "e"), USUAL,
          expect=("Edit archive", "models", "Empty: what is kept stays.")),
    Scene("connections", workshop, keys("0"), USUAL, expect=("This machine", "✓ ready", "● chosen", "default archive")),
    Scene("connection", workshop, keys("0", "i"), USUAL, expect=("✓ ready", "What it can do", "Add executables")),
    Scene("connection-add", workshop, keys("0", "a"), SMALL, expect=("● Type", "SAP AI Core")),
    Scene("group-add", workshop, keys("0", "n", *"Bad Name", "ctrl+n"), SMALL,
          expect=("Add a resource…", "✗ ", "Bad Name")),
    Scene("help-80x24", workshop, keys("3", "question_mark", *"stop"), SMALL,
          expect=("Stop the selected ones.", "enter take   esc cancel")),
    Scene("commands-80x24", workshop, keys("ctrl+p", *"theme"), SMALL, expect=("theme light", "High contrast")),
    Scene("error", workshop, _error, SMALL,
          expect=("✗ The runtime refused the execution", "422 to POST", "Check the resource plan", "y copy")),
    Scene("sort", workshop, keys("s"), SMALL, expect=("Sort by", "▌  Created", "Changed")),
]  # fmt: skip
