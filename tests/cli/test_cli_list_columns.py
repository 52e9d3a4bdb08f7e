"""Columns, order and conditions of lists by attributes, metrics, parameters, labels and tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.list_names import metric_heads
from launchpad_tui.domain.query import MetricColumn, Statistic
from tests.cli.cli_support import Cli, prepare
from tests.cli.test_cli_output import on_terminal
from tests.scenes.seeds import add_scenario
from tests.scenes.trained_seeds import add_trained


@pytest.fixture
def models(home: Path, cli: Cli, template: Path) -> Cli:
    """Return the command line of a home with three models."""
    prepare(home, template)
    for name, depth, stage, team, accuracy in (
        ("a", "8", "prod", "red", 0.9),
        ("b", "16", "dev", "blue", 0.8),
        ("c", "2", "", "red", 0.7),
    ):
        words = ["models", "add", name, f"ai://default/m/{name}", "--scenario", "tiny"]
        assert cli(*words, *(["--label", f"stage={stage}"] if stage else [])).code == 0
        values = (f"accuracy={accuracy}", "-p", f"depth={depth}", "--tag", f"team={team}")
        assert cli("models", "log", name, *values).code == 0
    return cli


def names(cli: Cli, *words: str) -> list[str]:
    done = cli("models", "list", *words, "--json")
    assert done.code == 0, done.err
    return [one["name"] for one in done.json["resources"]]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("depth", "cab"),
        ("param.depth", "cab"),
        ("-depth", "bac"),
        ("label.stage", "bac"),
        ("-label.stage", "abc"),
        ("tag.team", None),
        ("accuracy", "cba"),
        ("accuracy:best", "abc"),
        ("NAME", "abc"),
        ("duration", None),
    ],
)
def test_order(models: Cli, sort: str, expected: str | None) -> None:
    found = names(models, f"--sort={sort}")
    if expected is None:
        assert sorted(found) == ["a", "b", "c"]
    else:
        assert found == list(expected)


def test_columns(models: Cli) -> None:
    columns = ("--columns", "name,depth,label.stage", "--columns", "tag.team,accuracy")
    words = (*columns, "--sort", "name")
    table = models("models", "list", *words)
    assert table.lines[0].split() == ["ID", "NAME", "depth", "stage", "team", "accuracy"]
    assert table.lines[1].split()[1:] == ["a", "8", "prod", "red", "0.9"]
    csv = models("models", "list", *words, "-o", "csv")
    assert csv.lines[0] == "id,name,param.depth,label.stage,tag.team,accuracy"
    assert csv.lines[3].split(",")[1:] == ["c", "2", "", "red", "0.7"]
    (first, *_) = models("models", "list", *words, "--json").json["resources"]
    assert first["param.depth"] == "8"
    assert first["accuracy"] == 0.9
    assert models("models", "list", *words, "-o", "markdown").lines[0].startswith("| ID | NAME")
    assert len(models("models", "list", *words, "-q").lines) == 3


def test_parameters_beside_the_other_columns(models: Cli) -> None:
    table = models("models", "list", "--parameter", "depth", "--metric", "accuracy", "-o", "wide")
    assert "depth" in table.lines[0].split()
    data = models("models", "list", "--parameter", "depth", "--json").json["resources"]
    assert {one["parameters"]["depth"] for one in data} == {"8", "16", "2"}


def test_heads_are_names(models: Cli) -> None:
    """Every head of the list of models is accepted where names are."""
    wide = models("models", "list", "-o", "wide").lines[0].split()
    for head in wide:
        if head != "LABELS":
            done = models("models", "list", "--sort", head)
            assert done.code == 0, f"{head}: {done.err}"
            assert models("models", "list", "--columns", head).code == 0


def test_conditions_on_tags(models: Cli) -> None:
    assert sorted(names(models, "--where", "tag.team = red and depth > 4")) == ["a"]
    assert sorted(names(models, "--where", "not tag.team in (blue)")) == ["a", "c"]


UNKNOWN = (
    ("acuracy", "accuracy"),
    ("param.dept", "depth"),
    ("label.stag", "stage"),
    ("tag.tem", "team"),
)


@pytest.mark.parametrize(
    ("option", "name", "suggested"),
    [
        *((option, *one) for option in ("--sort", "--columns", "--where") for one in UNKNOWN),
        ("--metric", "acuracy", "accuracy"),
        ("--parameter", "dept", "depth"),
    ],
)
def test_unknown_names_are_refused(models: Cli, option: str, name: str, suggested: str) -> None:
    refused = models("models", "list", option, f"{name} = 1" if option == "--where" else name)
    assert refused.code == 2
    assert suggested in refused.err


def test_executions(trained: Cli) -> None:
    columns = "configuration,rate,duration,status"
    found = trained("executions", "list", "--sort=-rate", "--columns", columns)
    assert found.code == 0, found.err
    assert found.lines[0].split() == ["ID", "CONFIGURATION", "rate", "DURATION", "STATUS"]
    assert found.lines[1].split()[1:3] == ["fast", "0.5"]
    refused = trained("executions", "list", "--sort", "label.stage")
    assert refused.code == 2


def test_the_duration_of_a_model_is_that_of_its_execution(trained: Cli) -> None:
    found = trained("models", "list", "--columns", "name,duration", "-o", "csv")
    assert all(float(line.split(",")[2]) > 0 for line in found.lines[1:])
    assert len(trained("models", "list", "--where", "duration > 0", "-q").lines) == 2


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("rate > 0.2", {"fast"}),
        ("name like 'bro%' or rate = 0.5", {"broken", "fast"}),
        ("rate is missing", set()),
        ("executable = tiny-train and not name = slow", {"broken", "fast"}),
        ("created > 2020-01-01 and mode = fail", {"broken"}),
    ],
)
def test_conditions_on_configurations(trained: Cli, where: str, expected: set[str]) -> None:
    found = trained("configurations", "list", "--where", where, "--json")
    assert found.code == 0, found.err
    assert {one["name"] for one in found.json["resources"]} == expected


def test_conditions_on_schedules(models: Cli) -> None:
    words = ("configurations", "create", "tiny-train", "--name", "fast", "-p", "rate=0.5")
    assert models(*words, "-i", "numbers=numbers").code == 0
    for name, cron in (("daily", "0 3 * * *"), ("hourly", "0 * * * *")):
        created = models("schedules", "create", "fast", "--cron", cron, "--name", name)
        assert created.code == 0, created.err

    def found(where: str) -> set[str]:
        listed = models("schedules", "list", "--where", where, "--json")
        assert listed.code == 0, listed.err
        return {one["name"] for one in listed.json["resources"]}

    assert found("name = daily") == {"daily"}
    assert found("configuration = fast and rate > 0.1") == {"daily", "hourly"}
    assert found("status = active and cron like '0 3%'") == {"daily"}
    assert found("next > 2020-01-01 and not name contains hour") == {"daily"}
    assert found("start is missing") == {"daily", "hourly"}


@pytest.mark.parametrize("noun", ["configurations", "schedules"])
def test_other_lists_refuse_unknown_names(trained: Cli, noun: str) -> None:
    refused = trained(noun, "list", "--where", "ratee > 1")
    assert refused.code == 2
    assert "'rate'" in refused.err
    assert trained(noun, "list", "--where", "label.stage = prod").code == 2


def test_heads_of_metrics_are_short_on_terminals_only(home: Path, cli: Cli) -> None:
    key = "accuracy{phase=validation}"
    desk = open_desk(Home.at(home).ensure())
    add_scenario(desk.registry)
    add_trained(desk.registry, 1, "a", {}, {key: [0.5, 0.6]})
    desk.close()
    for option in (("--metric", key), ("--columns", f"name,{key}")):
        head, *rows = on_terminal(home, 80, "models", "list", *option)
        assert head.endswith("val accuracy")
        assert key not in head
        assert any(row.endswith("0.6") for row in rows)
        assert key in cli("models", "list", *option).lines[0]
        # The head is accepted as the name.
        assert cli("models", "list", option[0], option[1].replace(key, "val accuracy")).code == 0
    narrow = on_terminal(home, 40, "models", "list", "--columns", f"name,size,created,{key}")
    assert narrow[-1] == "Not shown: val accuracy. To show all columns: --wide"


def test_titles_that_several_metrics_have_are_no_heads() -> None:
    alike = [MetricColumn("accuracy{phase=val}"), MetricColumn("accuracy{split=val}")]
    assert metric_heads(alike) == [str(one) for one in alike]
    columns = [MetricColumn("accuracy{phase=val}"), MetricColumn("accuracy", Statistic.BEST)]
    assert metric_heads(columns) == ["val accuracy", "accuracy:best"]
