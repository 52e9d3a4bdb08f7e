"""Versions, aliases and annotations of models on the command line, and references to them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.cli_support import Cli, prepare


@pytest.fixture
def models(home: Path, cli: Cli, template: Path) -> Cli:
    """Return the command line of a home with an executable, a dataset and three models."""
    prepare(home, template)
    for number in range(1, 4):
        url = f"ai://default/m/{number}"
        assert cli("models", "add", "churn", url, "--scenario", "tiny").code == 0
    return cli


def id_of(cli: Cli, reference: str) -> str:
    found: str = json.loads(cli("models", "show", reference, "--json").out)["id"]
    return found


def test_versions_follow_the_order_of_creation(models: Cli) -> None:
    shown = json.loads(models("models", "versions", "churn", "--json").out)["resources"]
    assert [one["version"] for one in shown] == [3, 2, 1]
    assert id_of(models, "churn@2") == id_of(models, "churn@v2") == shown[1]["id"]
    assert id_of(models, "churn@latest") == shown[0]["id"]


def test_an_alias_moves_and_its_history_is_kept(models: Cli) -> None:
    assert "now version 1" in models("models", "promote", "churn@1", "production").out
    moved = models("models", "promote", "churn@3", "production").out
    assert moved == "churn@production is now version 3 (before: version 1).\n"
    assert id_of(models, "churn@production") == id_of(models, "churn@3")
    assert models("models", "promote", "churn@production", "production", "--remove").code == 0
    gone = models("models", "show", "churn@production")
    assert gone.code == 2
    assert "has no alias 'production'" in gone.err
    history = json.loads(models("models", "aliases", "churn", "--history", "--json").out)
    assert [(one["version"], one["previousVersion"]) for one in history["resources"]] == [
        (None, 3),
        (3, 1),
        (1, None),
    ]
    assert all("@" in one["changedBy"] for one in history["resources"])


def test_changes_are_undone_one_by_one(models: Cli) -> None:
    assert models("undo").code == 2
    newest = id_of(models, "churn@latest")
    assert models("models", "promote", "churn@1", "production").code == 0
    assert models("models", "edit", newest, "--label", "stage=prod").code == 0
    assert models("models", "delete", "churn@2", newest, "--yes").code == 0
    listed = json.loads(models("undo", "--list", "--json").out)["resources"]
    assert [one["kind"] for one in listed] == ["trash", "edit", "alias"]
    assert "deletion of 2 artifacts" in models("undo", "--dry-run").out
    assert models("undo").out == "Undid the deletion of 2 artifacts.\n"
    assert id_of(models, "churn@latest") == newest
    assert models("undo").out == "Undid the edit of churn v3.\n"
    assert json.loads(models("models", "show", newest, "--json").out)["labels"] == []
    assert models("undo").out == "Undid the promotion of churn v1 to production.\n"
    assert models("models", "show", "churn@production").code == 2
    assert models("undo").code == 2


@pytest.mark.parametrize("alias", ["latest", "3", "v3", "", "two words", "a" * 64, "-x"])
def test_an_invalid_alias_is_refused(models: Cli, alias: str) -> None:
    refused = models("models", "promote", "churn@1", "--", alias)
    assert refused.code == 2
    assert "alias" in refused.err


def test_several_models_are_edited_together(models: Cli) -> None:
    changed = models(
        "models", "edit", "churn@1", "churn@2", "--label", "stage=test", "--label", "draft=yes",
        "--note", "# Seen\nTwice", "--pin", "--description", "Of *May*",
    )  # fmt: skip
    assert changed.code == 0, changed.err
    found = models("models", "list", "--where", "label.stage = test", "--quiet").out.split()
    assert sorted(found) == sorted([id_of(models, "churn@1"), id_of(models, "churn@2")])
    removed = models("models", "edit", "churn@1", "--remove-label", "draft", "--unpin")
    assert removed.code == 0, removed.err
    first = json.loads(models("models", "show", "churn@1", "--json").out)
    assert first["notes"] == "# Seen\nTwice"
    assert first["pinnedAt"] is None
    assert [one["key"] for one in first["labels"]] == ["ext.ai.sap.com/stage"]
    pinned = models("models", "list", "--sort=-pinnedAt", "--quiet", "--limit", "1").out.strip()
    assert pinned == id_of(models, "churn@2")
    assert models("models", "list", "--search", "may").out.count("churn") >= 2


def test_nothing_changes_if_one_of_several_edits_is_refused(models: Cli) -> None:
    assert models("models", "promote", "churn@1", "production").code == 0
    assert models("models", "edit", "churn@3", "--name", "other").code == 0
    assert models("models", "promote", "other@1", "production").code == 0
    refused = models("models", "edit", "churn@2", "churn@1", "--name", "other")
    assert refused.code == 2
    assert "Its alias production belongs to version 1 of other" in refused.err
    versions = json.loads(models("models", "versions", "churn", "--json").out)["resources"]
    assert [one["version"] for one in versions] == [2, 1]


def test_a_renamed_model_is_the_next_version_of_its_new_name(models: Cli) -> None:
    before = id_of(models, "churn@1")
    assert models("models", "edit", "churn@1", "--name", "churn small").code == 0
    assert id_of(models, "churn small@1") == before
    assert json.loads(models("models", "show", before, "--json").out)["runtimeName"] == "churn"
    assert models("models", "edit", before, "--name", "").code == 0
    # Version 1 was assigned before, and numbers are not used again.
    assert id_of(models, "churn@4") == before


def test_an_edit_without_changes_is_refused(models: Cli) -> None:
    assert "Nothing to change" in models("models", "edit", "churn@1").err
    twice = models("models", "edit", "churn@1", "--note", "a", "--note-file", "b")
    assert "given twice" in twice.err


def test_notes_are_edited_in_an_editor(
    models: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\nprintf " more" >> "$1"\n')
    os.chmod(editor, 0o700)
    monkeypatch.setenv("EDITOR", f"'{editor}'")
    monkeypatch.delenv("VISUAL", raising=False)
    assert models("models", "edit", "churn@1", "--note", "some").code == 0
    assert models("models", "edit", "churn@1", "--editor").code == 0
    assert json.loads(models("models", "show", "churn@1", "--json").out)["notes"] == "some more"
    editor.write_text("#!/bin/sh\nexit 3\n")
    failed = models("models", "edit", "churn@1", "--editor")
    assert "exit code 3" in failed.err
    assert json.loads(models("models", "show", "churn@1", "--json").out)["notes"] == "some more"


def test_a_name_of_several_scenarios_is_ambiguous(models: Cli, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text((tmp_path / "checkout" / "train.yaml").read_text().replace("tiny", "second"))
    assert models("executables", "add", str(other)).code == 0
    assert models("models", "add", "churn", "ai://default/o", "--scenario", "second").code == 0
    refused = models("models", "show", "churn@1")
    assert "'churn@1' matches several models" in refused.err


def test_a_model_whose_name_has_an_at_sign_is_found_by_its_name(models: Cli) -> None:
    url = "ai://default/at"
    assert models("models", "add", "churn@1", url, "--scenario", "tiny").code == 0
    assert json.loads(models("models", "show", "churn@1", "--json").out)["url"] == url


def test_a_reference_is_resolved_when_the_execution_is_created(
    models: Cli, home: Path, tmp_path: Path
) -> None:
    changed = (tmp_path / "checkout" / "train.yaml").read_text()
    assert "numbers" in changed
    for number in (1, 2):
        folder = home / "files" / "m" / str(number)
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(f"{number},2\n")
    kinds = changed.replace('"dataset"', '"model"').replace(": dataset", ": model")
    (tmp_path / "checkout" / "train.yaml").write_text(kinds)
    assert models("executables", "add", str(tmp_path / "checkout")).code == 0
    assert models("models", "promote", "churn@1", "input").code == 0
    created = models(
        "configurations", "create", "tiny-train", "--name", "by alias", "-i", "numbers=churn@input"
    )
    assert created.code == 0, created.err
    first = models("executions", "create", "by alias", "--quiet").out.strip()
    assert models("models", "promote", "churn@2", "input").code == 0
    identifier = json.loads(models("executions", "show", first, "--json").out)["configurationId"]
    later = [models("executions", "create", identifier, "--quiet").out.strip() for _ in range(2)]
    inputs = []
    for execution in (first, *later):
        shown = json.loads(models("executions", "show", execution, "--json").out)
        assert shown["inputArtifacts"][0]["reference"] == "churn@input"
        inputs.append(shown["inputArtifacts"][0]["artifact"]["version"])
    assert inputs == [1, 2, 2]
    assert "given as churn@input" in models("executions", "show", first).out
    # The second execution reuses the configuration of the first one after the change.
    assert len(json.loads(models("configurations", "list", "--json").out)["resources"]) == 2
    rerun = models("executions", "rerun", first, "--quiet").out.strip()
    again = json.loads(models("executions", "show", rerun, "--json").out)["inputArtifacts"][0]
    assert again["artifact"]["version"] == 1
    waited = models("executions", "wait", first, *later, rerun)
    assert waited.code == 0, waited.err
