"""The list of execution schedules, and the wizard that creates and edits one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.screens.schedules.schedule_operations import (
    delete_schedule,
    pause_or_resume,
    schedule_status,
    why_not_changeable,
)
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.table import NO_ROW, VirtualTable

_EMPTY = "No execution schedules yet\nPress a to execute a configuration on a schedule"


class SchedulesScreen(LaunchpadScreen):
    """All execution schedules of the resource group, newest first."""

    TITLE_TEXT = "Schedules"
    TOPICS = frozenset({"schedules", "configurations"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "schedules.create",
            "a",
            "create",
            "Create a schedule for a configuration",
            footer=2,
            needs="schedules",
        ),
        Action(
            "schedules.edit",
            "e",
            "edit",
            "Edit the times and the configuration of the schedule",
            footer=3,
            needs="schedules",
        ),
        Action(
            "schedules.pause",
            "p",
            "pause",
            "Pause or resume the schedule",
            footer=4,
            needs="schedules",
        ),
        Action(
            "schedules.delete",
            "D",
            "delete",
            "Delete the schedule (its executions are kept)",
            footer=5,
            needs="schedules",
        ),
        Action("list.export", "ctrl+s", "export", "Export the list to a file", "List"),
    )

    def body(self) -> ComposeResult:
        """Yield the table."""
        yield VirtualTable(
            _columns(self.launchpad.look, {}),
            lambda one: one.id,
            title="Schedules",
            empty=_EMPTY,
            multi=False,
            id="list",
        )

    @property
    def table(self) -> VirtualTable[Schedule]:
        """The table that shows the list."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read the schedules and the names of their configurations."""
        rows = await self.read(self.desk.schedules.list, self.scope)
        names = {
            one.id: one.name for one in await self.read(self.desk.configurations.list, self.scope)
        }
        self.table.set_columns(_columns(self.launchpad.look, names))
        self.table.set_rows(rows)

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the details of the schedule."""
        self.launchpad.open("schedule", item_id=event.row.id)

    def why_not_edit(self) -> str | None:
        """Return why there is no schedule to edit or pause."""
        return why_not_changeable(self.table.row)

    why_not_pause = why_not_edit

    def why_not_delete(self) -> str | None:
        """Return why there is no schedule to delete."""
        return None if self.table.row is not None else NO_ROW

    async def do_export(self) -> None:
        """Ask for a file, and write the schedules to it."""
        from launchpad_tui.ui.screens.common.list_views import export_rows

        rows = await self.read(self.desk.schedules.list, self.scope)
        await export_rows(self, "schedules", lambda: rows, Query())

    def do_create(self) -> None:
        """Open the wizard that creates a schedule."""
        self.launchpad.open("schedule.create")

    def do_edit(self) -> None:
        """Open the wizard that edits the schedule."""
        self.launchpad.open("schedule.create", item_id=self.table.row_id)

    async def do_pause(self) -> None:
        """Pause the schedule, or resume it if it is paused."""
        if (row := self.table.row) is not None:
            await pause_or_resume(self, row)

    async def do_delete(self) -> None:
        """Ask, then delete the schedule."""
        if (row := self.table.row) is not None:
            await delete_schedule(self, row)


class ScheduleWizard(WizardScreen):
    """Creates a schedule, or edits one.

    Args:
        item_id: the ID of the schedule to edit; empty to create one.
        configuration: the ID of the configuration that is selected at first; empty for the newest.
    """

    def __init__(self, item_id: str = "", configuration: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        if configuration:
            self.values["configuration"] = configuration

    def title_text(self) -> str:
        """Return ``Edit the schedule`` or ``Create a schedule``."""
        return "Edit the schedule" if self.item_id else "Create a schedule"

    def steps(self) -> Sequence[Step]:
        """Return the steps for the configuration and for the times."""
        bounds = "For example 2026-01-31 or 2026-01-31T12:00:00Z. Optional."
        fields = [Field("configuration", "Configuration", FieldKind.CHOICE, required=True)]
        if not self.item_id:
            fields.append(
                Field("name", "Name", help="Leave empty to use the name of the configuration.")
            )
        return (
            Step("what", "Configuration", "Select the configuration to execute.", tuple(fields)),
            Step(
                "when",
                "Times",
                "Set minute, hour, day of the month, month and day of the week, in UTC.",
                (
                    Field(
                        "cron",
                        "Cron",
                        required=True,
                        default="0 3 * * *",
                        help="For example 0 3 * * * (every day at 03:00), */30 * * * * (every 30 "
                        "minutes), 0 8 * * 1 (Mondays at 08:00).",
                    ),
                    Field("start", "Not before", help=bounds),
                    Field("end", "Not after", help=bounds),
                ),
            ),
        )

    async def load(self) -> None:
        """Read the schedule that is edited, once."""
        if self.item_id and not self.values:
            one = await self.read(self.desk.schedules.get, self.scope, self.item_id)
            self.values = {
                "configuration": one.configuration_id,
                "cron": one.cron,
                "start": one.start.isoformat() if one.start else "",
                "end": one.end.isoformat() if one.end else "",
            }
        await super().load()

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:
        """Return the configurations, newest first."""
        if field.name != "configuration":
            return await super().choices(step, field)
        found = await self.read(self.desk.configurations.list, self.scope)
        if found and not self.values.get("configuration"):
            self.values["configuration"] = found[0].id
        return [
            Choice(one.id, one.name, f"{one.executable_id}, {timestamp_text(one.created_at)}")
            for one in found
        ]

    async def check(self, step: Step) -> str:
        """Check that the schedule creates at least one execution."""
        if step.id == "when" and not await self.read(self._upcoming):
            raise InvalidInput(
                "The cron expression has no time in this range",
                hint="Change the expression, or the times before and after.",
                field="cron",
            )
        return ""

    async def review(self) -> list[Item]:
        """Return the values and the times of the next executions."""
        configuration = await self.read(
            self.desk.configurations.get, self.scope, self.values["configuration"]
        )
        items = [
            heading(self.title_text()),
            Item("Configuration", configuration.name),
            Item("Cron", self.values["cron"]),
            heading("Next executions"),
        ]
        for at in await self.read(self._upcoming):
            items.append(
                Item(f"{at:%Y-%m-%d %H:%M} UTC", f"{timestamp_text(at)} local time", "dim")
            )
        return items

    def _upcoming(self) -> list[datetime]:
        """Return the times of the next executions."""
        return self.desk.schedules.upcoming(
            self.values["cron"], self._timestamp("start"), self._timestamp("end")
        )

    def _timestamp(self, name: str) -> datetime | None:
        """Return the value of a field as a timestamp; None if it is empty.

        Raises:
            InvalidInput: the value is not a timestamp.
        """
        text = self.values.get(name, "").strip()
        try:
            return parse_rfc3339(text) if text else None
        except (ValueError, OverflowError) as error:
            hint = "Type a date or timestamp, for example 2026-01-31 or 2026-01-31T12:00:00Z."
            raise InvalidInput(
                f"{text[:40]!r} is not a valid time", hint=hint, field=name
            ) from error

    async def finish(self) -> None:
        """Create the schedule or save its changes."""
        name = self.values.get("name", "").strip()
        if not self.item_id and not name:
            name = (
                await self.read(
                    self.desk.configurations.get, self.scope, self.values["configuration"]
                )
            ).name
        one = await self.launchpad.act(self._save, name)
        self.launchpad.point_at("schedules", one.id)
        self.launchpad.say(f"Schedule {one.name} {'saved' if self.item_id else 'created'}", "good")

    def _save(self, name: str) -> Schedule:
        """Create the schedule or save its changes, and return it."""
        service, values = self.desk.schedules, self.values
        start, end = self._timestamp("start"), self._timestamp("end")
        if self.item_id:
            return service.change(
                self.scope,
                self.item_id,
                cron=values["cron"],
                configuration_id=values["configuration"],
                start=start,
                end=end,
            )
        return service.create(self.scope, name, values["cron"], values["configuration"], start, end)


def _columns(look: Look, names: dict[str, str]) -> tuple[Column[Schedule], ...]:
    """Return the columns of the list.

    Args:
        look: styles and glyphs.
        names: names of configurations by ID.
    """

    def status(one: Schedule) -> Cell:
        return Cell(*schedule_status(one, look))

    def next_time(one: Schedule) -> Cell:
        return Cell(timestamp_text(one.next_at) if one.next_at else "", "text")

    def bounds(one: Schedule) -> Cell:
        if one.start is None and one.end is None:
            return Cell("")
        first, last = (timestamp_text(at) if at else "" for at in (one.start, one.end))
        return Cell(f"{first} to {last}".strip(), "dim")

    return (
        Column[Schedule]("name", "Name", lambda one: one.name, 16, 40, 3, priority=0),
        Column[Schedule]("status", "Status", status, 9, 9, 0, priority=1),
        Column[Schedule](
            "cron", "Cron (UTC)", lambda one: Cell(one.cron, "accent"), 14, 24, 1, priority=1
        ),
        Column[Schedule]("next", "Next", next_time, 16, 16, 0, priority=2),
        Column[Schedule](
            "configuration",
            "Configuration",
            lambda one: Cell(names.get(one.configuration_id, one.configuration_id), "dim"),
            16,
            36,
            2,
            priority=3,
            names=True,
        ),
        Column[Schedule]("bounds", "Time range", bounds, 16, 36, 1, priority=5),
        Column[Schedule]("id", "ID", lambda one: Cell(one.id, "dim"), 10, 36, 1, priority=6),
    )
