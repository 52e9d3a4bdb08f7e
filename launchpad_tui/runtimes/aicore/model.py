"""What the AI API has beyond the words of the domain."""

from __future__ import annotations

from dataclasses import dataclass

from launchpad_tui.domain.connection import Capabilities


@dataclass(frozen=True, slots=True)
class Meta:
    """What a runtime says of itself (``/lm/meta``). What it does not say has the API's default."""

    runtime: str = ""
    runtime_version: str = ""
    api_version: str = ""
    executions: bool = True
    logs: bool = True
    schedules: bool = False
    bulk: bool = False
    metrics: bool = True
    resource_groups: bool = True
    files: bool = False

    def capabilities(self) -> Capabilities:
        """The same as launchpad's capabilities, each that is lacking with its reason."""
        where = "SAP AI Core reads them from a Git repository, launchpad serve has those of its machine."
        reasons = {
            "add_executable": f"The AI API does not accept executables: {where}",
            "store_outputs": "This runtime stores outputs by itself.",
        }
        if not self.files:
            reasons["files"] = "This runtime does not serve the files of its object stores."
        if not self.executions:
            said = "This runtime does not let users execute anything."
            reasons |= dict.fromkeys(("executions", "stop", "delete"), said)
        if not self.logs:
            reasons["logs"] = "This runtime does not give logs of executions away."
        if not self.schedules:
            reasons["schedules"] = "This runtime has no execution schedules."
        if not self.bulk:
            reasons["bulk"] = "This runtime changes one execution a request."
        if not self.resource_groups:
            reasons["groups"] = "This runtime does not let users make resource groups."
        if not self.metrics:
            reasons["metrics"] = "This runtime keeps no metrics."
        return Capabilities(
            executions=self.executions,
            stop=self.executions,
            delete=self.executions,
            logs=self.logs,
            add_executable=False,
            schedules=self.schedules,
            bulk=self.bulk,
            groups=self.resource_groups,
            metrics=self.metrics,
            files=self.files,
            reasons=reasons,
        )
