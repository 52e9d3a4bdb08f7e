"""Deleting, archiving, restoring and pruning on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.registry import mirror
from tests.cli.cli_support import Cli, prepare, spawn


@pytest.fixture
def models(home: Path, cli: Cli, template: Path) -> Cli:
    """Return the command line of a home with three models with files, of 3, 30 and 300 bytes."""
    prepare(home, template)
    for number in range(1, 4):
        folder = home / "files" / "m" / str(number)
        folder.mkdir(parents=True)
        (folder / "weights.bin").write_bytes(b"x" * 3 * 10 ** (number - 1))
        url = f"ai://default/m/{number}"
        added = cli("models", "add", "churn", url, "--scenario", "tiny", "--record")
        assert added.code == 0, added.err
    return cli


def files(home: Path) -> list[str]:
    return sorted(one.parent.name for one in (home / "files" / "m").rglob("*.bin"))


def ids(cli: Cli) -> dict[int, str]:
    found = json.loads(cli("models", "versions", "churn", "--json").out)["resources"]
    return {one["version"]: one["id"] for one in found}


def test_a_deleted_model_is_restored_with_everything(models: Cli, home: Path) -> None:
    before = ids(models)
    edit = ("--label", "stage=test", "--note", "kept", "--pin", "--description", "Of May")
    assert models("models", "edit", "churn@2", *edit).code == 0
    shown = models("models", "show", "churn@2", "--json").out
    refused = models("models", "delete", "churn@2")
    assert refused.code == 2
    assert "requires confirmation" in refused.err
    assert "restored for 30 days. The files are kept." in refused.err
    assert models("models", "delete", "churn@2", "--yes").code == 0
    assert models("models", "show", before[2]).code == 2
    assert models("models", "list", "--search", "may", "--quiet").out == ""
    listed = json.loads(models("trash", "list", "--json").out)["resources"]
    assert [(one["id"], one["size"], one["withFiles"]) for one in listed] == [
        (before[2], 30, False)
    ]
    assert models("trash", "restore", before[2][:8]).code == 0
    assert models("models", "show", "churn@2", "--json").out == shown
    assert models("models", "list", "--search", "may", "--quiet").out.strip() == before[2]
    assert models("models", "verify", before[2]).code == 0
    assert json.loads(models("trash", "list", "--json").out)["resources"] == []
    assert files(home) == ["1", "2", "3"]


def test_a_version_is_not_assigned_again(models: Cli) -> None:
    assert models("models", "delete", "churn@3", "--yes").code == 0
    added = models("models", "add", "churn", "ai://default/m/4", "--scenario", "tiny")
    assert added.code == 0
    assert sorted(ids(models)) == [1, 2, 4]


def test_files_are_deleted_with_the_trash(models: Cli, home: Path) -> None:
    planned = models("models", "delete", "churn@1", "churn@3", "--files", "--dry-run")
    assert "Dry run: 2 would be deleted." in planned.err
    assert "the files are deleted: 303 B." in planned.err
    assert len(ids(models)) == 3
    deleted = models("models", "delete", "churn@1", "churn@3", "--files", "--yes", "--json")
    assert json.loads(deleted.out)["freedBytes"] == 303
    assert files(home) == ["1", "2", "3"]
    emptied = models("trash", "empty", "--all", "--yes", "--json")
    assert json.loads(emptied.out) == {
        "entries": 2, "files": 2, "freedBytes": 303, "failures": []
    }  # fmt: skip
    assert files(home) == ["2"]
    assert models("trash", "restore", "churn").code == 2


@pytest.mark.parametrize(
    "url", ["ai://default/m/1", "ai://default/m", "ai://default/m/1/weights.bin"]
)
def test_files_of_another_artifact_are_never_deleted(models: Cli, home: Path, url: str) -> None:
    assert models("datasets", "add", "shared", url, "--scenario", "tiny").code == 0
    planned = models("models", "delete", "churn@1", "--files", "--dry-run")
    assert "Files that other artifacts use are kept: 1." in planned.err
    assert models("models", "delete", "churn@1", "--files", "--yes").code == 0
    assert models("trash", "empty", "--all", "--yes").code == 0
    assert files(home) == ["1", "2", "3"]


def test_files_that_are_shared_after_the_deletion_are_kept(models: Cli, home: Path) -> None:
    assert models("models", "delete", "churn@1", "--files", "--yes").code == 0
    url = "ai://default/m/1"
    assert models("datasets", "add", "late", url, "--scenario", "tiny").code == 0
    assert models("trash", "empty", "--all", "--yes").code == 0
    assert files(home) == ["1", "2", "3"]


def test_a_path_that_only_begins_alike_is_not_touched(models: Cli, home: Path) -> None:
    other = home / "files" / "m" / "10"
    other.mkdir()
    (other / "weights.bin").write_bytes(b"y")
    assert models("models", "delete", "churn@1", "--files", "--yes").code == 0
    assert models("trash", "empty", "--all", "--yes").code == 0
    assert files(home) == ["10", "2", "3"]


def test_a_model_with_an_alias_is_refused(models: Cli) -> None:
    assert models("models", "promote", "churn@2", "production").code == 0
    refused = models("models", "delete", "churn@1", "churn@2", "--yes")
    assert refused.code == 2
    assert "churn v2" in refused.err
    assert "has the alias production" in refused.err
    assert len(ids(models)) == 3
    assert models("models", "delete", "churn@2", "--yes", "--force").code == 0
    # The alias was given to another version meanwhile.
    assert models("models", "promote", "churn@1", "production").code == 0
    assert models("trash", "restore", "churn").code == 0
    aliases = json.loads(models("models", "aliases", "churn", "--json").out)["resources"]
    assert [(one["alias"], one["version"]) for one in aliases] == [("production", 1), ("latest", 3)]


def test_an_archived_model_never_expires(models: Cli, home: Path) -> None:
    (home / "settings.toml").write_text("[trash]\ndays = 0\n")
    assert models("models", "archive", "churn@1").code == 0
    assert models("models", "delete", "churn@2", "--files", "--yes").code == 0
    listed = json.loads(models("trash", "list", "--json").out)["resources"]
    assert [one["archived"] for one in listed] == [True]
    assert files(home) == ["1", "3"]
    assert models("trash", "restore", "--all").code == 0
    assert sorted(ids(models)) == [1, 3]


def test_configurations_and_executables_are_restored(models: Cli) -> None:
    created = ("configurations", "create", "tiny-train", "--name", "fast", "-i", "numbers=numbers")
    one = models(*created, "--quiet").out.strip()
    shown = models("configurations", "show", one, "--json").out
    assert models("configurations", "delete", "fast", "--yes").code == 0
    assert models("configurations", "show", one).code == 2
    assert models("trash", "restore", "fast").code == 0
    assert models("configurations", "show", one, "--json").out == shown
    template = models("executables", "show", "tiny-train", "--json").out
    assert models("executables", "remove", "tiny-train").code == 0
    assert models("trash", "restore", "tiny-train").code == 0
    assert models("executables", "show", "tiny-train", "--json").out == template
    assert models("trash", "restore", "tiny-train").code == 2


def test_a_configuration_of_executions_is_not_deleted(trained: Cli) -> None:
    refused = trained("configurations", "delete", "fast", "--yes")
    assert refused.code == 2
    assert "It is used by 1 executions." in refused.err


def test_a_trained_model_is_restored_after_its_execution_was_deleted(
    cli: Cli, home: Path, template: Path
) -> None:
    prepare(home, template)
    create = ("configurations", "create", "tiny-train", "--name", "a", "-i", "numbers=numbers")
    assert cli(*create).code == 0
    assert spawn(home, "executions", "create", "a", "--wait").code == 0
    before = json.loads(cli("models", "show", "tiny-model", "--json").out)
    assert before["metrics"]
    execution = before["executionId"]
    assert cli("models", "delete", "tiny-model", "--files", "--yes").code == 0
    assert cli("executions", "delete", execution, "--yes").code == 0
    assert cli("trash", "restore", "tiny-model").code == 0
    assert json.loads(cli("models", "show", "tiny-model", "--json").out) == before
    assert cli("models", "delete", "tiny-model", "--files", "--yes").code == 0
    assert cli("trash", "empty", "--all", "--yes").code == 0
    # Nothing is left of the execution.
    assert cli("executions", "show", execution).code == 2
    assert not (home / "files" / execution).exists() or not list(
        (home / "files" / execution).rglob("*.txt")
    )


def test_prune_keeps_the_best_pinned_promoted_and_unmeasured_models(
    models: Cli, home: Path
) -> None:
    desk = open_desk(Home.at(home))
    from tests.cli.prune_data import add_measured

    add_measured(desk.registry, 12)
    desk.close()
    assert models("models", "edit", "measured@12", "--pin").code == 0
    assert models("models", "promote", "measured@11", "production").code == 0
    policy = ("models", "prune", "--keep-best", "3", "--metric", "val_loss", "--older-than", "30d")
    planned = models(*policy, "--dry-run", "--json")
    found = json.loads(planned.out)["resources"]
    # The values of versions 1 to 12 rise: 1 to 3 are the best, 4 and 5 are not old enough.
    assert sorted(one["version"] for one in found) == [6, 7, 8, 9, 10]
    assert "Kept 3 without val_loss." in planned.err
    assert "Kept 1 pinned." in planned.err
    assert models(*policy).code == 2
    assert models(*policy, "--yes").code == 0
    left = json.loads(models("models", "versions", "measured", "--json").out)["resources"]
    assert sorted(one["version"] for one in left) == [1, 2, 3, 4, 5, 11, 12]
    assert models("trash", "restore", "--all").code == 0
    reverse = models(*policy, "--better", "higher", "--dry-run", "--json")
    kept = [one["version"] for one in json.loads(reverse.out)["resources"]]
    assert sorted(kept) == [1, 2, 3, 6, 7, 8, 9]


def test_a_metric_is_charted_over_the_versions(models: Cli, home: Path, tmp_path: Path) -> None:
    from tests.cli.prune_data import add_measured

    desk = open_desk(Home.at(home))
    add_measured(desk.registry, 12)
    desk.close()
    assert models("models", "promote", "measured@11", "production").code == 0
    chart = ("models", "versions", "measured", "--chart", "--width", "70")
    drawn = models(*chart, "--metric", "val_loss:best")
    assert drawn.code == 0
    assert "production v11" in drawn.out
    assert "best v1" in drawn.out
    svg = tmp_path / "versions.svg"
    assert models(*chart, "--metric", "val_loss", "--svg", str(svg)).code == 0
    assert "production v11" in svg.read_text()
    assert "shows one metric" in models(*chart).err
    assert models(*chart, "--metric", "val_lost").code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "would delete all models"),
        (("--keep-best", "3"), "require a metric"),
        (("--metric", "val_loss"), "would delete all models"),
        (("--older-than", "soon"), "not a period"),
        (("--keep-latest", "-1"), "negative"),
    ],
)
def test_an_incomplete_policy_is_refused(models: Cli, words: tuple[str, ...], message: str) -> None:
    refused = models("models", "prune", *words)
    assert refused.code == 2
    assert message in refused.err


def test_a_deleted_model_of_a_remote_runtime_stays_hidden(home: Path) -> None:
    desk = open_desk(Home.at(home))
    from launchpad_tui.registry import artifacts, trash
    from tests.registry.test_versions import model

    registry = desk.registry
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [model(1), model(2)])
    trash.put(registry, DEFAULT_SCOPE, "artifacts", ["id-0001"], "ada@host")
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [model(1), model(2)])
    assert set(artifacts.by_id(registry, DEFAULT_SCOPE, ["id-0001", "id-0002"])) == {"id-0002"}
    (entry,) = trash.entries(registry, DEFAULT_SCOPE)
    trash.purge(registry, DEFAULT_SCOPE, entry, keep_mark=True)
    assert trash.entries(registry, DEFAULT_SCOPE) == []
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [model(1)])
    assert artifacts.by_id(registry, DEFAULT_SCOPE, ["id-0001"]) == {}
    desk.close()
