"""Sweeps on the command line, with real executions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cli_support import Cli, prepare, spawn


@pytest.fixture
def ready(home: Path, cli: Cli, template: Path) -> Cli:
    """Return the command line of a home with an executable and its dataset."""
    prepare(home, template)
    return cli


def members(cli: Cli, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("sweeps", "show", "latest", "--json", *words).out)[
        "resources"
    ]
    return found


SOURCE = ("executions", "sweep", "tiny-train", "-i", "numbers=numbers")


def test_a_grid_is_trained_compared_and_promoted(ready: Cli, home: Path) -> None:
    planned = ready(*SOURCE, "-p", "rate=0.1,0.5", "-p", "mode=train", "--dry-run", "--json")
    assert [one["parameters"] for one in json.loads(planned.out)["resources"]] == [
        {"rate": "0.1"},
        {"rate": "0.5"},
    ]
    assert ready("executions", "list", "--quiet").out == ""
    done = spawn(home, *SOURCE, "-p", "rate=0.1,0.5", "-p", "mode=train", "--wait", "--json")
    assert done.code == 0, done.err + done.out
    sweep = json.loads(done.out)
    assert sweep["progress"] == "2 of 2 completed"
    assert sweep["definition"] == {"rate": "0.1,0.5", "mode": "train"}
    ranked = members(ready, "--metric", "accuracy")
    accuracy = [one["metrics"][0]["value"] for one in ranked]
    assert accuracy == sorted(accuracy, reverse=True)
    assert {one["parameters"]["rate"] for one in ranked} == {"0.1", "0.5"}
    promoted = json.loads(
        ready("sweeps", "promote", "latest", "production", "--metric", "accuracy", "--json").out
    )
    assert promoted["artifactId"] == ranked[0]["artifactId"]
    assert promoted["parameters"] == ranked[0]["parameters"]
    assert ready("sweeps", "promote", "latest", "x", "--metric", "accurate").code == 2
    assert ready("sweeps", "show", "latest", "--metric", "accurate").code == 2
    shown = json.loads(ready("models", "show", "tiny-model@production", "--json").out)
    assert shown["parameters"]["rate"] == ranked[0]["parameters"]["rate"]
    table = ready("sweeps", "show", "latest", "--metric", "accuracy").out
    assert "rate" in table.splitlines()[0]
    assert "2 of 2 completed" in ready("executions", "sweeps").out
    compared = ready("sweeps", "compare", "latest")
    assert compared.code == 0
    assert "rate" in compared.out
    assert compared.out == ready("compare", *(one["executionId"] for one in members(ready))).out
    chart = ("--metric", "accuracy", "--x-axis", "parameters", "--parameter", "rate")
    assert "accuracy" in ready("sweeps", "chart", "latest", *chart).out


def test_lists_are_filtered_by_a_sweep(ready: Cli, home: Path) -> None:
    assert spawn(home, *SOURCE, "-p", "rate=0.1,0.5", "--name", "rates", "--wait").code == 0
    base = ("configurations", "create", "tiny-train", "--name", "alone", "-i", "numbers=numbers")
    assert ready(*base).code == 0
    assert spawn(home, "executions", "create", "alone", "--wait").code == 0
    assert len(ready("executions", "list", "--quiet").out.split()) == 3
    sweep = json.loads(ready("sweeps", "list", "--json").out)["resources"][0]
    inside = sorted(sweep["executionIds"])
    models = {
        one["id"]: one["executionId"]
        for one in json.loads(ready("models", "list", "--json").out)["resources"]
    }
    expressions = (
        "sweep = rates", f"sweep = {sweep['id']}", "sweep = latest", "sweep contains AT",
        "sweep is not missing", "sweep like 'rat%' and status = COMPLETED",
    )  # fmt: skip
    for words in (*(("--where", one) for one in expressions), ("--sweep", "latest")):
        found = ready("executions", "list", "--quiet", *words)
        assert sorted(found.out.split()) == inside, words
    for words in (("--where", "sweep = rates"), ("--sweep", "rates"), ("--sweep", sweep["id"][:5])):
        found = ready("models", "list", "--quiet", *words)
        assert sorted(models[one] for one in found.out.split()) == inside
    others = ready("executions", "list", "--quiet", "--where", "sweep != rates").out.split()
    assert len(others) == 1
    assert ready("executions", "list", "--quiet", "--where", "sweep is missing").out.split() == (
        others
    )
    for words in (("--sweep", "rats"), ("--where", "sweep = rats")):
        unknown = ready("models", "list", *words)
        assert unknown.code == 2
        assert "Sweep 'rats' does not exist" in unknown.err
    removed = ready("sweeps", "remove", "rates", "--executions", "--yes")
    assert removed.code == 0, removed.err
    assert ready("executions", "list", "--quiet").out.split() == others
    assert len(ready("models", "list", "--quiet").out.split()) == 3


def test_failed_executions_are_resumed(ready: Cli, home: Path) -> None:
    failed = spawn(home, *SOURCE, "-p", "mode=train,fail", "--name", "both", "--wait")
    assert failed.code == 1
    assert "1 of 2 completed, 1 dead" in failed.out
    before = members(ready)
    (dead,) = members(ready, "--failed")
    assert dead["parameters"] == {"mode": "fail"}
    resumed = spawn(home, "sweeps", "resume", "both", "--wait")
    assert resumed.code == 1
    after = members(ready)
    assert after[0]["executionId"] == before[0]["executionId"]
    assert after[1]["executionId"] != before[1]["executionId"]
    assert after[1]["configurationId"] == before[1]["configurationId"]
    removed = ready("sweeps", "remove", "both", "--yes")
    assert removed.code == 0
    assert len(ready("executions", "list", "--quiet").out.split()) == 3


def test_a_sweep_is_stopped_and_resumed(ready: Cli, home: Path) -> None:
    (home / "settings.toml").write_text("[executions]\nparallel = 1\n")
    created = ready(*SOURCE, "-p", "mode=wait", "-p", "rate=1..4", "--quiet")
    assert created.code == 0, created.err
    assert created.out.startswith("s")
    refused = ready("sweeps", "remove", "latest", "--executions", "--yes")
    assert refused.code == 2
    assert "have not ended" in refused.err
    assert ready("sweeps", "stop", created.out.strip()).code == 0
    assert ready("sweeps", "wait", "latest").code == 1
    states = {one["status"] for one in members(ready)}
    assert states == {"STOPPED"}
    assert ready("sweeps", "resume", "latest").code == 0
    assert ready("sweeps", "stop", "latest").code == 0
    assert ready("sweeps", "wait", "latest").code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "has no executions"),
        (("-p", "rate=0.1"), "has no executions"),
        (("-p", "rate=0.5..1"), "number of values is missing"),
        (("-p", "nothing=1,2"), "has no parameter 'nothing'"),
        (("-p", "rate=1..9", "--limit", "3"), "too large"),
        (("-p", "rate=1..9", "--random", "0"), "not possible"),
    ],
)
def test_an_invalid_sweep_creates_nothing(ready: Cli, words: tuple[str, ...], message: str) -> None:
    refused = ready(*SOURCE, *words)
    assert refused.code == 2
    assert message in refused.err
    assert ready("sweeps", "list", "--quiet").out == ""
    assert ready("configurations", "list", "--quiet").out == ""


def test_a_configuration_is_the_source_of_a_random_sweep(ready: Cli, home: Path) -> None:
    (home / "settings.toml").write_text("[executions]\nparallel = 1\n")
    base = ("configurations", "create", "tiny-train", "--name", "base", "-i", "numbers=numbers")
    assert ready(*base, "-p", "mode=wait").code == 0
    words = ("executions", "sweep", "base", "-p", "rate=0.001..0.1:log", "--random", "2")
    planned = json.loads(ready(*words, "--seed", "3", "--dry-run", "--json").out)["resources"]
    created = json.loads(ready(*words, "--seed", "3", "--json").out)
    assert created["parameters"]["mode"] == "wait"
    assert [one["parameters"] for one in members(ready)] == [one["parameters"] for one in planned]
    assert ready("sweeps", "stop", "latest").code == 0
    assert ready("sweeps", "wait", "latest").code == 1
    assert "nothing" not in ready("sweeps", "list").out
