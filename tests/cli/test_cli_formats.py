"""Every command prints its objects in every format, and its errors as data."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from launchpad_tui import errors
from launchpad_tui.cli.command import Command
from launchpad_tui.cli.error_report import error_code
from launchpad_tui.cli.formats import FORMATS, requested_format
from launchpad_tui.cli.yaml_text import yaml_lines
from launchpad_tui.domain.text import safe_text
from launchpad_tui.services.manual import topic
from tests.cli.cli_support import Cli, Result
from tests.cli.command_walk import (
    HOSTILE,
    KnownValues,
    command_name,
    copied_home,
    input_folder,
    plain_home,
    run,
    walked_commands,
)

#: Commands that print drawings or nothing, and one that fails unless an execution could not store
#: its outputs.
WITHOUT_OBJECTS = {
    ("metrics", "chart"),
    ("boards", "draw"),
    ("executions", "store-outputs"),
    ("schedules", "run"),
}
#: Names that are neither IDs of the registry nor of the other kinds of objects: by path of the
#: command, what they are.
OTHER_NAMES = {
    ("executions", "logs"): "lines of a log",
    ("doctor",): "findings that are no success",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return input_folder(tmp_path_factory.mktemp("inputs"), "{}")


@pytest.fixture(scope="module")
def home(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain_home(tmp_path_factory.mktemp("formats") / "home", inputs)


def formatted_commands() -> list[Command]:
    """Return the commands that have the option ``--output``."""
    return [
        command
        for command in walked_commands()
        if command.path not in WITHOUT_OBJECTS
        and any("--output" in each.flags for each in command.common)
    ]


@pytest.mark.parametrize("command", formatted_commands(), ids=command_name)
def test_each_command_prints_each_format(
    command: Command, home: Path, inputs: Path, tmp_path: Path
) -> None:
    base = [*command.path, *KnownValues(home, inputs).required(command)]
    shown: dict[str, Result] = {}
    for each in FORMATS:
        with copied_home(home, tmp_path / "copy") as copy:
            shown[each] = run(*base, "-o", each)
            ids = known_ids(copy)
        shutil.rmtree(inputs / "downloaded", ignore_errors=True)
        for written in (inputs / "exported.json", *inputs.glob("new-*")):
            if written.is_dir():
                shutil.rmtree(written)
            else:
                written.unlink(missing_ok=True)
    codes = {each.code for each in shown.values()}
    assert len(codes) == 1, shown
    if codes == {2}:
        for each in ("json", "yaml"):
            found = _parsed(shown[each].err, each)
            assert found["error"]["code"], shown[each]
        return
    _check_data(command, shown)
    if command.path not in OTHER_NAMES:
        names = shown["name"].out.splitlines()
        # Objects that the registry does not keep are named by a text or a field of their data.
        assert set(names) <= ids | _texts(json.loads(shown["json"].out)), names


def _check_data(command: Command, shown: dict[str, Result]) -> None:
    lines = command.path == ("executions", "logs")
    data = (
        {"lines": [json.loads(line) for line in shown["json"].out.splitlines()]}
        if lines
        else json.loads(shown["json"].out)
    )
    document = yaml.safe_load(shown["yaml"].out)
    # Other runs of the command create other IDs, but the fields are the same.
    assert _shape({"lines": document} if lines else document) == _shape(data), command.path
    rows = list(csv.reader(io.StringIO(shown["csv"].out)))
    assert len({len(row) for row in rows}) <= 1, rows
    listed = data.get("resources")
    if isinstance(listed, list) and listed:
        assert len(rows) == len(listed) + 1
    table = shown["markdown"].out.splitlines()
    assert all(line.startswith("|") and line.endswith("|") for line in table), table
    assert not table or set(table[1]) <= set("|-: ")


def _parsed(text: str, output_format: str) -> Any:
    return yaml.safe_load(text) if output_format == "yaml" else json.loads(text)


def _shape(value: Any) -> Any:
    """Return the structure of data: names of fields and types of values."""
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return "number" if isinstance(value, int | float) else type(value).__name__


def _texts(data: Any) -> set[str]:
    """Return all texts and names of fields of JSON data, as they are printed."""
    if isinstance(data, dict):
        return set.union(
            {safe_text(key) for key in data}, *(_texts(each) for each in data.values())
        ) | {
            f"{section}.{key}"
            for section, values in data.items()
            if isinstance(values, dict)
            for key in values
        }
    if isinstance(data, list):
        return set.union(set(), *map(_texts, data))
    return {safe_text(data)} if isinstance(data, str) else set()


def known_ids(home: Path) -> set[str]:
    """Return the IDs and names of all objects of a home."""
    db = sqlite3.connect(home / "registry.db")
    found: set[str] = set()
    for table, column in (
        ("artifacts", "id"),
        ("executions", "id"),
        ("configurations", "id"),
        ("execution_schedules", "id"),
        ("executables", "id"),
        ("scenarios", "id"),
        ("connections", "name"),
        ("resource_groups", "name"),
        ("object_stores", "name"),
        ("series", "key"),
    ):
        found |= {str(row[0]) for row in db.execute(f"SELECT {column} FROM {table}")}
    db.close()
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["models", "list", "--json"], "json"),
        (["-o", "yaml", "models"], "yaml"),
        (["models", "-oyaml"], "yaml"),
        (["models", "--output=json"], "json"),
        (["models", "--output", "csv"], "csv"),
        (["models", "-o", "nonsense"], "table"),
        (["models", "-o"], "table"),
        (["_complete", "--", "--json"], "table"),
    ],
)
def test_the_format_of_a_command_line(words: list[str], expected: str) -> None:
    assert requested_format(words) == expected


def test_options_of_formats_are_aliases(trained: Cli) -> None:
    lists = ("models", "list")
    assert trained(*lists, "--json") == trained(*lists, "-o", "json")
    assert trained(*lists, "--csv") == trained(*lists, "--output", "csv")
    assert trained(*lists, "-w") == trained(*lists, "-o", "wide")
    assert trained(*lists, "--quiet") == trained(*lists, "-o", "name")
    assert trained(*lists, "--json", "-o", "csv") == trained(*lists, "--csv")
    assert trained("-o", "csv", *lists) == trained(*lists, "--csv")


def test_values_of_metrics_are_columns_of_csv(trained: Cli) -> None:
    words = ("models", "list", "--metric", "accuracy", "--metric", "loss:min")
    rows = list(csv.DictReader(io.StringIO(trained(*words, "-o", "csv").out)))
    expected = trained(*words, "--json").json["resources"]
    for row, one in zip(rows, expected, strict=True):
        assert float(row["accuracy"]) == one["metrics"]["accuracy"]
        assert float(row["loss:min"]) == one["metrics"]["loss:min"]
        assert json.loads(row["labels"]) == one["labels"]
        assert int(row["size"]) == one["size"]


def test_parameters_are_columns(trained: Cli) -> None:
    for group in ("models", "executions"):
        every = trained(group, "list", "--parameter", "all", "--json").json["resources"]
        name, value = next(iter(every[0]["parameters"].items()))
        table = trained(group, "list", "--parameter", name)
        assert name in table.lines[0]
        assert value in table.lines[1]
        rows = list(
            csv.DictReader(io.StringIO(trained(group, "list", "--parameter", name, "--csv").out))
        )
        assert [row[name] for row in rows] == [one["parameters"][name] for one in every]
        assert "parameters" not in trained(group, "list", "--json").json["resources"][0]
    refused = trained("models", "list", "--parameter", f"{name}x")
    assert refused.code == 2
    assert f"Did you mean {name!r}" in refused.err


def test_all_metrics_are_columns(trained: Cli) -> None:
    keys = trained("metrics", "keys", "-o", "name").lines
    assert len(keys) >= 2
    one = trained("models", "list", "--metric", "all", "--json").json["resources"][0]
    assert set(one["metrics"]) <= set(keys)
    head = trained("models", "list", "--metric", "all").lines[0]
    assert all(key in head for key in keys)
    model = one["id"]
    assert trained("metrics", "export", model, "--metric", "all") == trained(
        "metrics", "export", model
    )


VALUES: Sequence[Any] = [
    *(
        "",
        " ",
        "plain",
        "two words",
        "true",
        "No",
        "null",
        "~",
        "1",
        "1e5",
        "0x1F",
        ".5",
        "-",
        "- a",
    ),
    *(
        "a: b",
        "a #b",
        "#c",
        "[x]",
        "{x}",
        "*a",
        "&a",
        "!t",
        "%d",
        "@x",
        "`y`",
        "'q'",
        '"q"',
        "|",
        ">",
    ),
    *("2026-01-31", "12:30", "=", "<<", "?", "? a", "a\nb", " lead", "trail ", "\ud800", HOSTILE),
    *("\U0001f600", "\U000e0041", "\\ud83d\\ude00", "漢字", "y", "N", "off", ".inf", "+1", "1_000"),
    *(None, True, False, 0, -1, 1.5, 1e300, 10**20, [], {}, [[]], [{}], [[1, [2]], "x"]),
    {"a": {"b": [{"c": 1, "d": []}, []]}, "x: y": "z", "": "", "1": {}, "yes": "no"},
]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_yaml_keeps_each_value(value: Any) -> None:
    for data in (value, [value], {"key": value}, {"key": [value, value]}):
        text = "\n".join(yaml_lines(data))
        assert yaml.safe_load(text) == data, text


def _subclasses(kind: type[errors.LaunchpadError]) -> list[type[errors.LaunchpadError]]:
    return [kind, *(each for one in kind.__subclasses__() for each in _subclasses(one))]


def test_codes_of_errors_are_documented() -> None:
    """A code that is renamed breaks scripts: change the name of the class instead."""
    text = topic("commands").text
    for kind in _subclasses(errors.LaunchpadError):
        if kind.__module__ == "launchpad_tui.errors":
            code = error_code(kind.__new__(kind))
            assert f"`{code}`" in text, code
    assert all(f"`{code}`" in text for code in ("invalid-usage", "unexpected"))


def test_an_error_is_data(trained: Cli) -> None:
    shown = trained("models", "show", "nowhere", "-o", "json")
    assert (shown.code, shown.out) == (2, "")
    error = json.loads(shown.err)["error"]
    assert error["code"] == "not-found"
    assert error["exitCode"] == 2
    assert "nowhere" in error["title"]
    assert error["detail"]
    assert error["hint"]
    assert len(shown.err.splitlines()) == 1
    usage = json.loads(trained("models", "list", "--jsn", "--json").err)["error"]
    assert usage["code"] == "invalid-usage"
    assert "--json" in usage["detail"]
    wrong = json.loads(trained("models", "list", "--limit", "-1", "--json").err)["error"]
    assert (wrong["code"], wrong["field"]) == ("invalid-input", "limit")
    as_yaml = yaml.safe_load(trained("models", "show", "nowhere", "-o", "yaml").err)
    assert as_yaml == {"error": error}


def test_notes_beside_json_are_json(trained: Cli) -> None:
    model = trained("models", "list", "-o", "name").lines[0]
    dataset = trained("datasets", "list", "-o", "name").lines[0]
    shown = trained("compare", model, dataset, "--diff", "--json")
    assert shown.code == 0
    removed = trained("executions", "stop", model, "--json")
    for line in (shown.err + removed.err).splitlines():
        assert json.loads(line).keys() <= {"note", "error"}


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (["modles"], "models"),
        (["excution", "list"], "executions"),
        (["models", "lst"], "list"),
        (["models", "lsit"], "list"),
        (["stores", "rm"], "remove"),
        (["serve", "clients", "ad"], "add"),
        (["models", "list", "--limt", "3"], "--limit"),
        (["--jsn", "models"], "--json"),
        (["executions", "sweep", "tiny-train", "rate=1,2"], "-p rate=1,2"),
        (["stores", "add", "x", "--type", "file", "root=/tmp"], "--set root=/tmp"),
        (["models", "list", "-o", "jsn"], "json"),
        (["artifacts", "add", "--kind", "modle", "x", "ai://default/x"], "model"),
        (["models", "list", "--metric", "acuracy"], "accuracy"),
        (["models", "list", "--metric", "Loss:min"], "loss"),
        (["models", "list", "--sort", "creatdAt"], "createdAt"),
        (["models", "list", "--sort", "acuracy"], "accuracy"),
        (["models", "list", "--where", "acuracy > 1"], "accuracy"),
        (["executions", "list", "--where", "statsu = DEAD"], "status"),
        (["completion", "bsh"], "bash"),
    ],
)
def test_unknown_names_suggest_the_nearest(words: list[str], suggestion: str, trained: Cli) -> None:
    shown = trained(*words)
    assert (shown.code, shown.out) == (2, "")
    assert f"Did you mean '{suggestion}'" in shown.err


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (["models", "show", "tiny-modl"], "tiny-model"),
        (["datasets", "files", "number"], "numbers"),
        (["compare", "tiny-modle"], "tiny-model"),
        (["configurations", "show", "slwo"], "slow"),
        (["executions", "create", "fasd"], "fast"),
        (["executables", "show", "tiny-trian"], "tiny-train"),
        (["scenarios", "show", "tinny"], "tiny"),
        (["stores", "show", "defalt"], "default"),
        (["stores", "add", "x", "--type", "fil"], "file"),
        (["connections", "show", "locl"], "local"),
        (["connections", "add", "x", "--type", "sap-aicore"], "sap-ai-core"),
        (["models", "list", "--connection", "loca"], "local"),
        (["models", "list", "--group", "defaul"], "default"),
        (
            ["configurations", "create", "tiny-train", "--name", "x", "-i", "numbers=numbrs"],
            "numbers",
        ),
        (["help", "stroes"], "stores"),
    ],
)
def test_unknown_objects_suggest_the_nearest(
    words: list[str], suggestion: str, trained: Cli
) -> None:
    shown = trained(*words)
    assert (shown.code, shown.out) == (2, "")
    assert f"Did you mean '{suggestion}'" in shown.err


def test_unknown_metrics_of_one_object_suggest_the_nearest(trained: Cli) -> None:
    model = trained("models", "list", "-o", "name").lines[0]
    for words in (
        ("metrics", "export", model, "--metric", "acuracy"),
        ("metrics", "chart", model, "--metric", "acuracy"),
        ("compare", model, "--metric", "acuracy"),
    ):
        shown = trained(*words)
        assert (shown.code, shown.out) == (2, "")
        assert "Did you mean 'accuracy'" in shown.err


def test_lists_are_filtered_by_combinations(trained: Cli) -> None:
    def found(where: str, *words: str) -> list[str]:
        shown = trained(*(words or ("models", "list")), "--where", where, "-o", "csv")
        assert shown.code == 0, shown.err
        rows = list(csv.DictReader(io.StringIO(shown.out)))
        return sorted(row.get("configurationName") or row["executionId"] for row in rows)

    executions = ("executions", "list")
    assert found("status = dead or rate = 0.5", *executions) == ["broken", "fast"]
    assert found("not (status = dead or rate = 0.5)", *executions) == ["slow"]
    assert found("CONFIGURATION in (slow, fast)", *executions) == ["fast", "slow"]
    assert found("accuracy is missing", *executions) == ["broken"]
    assert found("configuration like 's%'", *executions) == ["slow"]
    both = found("size > 0")
    assert found("rate = 0.1 or rate = 0.5") == both
    assert found("configuration = slow or configuration = fast") == both
    assert found("loss:min < 1000 and label.stage is not missing") == both
    assert found("label.stage in (prod) or label.stage is missing") == []
    assert trained("models", "list", "--where", "(rate = 0.1").code == 2


def test_lists_are_sorted_by_names_of_columns(trained: Cli) -> None:
    def order(*words: str) -> list[str]:
        return trained("executions", "list", *words, "-o", "name").lines

    assert order("--sort", "CREATED") == order("--sort=-created_at")[::-1]
    assert order("--sort", "metric.loss:last") == order("--sort", "loss")
    assert order("--sort", "param.rate") == order("--sort", "rate")
    assert order("--sort=-param.rate") == order("--sort", "param.rate")[::-1]
    assert trained("executions", "list", "--sort", "param.nothing").code == 2


def test_versions_refuse_an_unknown_metric(trained: Cli) -> None:
    name = trained("models", "list", "--json").json["resources"][0]["name"]
    assert trained("models", "versions", name, "--metric", "loss:min").code == 0
    refused = trained("models", "versions", name, "--metric", "los")
    assert refused.code == 2
    assert "There is no metric 'los'" in refused.err
    assert "Did you mean 'loss" in refused.err


def test_a_test_is_named_by_its_subject(trained: Cli) -> None:
    assert trained("stores", "test", "default", "-o", "name").lines == ["default"]
    rows = list(csv.DictReader(io.StringIO(trained("stores", "test", "default", "--csv").out)))
    assert [row["ok"] for row in rows] == ["true"] * len(rows)
