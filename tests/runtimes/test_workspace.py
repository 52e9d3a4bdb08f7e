"""The code folder, its path in the container, and the Python interpreter of an execution."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.template_model import Workflow
from launchpad_tui.runtimes.embedded.templates import parse_text
from launchpad_tui.runtimes.embedded.workspace import (
    code_folder,
    container_code_path,
    copy_code,
    interpreter,
)

TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: some-thing
  annotations: {{scenarios.ai.sap.com/name: S, executables.ai.sap.com/name: E{more}}}
  labels: {{scenarios.ai.sap.com/id: some, ai.sap.com/version: "1"}}
spec:
  entrypoint: only
  templates:
    - name: only
      inputs: {{artifacts: [{{name: data, path: /app/data}}]}}
      container: {{image: any, command: ["/bin/sh", "-c"], args: ["{script}"]}}
"""


def workflow(script: str, more: str = "") -> Workflow:
    return parse_text(TEMPLATE.format(script=script, more=more), Path("x.yaml")).workflow


def files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def test_the_code_is_in_the_folder_of_the_template(tmp_path: Path) -> None:
    files(tmp_path, "t/train.yaml", "t/src/train.py")
    source = str(tmp_path / "t" / "train.yaml")
    one = workflow("python /app/src/train.py")
    assert code_folder(one, source, "") == tmp_path / "t"
    assert container_code_path(one, tmp_path / "t") == "/app"
    assert container_code_path(workflow("python /code/train.py"), tmp_path / "t" / "src") == "/code"


def test_the_code_is_in_the_nearest_parent_folder_of_a_checkout(tmp_path: Path) -> None:
    files(tmp_path, ".git/HEAD", "templates/train.yaml", "src/train.py")
    source = str(tmp_path / "templates" / "train.yaml")
    assert code_folder(workflow("python /app/src/train.py"), source, "") == tmp_path
    # Without a named file, parent folders are not searched.
    assert code_folder(workflow("echo hello"), source, "") == tmp_path / "templates"


def test_folders_above_the_checkout_are_not_searched(tmp_path: Path) -> None:
    files(tmp_path, "src/train.py", "repo/.git/HEAD", "repo/t/train.yaml")
    source = str(tmp_path / "repo" / "t" / "train.yaml")
    assert code_folder(workflow("python /app/src/train.py"), source, "") == tmp_path / "repo" / "t"


def test_paths_of_artifacts_are_not_code(tmp_path: Path) -> None:
    files(tmp_path, "data/rows.csv", "train.py")
    assert (
        container_code_path(workflow("head /app/data/rows.csv; python /srv/train.py"), tmp_path)
        == "/srv"
    )


def test_settings_override_the_derived_paths(tmp_path: Path) -> None:
    files(tmp_path, "train.py", "other/x")
    parsed = workflow("python /app/train.py", ", launchpad.tui/code-path: /opt/ml")
    assert container_code_path(parsed, tmp_path) == "/opt/ml"
    assert (
        code_folder(parsed, str(tmp_path / "t.yaml"), str(tmp_path / "other")) == tmp_path / "other"
    )
    with pytest.raises(ConfigError, match="does not exist"):
        code_folder(parsed, "", str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="does not exist"):
        code_folder(parsed, str(tmp_path / "missing" / "t.yaml"), "")


def test_generated_folders_are_not_copied(tmp_path: Path) -> None:
    files(
        tmp_path / "code", "a.py", "sub/b.py", ".git/HEAD", "__pycache__/a.pyc", ".venv/bin/python"
    )
    assert copy_code(tmp_path / "code", tmp_path / "copy", 1) == 2
    copied = sorted(
        str(each.relative_to(tmp_path / "copy")) for each in (tmp_path / "copy").rglob("*.*")
    )
    assert copied == ["a.py", "sub/b.py"]
    (tmp_path / "code" / "big").write_bytes(b"x" * 1_100_000)
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        copy_code(tmp_path / "code", tmp_path / "other", 1)


def test_the_interpreter_of_an_execution(tmp_path: Path) -> None:
    assert interpreter("", tmp_path, sys.executable) == Path(sys.executable)
    beside = tmp_path / ".venv" / "bin" / "python"
    files(tmp_path, ".venv/bin/python")
    beside.chmod(0o700)
    assert interpreter("", tmp_path, sys.executable) == beside
    assert interpreter(str(tmp_path / ".venv"), tmp_path / "other", sys.executable) == beside
    with pytest.raises(ConfigError, match="interpreter"):
        interpreter(str(tmp_path / "nothing"), tmp_path, sys.executable)
