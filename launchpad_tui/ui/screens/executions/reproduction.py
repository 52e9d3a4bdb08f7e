"""Runs an execution again with its recorded code, and the lines about what differs."""

from __future__ import annotations

from launchpad_tui.domain.execution import ExecutionDetails
from launchpad_tui.domain.reproduction import ReproductionReport, report_lines
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog


async def reproduce_execution(screen: LaunchpadScreen, execution_id: str) -> None:
    """Ask, run an execution again with its recorded code and inputs, and open the new one."""
    dialog = ConfirmDialog(
        f"Reproduce execution {execution_id}?",
        "It runs again with its recorded code, parameters and inputs. The page of the new "
        "execution reports what differs.",
        yes="reproduce",
    )
    if not await screen.launchpad.ask(dialog):
        return
    created = await screen.launchpad.act(
        screen.desk.reproduction.create, screen.scope, execution_id
    )
    screen.launchpad.say(f"Execution {created.id} created", "good")
    screen.launchpad.open("execution", item_id=created.id)


def reproduction_items(
    details: ExecutionDetails, report: ReproductionReport | None, look: Look
) -> list[Item]:
    """Return a section about the execution that an execution reproduces, and about its own
    reproductions.

    Args:
        details: the execution with its reproductions.
        report: the result; None if the execution has not ended, or the other one was deleted.
        look: styles and glyphs.
    """
    source_id = str(details.provenance.get("reproduces", ""))
    reproductions = details.reproductions
    if not source_id and not reproductions:
        return []
    items = [heading("Reproduction")]
    for one in reproductions:
        text, role = look.status(one.status)
        items.append(
            Item("Reproduced by", f"{one.id}  {text}", role, link="execution", link_id=one.id)
        )
    if source_id:
        items.append(Item("Reproduction of", source_id, link="execution", link_id=source_id))
    for name, text, agrees in report_lines(report) if report else ():
        items.append(Item(name[0].upper() + name[1:], text, "good" if agrees else "warn"))
    return items
