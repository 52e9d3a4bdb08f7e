"""Saved views of lists on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.cli_support import Cli, prepare


@pytest.fixture
def models(home: Path, cli: Cli, template: Path) -> Cli:
    """Return the command line of a home with three models and the view ``good``."""
    prepare(home, template)
    for name, accuracy, depth in (("a", 0.9, 2), ("b", 0.8, 4), ("c", 0.5, 8)):
        words = ("models", "add", name, f"ai://default/m/{name}", "--scenario", "tiny")
        assert cli(*words).code == 0
        cli("models", "log", name, f"accuracy={accuracy}", "-p", f"depth={depth}")
    saved = cli(
        "models", "list", "--where", "accuracy > 0.6", "--sort=-depth", "--parameter", "depth",
        "--save-view", "good",
    )  # fmt: skip
    assert "Saved view good of models" in saved.err
    return cli


def names(cli: Cli, *words: str) -> list[str]:
    done = cli("models", "list", *words, "--json")
    assert done.code == 0, done.err
    return [one["name"] for one in done.json["resources"]]


def test_a_view_has_conditions_order_and_columns(models: Cli) -> None:
    assert names(models, "--view", "good") == ["b", "a"]
    assert "depth" in models("models", "list", "--view", "good", "-o", "wide").lines[0].split()
    assert names(models, "--view", "good", "--sort", "depth") == ["a", "b"]
    assert names(models, "--view", "good", "--where", "depth > 3") == ["b"]


def test_views_are_listed_and_deleted(models: Cli) -> None:
    (found,) = models("views", "list", "--json").json["resources"]
    assert (found["list"], found["name"]) == ("models", "good")
    assert "accuracy > 0.6, by depth descending" in models("views", "list").out
    assert models("views", "list", "--list", "executions", "-q").lines == []
    assert models("views", "delete", "good").code == 0
    refused = models("models", "list", "--view", "good")
    assert refused.code == 2
    assert models("views", "delete", "good").code == 2


def test_an_unknown_view_is_refused_with_a_suggestion(models: Cli) -> None:
    refused = models("models", "list", "--view", "goood")
    assert refused.code == 2
    assert "Did you mean 'good'?" in refused.err
    # A view belongs to one list.
    assert models("executions", "list", "--view", "good").code == 2
    assert models("models", "list", "--save-view", "x" * 101).code == 2
