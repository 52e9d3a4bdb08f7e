"""What users of other command lines type: short forms, defaults, and messages that name the fix."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from launchpad_tui.cli.aliases import current_names
from launchpad_tui.net.errors import certificate_hint
from tests.cli.cli_support import Cli, prepare


@pytest.fixture
def models(home: Path, cli: Cli, template: Path) -> Cli:
    """Return the command line of a home with three models and a parameter."""
    prepare(home, template)
    for name, accuracy, depth in (("a", 0.9, "8"), ("b", 0.7, "16"), ("c", 0.8, "2")):
        added = cli("models", "add", name, f"ai://default/m/{name}", "--scenario", "tiny")
        assert added.code == 0
        values = (f"accuracy={accuracy}", f"error={1 - accuracy}", f"score={accuracy}")
        assert cli("models", "log", name, *values, "-p", f"depth={depth}").code == 0
    return cli


@pytest.mark.parametrize("words", [("--sort", "-accuracy"), ("--sort=-accuracy",)])
def test_a_value_may_begin_with_a_dash(models: Cli, words: tuple[str, ...]) -> None:
    listed = models("models", "list", *words, "--json").json["resources"]
    assert [one["name"] for one in listed] == ["a", "c", "b"]


@pytest.mark.parametrize("word", ["-q", "-qw", "-o", "-ojson", "--json"])
def test_an_option_is_no_value(cli: Cli, word: str) -> None:
    refused = cli("models", "list", "--sort", word)
    assert refused.code == 2
    assert "expected one argument" in refused.err


def test_a_name_that_begins_like_an_option_is_a_value(models: Cli) -> None:
    refused = models("models", "list", "--sort", "-quality")
    assert "There is no 'quality' to sort by" in refused.err


def test_the_sorted_metric_or_parameter_is_a_column(models: Cli) -> None:
    assert "accuracy" in models("models", "list", "--sort", "accuracy").lines[0]
    assert "depth" in models("models", "list", "--sort", "-depth").lines[0]
    (first, *_) = models("models", "list", "--sort=-accuracy", "--json").json["resources"]
    assert first["metrics"] == {"accuracy": 0.9}
    columns = models("models", "list", "--sort", "accuracy", "--columns", "name")
    assert "accuracy" not in columns.out


@pytest.mark.parametrize("metric", ["accuracy", "error", "accuracy:best", "error:min"])
def test_best_first(models: Cli, metric: str) -> None:
    listed = models("models", "list", "--best", metric, "--json").json["resources"]
    assert [one["name"] for one in listed] == ["a", "c", "b"]
    assert metric in models("models", "list", "--best", metric).lines[0]


@pytest.mark.parametrize("metric", ["accuracy:best", "error:best"])
def test_sorting_by_the_best_value_lists_the_best_first(models: Cli, metric: str) -> None:
    listed = models("models", "list", "--sort", metric, "--json").json["resources"]
    assert [one["name"] for one in listed] == ["a", "c", "b"]


def test_best_requires_a_known_direction(models: Cli) -> None:
    refused = models("models", "list", "--best", "score", "--sort", "name")
    assert "--best and --sort exclude each other" in refused.err
    assert models("metrics", "set-direction", "score", "lower").code == 0
    listed = models("models", "list", "--best", "score", "--json").json["resources"]
    assert [one["name"] for one in listed] == ["b", "c", "a"]
    refused = models("models", "list", "--best", "nothing")
    assert refused.code == 2
    assert "There is no metric 'nothing'" in refused.err


@pytest.mark.parametrize(
    ("typed", "current"),
    [
        ("model list", "models list"),
        ("models ls", "models list"),
        ("--json execution ls --limit 1", "--json executions list --limit 1"),
        ("serve clients ls", "serve clients list"),
        ("search ls", "search ls"),
        ("models show ls", "models show ls"),
        ("stores browse ai://lake/a/b", "stores browse lake a/b"),
        ("stores browse ai://lake/", "stores browse lake"),
        ("stores upload x ai://lake/a", "stores upload x lake a"),
        ("store download ai://lake/a .", "stores download lake a ."),
        ("models import ai://f/runs --dry-run", "models import f runs --dry-run"),
        ("models add a ai://f/runs", "models add a ai://f/runs"),
    ],
)
def test_other_names(typed: str, current: str) -> None:
    assert current_names(typed.split()) == current.split()


def test_an_execution_of_an_executable(home: Path, cli: Cli, template: Path) -> None:
    prepare(home, template)
    words = ("executions", "create", "tiny-train", "-i", "numbers=numbers")
    made = cli(*words, "-p", "rate=0.5", "--wait", "--json")
    assert made.code == 0, made.err
    assert made.json["configurationName"] == "tiny-train rate=0.5"
    other = cli("executions", "create", "tiny-train rate=0.5", "-p", "mode=fail", "--wait")
    assert other.code == 1
    shown = cli("executions", "show", "latest", "--json").json
    assert shown["configurationName"] == "tiny-train rate=0.5 mode=fail"
    bound = {one["key"]: one["value"] for one in shown["configuration"]["parameterBindings"]}
    assert (bound["rate"], bound["mode"]) == ("0.5", "fail")
    plain = cli("configurations", "create", "tiny-train", "-i", "numbers=numbers", "--json")
    assert plain.json["name"] == "tiny-train"
    unknown = cli("executions", "create", "tiny-trian")
    assert unknown.code == 2
    assert "Configuration or executable 'tiny-trian' not found" in unknown.err
    assert "Did you mean 'tiny-train'" in unknown.err


def test_credentials_are_not_part_of_a_derived_name(home: Path, cli: Cli, template: Path) -> None:
    prepare(home, template)
    words = ("configurations", "create", "tiny-train", "-i", "numbers=numbers", "--json")
    made = cli(*words, "-p", "rate=0.5", "-p", "mode=https://me:abcdef@host.example/x")
    assert made.code == 0, made.err
    assert made.json["name"] == "tiny-train rate=0.5"
    changed = cli("executions", "create", "tiny-train rate=0.5", "-p", "rate=0.7", "--json")
    # A changed value replaces the former one.
    assert changed.json["configurationName"] == "tiny-train rate=0.7"


def test_a_model_names_its_execution(trained: Cli) -> None:
    (newest, *_) = trained("models", "list", "--json").json["resources"]
    for words in (("executions", "show"), ("executions", "logs")):
        done = trained(*words, newest["id"])
        assert done.code == 0, done.err
    shown = trained("executions", "show", newest["id"], "--json")
    assert shown.json["id"] == newest["executionId"]


def test_a_model_without_an_execution_has_no_log(models: Cli) -> None:
    refused = models("executions", "logs", "a")
    assert refused.code == 2
    assert "No execution created a" in refused.err


def test_downloads_and_uploads_have_defaults(
    models: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "weights"
    source.mkdir()
    (source / "w.bin").write_bytes(b"1")
    uploaded = models("models", "upload", "net", "weights", "--json")
    assert uploaded.code == 0, uploaded.err
    assert uploaded.json["scenarioId"] == "tiny"
    assert models("models", "download", "net").code == 0
    assert (tmp_path / "net-v1" / "w.bin").read_bytes() == b"1"
    assert models("stores", "upload", "weights", "ai://default/w").code == 0
    assert models("stores", "download", "ai://default/w").code == 0
    assert (tmp_path / "w" / "w.bin").read_bytes() == b"1"
    listed = models("stores", "browse", "ai://default/w", "--quiet")
    assert listed.lines == ["w/w.bin"]


def test_a_missing_scenario_is_explained(models: Cli) -> None:
    assert models("scenarios", "add", "other").code == 0
    refused = models("models", "add", "new", "ai://default/new")
    assert refused.code == 2
    assert "Scenarios of local/default:" in refused.err
    assert "tiny" in refused.err
    # The name has a model already, which decides.
    again = models("models", "add", "a", "ai://default/m/a2", "--json")
    assert again.json["scenarioId"] == "tiny"


def test_errors_of_fields_name_options(cli: Cli, tmp_path: Path) -> None:
    refused = cli("stores", "add", "lake", "--type", "s3", "--set", "bucket=models")
    assert refused.code == 2
    assert "--secret access_key_id" in refused.err
    assert "--set credentials=environment" in refused.err
    refused = cli("stores", "add", "lake", "--type", "s3", "--set", "credentials=environment")
    assert "--set bucket=VALUE" in refused.err
    url = ("--set", "base_url=https://a.example.com", "--set", "auth_url=https://b.example.com")
    key = ("--type", "sap-ai-core", *url, "--set", "client_id=me")
    assert "--secret client_secret" in cli("connections", "add", "core", *key).err


def test_a_relative_folder_is_that_of_the_current_one(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli("stores", "add", "data", "--type", "file", "--set", "root=data").code == 0
    assert cli("stores", "show", "data", "--json").json["settings"]["root"] == str(
        tmp_path / "data"
    )


def test_a_backup_is_restored_in_a_new_home(
    models: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backups").mkdir()
    assert models("backup", str(tmp_path / "backups")).code == 0
    (file,) = (tmp_path / "backups").glob("launchpad-*.db")
    monkeypatch.chdir(tmp_path / "backups")
    file.unlink()
    assert models("backup").code == 0
    (file,) = (tmp_path / "backups").glob("launchpad-*.db")
    monkeypatch.setenv("LAUNCHPAD_HOME", str(tmp_path / "moved"))
    restored = models("restore", str(file))
    assert restored.code == 0, restored.err
    assert len(models("models", "list", "--quiet").lines) == 3
    assert os.stat(tmp_path / "moved").st_mode & 0o077 == 0
    assert "--yes" in models("restore", str(file)).err


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("certificate has expired", "renew"),
        ("certificate is not yet valid", "clock"),
        ("Hostname mismatch, certificate is not valid for 'a'.", "another host"),
        ("self-signed certificate", "ca_file"),
    ],
)
def test_hints_about_certificates(reason: str, expected: str) -> None:
    assert expected in certificate_hint(reason)


def test_errors_in_json_keep_their_fields(cli: Cli) -> None:
    refused = cli("executions", "create", "nothing", "--json")
    error = json.loads(refused.err)["error"]
    assert error["code"] == "not-found"
    assert error["hint"]


def test_conditions_with_units_and_other_spellings(models: Cli) -> None:
    def names(condition: str) -> list[str]:
        done = models("models", "list", "--where", condition, "--sort", "name", "--json")
        assert done.code == 0, done.err
        return [one["name"] for one in done.json["resources"]]

    assert names("created > 1h") == ["a", "b", "c"]
    assert names("created after 2d ago && accuracy >= 0.8") == ["a", "c"]
    assert names("created < 7d") == []
    assert names("accuracy > 0.85 || depth = 16") == ["a", "b"]
    assert names("size is missing and size < 1 MB") == []
    refused = models("models", "list", "--where", "size > many")
    assert "1.5 GB" in refused.err
    refused = models("models", "list", "--where", "created > soon")
    assert "2h, 7d" in refused.err
    refused = models("models", "list", "--where", "creatd > 1h")
    assert "Did you mean 'created" in refused.err
    assert "created_at" not in refused.err


def test_selected_columns_have_the_fields_of_json(models: Cli) -> None:
    listed = models("models", "list", "--columns", "created,accuracy", "--json").json["resources"]
    assert set(listed[0]) == {"id", "createdAt", "accuracy"}


def test_a_deleted_version_is_restored_by_its_number(models: Cli) -> None:
    added = models("models", "add", "a", "ai://default/m/a2", "--json")
    assert added.json["version"] == 2
    assert models("models", "delete", "a@v1", "a@v2", "--yes").code == 0
    assert "v2" in models("trash", "list").out
    refused = models("trash", "restore", "a")
    assert "a@v1" in refused.err
    assert models("trash", "restore", "a@v2").code == 0
    listed = models("models", "list", "--where", "name = a", "--json").json["resources"]
    assert [one["version"] for one in listed] == [2]


def test_lineage_up_down_and_as_a_graph(trained: Cli) -> None:
    (model, *_) = trained("models", "list", "--json").json["resources"]
    up = trained("models", "lineage", model["id"], "--up", "--json").json
    assert {one["kind"] for one in up["artifacts"]} == {"model", "dataset"}
    down = trained("models", "lineage", model["id"], "--down", "--json").json
    assert [one["id"] for one in down["artifacts"]] == [model["id"]]
    assert down["executions"] == []
    used = trained("datasets", "lineage", "numbers", "--down", "--json").json
    assert model["id"] in {one["id"] for one in used["artifacts"]}
    graph = trained("models", "lineage", model["id"], "--dot")
    assert graph.lines[0] == "digraph lineage {"
    assert f'"{model["executionId"]}" -> "{model["id"]}";' in graph.out
    assert graph.lines[-1] == "}"
    refused = trained("models", "lineage", model["id"], "--dot", "--json")
    assert refused.code == 2


def test_the_demo_without_a_terminal_names_the_option(cli: Cli) -> None:
    refused = cli("demo")
    assert refused.code == 2
    assert "--headless" in refused.err


def test_a_command_named_without_its_group_is_suggested(cli: Cli) -> None:
    for word, meant in (
        ("logs", "Did you mean 'executions logs'?"),
        ("lineage", "Did you mean 'models lineage'?"),
        ("upload", "Did you mean 'models upload' or 'stores upload'?"),
        ("diff", "Did you mean 'compare'?"),
        ("modles", "Did you mean 'models'?"),
    ):
        refused = cli(word)
        assert refused.code == 2
        assert meant in refused.err, refused.err
    # Most groups have this command.
    assert "Commands: demo" in cli("list").err


def test_a_short_prefix_of_an_id_is_explained(home: Path, cli: Cli, template: Path) -> None:
    prepare(home, template)
    created = cli(
        "configurations", "create", "tiny-train", "--name", "one", "-i", "numbers=numbers"
    )
    assert created.code == 0, created.err
    (one,) = cli("configurations", "list", "-q").lines
    refused = cli("configurations", "show", one[:3])
    assert refused.code == 2
    assert "requires at least 4 characters" in refused.err
    assert cli("configurations", "show", one[:4]).code == 0


def test_the_source_of_a_sweep_is_a_configuration_or_executable(
    home: Path, cli: Cli, template: Path
) -> None:
    prepare(home, template)
    refused = cli("executions", "sweep", "train", "-p", "rate=1,2")
    assert "Configuration or executable 'train' not found" in refused.err
    assert "Did you mean 'tiny-train'?" in refused.err
    missing = cli("sweeps", "show", "latest")
    assert "The resource group has no sweeps." in missing.err
    assert "launchpad executions sweep" in missing.err


def test_a_script_fails_if_an_execution_does_not_meet_a_condition(
    home: Path, cli: Cli, template: Path
) -> None:
    prepare(home, template)
    words = ("executions", "create", "tiny-train", "-i", "numbers=numbers", "-p", "rate=0.5")
    # The last accuracy is 1 - 0.5 / 20.
    met = cli(*words, "--require", "accuracy > 0.97")
    assert (met.code, "COMPLETED" in met.out) == (0, True), met.err
    wait = ("executions", "wait", "latest")
    conditions = ("--require", "accuracy > 0.97", "--require", "accuracy > 0.99 or rate = 1")
    refused = cli(*wait, *conditions)
    assert refused.code == 1
    assert "does not meet the condition: accuracy > 0.99 or rate = 1" in refused.err
    assert "accuracy > 0.97" not in refused.err
    assert cli(*wait, "--require", "rate = 0.5", "--require", "status = COMPLETED").code == 0
    unknown = cli(*wait, "--require", "acuracy > 0.9")
    assert unknown.code == 2
    assert "Did you mean 'accuracy'" in unknown.err
