"""The end of an execution that did its work: outputs stored, then registered, all of them or none.

What is to be stored is written down first (``outputs.json`` in the execution's folder). Where a store fails, the
outputs stay on this machine, the execution is DEAD with the detail ``outputs: kept``, and `finish` may be called again
at any time, by any process.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from launchpad_tui.config.atomic import write_private
from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactFile,
    ArtifactKind,
    ArtifactUrl,
    new_artifact_id,
)
from launchpad_tui.domain.connection import DEFAULT_STORE, Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.registry import executions
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.embedded.template_model import ParsedTemplate
from launchpad_tui.services.files import FileService

_NAME = "outputs.json"


@dataclass(frozen=True, slots=True)
class Output:
    """An output that waits to be stored: its ``globalName``, the file or folder, and what its artifact will be.

    ``suffix`` is where in it the artifact begins, empty for all of it.
    """

    name: str
    path: str
    artifact_name: str
    kind: str
    description: str
    labels: tuple[tuple[str, str], ...]
    suffix: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """All outputs of an execution, and what it says of them (its signatures), kept in its status details."""

    outputs: tuple[Output, ...]
    signatures: Mapping[str, str]


def outputs_of(
    parsed: ParsedTemplate, found: Mapping[str, Path], signatures: Mapping[str, str]
) -> Outputs:
    """The outputs of an execution of this template.

    Args:
        found: the file or folder of each output, by ``globalName``.
    """
    slots = {each.name: each for each in parsed.executable.outputs}
    return Outputs(
        tuple(
            Output(
                name,
                str(path),
                parsed.names.get(name, name),
                slots[name].kind,
                slots[name].description,
                tuple(slots[name].labels),
                parsed.suffixes.get(name, ""),
            )
            for name, path in found.items()
        ),
        dict(signatures),
    )


def keep(folder: Path, outputs: Outputs) -> None:
    """Write down in the execution's folder what is to be stored. Raises OSError."""
    write_private(folder / _NAME, json.dumps(asdict(outputs)).encode())


def kept(folder: Path) -> Outputs:
    """What was written down.

    Raises:
        NotFound: nothing was, or the outputs are gone.
    """
    try:
        data = json.loads((folder / _NAME).read_text("utf-8"))
        outputs = tuple(
            Output(**{**each, "labels": tuple((key, value) for key, value in each["labels"])})
            for each in data["outputs"]
        )
        signatures = dict(data["signatures"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound("No outputs of the execution are kept") from error
    gone = [each.path for each in outputs if not os.path.lexists(each.path)]
    if gone:
        raise NotFound("The outputs of the execution are gone", "\n".join(gone))
    return Outputs(outputs, signatures)


def forget(folder: Path) -> None:
    """The outputs need not be kept any longer."""
    with contextlib.suppress(OSError):
        (folder / _NAME).unlink()


def is_kept(folder: Path) -> bool:
    """Whether outputs wait to be stored."""
    return (folder / _NAME).exists()


def finish(
    registry: Registry,
    files: FileService,
    report: Callable[[str], None],
    scope: Scope,
    execution: Execution,
    outputs: Outputs,
    progress: Progress | None = None,
    *,
    again: bool = False,
) -> tuple[Artifact, ...]:
    """Store the outputs, then register them and say COMPLETED in one transaction.

    Args:
        say: told in words what is done.
        again: the execution is DEAD, since its outputs could not be stored.

    Raises:
        LaunchpadError: an output cannot be stored, or the execution was stopped meanwhile. Nothing is registered, and
            what was stored is removed again.
    """
    made: list[tuple[Artifact, tuple[ArtifactFile, ...]]] = []
    stored: list[str] = []
    try:
        for output in outputs.outputs:
            url = str(ArtifactUrl(DEFAULT_STORE, f"{execution.id}/{output.name}"))
            report(f"output {output.name}: storing at {url}")
            stored.append(url)
            found = files.store_output(scope, url, Path(output.path), progress)
            made.append(_artifact(execution, output, url, found))
        details = {f"signature.{name}": value for name, value in outputs.signatures.items()}
        executions.finish_completed(
            registry, scope, execution.id, made, None if again else now(), "", details, again=again
        )
    except LaunchpadError:
        for url in stored:
            _forget(files, report, scope, url)
        raise
    for artifact, kept_files in made:
        report(
            f"registered {artifact.kind} {artifact.name} as {artifact.id} ({len(kept_files)} files)"
        )
    report("COMPLETED")
    return tuple(artifact for artifact, _ in made)


def _artifact(
    execution: Execution, output: Output, url: str, found: Sequence[ArtifactFile]
) -> tuple[Artifact, tuple[ArtifactFile, ...]]:
    at, suffix = now(), output.suffix
    artifact = Artifact(
        id=new_artifact_id(),
        name=output.artifact_name,
        kind=ArtifactKind(output.kind),
        url=f"{url}/{suffix}" if suffix else url,
        description=output.description,
        scenario_id=execution.scenario_id,
        execution_id=execution.id,
        labels=output.labels,
        size=sum(each.size for each in found),
        created_at=at,
        modified_at=at,
    )
    if not suffix:
        return artifact, tuple(found)
    return artifact, tuple(
        replace(each, path=each.path.removeprefix(f"{suffix}/")) for each in found
    )


def _forget(files: FileService, report: Callable[[str], None], scope: Scope, url: str) -> None:
    try:
        files.delete_output(scope, url)
    except LaunchpadError as error:
        report(f"left over at {url}: {error.title}")
