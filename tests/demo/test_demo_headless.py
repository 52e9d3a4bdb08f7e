"""``launchpad demo --headless`` in a separate process, from an empty home to the comparison."""

from __future__ import annotations

import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.cli.demo import _print_next
from launchpad_tui.demo.candidates import CANDIDATES, EVALUATE, TRAIN
from launchpad_tui.demo.plan import demo_home
from launchpad_tui.domain.artifact import ArtifactKind, FileState
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.reproduction import Agreement
from launchpad_tui.errors import ConfigError
from tests.services.execution_support import until

DRIVER = """
import sys
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.demo.headless import run_headless
from launchpad_tui.demo.plan import demo_home
sys.exit(run_headless(open_desk(demo_home()), sys.stdout, quick=True))
"""


def run(home: Path, user: Path) -> str:
    """Run the demo in a home folder and return its output.

    Args:
        home: The home folder of the demo.
        user: The home folder of the user's own data.
    """
    environment = {**os.environ, "LAUNCHPAD_DEMO_HOME": str(home), "LAUNCHPAD_HOME": str(user)}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def table(output: str) -> list[str]:
    """Return the header and the six lines of the comparison."""
    lines = output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  configuration"))
    return lines[start : start + 7]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headless")


@pytest.fixture(scope="module")
def output(folder: Path) -> str:
    return run(folder / "demo", folder / "user")


def test_the_demo_compares_six_models(output: str, folder: Path) -> None:
    head, *lines = table(output)
    names = [line[2:].split("  ")[0] for line in lines]
    assert sorted(names) == sorted(candidate.name for candidate in CANDIDATES)
    assert [line[0] for line in lines] == ["*", *[" "] * 5]
    assert names[0] == "balanced"
    assert all(title in head for title in ("rate", "mom.", "units", "l2", "accuracy"))
    assert max(map(len, (head, *lines))) <= 80
    accuracy = float(lines[0][head.index("loss") + 4 :].split()[0])
    assert 0.9 < accuracy <= 1
    assert str(folder / "demo") in output
    assert re.search(r"noisy +accuracy 0\.\d{3}", output)
    assert not (folder / "user").exists()


def test_all_results_are_in_the_registry(output: str, folder: Path) -> None:
    desk = open_desk(demo_home({"LAUNCHPAD_DEMO_HOME": str(folder / "demo"), "HOME": str(folder)}))
    models = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(0, 100)
    assert len(models) == 6
    curves = set()
    for row in models:
        series = {
            one.key: one for one in desk.metrics.series(DEFAULT_SCOPE, row.artifact.execution_id)
        }
        assert set(series) == {
            f"{name}{{phase={p}}}" for name in ("loss", "accuracy") for p in ("train", "validation")
        }
        assert {one.count for one in series.values()} == {60}
        loss = desk.metrics.window(series["loss{phase=validation}"].id)
        assert list(loss.steps) == list(range(1, 61))
        curves.add(tuple(loss.values))
        checks = desk.verification.verify(DEFAULT_SCOPE, row.artifact.id)
        assert {check.file.path for check in checks} == {"model.npz", "summary.json"}
        assert {check.state for check in checks} == {FileState.INTACT}
    assert len(curves) == 6
    assert all(not math.isnan(curve[0]) for curve in curves)
    configurations = {
        row.artifact.id: desk.executions.get(DEFAULT_SCOPE, row.artifact.execution_id).configuration
        for row in models
    }
    best = next(
        row.artifact
        for row in models
        if (found := configurations[row.artifact.id]) and found.name == "balanced"
    )
    lineage = desk.lineage.lineage(DEFAULT_SCOPE, best.id)
    assert {one.execution.executable_id for one in lineage.executions.values()} >= {TRAIN, EVALUATE}
    assert [one.execution.executable_id for one in lineage.consumers(best.id)] == [EVALUATE]
    assert desk.metrics.custom_info(DEFAULT_SCOPE, best.execution_id)
    assert {tag.name for tag in desk.metrics.tags(DEFAULT_SCOPE, best.execution_id)} >= {
        "algorithm",
        "dataset",
    }


def test_a_second_start_trains_nothing(output: str, folder: Path) -> None:
    again = run(folder / "demo", folder / "user")
    assert "trained before" in again
    assert table(again) == table(output)


def test_the_best_model_is_reproduced_to_the_byte(output: str, folder: Path) -> None:
    assert table(output)[1].startswith("* balanced")
    desk = open_desk(demo_home({"LAUNCHPAD_DEMO_HOME": str(folder / "demo"), "HOME": str(folder)}))
    models = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(0, 100)
    (source,) = {
        row.artifact.execution_id
        for row in models
        if desk.executions.get(
            DEFAULT_SCOPE, row.artifact.execution_id
        ).execution.configuration_name
        == "balanced"
    }
    again = desk.reproduction.create(DEFAULT_SCOPE, source).id
    until(lambda: desk.executions.get(DEFAULT_SCOPE, again).execution.status.final, 120)
    report = desk.reproduction.report(DEFAULT_SCOPE, source, again, tolerance=0)
    assert report.is_reproduced
    assert [each.agreement for each in report.outputs] == [Agreement.IDENTICAL] * 2
    assert {each.agreement for each in report.metrics} == {Agreement.IDENTICAL}
    assert report.environment == ()
    desk.close()


def test_the_demo_never_uses_the_home_of_the_user(tmp_path: Path) -> None:
    assert demo_home({"HOME": str(tmp_path)}).root == tmp_path / ".local/share/launchpad-demo"
    assert (
        demo_home({"HOME": str(tmp_path), "LAUNCHPAD_HOME": "/x"}).root
        == tmp_path / ".local/share/launchpad-demo"
    )
    assert demo_home({"XDG_DATA_HOME": str(tmp_path)}).root == tmp_path / "launchpad-demo"
    with pytest.raises(ConfigError):
        demo_home({"LAUNCHPAD_HOME": str(tmp_path), "LAUNCHPAD_DEMO_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("called", "on_path", "command"),
    [
        (".venv/bin/launchpad", False, ".venv/bin/launchpad"),
        (".venv/bin/launchpad", True, "launchpad"),
        ("/a/launchpad_tui/__main__.py", False, f"{shlex.quote(sys.executable)} -m launchpad_tui"),
    ],
)
def test_the_next_commands_are_those_that_start_this_program(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    called: str,
    on_path: bool,
    command: str,
) -> None:
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    if on_path:
        (tmp_path / "launchpad").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    _print_next(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"  {command} demo"
    assert lines[-2] == f"  LAUNCHPAD_HOME={tmp_path} {command} executions list"
