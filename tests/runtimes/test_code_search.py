"""The code of a workflow template is found in its checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.code_search import (
    CodeLocation,
    container_path,
    locate_code,
    missing_code,
)
from launchpad_tui.runtimes.embedded.script_names import script_names
from launchpad_tui.runtimes.embedded.template_model import Container, Workflow
from launchpad_tui.runtimes.embedded.templates import parse_text

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
TWO_STEPS = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: some-thing
  annotations: {scenarios.ai.sap.com/name: S, executables.ai.sap.com/name: E}
  labels: {scenarios.ai.sap.com/id: some, ai.sap.com/version: "1"}
spec:
  entrypoint: both
  templates:
    - name: both
      steps: [[{name: one, template: prepare}], [{name: two, template: train}]]
    - {name: prepare, container: {image: a, command: [python, /app/src/prepare.py]}}
    - {name: train, container: {image: b, command: [python, /app/src/train.py]}}
"""


def workflow(script: str, more: str = "") -> Workflow:
    return parse_text(TEMPLATE.format(script=script, more=more), Path("x.yaml")).workflow


def files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def located(script: str, template: Path, code: str = "") -> CodeLocation:
    """Return the location of the code of a script."""
    return locate_code(workflow(script), str(template), code)["only"]


def dockerfile(folder: Path, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text("\n".join(["FROM python:3", *lines, ""]))


@pytest.mark.parametrize(
    ("command", "folder", "path"),
    [
        ("python /app/src/train.py", ".", "/app"),
        ("python /code/train.py", "src", "/code"),
        ("cd /app/src && python -u train.py --rate 1", ".", "/app"),
        ("python3 src/train.py", ".", ""),
        ("exec python app/src/train.py", ".", "/app"),
        ("set -e; LOG=1 python -m src.train", ".", ""),
        ("torchrun --nproc_per_node 2 /app/src/train.py", ".", "/app"),
    ],
)
def test_the_code_is_beside_the_template(
    tmp_path: Path, command: str, folder: str, path: str
) -> None:
    files(tmp_path, "t/train.yaml", "t/src/train.py")
    found = located(command, tmp_path / "t" / "train.yaml")
    assert (found.folder, found.path) == ((tmp_path / "t" / folder).resolve(), path)
    assert not found.missing


@pytest.mark.parametrize("marker", [".git/HEAD", "README.md"])
@pytest.mark.parametrize(
    ("command", "script", "folder", "path"),
    [
        ("python /app/src/main.py", "app/main.py", "app", "/app/src"),
        ("python /app/src/main.py", "app/src/main.py", "app", "/app"),
        ("python main.py", "images/main.py", "images", ""),
        ("python src/main.py", "code/train/src/main.py", "code/train", ""),
    ],
)
def test_the_only_folder_with_the_script_is_found_in_the_checkout(
    tmp_path: Path, marker: str, command: str, script: str, folder: str, path: str
) -> None:
    files(tmp_path, marker, "workflows/train.yaml", script, "node_modules/x/main.py")
    found = located(command, tmp_path / "workflows" / "train.yaml")
    assert (found.folder, found.path) == ((tmp_path / folder).resolve(), path)
    assert not found.missing


def test_a_checkout_without_version_control_may_have_several_readmes(tmp_path: Path) -> None:
    files(tmp_path, "README.md", "src/templates/README.md", "src/templates/t.yaml", "src/code/x.py")
    found = located("python /app/src/x.py", tmp_path / "src" / "templates" / "t.yaml")
    assert found.folder == (tmp_path / "src" / "code").resolve()


def test_several_folders_with_the_script_are_candidates(tmp_path: Path) -> None:
    files(tmp_path, ".git/HEAD", "workflows/t.yaml", "code/a/train.py", "code/b/train.py")
    found = located("python /app/src/train.py", tmp_path / "workflows" / "t.yaml")
    assert found.candidates == (tmp_path / "code" / "a", tmp_path / "code" / "b")
    note = missing_code("some-thing", {"only": found})
    assert "train.py is in several folders" in note
    assert f"launchpad executables set some-thing code={tmp_path / 'code' / 'a'}" in note
    chosen = located(
        "python /app/src/train.py", tmp_path / "workflows" / "t.yaml", str(tmp_path / "code" / "b")
    )
    assert (chosen.folder, chosen.path) == (tmp_path / "code" / "b", "/app/src")
    assert not chosen.missing


def test_the_nearest_project_of_a_checkout_is_used(tmp_path: Path) -> None:
    files(tmp_path, ".git/HEAD", "a/workflows/t.yaml", "a/code/train.py", "b/code/train.py")
    found = located("python /app/src/train.py", tmp_path / "a" / "workflows" / "t.yaml")
    assert found.folder == tmp_path / "a" / "code"


def test_a_dockerfile_decides_between_several_folders(tmp_path: Path) -> None:
    files(tmp_path, ".git/HEAD", "workflows/t.yaml", "old/train.py", "new/train.py")
    dockerfile(tmp_path / "new", "ENV DATA=/app/data", "WORKDIR /app", "COPY train.py /app/src/")
    found = located("python /app/src/train.py", tmp_path / "workflows" / "t.yaml")
    assert found.folder == tmp_path / "new"
    assert found.image is not None
    assert dict(found.image.env) == {"DATA": "/app/data"}
    assert found.working_dir == "/app"


def test_a_dockerfile_may_rename_scripts(tmp_path: Path) -> None:
    files(tmp_path, ".git/HEAD", "workflows/t.yaml", "code/version2.py")
    dockerfile(tmp_path / "docker", "COPY code/version2.py /srv/train.py")
    found = located("python /srv/train.py", tmp_path / "workflows" / "t.yaml")
    assert found.context == tmp_path
    assert not found.missing


def test_steps_may_have_different_images(tmp_path: Path) -> None:
    files(tmp_path, ".git/HEAD", "workflows/t.yaml", "one/prepare.py", "two/train.py")
    parsed = parse_text(TWO_STEPS, Path("x.yaml")).workflow
    found = locate_code(parsed, str(tmp_path / "workflows" / "t.yaml"), "")
    assert {name: each.folder.name for name, each in found.items()} == {
        "prepare": "one",
        "train": "two",
    }


def test_folders_above_the_checkout_are_not_searched(tmp_path: Path) -> None:
    files(tmp_path, "src/train.py", "repo/.git/HEAD", "repo/t/train.yaml")
    found = located("python /app/src/train.py", tmp_path / "repo" / "t" / "train.yaml")
    assert found.folder == tmp_path / "repo" / "t"
    assert [script.text for script in found.missing] == ["/app/src/train.py"]
    assert "code=FOLDER" in missing_code("some-thing", {"only": found})


@pytest.mark.parametrize(
    "script",
    [
        "echo hello",
        "python -c 'print(1)'",
        "python -m pip list",
        "head /app/data/rows.csv",
        "python /app/data/given.py",
        "python $SCRIPT",
        "/usr/bin/env true",
    ],
)
def test_commands_without_code_are_not_reported(tmp_path: Path, script: str) -> None:
    files(tmp_path, "t/train.yaml")
    found = located(script, tmp_path / "t" / "train.yaml")
    assert found.folder == tmp_path / "t"
    assert not found.missing


def test_settings_override_the_derived_paths(tmp_path: Path) -> None:
    files(tmp_path, "train.py", "other/x")
    parsed = workflow("python /app/train.py", ", launchpad.tui/code-path: /opt/ml")
    source = str(tmp_path / "t.yaml")
    assert container_path(parsed, locate_code(parsed, source, "")["only"]) == "/opt/ml"
    selected = locate_code(parsed, source, str(tmp_path / "other"))["only"]
    assert selected.folder == tmp_path / "other"
    for template, code in (("", "missing"), ("missing/t.yaml", "")):
        with pytest.raises(ConfigError, match="does not exist"):
            locate_code(parsed, str(tmp_path / template), str(tmp_path / code) if code else "")


def test_scripts_of_a_command() -> None:
    found = script_names(Container(("python", "-W", "ignore", "a.py", "--config", "b.py")))
    assert [(each.text, each.required) for each in found] == [("a.py", True), ("b.py", False)]
    (one,) = script_names(Container(("bash",), script="cd src\npython \\\n  run.py 2>&1 | tee x"))
    assert one.paths == ("src/run.py",)
    assert script_names(Container(("sh", "-c", "python ../up.py"))) == []
