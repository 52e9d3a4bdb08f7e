"""Scenarios that are added by hand, and URLs at which no files can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.cli_support import Cli


def test_models_are_added_to_a_scenario_without_a_template(home: Path, cli: Cli) -> None:
    added = cli("scenarios", "add", "churn", "--name", "Churn of customers")
    assert added.code == 0, added.err
    shown = json.loads(cli("scenarios", "list", "--json").out)["resources"]
    assert [(one["id"], one["name"]) for one in shown] == [("churn", "Churn of customers")]
    assert "exists" in cli("scenarios", "add", "churn").err
    folder = home / "files" / "bucket"
    for number in range(3):
        (folder / f"m{number}").mkdir(parents=True)
        (folder / f"m{number}" / "model.bin").write_bytes(b"x")
    imported = cli("models", "import", "default", "bucket", "--scenario", "churn")
    assert imported.code == 0, imported.err
    models = json.loads(cli("models", "list", "--json").out)["resources"]
    assert [one["version"] for one in models] == [1, 1, 1]
    ids = [one["id"] for one in models]
    assert cli("models", "edit", *ids, "--name", "churn").code == 0
    versions = json.loads(cli("models", "versions", "churn", "--json").out)["resources"]
    assert [one["version"] for one in versions] == [3, 2, 1]


@pytest.mark.parametrize("scenario", ["", "two words", "-x", "x-", "a" * 64, "ü"])
def test_an_invalid_scenario_is_refused(cli: Cli, home: Path, scenario: str) -> None:
    refused = cli("scenarios", "add", "--", scenario)
    assert refused.code == 2
    assert not json.loads(cli("scenarios", "list", "--json").out)["resources"]


@pytest.mark.parametrize(
    "url",
    [
        "ai://default/ai://default/x",
        "ai://default/a/s3://bucket/x",
        "ai://default/https://host/x",
        "ai://default/file:/x",
    ],
)
def test_a_url_in_a_url_is_refused(cli: Cli, home: Path, url: str) -> None:
    assert cli("scenarios", "add", "churn").code == 0
    refused = cli("models", "add", "m", url, "--scenario", "churn")
    assert refused.code == 2
    assert "contains another URL" in refused.err
    assert cli("models", "list", "--quiet").out == ""
