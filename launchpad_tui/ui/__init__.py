"""The terminal interface, which `run_ui` starts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk


def run_ui(
    desk_factory: Callable[[], Desk],
    start_route: str = "models",
    start_params: Mapping[str, Any] | None = None,
    *,
    theme: str = "",
) -> int:
    """Run the interface until the user quits.

    Args:
        desk_factory: opens the desk; called on the thread that owns the registry's connection,
            while the interface is being loaded.
        start_route: the id of the route of the first screen.
        start_params: arguments of the first screen's constructor.
        theme: the theme of the settings; if it is empty or depends on the background of the
            terminal, the terminal is asked whether that is light.

    Returns:
        The exit code; `shell.START_DEMO` asks for the demo to be started.
    """
    import gc
    import os

    load_asyncio()
    from launchpad_tui.services.lanes import Lane
    from launchpad_tui.ui.terminal_background import BackgroundRequest

    request = BackgroundRequest(os.environ)
    if theme in {"", "sixteen"}:
        # Imports take longer than the answer.
        request.send()

    try:
        # Imported objects are kept anyway, and collecting garbage during the imports takes a tenth
        # of the start. The app enables collection again after its first screen is shown.
        gc.disable()
        registry = Lane("registry")
        opening = registry.submit(desk_factory)
        from launchpad_tui.ui.app import LaunchpadApp
        from launchpad_tui.ui.termination import quit_on_signals

        light = request.result() is True
        app = LaunchpadApp(opening, registry, start_route, start_params, light=light)
        app.welcomes = start_route == "models"
        app.before_start = request.restore
        app.input_filter = request.filter
        with quit_on_signals(app.transfers.quit, request.attributes):
            app.run()
        return app.return_code or 0
    finally:
        request.restore()


def load_asyncio() -> None:
    """Import `asyncio` without `ssl`, if neither has been imported.

    The event loop of the interface has no connections: clients use `ssl` on other threads, which
    import it when a runtime or a store requires it. It takes 4 MB and a hundredth of the start.
    """
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    # Python supports builds without this module: asyncio then has no TLS.
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]
