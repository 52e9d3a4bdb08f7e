"""Executions from their creation to the model, with real processes and each method of mapping
paths."""

from __future__ import annotations

import json
import os
import pickle
import stat
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import ConfigError, Conflict, NotFound
from launchpad_tui.runtimes.embedded.sandbox import Bubblewrap, Namespaces, trial
from tests.services.execution_support import (
    HEAD,
    MAIN,
    PREPARE,
    TUTORIAL,
    Bench,
    shell_template,
    until,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    created = Bench(tmp_path)
    yield created
    created.close()


@pytest.fixture(params=["namespaces", "bubblewrap"])
def mapped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A method of mapping that finds paths which are hard-coded in the code."""
    name = str(request.param)
    reason = trial(Namespaces() if name == "namespaces" else Bubblewrap())
    if reason:
        pytest.skip(reason)
    monkeypatch.setenv("LAUNCHPAD_SANDBOX", name)
    return name


def _is_open_to_others(path: Path) -> bool:
    """Return whether others may read or write a file; False for links and for deleted files."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)


def test_files_of_a_home_are_closed_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        bench = Bench(tmp_path)
        executable = bench.add(
            TUTORIAL.format(name="open-train"),
            files={"src/prepare.py": PREPARE, "src/main.py": MAIN},
        )
        data = bench.dataset("houses", {"train.csv": "3\n1\n2\n"})
        one = bench.create(executable, {"DT_MAX_DEPTH": "7"}, {"housedataset": data})
        done = bench.wait(one)
        root = bench.desk.home.root
        found = []
        for folder, names, files in os.walk(root):
            # The working folder belongs to the training code and may be removed meanwhile, the
            # dataset to the test.
            names[:] = [name for name in names if name not in {"work", "houses"}]
            paths = [Path(folder), *(Path(folder, name) for name in files)]
            found += [str(path.relative_to(root)) for path in paths if _is_open_to_others(path)]
        bench.close()
    finally:
        os.umask(before)
    assert (done.status, found) == (Status.COMPLETED, [])


def test_the_template_of_a_tutorial_runs_unchanged(bench: Bench, mapped: str) -> None:
    existed = Path("/app").exists()
    executable = bench.add(
        TUTORIAL.format(name="house-train"), files={"src/prepare.py": PREPARE, "src/main.py": MAIN}
    )
    data = bench.dataset("houses", {"train.csv": "3\n1\n2\n"})
    started = time.monotonic()
    one = bench.create(executable, {"DT_MAX_DEPTH": "7"}, {"housedataset": data})
    done = bench.wait(one)
    assert done.status is Status.COMPLETED, bench.log(one)
    assert time.monotonic() - started < 60
    log = bench.log(one)
    assert f"mapped by {mapped}" in log
    assert "Note: image is ignored" in log
    assert "{{" not in log
    assert "/app" in log.splitlines(), log
    details = bench.desk.executions.get(DEFAULT_SCOPE, one)
    (model,) = details.outputs
    assert (model.name, model.kind, model.url) == (
        "housemodel",
        "model",
        f"ai://default/{one}/housemodel",
    )
    assert model.labels == (("ext.ai.sap.com/step", "train"),)
    assert details.inputs[0][1] is not None
    (file,) = bench.desk.files.recorded(DEFAULT_SCOPE, model.id)
    kept = bench.desk.home.files / one / "housemodel" / "model.pkl"
    assert (file.path, file.size) == ("model.pkl", kept.stat().st_size)
    assert pickle.loads(kept.read_bytes()) == {"rows": ["1", "2", "3"], "depth": 7}
    (series,) = bench.desk.metrics.series(DEFAULT_SCOPE, one)
    assert (series.name, series.count, series.last) == ("Fold", 3, 2.0)
    assert [tag.name for tag in bench.desk.metrics.tags(DEFAULT_SCOPE, one)] == ["Validation"]
    # Neither folders on this machine nor working files remain.
    assert Path("/app").exists() is existed
    until(lambda: not (bench.desk.home.executions / one / "work").exists())
    assert not list(bench.code.rglob("prepared"))


def test_rewriting_maps_declared_paths(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAUNCHPAD_SANDBOX", "rewriting")
    script = (
        'echo "$WHERE" && cd / && cp /app/src/weights /app/model/w '
        "&& echo to=/app/model/ not=/app/models"
    )
    text = shell_template("shell", script).replace("          args:", "          args:")
    text = text.replace(
        "        command:", "        env: [{name: WHERE, value: /app/model/w}]\n        command:"
    )
    one = bench.create(bench.add(text, files={"src/weights": "42"}))
    done = bench.wait(one)
    log = bench.log(one)
    assert done.status is Status.COMPLETED, log
    assert "mapped by rewriting: paths that are hard-coded in the code are not found" in log
    assert "not=/app/models" in log
    assert "to=/app/model/" not in log.splitlines()[-5:]
    assert (bench.desk.home.files / one / "housemodel" / "w").read_text() == "42"


def test_parallel_steps_parameters_and_archives(bench: Bench) -> None:
    text = (
        HEAD.format(name="many-steps")
        + """\
spec:
  entrypoint: all
  arguments:
    parameters: [{name: word, value: hello}]
  templates:
    - name: all
      steps:
        - - name: one
            template: echo
            arguments: {parameters: [{name: what, value: "{{workflow.parameters.word}}-1"}]}
          - name: two
            template: echo
            arguments: {parameters: [{name: what, value: "{{workflow.parameters.word}}-2"}]}
        - - name: join
            template: join
            arguments:
              parameters: [{name: seen, value: "{{steps.two.outputs.parameters.said}}"}]
              artifacts: [{name: left, from: "{{steps.one.outputs.artifacts.file}}"}]
    - name: echo
      inputs: {parameters: [{name: what}]}
      outputs:
        artifacts: [{name: file, path: /srv/made/out.txt}]
        parameters: [{name: said, valueFrom: {path: /srv/said/value}}]
      script:
        image: any
        command: [python]
        source: |
          import time
          time.sleep(0.3)
          open("/srv/made/out.txt", "w").write("{{inputs.parameters.what}}")
          open("/srv/said/value", "w").write("said {{inputs.parameters.what}}\\n")
    - name: join
      inputs:
        parameters: [{name: seen}]
        artifacts: [{name: left, path: /srv/left.txt}]
      outputs:
        artifacts: [{name: housemodel, globalName: housemodel, path: /srv/joined}]
        parameters: [{name: AICORE_ARTIFACT_SIGNATURES, valueFrom: {path: /srv/sign.json}}]
      container:
        image: any
        command: [sh, -c]
        args:
          - |
            cat /srv/left.txt > /srv/joined/a; echo "$0" > /srv/joined/b
            echo '{"housemodel": "s1"}' > /srv/sign.json
          - "{{inputs.parameters.seen}}"
"""
    )
    one = bench.create(bench.add(text))
    done = bench.wait(one)
    assert done.status is Status.COMPLETED, bench.log(one)
    assert done.status_details["signature.housemodel"] == "s1"
    (model,) = bench.desk.executions.get(DEFAULT_SCOPE, one).outputs
    (file,) = bench.desk.files.recorded(DEFAULT_SCOPE, model.id)
    stored = bench.desk.home.files / model.url.removeprefix("ai://default/")
    stored = stored if stored.is_file() else stored / file.path
    with tarfile.open(stored) as archive:
        read = {
            name: member.read()
            for name in archive.getnames()
            if name[-2:] in {"/a", "/b"} and (member := archive.extractfile(name))
        }
    assert sorted(read.values()) == [b"hello-1", b"said hello-2\n"]


def test_a_failure_registers_nothing_and_reports_the_reason(bench: Bench) -> None:
    cases = {
        "exit 3": "exit code 3",
        "true": "did not write its output housemodel",
        "mkdir -p /app/model/empty": "did not write its output housemodel",
        "no-such-command": "exit code 127",
        "kill -SEGV $$": "SIGSEGV",
        "echo x > /app/model/x; kill -9 $$": "SIGKILL",
        "ln -s /etc/passwd /app/model/x": "leads out",
    }
    ids = {
        bench.shell(script, name=f"shell-{number}"): why
        for number, (script, why) in enumerate(cases.items())
    }
    for one, why in ids.items():
        dead = bench.wait(one)
        assert dead.status is Status.DEAD
        assert why in dead.status_message
        assert len(dead.status_message) <= 256
        assert dead.completed_at is not None
        assert dead.status_details["reason"]
        assert why in bench.log(one)
        # The working folder is kept until the execution is deleted, so that the failure can be
        # examined.
        assert (bench.desk.home.executions / one / "work").exists()
        assert not (bench.desk.home.files / one).exists()
    assert bench.models() == []


def test_environment_secrets_and_interpreter(bench: Bench, tmp_path: Path) -> None:
    text = shell_template(
        "shell",
        'python -c "import json,os,sys; json.dump([sys.executable, dict(os.environ)], '
        "open('/app/model/env', 'w'))\"",
    )
    text = text.replace(
        "        command:",
        """\
        env:
          - {name: KEY, valueFrom: {secretKeyRef: {name: cloud, key: key}}}
        envFrom:
          - secretRef: {name: whole}
        command:""",
        1,
    )
    executable = bench.add(text)
    with pytest.raises(ConfigError) as caught:
        bench.create(executable)
    assert "cloud" in str(caught.value)
    for name, values in {"cloud": {"key": "k\n"}, "whole": {"A_KEY": "a", "B_KEY": "b"}}.items():
        folder = bench.desk.home.secrets / name
        folder.mkdir()
        for key, value in values.items():
            (folder / key).touch(0o600)
            (folder / key).write_text(value)
    fake = tmp_path / "venv" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    fake.write_text('#!/bin/sh\nexport FAKE=1\nexec /usr/bin/env -S "$REAL" "$@"\n')
    fake.chmod(0o700)
    import sys

    bench.desk.scenarios.set_executable(
        DEFAULT_SCOPE,
        executable,
        {"python": str(tmp_path / "venv"), "environment": f"REAL={sys.executable} B='1 2'"},
    )
    one = bench.create(executable)
    assert bench.wait(one).status is Status.COMPLETED, bench.log(one)
    _, env = json.loads((bench.desk.home.files / one / "housemodel" / "env").read_text())
    wanted = {
        "KEY": "k",
        "A_KEY": "a",
        "B_KEY": "b",
        "B": "1 2",
        "FAKE": "1",
        "PYTHONUNBUFFERED": "1",
        "AICORE_EXECUTION_ID": one,
        "AICORE_RESOURCE_GROUP": "default",
    }
    assert wanted.items() <= env.items()
    assert env["AICORE_TRACKING_ENDPOINT"].startswith("http://127.0.0.1:")
    assert "LAUNCHPAD_HOME" not in env
    folder.chmod(0o700)
    (folder / "A_KEY").chmod(0o644)
    with pytest.raises(ConfigError):
        bench.create(executable)


def test_metric_lines(bench: Bench) -> None:
    one = bench.shell(
        'echo "::metric loss=0.5 step=1"; echo "::metric loss=nan step=2"; echo x > /app/model/x'
    )
    assert bench.wait(one).status is Status.COMPLETED
    log = bench.log(one)
    series = bench.desk.metrics.series(DEFAULT_SCOPE, one)
    assert [(each.name, each.count) for each in series] == [("loss", 2)], log


def test_repeated_executions_and_bulk_operations(bench: Bench) -> None:
    executable = bench.add(
        shell_template("shell", 'echo "{{workflow.parameters.text}}" > /app/model/x')
    )
    one = bench.create(executable, {"text": "first"})
    same = bench.desk.executions.create_again(DEFAULT_SCOPE, one)
    other = bench.desk.executions.create_again(
        DEFAULT_SCOPE, one, {"text": "second"}, name="changed"
    )
    for each in (one, same.id, other.id):
        assert bench.wait(each).status is Status.COMPLETED, bench.log(each)
    assert same.configuration_id == bench.execution(one).configuration_id != other.configuration_id
    assert bench.execution(other.id).configuration_name == "changed"
    assert (bench.desk.home.files / other.id / "housemodel" / "x").read_text() == "second\n"
    outcomes = bench.desk.executions.stop(DEFAULT_SCOPE, [one, "e-missing"])
    assert [type(each.error) for each in outcomes] == [Conflict, NotFound]
    outcomes = bench.desk.executions.delete(DEFAULT_SCOPE, [one, "e-missing", same.id])
    assert [type(each.error) for each in outcomes] == [type(None), NotFound, type(None)]
    assert not (bench.desk.home.executions / one).exists()
    listing = bench.desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query())
    assert listing.count() == 3
    with pytest.raises(NotFound):
        bench.desk.executions.log(DEFAULT_SCOPE, one)
    assert (bench.desk.home.files / one / "housemodel" / "x").read_text() == "first\n"


def test_executions_run_in_a_copy_of_the_code(bench: Bench) -> None:
    script = (
        "while [ ! -e /app/model/go ]; do sleep 0.05; [ -e go ] && cp go /app/model/go; done; "
        "cat /app/src/x"
    )
    executable = bench.add(
        shell_template("shell", script + " > /app/model/x; echo new > made"), files={"src/x": "old"}
    )
    one = bench.create(executable)
    bench.wait(one, Status.RUNNING)
    bench.wait_for_log(one, "started")
    (bench.code / "src" / "x").write_text("changed")
    copy = bench.desk.home.executions / one / "work" / "code"
    (copy / "go").write_text("1")
    assert bench.wait(one).status is Status.COMPLETED, bench.log(one)
    assert (bench.desk.home.files / one / "housemodel" / "x").read_text() == "old"
    assert not (bench.code / "made").exists()


def test_the_command_launchpad_is_available_in_steps(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    script = "launchpad log loss=0.25 --step 3 --tag made=by-hand && echo 1 > /app/model/weights"
    one = bench.create(bench.add(shell_template("with-command", script)))
    assert bench.wait(one).status is Status.COMPLETED, bench.log(one)
    (series,) = bench.desk.metrics.series(DEFAULT_SCOPE, one)
    assert (series.name, series.last, series.last_step) == ("loss", 0.25, 3)
