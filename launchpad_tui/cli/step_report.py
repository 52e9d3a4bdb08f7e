"""Print the steps of a connection test or an object store test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection_check import CheckStep


def run_test(
    context: CommandContext, name: str, test: Callable[[Callable[[CheckStep], None]], bool]
) -> int:
    """Run a test, print each of its steps as it ends, and return the exit code.

    With ``--json`` all steps are printed at the end.

    Args:
        context: The context of the command.
        name: The connection or object store that is tested.
        test: Takes a callback for finished steps and returns whether all steps passed.
    """
    steps: list[CheckStep] = []

    def report(step: CheckStep) -> None:
        steps.append(step)
        if not context.structured and context.output != "name":
            result = "ok    " if step.error is None else "FAILED"
            lines = [step.message] if step.error is None else str(step.error).splitlines()
            context.line(safe_text(f"{result} {step.name:12} {lines[0]}"))
            for line in lines[1:]:
                context.line(safe_text(f"{'':19} {line}"))

    passed = test(report)
    if context.structured or context.output == "name":
        context.print_data(
            {
                "name": name,
                "reachable": passed,
                "steps": [
                    {
                        "step": str(each.name),
                        "ok": each.error is None,
                        "message": str(each.error or each.message),
                    }
                    for each in steps
                ],
            },
            # The name is that of what was tested.
            rows="steps" if context.structured else "",
        )
    return 0 if passed else 1
