"""Names of attributes and metrics in the options of list commands, and names of objects."""

from __future__ import annotations

import pytest

from tests.cli.cli_support import Cli


@pytest.mark.parametrize("noun", ["models", "executions"])
@pytest.mark.parametrize(
    ("option", "near"),
    [
        (["--sort", "los"], "loss"),
        (["--sort=-los:min"], "loss"),
        (["--sort", "creatdAt"], "createdAt"),
        (["--sort", "CREATEDD"], "createdAt"),
        (["--metric", "acuracy"], "accuracy"),
        (["--metric", "loss", "--metric", "Loss:best"], "loss"),
        (["--metric", "qqq"], "accuracy"),
        (["--sort", "qqq"], "createdAt"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest_ones(
    noun: str, option: list[str], near: str, trained: Cli
) -> None:
    result = trained(noun, "list", *option)
    assert result.code == 2
    assert result.out == ""
    assert near in result.err
    assert "launchpad metrics keys" in result.err


def test_known_names_are_accepted(trained: Cli) -> None:
    for option in ("loss", "-loss:best", "accuracy:max", "createdAt", "created_at", "-name"):
        assert trained("models", "list", f"--sort={option}").code == 0
    assert trained("models", "list", "--metric", "loss:min", "--metric", "accuracy").code == 0


def test_nothing_is_refused_before_a_metric_is_logged(cli: Cli) -> None:
    assert cli("models", "list", "--metric", "loss", "--sort", "loss").code == 0


def test_a_name_of_several_models_is_refused_with_what_differs(trained: Cli) -> None:
    result = trained("models", "show", "tiny-model")
    assert result.code == 2
    assert "matches several" in result.err
    assert all(name in result.err for name in ("slow", "fast", "rate=0.5", "rate=0.1"))
