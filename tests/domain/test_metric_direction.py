"""The direction of a metric, guessed from its name."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.metric import guess_direction


@pytest.mark.parametrize(
    "name",
    [
        "loss",
        "val_loss",
        "train/loss",
        "valLoss",
        "valloss",
        "loss{phase=accuracy}",
        "RMSE",
        "cross_entropy",
        "crossEntropy",
        "error-rate",
        "word error rate",
        "eval/wer",
        "time",
        "step_time_ms",
        "log_loss",
        "f1_loss",
        "MSE",
    ],
)
def test_names_of_metrics_that_should_be_low(name: str) -> None:
    assert guess_direction(name) == "lower"


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "val_acc",
        "Accuracy",
        "F1",
        "f1_score",
        "f1score",
        "auc",
        "ROC-AUC",
        "R2",
        "mAP",
        "top1",
        "recall@10",
        "bleu",
        "episode_return",
        "mean_reward",
        "hits",
        "balancedAccuracy",
    ],
)
def test_names_of_metrics_that_should_be_high(name: str) -> None:
    assert guess_direction(name) == "higher"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "epoch",
        "white",
        "heatmap",
        "previous",
        "lifetime_value",
        "learning_rate",
        "gloss_y",
        "m",
        "漢字",
        "{x}",
    ],
)
def test_names_without_a_direction(name: str) -> None:
    assert guess_direction(name) is None
