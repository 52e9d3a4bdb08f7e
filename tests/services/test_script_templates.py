"""Workflow templates that are created from training scripts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launchpad_tui.errors import Conflict, InvalidInput
from launchpad_tui.runtimes.embedded.templates import parse_templates
from launchpad_tui.services.script_arguments import ScriptOption, read_script
from launchpad_tui.services.script_templates import write_template
from tests.cli.cli_support import environment

_ARGPARSE = '''"""Train a churn model.

More about it."""
import argparse, os
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", "-l", type=float, default=0.1, help="Step (%(default)s)")
parser.add_argument("--epochs", type=int, default=-5)
parser.add_argument("--optimizer", choices=["sgd", "adam"], default="sgd")
parser.add_argument("--model-dir", default=Path("out"))
parser.add_argument("--data", required=True)
parser.add_argument("--fp16", action="store_true")
parser.add_argument("--layers", nargs="+", default=[1, 2])
parser.add_argument("--resume")
parser.add_argument("--seed", default=int(os.environ.get("SEED", "1")))
parser.add_argument("--verbose", action="count")
parser.add_argument("--version", action="version", version="1")
'''


def project(tmp_path: Path, text: str, name: str = "train.py") -> Path:
    folder = tmp_path / "churn"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def options(text: str) -> dict[str, ScriptOption]:
    return {each.name: each for each in read_script(text, "train.py").options}


def test_options_of_argparse() -> None:
    script = read_script(_ARGPARSE, "train.py")
    assert script.description == "Train a churn model."
    found = options(_ARGPARSE)
    assert found["learning_rate"].default == "0.1"
    assert found["learning_rate"].flag == "--learning-rate"
    assert found["learning_rate"].description == "Step"
    assert found["epochs"].default == "-5"
    assert found["optimizer"].choices == ("sgd", "adam")
    assert found["model_dir"].is_output
    assert found["data"].is_input
    assert found["data"].default is None
    assert (found["fp16"].switch, found["fp16"].default) == (True, "false")
    problems = {name: each.problem for name, each in found.items() if each.problem}
    assert problems == {
        "layers": "it takes several values",
        "resume": "it has no default",
        "seed": "its default is not a constant",
        "verbose": "its action is count",
    }
    assert "version" not in found


def test_options_of_click() -> None:
    found = options(
        "import click\n"
        "@click.command()\n"
        "@click.option('--lr', '-l', default=0.1, help='Step')\n"
        "@click.option('--shuffle', is_flag=True)\n"
        "@click.option('--tag', multiple=True)\n"
        "def main(lr, shuffle, tag): pass\n"
    )
    assert found["lr"].default == "0.1"
    assert found["shuffle"].switch
    assert found["tag"].problem == "it takes several values"


@pytest.mark.parametrize(
    "text",
    [
        "x.option(1)",
        "x.add_argument()",
        "x.add_argument(*names)",
        "x.option('a')",
        "import argparse",
    ],
)
def test_other_calls_are_no_options(text: str) -> None:
    assert not options(text)


def test_a_template_is_valid_and_describes_the_script(tmp_path: Path) -> None:
    written = write_template(project(tmp_path, _ARGPARSE))
    assert written.file == tmp_path / "churn" / "train.yaml"
    parsed = parse_templates(written.file)
    assert not parsed.refused
    (template,) = parsed.templates
    executable = template.executable
    assert (executable.id, executable.scenario_id) == ("churn-train", "churn")
    assert executable.description == "Train a churn model."
    # The image is a placeholder, which needs no note each time that the script runs.
    assert executable.notes == ()
    assert {each.name: each.default for each in executable.parameters} == {
        "learning_rate": "0.1",
        "epochs": "-5",
        "optimizer": "sgd",
        "fp16": "false",
    }
    assert [(each.name, each.kind) for each in executable.inputs] == [("data", "dataset")]
    assert [(each.name, each.kind) for each in executable.outputs] == [
        ("churn-train-model", "model")
    ]
    assert [note.split(" is ")[0] for note in written.notes] == [
        "--layers",
        "--resume",
        "--seed",
        "--verbose",
    ]


def test_a_script_without_options_has_a_template(tmp_path: Path) -> None:
    written = write_template(project(tmp_path, "print(1)\n", "main.py"))
    (template,) = parse_templates(written.file).templates
    assert template.executable.id == "churn"
    assert "no model" in written.notes[0]


@pytest.mark.parametrize("folder", ["ml", "Größe 1", "src", ".hidden", "a" * 80])
def test_ids_are_valid(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir()
    (place / "t.py").write_text("print(1)\n")
    parsed = parse_templates(write_template(place / "t.py").file)
    assert not parsed.refused
    assert len(parsed.templates) == 1


def test_a_changed_template_is_not_replaced_unasked(tmp_path: Path) -> None:
    script = project(tmp_path, _ARGPARSE)
    file = write_template(script).file
    write_template(script)
    file.write_text(file.read_text() + "# edited\n")
    with pytest.raises(Conflict, match="exists and differs"):
        write_template(script)
    assert file.read_text().endswith("# edited\n")
    write_template(script, overwrite=True)
    assert not file.read_text().endswith("# edited\n")


def test_an_invalid_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        write_template(project(tmp_path, "x = 1\ndef (\n"))
    assert "train.py, line 2" in refused.value.detail
    assert not (tmp_path / "churn" / "train.yaml").exists()


def test_a_script_is_trained_with_values_that_a_shell_would_interpret(tmp_path: Path) -> None:
    import json
    import subprocess

    text = (
        "import argparse, json, pathlib\n"
        "p = argparse.ArgumentParser()\n"
        "p.add_argument('--lr', type=float, default=0.1)\n"
        "p.add_argument('--note', default='$HOME \\'a\\' \"b\"')\n"
        "p.add_argument('--fp16', action='store_true')\n"
        "p.add_argument('--PATH', action='store_true')\n"
        "p.add_argument('--2d', action='store_true')\n"
        "p.add_argument('--output-file', default='out/model.json')\n"
        "a = p.parse_args()\n"
        "pathlib.Path(a.output_file).parent.mkdir(parents=True, exist_ok=True)\n"
        "json.dump(vars(a), open(a.output_file, 'w'))\n"
    )
    project(tmp_path, text, "train $(exit) it.py")

    def launchpad(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "launchpad_tui", *words],
            env=environment(tmp_path / "home"),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    launchpad("executables", "add", "churn/train $(exit) it.py")
    executable = "churn-train-exit-it"
    values = ("lr=-0.5", "fp16=true", "PATH=true", "2d=true")
    given = [word for value in values for word in ("-p", value)]
    launchpad("executions", "create", executable, *given, "--wait")
    launchpad("models", "download", f"{executable}-model", "got")
    found = json.loads((tmp_path / "got" / "model.json").read_text())
    assert found["lr"] == -0.5
    assert found["fp16"] is found["PATH"] is found["2d"] is True
    assert found["note"] == "$HOME 'a' \"b\""


def test_all_problems_of_a_template_are_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "apiVersion: v1\nkind: WorkflowTemplate\nmetadata:\n  name: t\n  labels: {a: b}\n"
    )
    (problem,) = parse_templates(file).refused
    assert problem.line == 1
    for part in ("apiVersion", "4 to 64", "scenarios.ai.sap.com/id", "ai.sap.com/version", "spec"):
        assert part in problem.reason
    assert "line 4" in problem.reason
