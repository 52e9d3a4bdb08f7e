"""Templates and training code of others: what they leave out, and how they are laid out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from tests.services.execution_support import Bench

TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: kinds-train
  annotations: {scenarios.ai.sap.com/name: Field, executables.ai.sap.com/name: Kinds}
  labels: {scenarios.ai.sap.com/id: field, ai.sap.com/version: "1.0"}
spec:
  entrypoint: main
  templates:
    - name: main
      inputs: {artifacts: [{name: rows, path: /app/data/}]}
      container: {image: any, command: ["/bin/sh", "-c"], args: ["ls /app/data"]}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    created = Bench(tmp_path)
    yield created
    created.close()


@pytest.mark.parametrize("kind", list(ArtifactKind))
def test_an_input_without_a_kind_accepts_artifacts_of_any_kind(
    bench: Bench, kind: ArtifactKind
) -> None:
    executable = bench.add(TEMPLATE)
    folder = bench.desk.home.files / "rows"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("1")
    artifact = bench.desk.artifacts.add(DEFAULT_SCOPE, kind, "rows", "ai://default/rows", "field")
    configuration = bench.desk.configurations.create(
        DEFAULT_SCOPE, "c", executable, {}, {"rows": "rows"}
    )
    assert dict(configuration.inputs) == {"rows": artifact.id}
