"""Steps of a test, as they come: of an object store, of a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection_check import CheckStep


def run(context: Context, name: str, test: Callable[[Callable[[CheckStep], None]], bool]) -> int:
    """Print each step when it is over, or all of them as JSON at the end; gives the exit code.

    Args:
        name: what is tested.
        test: takes what is told each step, gives whether all is right.
    """
    steps: list[CheckStep] = []

    def tell(step: CheckStep) -> None:
        steps.append(step)
        if not context.json and not context.quiet:
            sign = "ok   " if step.error is None else "WRONG"
            lines = [step.message] if step.error is None else str(step.error).splitlines()
            context.line(safe_text(f"{sign} {step.name:12} {lines[0]}"))
            for line in lines[1:]:
                context.line(safe_text(f"{'':18} {line}"))

    right = test(tell)
    if context.json:
        context.print_json(
            {
                "name": name,
                "reachable": right,
                "steps": [
                    {
                        "step": str(each.name),
                        "right": each.error is None,
                        "message": str(each.error or each.message),
                    }
                    for each in steps
                ],
            }
        )
    return 0 if right else 1
