"""Charts that commands print."""

from __future__ import annotations

import pytest

from tests.cli.cli_support import Cli


@pytest.fixture
def models(trained: Cli) -> list[str]:
    """Return the IDs of the models of rate 0.1 and 0.5."""
    return trained("models", "list", "--quiet", "--sort", "createdAt").lines


def test_compare_draws_the_chart_of_a_metric(trained: Cli, models: list[str]) -> None:
    shown = trained(
        "compare",
        *models,
        "--metric",
        "accuracy",
        "--x-axis",
        "step",
        "--chart",
        "--width",
        "60",
        "--height",
        "12",
        "--no-color",
    )
    assert shown.code == 0
    assert "\x1b" not in shown.out
    lines = shown.out.splitlines()
    assert lines[0] == "accuracy"
    assert max(map(len, lines)) <= 60
    assert len(lines) == 12 + len(models)
    assert any("⠀" < char < "⣿" for line in lines for char in line)
    # Each model has its marker in the picture and in the legend, with its last value.
    for line in lines[-2:]:
        assert any(line[0] in drawn for drawn in lines[1:12])
        assert "last 0." in line


def test_metrics_chart_draws_all_metrics(trained: Cli, models: list[str]) -> None:
    shown = trained("metrics", "chart", models[0], "--width", "50", "--height", "8")
    assert {"accuracy", "loss"} <= set(shown.lines)
    assert "not finite" in shown.err


def test_errors_of_invalid_options_name_the_valid_values(trained: Cli, models: list[str]) -> None:
    unknown = trained("metrics", "chart", models[0], "--metric", "nothing")
    assert unknown.code != 0
    assert "Metrics: " in unknown.err
    assert "from 0 to less than 1" in trained("metrics", "chart", models[0], "--smooth", "1").err
    assert (
        "Kinds for this x axis: line" in trained("metrics", "chart", models[0], "--kind", "pie").err
    )
    assert "20 to 1000" in trained("metrics", "chart", models[0], "--width", "3").err
    broken = trained("executions", "list", "--where", "status = DEAD", "--quiet").lines[0]
    bare = trained("metrics", "chart", broken)
    assert "No metrics were logged" in bare.err
    assert bare.code != 0
