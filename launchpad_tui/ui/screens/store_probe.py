"""A look at an object store step by step, and what the list then says of it."""

from __future__ import annotations

from dataclasses import replace

from launchpad_tui.ui.render.connections import StoreLine
from launchpad_tui.ui.screen import LaunchpadScreen
from launchpad_tui.ui.screens.probe import ProbeDialog


async def look_at(screen: LaunchpadScreen, line: StoreLine) -> StoreLine:
    """Show a look at a store; the line with what came of it, as it was where nothing did."""
    plain, probe, scope = StoreLine(line.store, line.kind), screen.desk.browsing.probe, screen.scope
    name = line.store.name
    found = await screen.launchpad.ask(ProbeDialog(name, lambda tell: probe(scope, name, tell)))
    if found is None or found.right is None:
        return line
    if found.error is not None:
        return replace(plain, problem=found.error.title)
    if found.right:
        return replace(
            plain,
            found=next(step.message for step in reversed(found.steps) if step.name == "bucket"),
        )
    last = found.steps[-1]
    return replace(plain, problem=f"{last.name}: {last.message}")
