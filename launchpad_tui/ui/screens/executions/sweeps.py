"""Dialogs for sweeps: groups of executions with different parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.domain.execution import STOPPABLE
from launchpad_tui.ui.screens.common.list_screen import MAX_TOGETHER
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog

if TYPE_CHECKING:
    from launchpad_tui.domain.sweep import Sweep
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen


async def open_sweep(screen: LaunchpadScreen) -> None:
    """Ask for a sweep and an operation, and perform it."""
    app, service, scope = screen.launchpad, screen.desk.sweeps, screen.scope
    known = await screen.read(service.list, scope)
    if not known:
        app.say("No sweeps yet; create one with: launchpad executions sweep", "warn")
        return
    chosen = await app.ask(
        ChooseDialog("Sweep", [Choice(one.id, one.name, one.progress) for one in known])
    )
    if not chosen:
        return
    sweep = await screen.read(service.get, scope, chosen[0])
    operation = await app.ask(ChooseDialog(f"{sweep.name}: {sweep.progress}", _operations(sweep)))
    ids = tuple(one.execution_id for one in sweep.members if one.execution is not None)
    match operation:
        case ("compare",):
            app.open("compare", item_ids=ids)
        case ("metrics",):
            app.open("metrics", item_ids=ids)
        case ("stop",):
            outcomes = await app.act(service.stop, scope, sweep)
            app.say(f"Stopping {len(outcomes)} executions of {sweep.name}", "good")
        case ("resume",):
            resumed = await app.act(service.resume, scope, sweep)
            app.say(f"Resumed {sweep.name}: {resumed.progress}", "good")


def _operations(sweep: Sweep) -> list[Choice]:
    created = sum(one.execution is not None for one in sweep.members)
    running = sum(
        one.execution is not None and one.execution.status in STOPPABLE for one in sweep.members
    )
    failed = sum(one.resumable for one in sweep.members)
    together = "" if created <= MAX_TOGETHER else f"At most {MAX_TOGETHER} are shown together"
    return [
        Choice("compare", "Compare", "parameters and metrics", reason=together),
        Choice("metrics", "Chart", "the metrics", reason=together),
        Choice(
            "stop", "Stop", f"{running} executions", reason="" if running else "None is running"
        ),
        Choice(
            "resume",
            "Resume",
            f"{failed} executions",
            reason="" if failed else "None failed or was stopped",
        ),
    ]
