"""What all steps of an execution share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.code_copy import CodeView
from launchpad_tui.runtimes.embedded.engines.base import Engine
from launchpad_tui.runtimes.embedded.failure_hints import StepFacts
from launchpad_tui.runtimes.embedded.process import Cancellation
from launchpad_tui.runtimes.embedded.sandbox import Sandbox
from launchpad_tui.runtimes.embedded.template_model import Workflow
from launchpad_tui.runtimes.embedded.workspace import Workspace
from launchpad_tui.runtimes.log_files import LogWriter


@record
class RunContext:
    """The values that all steps of an execution share.

    Args:
        parameters: the values of the workflow's parameters.
        inputs: the folder of each input artifact, by the name of the input.
        env: the environment variables of all steps.
        python: the interpreter that ``python`` runs.
        code: the copies of the code by the name of the template.
        engine: runs the commands of steps.
        sandbox: the method of mapping the container's paths.
        secret: returns the keys and values of a secret.
        record: receives the lines of standard output that begin with ``::``.
        facts: what explanations of failures refer to, by the name of the template.
    """

    workflow: Workflow
    execution_id: str
    created_at: datetime
    workspace: Workspace
    parameters: Mapping[str, str]
    inputs: Mapping[str, Path]
    env: Mapping[str, str]
    python: Path
    code: Mapping[str, CodeView]
    engine: Engine
    sandbox: Sandbox
    log: LogWriter
    cancellation: Cancellation
    secret: Callable[[str], Mapping[str, str]]
    record: Callable[[list[bytes]], None]
    facts: Mapping[str, StepFacts]
