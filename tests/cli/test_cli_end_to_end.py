"""Commands from a workflow template to a model with its metrics, log and lineage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cli_support import Cli, environment, prepare, spawn
from tests.services.execution_support import until

EXECUTION_KEYS = {
    "id",
    "configurationId",
    "configurationName",
    "scenarioId",
    "executableId",
    "executableVersion",
    "status",
    "targetStatus",
    "statusMessage",
    "statusDetails",
    "createdAt",
    "modifiedAt",
    "submissionTime",
    "startTime",
    "completionTime",
    "executionScheduleId",
    "deletedAt",
}
ARTIFACT_KEYS = {
    "id",
    "name",
    "kind",
    "url",
    "description",
    "scenarioId",
    "executionId",
    "labels",
    "size",
    "createdAt",
    "modifiedAt",
    "filesState",
    "checkedAt",
    "deletedAt",
    "version",
    "aliases",
    "pinnedAt",
    "runtimeName",
    "localChanges",
}


def test_scenarios_and_executables_are_shown(trained: Cli) -> None:
    listed = trained("scenarios", "list", "--json").json
    assert listed["count"] == 1
    assert {"id", "name", "description", "labels", "createdAt", "modifiedAt"} == set(
        listed["resources"][0]
    )
    shown = trained("scenarios", "show", "tiny", "--json").json
    assert [each["id"] for each in shown["executables"]] == ["tiny-train"]
    executable = trained("executables", "show", "tiny-train", "--json").json
    assert executable["parameters"][0] == {
        "name": "rate",
        "type": "string",
        "default": "0.1",
        "description": "The learning rate",
    }
    assert executable["deployable"] is False
    assert (
        "kind: WorkflowTemplate" in trained("executables", "show", "tiny-train", "--template").out
    )
    assert trained("executables", "list", "--quiet").lines == ["tiny-train"]
    assert trained("scenarios", "show", "nix").code == 2


def test_executions_are_listed_and_shown(trained: Cli) -> None:
    listed = trained("executions", "list", "--json").json
    assert listed["count"] == 3
    by_name = {each["configurationName"]: each for each in listed["resources"]}
    assert {name: each["status"] for name, each in by_name.items()} == {
        "slow": "COMPLETED",
        "fast": "COMPLETED",
        "broken": "DEAD",
    }
    assert set(by_name["fast"]) == EXECUTION_KEYS | {"metrics"}
    assert by_name["fast"]["createdAt"].endswith("Z")
    shown = trained("executions", "show", by_name["fast"]["id"][:8], "--json").json
    assert set(shown) >= EXECUTION_KEYS
    assert {"key": "rate", "value": "0.5"} in shown["configuration"]["parameterBindings"]
    assert shown["inputArtifacts"][0]["artifact"]["name"] == "numbers"
    assert shown["outputArtifacts"][0]["name"] == "tiny-model"
    fields = trained("executions", "show", by_name["broken"]["id"])
    assert "DEAD" in fields.out
    assert trained("executions", "wait", by_name["fast"]["id"]).code == 0
    waited = trained("executions", "wait", *(each["id"] for each in by_name.values()), "--json")
    assert (waited.code, waited.json["count"]) == (1, 3)


def test_lists_are_filtered_and_sorted(trained: Cli) -> None:
    def names(*words: str) -> list[str]:
        shown = trained("executions", "list", "--json", *words)
        assert shown.code == 0, shown.err
        return [each["configurationName"] for each in shown.json["resources"]]

    assert names("--where", "status = dead") == ["broken"]
    assert names("--where", "accuracy > 0.9 and rate < 0.2") == ["slow"]
    assert names("--where", "param.rate = 0.5", "--where", "status != DEAD") == ["fast"]
    assert names("--where", "createdAt after 2020-01-01 and configurationName contains ow") == [
        "slow"
    ]
    assert names("--sort=-accuracy:max", "--limit", "2") == ["slow", "fast"]
    assert names("--sort", "configurationName") == ["broken", "fast", "slow"]
    assert names("--search", "fast") == ["fast"]
    table = trained("executions", "list", "--metric", "loss:min", "--metric", "accuracy:best")
    assert table.lines[0].split()[5:8] == ["DURATION", "loss:min", "accuracy:best"]
    models = trained(
        "models", "list", "--json", "--metric", "loss:min", "--where", "label.stage = test"
    ).json
    assert sorted(each["metrics"]["loss:min"] for each in models["resources"]) == pytest.approx(
        [0.1, 0.5]
    )


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("acuracy > 1", "accuracy"),
        ("accuracy >", "NAME OPERATOR VALUE"),
        ("accuracy > 1 and", "after the last 'and'"),
        ("accuracy > big", "big"),
        ("", "empty"),
        ("name = {", "Unexpected text"),
    ],
)
def test_invalid_conditions_are_rejected(condition: str, message: str, trained: Cli) -> None:
    shown = trained("executions", "list", "--where", condition)
    assert shown.code == 2
    assert message in shown.err
    assert shown.out == ""


def test_models_are_shown_verified_and_downloaded(
    trained: Cli, tmp_path: Path, trained_home: Path
) -> None:
    listed = trained("models", "list", "--json").json
    assert listed["count"] == 2
    one = listed["resources"][0]
    assert set(one) == ARTIFACT_KEYS | {"metrics"}
    assert one["url"] == f"ai://default/{one['executionId']}/tiny-model"
    assert {"key": "ext.ai.sap.com/stage", "value": "test"} in one["labels"]
    shown = trained("models", "show", one["id"], "--json").json
    assert set(shown) >= ARTIFACT_KEYS | {"parameters", "inputArtifacts", "files"}
    assert shown["parameters"]["rate"] == "0.5"
    wide = trained("models", "list", "--wide")
    assert "stage=test" in wide.lines[1]
    assert "DESCRIPTION" in wide.lines[0]
    assert trained("models", "show", "tiny-model").code == 2
    assert one["id"][:8] in trained("models", "show", "tiny-model").err
    files = trained("models", "files", one["id"], "--json").json["resources"]
    assert [each["path"] for each in files] == ["weights.txt"]
    assert len(files[0]["sha256"]) == 64
    verified = trained("models", "verify", one["id"], "--json")
    assert (verified.code, verified.json["resources"][0]["state"]) == (0, "intact")
    target = tmp_path / "here"
    assert trained("models", "download", one["id"], str(target)).code == 0
    assert (target / "weights.txt").read_text() == "0.5"
    # Identical files are not fetched again.
    assert trained("models", "download", one["id"], str(target)).code == 0
    (target / "weights.txt").write_text("0.7")
    again = trained("models", "download", one["id"], str(target))
    assert again.code == 2
    assert "already exist" in again.err
    assert trained("models", "download", one["id"], str(target), "--overwrite").code == 0
    assert (target / "weights.txt").read_text() == "0.5"
    lineage = trained("models", "lineage", one["id"], "--json").json
    assert {each["name"] for each in lineage["artifacts"]} == {"tiny-model", "numbers"}
    assert "created by execution" in trained("models", "lineage", one["id"]).out
    assert "used by execution" in trained("datasets", "lineage", "numbers").out


def test_metrics_are_listed_and_exported(trained: Cli) -> None:
    model = trained("models", "list", "--quiet", "--sort", "createdAt").lines[0]
    series = {
        each["key"]: each for each in trained("metrics", "list", model, "--json").json["resources"]
    }
    assert set(series) == {"loss", "accuracy"}
    assert series["loss"]["count"] == 21
    assert (series["loss"]["last"], series["loss"]["notFinite"]) == ("NaN", 1)
    shown = trained("metrics", "show", model, "--json").json
    assert shown["tags"] == [{"name": "team", "value": "blue"}]
    assert shown["customInfo"] == [{"name": "note", "value": "first"}]
    exported = trained("metrics", "export", model, "--metric", "loss").lines
    assert exported[0] == "name,labels,step,timestamp,value"
    assert len(exported) == 22
    assert exported[1].startswith("loss,,0,")
    assert exported[-1].endswith(",nan")
    points = trained("metrics", "export", model, "--json").json
    assert points["count"] == 41
    assert set(points["resources"][0]) == {"name", "value", "timestamp", "step", "labels"}
    assert trained("metrics", "keys").lines == ["METRIC", "accuracy", "loss"]
    assert trained("metrics", "export", model, "--metric", "nix").code == 2


def test_configurations_are_listed_and_checked(trained: Cli) -> None:
    listed = trained("configurations", "list", "--json").json
    assert listed["count"] == 3
    keys = {
        "id",
        "name",
        "scenarioId",
        "executableId",
        "parameterBindings",
        "inputArtifactBindings",
        "createdAt",
    }
    assert set(listed["resources"][0]) == keys
    assert trained("configurations", "show", "fast", "--json").json["name"] == "fast"
    for words, message in (
        (["-p", "nix=1"], "nix"),
        (["-p", "rate"], "NAME=VALUE"),
        ([], "numbers is missing"),
        (["-i", "numbers=nowhere"], "nowhere"),
    ):
        refused = trained("configurations", "create", "tiny-train", "--name", "x", *words)
        assert refused.code == 2
        assert message in refused.err


def test_logs_are_printed_filtered_and_saved(trained: Cli, tmp_path: Path) -> None:
    execution = trained(
        "executions", "list", "--where", "configurationName = fast", "--quiet"
    ).lines[0]
    printed = trained("executions", "logs", execution)
    assert "rows: 1" in printed.lines
    assert "escape ␛[31mred␛[0m" in printed.lines
    assert "\x1b" not in printed.out
    assert trained("executions", "logs", execution, "--grep", "ROWS").lines == ["rows: 1"]
    assert trained("executions", "logs", execution, "--grep", "rows", "--tail", "0").lines == []
    assert len(trained("executions", "logs", execution, "--tail", "1").lines) == 1
    assert trained("executions", "logs", execution, "--until", "2020-01-01T00:00:00Z").lines == []
    assert trained("executions", "logs", execution, "--since", "1d", "--grep", "rows").lines == [
        "rows: 1"
    ]
    assert trained("executions", "logs", execution, "--follow").lines == printed.lines
    assert trained("executions", "logs", execution, "--since", "yesterday").code == 2
    as_json = trained("executions", "logs", execution, "--grep", "rows", "--json").json
    assert set(as_json) == {"timestamp", "stream", "container", "msg"}
    target = tmp_path / "log.txt"
    assert (
        trained("executions", "logs", execution, "--grep", "rows", "--save", str(target)).code == 0
    )
    assert target.read_text().rstrip().endswith("rows: 1")


def test_executions_are_followed_stopped_rerun_and_deleted(
    home: Path, template: Path, cli: Cli
) -> None:
    prepare(home, template)
    created = cli(
        "configurations",
        "create",
        "tiny-train",
        "--name",
        "long",
        "-i",
        "numbers=numbers",
        "-p",
        "mode=sleep",
    )
    assert created.code == 0
    execution = cli("executions", "create", "long", "--quiet").out.strip()
    follower = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", "executions", "logs", execution, "--follow"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert follower.stdout is not None
    seen = ""
    while "rows: 1" not in seen:
        seen = follower.stdout.readline()
        assert seen, "the log ended before the training printed a line"
    assert cli("executions", "delete", execution, "--yes").code == 1
    timed = cli("executions", "wait", execution, "--timeout", "0.1")
    assert (timed.code, timed.out) == (1, "")
    stopped = cli("executions", "stop", execution, "--json")
    assert (stopped.code, set(stopped.json["executions"][0])) == (0, {"id", "message"})
    ended = cli("executions", "wait", execution)
    assert ended.code == 1
    assert "STOPPED" in ended.out
    assert follower.wait(20) == 0
    twice = cli("executions", "stop", execution, "--json")
    assert twice.code == 1
    assert "cannot be stopped" in twice.json["executions"][0]["error"]["message"]
    again = cli("executions", "rerun", execution, "-p", "mode=train", "--wait", "--json")
    assert (again.code, again.json["status"]) == (0, "COMPLETED")
    refused = cli("executions", "delete", execution, again.json["id"])
    assert refused.code == 2
    assert "Parameters, inputs, metrics and lineage are kept with 1 output." in refused.err
    assert "The metrics of the 1 without outputs are deleted too." in refused.err
    assert cli("executions", "delete", execution, again.json["id"], "--yes").code == 0
    assert cli("executions", "show", execution).code == 2
    assert "deleted" in cli("executions", "delete", again.json["id"], "--yes").err
    assert cli("executions", "list", "--quiet").out == ""
    kept = cli("models", "show", "tiny-model", "--json").json
    assert (kept["parameters"]["mode"], len(kept["metrics"]) > 0) == ("train", True)
    models = cli("models", "list", "--json").json
    assert models["count"] == 1
    weights = next((home / "files").rglob("weights.txt"))
    weights.chmod(0o600)
    weights.write_text("changed")
    verified = cli("models", "verify", "tiny-model")
    assert verified.code == 1
    assert "changed" in verified.out
    weights.unlink()
    assert (
        cli("models", "verify", "tiny-model", "--json").json["resources"][0]["state"] == "missing"
    )


def test_metrics_are_logged_inside_an_execution(home: Path, template: Path, cli: Cli) -> None:
    prepare(home, template)
    cli(
        "configurations",
        "create",
        "tiny-train",
        "--name",
        "c",
        "-i",
        "numbers=numbers",
        "-p",
        "mode=command",
    )
    done = cli("executions", "create", "c", "--wait", "--json")
    assert done.code == 0, cli("executions", "logs", done.json["id"]).out
    shown = cli("metrics", "show", done.json["id"], "--json").json
    logged = {each["key"]: each for each in shown["metrics"]}
    assert (logged["loss{phase=val}"]["last"], logged["loss{phase=val}"]["lastStep"]) == (0.5, 3)
    assert logged["x{phase=val}"]["last"] == "NaN"
    # The last value of a tag is kept: the training set it again.
    assert shown["tags"] == [{"name": "team", "value": "blue"}]
    assert {"name": "n", "value": "t u"} in shown["customInfo"]
    # The head of a column names its metric.
    listed = cli(
        "executions", "list", "--metric", "val loss", "--where", "val loss = 0.5", "--json"
    )
    assert listed.json["resources"][0]["metrics"] == {"loss{phase=val}": 0.5}


def opened(process: int, path: Path) -> bool:
    """Return whether a process has a file open."""
    links = Path(f"/proc/{process}/fd").iterdir()
    return any(os.readlink(link) == str(path) for link in links)


def test_the_exit_code_after_an_interrupt_is_130(home: Path, template: Path) -> None:
    prepare(home, template)
    words = (
        "configurations",
        "create",
        "tiny-train",
        "--name",
        "long",
        "-i",
        "numbers=numbers",
        "-p",
        "mode=sleep",
    )
    assert spawn(home, *words).code == 0
    execution = spawn(home, "executions", "create", "long", "--quiet").out.strip()
    waiting = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", "executions", "wait", execution],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: opened(waiting.pid, home / "registry.db"))
    os.kill(waiting.pid, signal.SIGINT)
    _, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, err) == (130, "")
    assert spawn(home, "executions", "stop", execution).code == 0
    assert spawn(home, "executions", "wait", execution).code == 1


def test_an_interrupt_of_compiled_text_does_not_change_the_exit_code(
    home: Path, tmp_path: Path
) -> None:
    """Python remembers it, and would end the process by the signal."""
    (tmp_path / "sitecustomize.py").write_text(
        "import launchpad_tui.cli.run as module\n"
        "module.run = lambda _arguments: exec('raise KeyboardInterrupt')\n"
    )
    root = Path(__file__).parents[2]
    done = spawn(home, "models", env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"})
    assert (done.code, done.err) == (130, "")


def test_an_invalid_template_is_rejected(home: Path, tmp_path: Path, cli: Cli) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {}\n")
    refused = cli("executables", "add", str(bad))
    assert refused.code == 1
    assert f"{bad}:" in refused.err
    as_json = cli("executables", "add", str(bad), "--json").json
    assert set(as_json["refused"][0]) == {"file", "line", "reason"}
    assert cli("executables", "add", str(tmp_path / "nowhere")).code == 2


def test_settings_of_an_executable_are_changed(home: Path, template: Path, cli: Cli) -> None:
    added = cli("executables", "add", str(template))
    assert added.lines[0].startswith("added: tiny-train")
    assert (
        cli("executables", "add", str(template), "--json").json["added"][0]["outcome"]
        == "unchanged"
    )
    assert cli("executables", "set", "tiny-train", f"python={sys.executable}").code == 0
    assert (
        cli("executables", "show", "tiny-train", "--json").json["settings"]["python"]
        == sys.executable
    )
    assert sys.executable in cli("executables", "set", "tiny-train").out
    assert cli("executables", "set", "tiny-train", "nix=1").code == 2
    assert cli("executables", "remove", "tiny-train").code == 0
    assert cli("executables", "list", "--quiet").lines == []
