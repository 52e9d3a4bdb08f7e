"""The columns of the list of configurations."""

from __future__ import annotations

from launchpad_tui.domain.execution import Configuration
from launchpad_tui.ui.screens.common.cells import pairs_text, timestamp_text
from launchpad_tui.ui.widgets.columns import Cell, Column


def configuration_columns() -> tuple[Column[Configuration], ...]:
    """Return the columns of the list of configurations."""
    return (
        Column[Configuration]("name", "Name", lambda c: c.name, 20, 44, 3, priority=0),
        Column[Configuration](
            "executable",
            "Executable",
            lambda c: Cell(c.executable_id, "dim"),
            14,
            30,
            1,
            priority=1,
        ),
        Column[Configuration](
            "created",
            "Created",
            lambda c: Cell(timestamp_text(c.created_at), "dim"),
            16,
            16,
            0,
            priority=2,
        ),
        Column[Configuration](
            "parameters",
            "Parameters",
            lambda c: Cell(pairs_text(c.parameters), "dim"),
            20,
            120,
            6,
            priority=3,
        ),
        Column[Configuration]("id", "ID", lambda c: Cell(c.id, "dim"), 10, 36, 0, priority=4),
    )
