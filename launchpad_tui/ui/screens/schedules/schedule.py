"""The details of a schedule: its times, its next executions, and those that it created."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.query import Condition, Op, Query, Subject
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.detail_items import timestamp_item
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.executions.execution_table import HasExecutions
from launchpad_tui.ui.screens.schedules.schedule_operations import (
    delete_schedule,
    pause_or_resume,
    schedule_status,
    why_not_changeable,
)
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.details import Details, DetailsAndTable, Item, heading


class ScheduleScreen(HasExecutions, LaunchpadScreen):
    """The details of a schedule.

    Args:
        item_id: the ID of the schedule.
    """

    TOPICS = frozenset({"schedules", "configurations", "executions"})
    DEFAULT_CSS = """
    ScheduleScreen #executions { height: 1fr; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "schedule.edit",
            "e",
            "edit",
            "Edit the times and the configuration of the schedule",
            footer=2,
            needs="schedules",
        ),
        Action(
            "schedule.pause",
            "p",
            "pause",
            "Pause or resume the schedule",
            footer=3,
            needs="schedules",
        ),
        Action(
            "schedule.delete",
            "D",
            "delete",
            "Delete the schedule (its executions are kept)",
            footer=4,
            needs="schedules",
        ),
        Action(
            "schedule.switch",
            "tab",
            "switch",
            "Switch to the list of executions and back",
            footer=5,
        ),
    )

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._schedule: Schedule | None = None

    def title_text(self) -> str:
        """Return the name of the schedule."""
        return self._schedule.name if self._schedule else "Schedule"

    def body(self) -> ComposeResult:
        """Yield the details and the list of executions below them."""
        with DetailsAndTable():
            yield Details(id="facts")
            yield self.execution_list("No executions yet")

    async def load(self) -> None:
        """Read the schedule, the name of its configuration, and its executions."""
        desk, scope = self.desk, self.scope
        await self.read_executables()
        one = self._schedule = await self.read(desk.schedules.get, scope, self.item_id)
        try:
            configuration = await self.read(desk.configurations.get, scope, one.configuration_id)
        except NotFound:
            name = ""
        else:
            name = configuration.name
        upcoming = await self.read(self._upcoming, one)
        items = schedule_items(one, name, upcoming, self.launchpad.look)
        self.query_one("#facts", Details).set_items(items)
        created = Condition(Subject.ATTRIBUTE, "schedule_id", Op.EQUALS, one.id)
        listing = await self.read(desk.executions.listing, scope, Query(conditions=(created,)))
        self.executions.set_source(listing)
        self.repaint_frame()
        self.refresh_footer()

    def _upcoming(self, one: Schedule) -> Sequence[datetime]:
        """Return the times of the next executions; none if the schedule is paused or ended."""
        if one.status is not ScheduleStatus.ACTIVE or one.deleted_at is not None:
            return ()
        try:
            return self.desk.schedules.upcoming(one.cron, one.start, one.end)
        except InvalidInput:
            # A remote runtime may accept expressions that this version does not know.
            return ()

    def why_not_edit(self) -> str | None:
        """Return why the schedule cannot be edited or paused."""
        return why_not_changeable(self._schedule)

    why_not_pause = why_not_edit

    def do_edit(self) -> None:
        """Open the wizard that edits the schedule."""
        self.launchpad.open("schedule.create", item_id=self.item_id)

    async def do_pause(self) -> None:
        """Pause the schedule, or resume it if it is paused."""
        if self._schedule is not None:
            await pause_or_resume(self, self._schedule)

    async def do_delete(self) -> None:
        """Ask, then delete the schedule and close the screen."""
        if self._schedule is not None and await delete_schedule(self, self._schedule):
            self.dismiss(None)

    def do_switch(self) -> None:
        """Move the focus between the details and the list of executions."""
        table, facts = self.executions, self.query_one("#facts")
        (facts if table.has_focus else table).focus()


def schedule_items(
    one: Schedule, configuration: str, upcoming: Sequence[datetime], look: Look
) -> list[Item]:
    """Return the details of a schedule.

    Args:
        one: the schedule.
        configuration: the name of its configuration; empty if it was deleted.
        upcoming: the times of the next executions.
        look: colors and glyphs.
    """
    text, role = schedule_status(one, look)
    items = [heading(one.name), Item("Status", text, role)]
    if one.deleted_at is not None:
        items.append(Item("Deleted", f"{timestamp_text(one.deleted_at)} or earlier", "warn"))
    if configuration:
        items.append(
            Item(
                "Configuration",
                configuration,
                link="configuration",
                link_id=one.configuration_id,
            )
        )
    else:
        items.append(Item("Configuration", f"{one.configuration_id} (deleted)", "warn"))
    items += [
        Item("Cron (UTC)", one.cron),
        *(
            Item(title, timestamp_text(at) if at else "any time", "text" if at else "faint")
            for title, at in (("Not before", one.start), ("Not after", one.end))
        ),
        timestamp_item("Created", one.created_at),
        timestamp_item("Changed", one.modified_at),
        Item("ID", one.id),
        heading("Next executions"),
    ]
    items += [
        Item(f"{at:%Y-%m-%d %H:%M} UTC", f"{timestamp_text(at)} local time") for at in upcoming
    ]
    if not upcoming:
        paused = one.status is ScheduleStatus.INACTIVE and one.deleted_at is None
        ended = one.end is not None and one.end <= now()
        reason = "none: the schedule is paused" if paused else "none"
        reason = "none: the schedule has ended" if ended else reason
        items.append(Item("", reason, "dim"))
    return items
