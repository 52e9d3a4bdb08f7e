"""The columns of the list of configurations."""

from __future__ import annotations

from launchpad_tui.domain.execution import Configuration
from launchpad_tui.ui.screens.common.cells import pairs_text
from launchpad_tui.ui.screens.common.columns import text_column, timestamp_column
from launchpad_tui.ui.widgets.columns import Column


def configuration_columns() -> tuple[Column[Configuration], ...]:
    """Return the columns of the list of configurations."""
    return (
        Column[Configuration]("name", "Name", lambda c: c.name, 20, 44, 3, priority=0),
        text_column("executable", "Executable", lambda c: c.executable_id, (14, 30), 1, priority=1),
        timestamp_column("created", "Created", lambda c: c.created_at, priority=2),
        Column[Configuration](
            "parameters",
            "Parameters",
            lambda c: pairs_text(c.parameters),
            20,
            120,
            6,
            priority=3,
            pairs=lambda c: c.parameters,
        ),
        text_column("id", "ID", lambda c: c.id, (10, 36), 1, priority=4),
    )
