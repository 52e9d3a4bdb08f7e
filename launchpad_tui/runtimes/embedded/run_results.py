"""The results of the steps of a running workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launchpad_tui.runtimes.embedded.expressions import json_text
from launchpad_tui.runtimes.embedded.step_errors import StepFailed

SUCCEEDED, FAILED, ERROR, SKIPPED, OMITTED = (
    "Succeeded",
    "Failed",
    "Error",
    "Skipped",
    "Omitted",
)


class ArtifactValue(dict[str, object]):
    """An artifact as a value of an expression, which selects it for ``fromExpression``."""

    def __init__(self, name: str, path: Path, *, plain: bool) -> None:
        super().__init__(name=name, path=str(path))
        self.file = path
        self.plain = plain


@dataclass(slots=True)
class CallResult:
    """The result of a call.

    Args:
        status: Succeeded, Failed, Error, Skipped or Omitted, as in Argo.
        artifacts: the paths of output artifacts by name.
        parameters: the values of output parameters by name.
        values: the other values of the step, such as ``exitCode``, by their names.
        plain: the names of artifacts that are stored without an archive.
        error: why the call failed.
        parts: the results of the iterations of a loop; empty for other calls.
    """

    status: str = SUCCEEDED
    artifacts: dict[str, Path] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    error: StepFailed | None = None
    parts: Sequence[CallResult] = ()

    @property
    def failed(self) -> bool:
        """Whether the call ended with a failure or an error."""
        return self.status in {FAILED, ERROR}

    def value(self, name: str) -> str | None:
        """Return a value such as ``status`` or ``outputs.result``; None if there is none."""
        return self.values.get(name)

    def as_variables(self) -> dict[str, object]:
        """Return the values for expressions."""
        outputs: dict[str, object] = {
            "result": self.values.get("outputs.result"),
            "exitCode": self.values.get("exitCode"),
            "parameters": dict(self.parameters),
            "artifacts": {
                name: ArtifactValue(name, path, plain=name in self.plain)
                for name, path in self.artifacts.items()
            },
        }
        if "outputs.parameters" in self.values:
            outputs["parameters"] = self.values["outputs.parameters"]
        own = {name: text for name, text in self.values.items() if not name.startswith("outputs.")}
        return {**own, "outputs": outputs}


def failure(error: StepFailed, values: Mapping[str, str] | None = None) -> CallResult:
    """Return the result of a failed call."""
    status = ERROR if error.is_error else FAILED
    return CallResult(
        status, values={"status": status, **error.outputs, **(values or {})}, error=error
    )


def skipped(step: str) -> CallResult:
    """Return the result of a call whose condition is false."""
    return CallResult(SKIPPED, values={"status": SKIPPED, "id": step})


def combined(results: Sequence[CallResult]) -> CallResult:
    """Return the result of a loop: lists of the outputs of its iterations, as JSON."""
    ran = [each for each in results if each.status != SKIPPED]
    worst = next((each for each in results if each.status == ERROR), None) or next(
        (each for each in results if each.failed), None
    )
    status = worst.status if worst else SUCCEEDED if ran or not results else SKIPPED
    values = {"status": status}
    for name, choose in (("startedAt", min), ("finishedAt", max)):
        times = [each.values[name] for each in ran if name in each.values]
        if times:
            values[name] = choose(times)
    done = [each for each in ran if not each.failed]
    values["outputs.result"] = json_text([each.values.get("outputs.result", "") for each in done])
    values["outputs.parameters"] = json_text([each.parameters for each in done])
    names = dict.fromkeys(name for each in done for name in each.parameters)
    artifacts: dict[str, Path] = {}
    plain: set[str] = set()
    for each in done:
        artifacts |= each.artifacts
        plain |= each.plain
    return CallResult(
        status,
        artifacts,
        {
            name: json_text([each.parameters[name] for each in done if name in each.parameters])
            for name in names
        },
        values,
        plain,
        worst.error if worst else None,
        tuple(results),
    )
