"""Operations on a sweep that several screens offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.sweep import NOT_CREATED
from launchpad_tui.errors import Conflict
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from launchpad_tui.domain.sweep import Sweep
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen


def state_texts(sweep: Sweep) -> list[str]:
    """Return the numbers of executions by state, such as ``12 completed``."""
    return [f"{count:,} {state.lower()}" for state, count in sweep.counts().items()]


def why_not_stop(sweep: Sweep) -> str | None:
    """Return why no execution of a sweep can be stopped."""
    return None if sweep.running else f"No execution is pending or running: {sweep.progress}"


def why_not_resume(sweep: Sweep) -> str | None:
    """Return why no execution of a sweep can be created again."""
    return None if sweep.resumable else f"Nothing failed or was stopped: {sweep.progress}"


async def stop_sweep(screen: LaunchpadScreen, sweep: Sweep) -> None:
    """Ask, then stop the executions of a sweep."""
    app = screen.launchpad
    if not await app.ask(
        ConfirmDialog(
            f"Stop {sweep.running:,} executions of {sweep.name}?",
            "Their processes are ended. Press R to resume them later.",
            yes="stop",
        )
    ):
        return
    outcomes = await app.act(screen.desk.sweeps.stop, screen.scope, sweep)
    failed = [one.error for one in outcomes if one.error is not None]
    if failed:
        app.say(
            f"Stopping {len(outcomes) - len(failed):,} of {len(outcomes):,}: {failed[0].title}",
            "warn",
            8,
        )
    else:
        app.say(f"Stopping {len(outcomes):,} executions of {sweep.name}", "good")


async def resume_sweep(screen: LaunchpadScreen, sweep: Sweep) -> None:
    """Create the failed, stopped and missing executions of a sweep again."""
    app = screen.launchpad
    resumed = await app.act(screen.desk.sweeps.resume, screen.scope, sweep)
    errors = [one.error for one in resumed.members if one.error]
    if errors:
        missing = resumed.count(NOT_CREATED)
        app.say(f"{missing:,} executions were not created: {errors[0]}", "warn", 8)
    else:
        app.say(f"Resumed {sweep.name}: {resumed.progress}", "good")


async def remove_sweep(screen: LaunchpadScreen, sweep: Sweep) -> bool:
    """Ask, then remove a sweep, and return whether it was removed."""
    app, service, scope = screen.launchpad, screen.desk.sweeps, screen.scope
    unfinished = ""
    try:
        service.check_removable(sweep)
    except Conflict:
        unfinished = "Stop all executions first"
    ids = sweep.execution_ids
    chosen = await app.ask(
        ChooseDialog(
            f"Remove the sweep {sweep.name}",
            [
                Choice("keep", "Keep the executions", "the group alone is removed"),
                Choice(
                    "delete",
                    "Delete the executions too",
                    f"{len(ids):,} executions; their models are kept",
                    reason=unfinished if ids else "No executions",
                ),
            ],
        )
    )
    if not chosen:
        return False
    if chosen == ("keep",):
        await app.act(service.remove, scope, sweep)
        app.say(f"Removed the sweep {sweep.name}; its executions are kept", "good")
        return True
    detail = (await app.files(screen.desk.executions.deletion, scope, ids)).text
    question = ConfirmDialog(
        f"Delete {len(ids):,} executions of {sweep.name}?", detail, yes="delete", danger=True
    )
    if not await app.ask(question):
        return False
    outcomes = await app.act(service.remove_with_executions, scope, sweep)
    failed = [one.error for one in outcomes if one.error is not None]
    if failed:
        app.say(f"{len(failed):,} executions were not deleted: {failed[0].title}", "warn", 8)
        return False
    app.say(f"Removed the sweep {sweep.name} and deleted its executions", "good")
    return True


def progress_cells(sweep: Sweep, cells: int) -> list[tuple[int, str]]:
    """Return the cells of a progress bar with their color roles; those for the rest are omitted.

    Each state that has executions has a cell if there is room, and the bar is full only if no
    execution is pending or missing.

    Args:
        sweep: with or without its members.
        cells: the width of the bar.
    """
    parts = [(count, role) for count, role in progress_roles(sweep) if count]
    rest = sweep.total - sum(count for count, _ in parts)
    room = cells - 1 if rest > 0 else cells
    found: list[tuple[int, str]] = []
    for place, (count, role) in enumerate(parts):
        # The states that follow keep a cell each.
        most = room - sum(used for used, _ in found) - (len(parts) - place - 1)
        part = max(0, min(most, max(1, round(cells * count / sweep.total))))
        if not rest and place == len(parts) - 1:
            part = max(0, most)
        found.append((part, role))
    return found


def progress_roles(sweep: Sweep) -> list[tuple[int, str]]:
    """Return the numbers of executions with the color roles of a progress bar."""
    return [
        (sweep.count(Status.COMPLETED), "good"),
        (sweep.count(Status.DEAD), "bad"),
        (sweep.count(Status.STOPPED, Status.STOPPING), "warn"),
        (sweep.count(Status.RUNNING), "accent"),
    ]
