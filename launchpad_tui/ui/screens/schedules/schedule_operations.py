"""Operations on schedules that the list and the page of a schedule offer."""

from __future__ import annotations

from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.table import NO_ROW


def schedule_status(one: Schedule, look: Look) -> tuple[str, str]:
    """Return the status of a schedule as a text with a glyph, and the role of its color."""
    if one.deleted_at is not None:
        return f"{look.glyphs.error} deleted", "warn"
    if one.status is ScheduleStatus.INACTIVE:
        return f"{look.glyphs.stopped} paused", "dim"
    return f"{look.glyphs.pending} active", "good"


def why_not_changeable(one: Schedule | None) -> str | None:
    """Return why a schedule cannot be edited or paused; None if it can."""
    if one is None:
        return NO_ROW
    return None if one.deleted_at is None else "The schedule was deleted in its runtime"


async def pause_or_resume(screen: LaunchpadScreen, one: Schedule) -> None:
    """Pause a schedule, or resume it if it is paused."""
    active = one.status is ScheduleStatus.ACTIVE
    status = ScheduleStatus.INACTIVE if active else ScheduleStatus.ACTIVE
    await screen.launchpad.act(_set_status, screen, one.id, status)
    screen.launchpad.say(f"Schedule {one.name} {'paused' if active else 'resumed'}", "good")


async def delete_schedule(screen: LaunchpadScreen, one: Schedule) -> bool:
    """Ask, then delete a schedule, and return whether it was deleted."""
    question = ConfirmDialog(
        f"Delete the schedule {one.name}?",
        "The executions that it created are kept.",
        yes="delete",
        danger=True,
    )
    if not await screen.launchpad.ask(question):
        return False
    await screen.launchpad.act(screen.desk.schedules.delete, screen.scope, one.id)
    screen.launchpad.say(f"Schedule {one.name} deleted", "good")
    return True


def _set_status(screen: LaunchpadScreen, schedule_id: str, status: ScheduleStatus) -> None:
    screen.desk.schedules.change(screen.scope, schedule_id, status=status)
