"""The terminal interface. `run_ui` is its only door."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk


def run_ui(desk_factory: Callable[[], Desk], start_route: str = "models") -> int:
    """Run the interface until the user leaves.

    Args:
        desk_factory: opens the desk; called on the thread that owns the registry's connection, while the interface is
            being loaded.
        start_route: the id of the first screen's route.

    Returns:
        The exit code.
    """
    import gc

    from launchpad_tui.services.lanes import Lane

    # What is imported stays: looking through it again and again would cost a tenth of the start. The app resumes
    # collecting once its first screen shows.
    gc.disable()
    registry = Lane("registry")
    opening = registry.submit(desk_factory)
    from launchpad_tui.ui.app import LaunchpadApp

    app = LaunchpadApp(opening, registry, start_route)
    app.run()
    return app.return_code or 0
