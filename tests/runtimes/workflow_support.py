"""Runs the steps of workflow templates without supervisor and registry: the real commands, paths
and outputs, in a temporary folder."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from launchpad_tui.runtimes.embedded import sandbox
from launchpad_tui.runtimes.embedded.code_copy import CodeView
from launchpad_tui.runtimes.embedded.engines.processes import ProcessEngine
from launchpad_tui.runtimes.embedded.failure_hints import StepFacts
from launchpad_tui.runtimes.embedded.process import Cancellation
from launchpad_tui.runtimes.embedded.run_context import RunContext
from launchpad_tui.runtimes.embedded.step_errors import Interrupted, StepFailed
from launchpad_tui.runtimes.embedded.templates import parse_text
from launchpad_tui.runtimes.embedded.workflow_run import WorkflowRun
from launchpad_tui.runtimes.embedded.workspace import Workspace, name_interpreter
from launchpad_tui.runtimes.log_files import LogFile, LogWriter

HEAD = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: {name}
  annotations: {{scenarios.ai.sap.com/name: S, executables.ai.sap.com/name: E}}
  labels: {{scenarios.ai.sap.com/id: some, ai.sap.com/version: "1"}}
"""
#: templates that many workflows of the tests call
SAY = """\
    - name: say
      inputs: {parameters: [{name: text}]}
      container: {command: [echo, "said {{inputs.parameters.text}}"]}
    - name: fail
      container: {command: [sh, -c, "echo 'it broke'; exit 3"]}
"""


def workflow(spec: str, name: str = "some-flow", *, more: str = SAY) -> str:
    """Return a workflow template with a spec and the templates ``say`` and ``fail``."""
    return HEAD.format(name=name) + spec + more


@dataclass
class Outcome:
    """What a run did: its log, its outputs, and the error that ended it."""

    log: list[str]
    outputs: Mapping[str, Path] = field(default_factory=dict)
    error: StepFailed | Interrupted | None = None

    @property
    def said(self) -> list[str]:
        """What ``say`` printed, in the order of the log."""
        return [line.removeprefix("said ") for line in self.log if line.startswith("said ")]


def run(
    text: str,
    folder: Path,
    parameters: Mapping[str, str] | None = None,
    inputs: Mapping[str, Path] | None = None,
    stop_after: float | None = None,
) -> Outcome:
    """Run a workflow template and return what it did.

    Args:
        text: the template.
        folder: an empty folder.
        parameters: values of the workflow's parameters.
        inputs: the folders of input artifacts by name.
        stop_after: seconds after which the run is stopped as by its user.
    """
    parsed = parse_text(text, folder / "template.yaml")
    workspace = Workspace(folder / "executions", "e1").create()
    workspace.code.mkdir()
    python = Path(sys.executable)
    name_interpreter(workspace.bin, python, sys.executable)
    view = CodeView(workspace.code)
    leaves = [leaf.name for leaf in parsed.workflow.leaves]
    log = LogWriter(workspace.root)
    cancellation = Cancellation(parsed.workflow.deadline_seconds, 5)
    timer = threading.Timer(stop_after or 0, cancellation.cancel)
    if stop_after is not None:
        timer.start()
    given = {name: default or "" for name, default in parsed.workflow.parameters}
    context = RunContext(
        workflow=parsed.workflow,
        execution_id="e1",
        created_at=datetime(2026, 1, 31, 12, 30, tzinfo=UTC),
        workspace=workspace,
        parameters={**given, **(parameters or {})},
        inputs=inputs or {},
        env={"PATH": "/usr/bin:/bin"},
        python=python,
        code=dict.fromkeys(leaves, view),
        engine=ProcessEngine("e1"),
        sandbox=sandbox.choose(),
        log=log,
        cancellation=cancellation,
        secret=lambda _name: {},
        record=lambda _lines: None,
        facts={name: StepFacts(parsed.executable.id, python, view, folder) for name in leaves},
    )
    outcome = Outcome([])
    try:
        outcome.outputs = WorkflowRun(context).run()
    except (StepFailed, Interrupted) as error:
        outcome.error = error
    finally:
        timer.cancel()
        log.close()
    file = LogFile(workspace.root)
    outcome.log = [line.message for line in file.slice(0, file.count())]
    return outcome
