"""Waits for executions, and prints the outcomes of operations on them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.executions import extended_execution
from launchpad_tui.domain.execution import FINAL, Status

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.execution import Execution, ExecutionDetails, Outcome
    from launchpad_tui.domain.reproduction import ReproductionReport

_POLL_SECONDS = 0.3


def status_line(each: ExecutionDetails) -> str:
    """Return ID, status and message of an execution."""
    return f"{each.execution.id}: {each.execution.status}  {each.execution.status_message}".rstrip()


def report_created(context: CommandContext, execution: Execution) -> None:
    """Report an execution that was created."""
    context.done(
        f"Created execution {execution.id}.", extended_execution(execution), id=execution.id
    )
    context.hint(f"Follow its log with: launchpad executions logs {execution.id} --follow")


def hint_at_logs(context: CommandContext, ended: Sequence[ExecutionDetails]) -> None:
    """Name the command that shows the log of the first execution that failed, if one did."""
    failed = next((each.execution for each in ended if each.execution.status == Status.DEAD), None)
    if failed is not None:
        context.hint(f"Show its log with: launchpad executions logs {failed.id}")


def exit_code(ended: Sequence[ExecutionDetails]) -> int:
    """Return 0 if all executions are COMPLETED, otherwise 1."""
    return 0 if all(each.execution.status == "COMPLETED" for each in ended) else 1


def wait_for(
    context: CommandContext, ids: Sequence[str], timeout: float | None, *, report: bool = False
) -> list[ExecutionDetails]:
    """Wait for executions and return those that ended, in the order in which they ended.

    Args:
        context: The context of the command.
        ids: The IDs of the executions.
        timeout: The maximum time to wait in seconds; None waits until all have ended.
        report: Whether to print each execution when it ends.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    waiting, ended = list(dict.fromkeys(ids)), []
    from launchpad_tui.cli.remote_polling import RemotePolling

    polling = RemotePolling(context)
    while True:
        context.desk.executions.reconcile()
        polling.poll()
        service, scope = context.desk.executions, context.scope
        running = set(service.in_status(scope, waiting, frozenset(Status) - FINAL))
        for execution_id in [one for one in waiting if one not in running]:
            details = service.get(scope, execution_id)
            waiting.remove(execution_id)
            ended.append(details)
            if report:
                context.done(status_line(details), id=execution_id)
        if not waiting:
            if report:
                hint_at_logs(context, ended)
            return ended
        if deadline is not None and time.monotonic() > deadline:
            context.note(f"Timed out after {timeout:g} s. Still running: {', '.join(waiting)}")
            return ended
        time.sleep(_POLL_SECONDS)


def print_outcomes(context: CommandContext, outcomes: Sequence[Outcome], message: str) -> int:
    """Print the outcome for each execution and return the exit code.

    The JSON output has the format of the AI API's response to a bulk update.
    """
    if context.structured:
        context.print_data(
            {
                "executions": [
                    {"id": each.id, "message": message.format(each.id)}
                    if each.error is None
                    else {
                        "id": each.id,
                        "error": {"message": each.error.title, "details": str(each.error)},
                    }
                    for each in outcomes
                ]
            },
            rows="executions",
        )
    else:
        for each in outcomes:
            if each.error is None:
                context.done(message.format(each.id), id=each.id)
        for each in outcomes:
            if each.error is not None:
                context.note(f"launchpad: {each.error.title}")
                for line in f"{each.error.detail}\n{each.error.hint}".split("\n"):
                    if line:
                        context.note(f"  {line}")
    return 1 if any(each.error is not None for each in outcomes) else 0


def print_report(context: CommandContext, report: ReproductionReport) -> int:
    """Print the report about a reproduction and return the exit code."""
    from launchpad_tui.domain.reproduction import report_json, report_lines

    lines = [
        ("reproduces", report.source.id),
        ("execution", report.execution.id),
        ("status", f"{report.execution.status}  {report.execution.status_message}".rstrip()),
        *((name, text) for name, text, _ in report_lines(report)),
    ]
    context.resource(report_json(report), lines)
    return 0 if report.is_reproduced else 1
