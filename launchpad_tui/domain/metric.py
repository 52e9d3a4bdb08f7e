"""Metrics that executions log: points, series, tags and custom info."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

#: limits of the AI API, section 3
NAME_LIMIT = 256
POINTS_PER_REQUEST = 1000
LABELS_PER_METRIC = 20
LABEL_LIMIT = 256
TAGS_LIMIT = 100
CUSTOM_INFO_LIMIT = 100
CUSTOM_INFO_BYTES = 5_000_000
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
#: the label that assigns a metric to one model of its execution
ARTIFACT_LABEL = "metrics.ai.sap.com/Artifact.name"


@record
class Metric:
    """One point of a metric; ``value`` may be NaN or infinite."""

    name: str
    value: float
    timestamp: datetime
    step: int = 0
    labels: tuple[tuple[str, str], ...] = ()


@record
class Tag:
    """A tag of an execution; a tag replaces an earlier one with the same name."""

    name: str
    value: str


@record
class CustomInfo:
    """A named text of an execution, often JSON; it replaces an earlier one with the same name."""

    name: str
    value: str


@record
class SeriesSummary:
    """The summary of a series: all points of an execution with the same metric name and labels.

    Attributes:
        id: the row number in the registry.
        key: ``name`` or ``name{label=value,…}`` without the artifact label.
        artifact_name: the value of the artifact label, empty without it.
        minimum, maximum: the smallest and greatest finite values, None if no value is finite.
        last: the value at the highest step; of equal steps, the value that was logged last.
        not_finite: the number of values that are NaN or infinite.
    """

    id: int
    execution_id: str
    name: str
    labels: tuple[tuple[str, str], ...]
    key: str
    artifact_name: str
    count: int
    not_finite: int
    first: float
    last: float
    minimum: float | None
    maximum: float | None
    minimum_step: int | None
    maximum_step: int | None
    first_step: int
    last_step: int
    first_at: datetime
    last_at: datetime


def normal_name(name: str) -> str:
    """Return the form in which a name of a metric, or a key of a series, is stored and compared.

    It is Unicode's NFC: file systems and editors of macOS write ``é`` as two characters (NFD),
    which look the same.
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def series_key(name: str, labels: Sequence[tuple[str, str]]) -> str:
    """Return ``name`` or ``name{label=value,…}`` with sorted labels, without the artifact label."""
    inner = ",".join(f"{key}={value}" for key, value in sorted(labels) if key != ARTIFACT_LABEL)
    return f"{name}{{{inner}}}" if inner else name


def is_metric_name(name: str) -> bool:
    """Return whether a name is valid, see `check_metric_name`."""
    return 0 < len(name) <= NAME_LIMIT and _NAME.search(name) is not None


#: short forms of values of labels in titles
_SHORT = {"validation": "val", "training": "train"}


def series_title(key: str, *, short: bool = True) -> str:
    """Return a series key as a title: ``val accuracy`` for ``accuracy{phase=validation}``.

    The values of the labels precede the name. A name without labels, and a text that is not a
    series key, is returned unchanged.

    Args:
        key: the series key.
        short: whether usual values have their short forms, such as ``val``.
    """
    name, bracket, inner = key.partition("{")
    if not bracket or not inner.endswith("}"):
        return key
    values = [pair.partition("=")[2] for pair in inner[:-1].split(",")]
    return " ".join(
        [*(_SHORT.get(value, value) if short else value for value in values if value), name]
    )


def series_titles(keys: Iterable[str]) -> dict[str, str]:
    """Return the titles of series by their key: `series_title` where it is unique, else the key."""
    titles = {key: series_title(key) for key in keys}
    counts = Counter(titles.values())
    return {key: title if counts[title] == 1 else key for key, title in titles.items()}


def key_of_title(title: str, keys: Iterable[str]) -> str | None:
    """Return the series key that has a title of `series_title`; None if none or several have it."""
    found = [key for key in keys if title in {series_title(key), series_title(key, short=False)}]
    return found[0] if len(found) == 1 else None


def check_metric_name(name: str) -> str:
    """Return the name if it is valid.

    A valid name has at most 256 characters, at least one of them from ``[A-Za-z0-9_-]`` (AI API).

    Raises:
        InvalidInput: the name is not valid.
    """
    if not is_metric_name(name):
        hint = f"Use at most {NAME_LIMIT} characters, including a letter, digit, '_' or '-'."
        raise InvalidInput(f"{name[:80]!r} is not a valid metric name", hint=hint, field="name")
    return name


def check_metric_labels(labels: Sequence[tuple[str, str]]) -> None:
    """Check the labels of a metric.

    Raises:
        InvalidInput: there are more than 20 labels, or a name or value does not have 1 to 256
            characters.
    """
    if len(labels) > LABELS_PER_METRIC:
        raise InvalidInput(
            f"A metric has {len(labels)} labels",
            f"At most {LABELS_PER_METRIC} labels are allowed.",
            "Remove labels.",
            field="labels",
        )
    for pair in labels:
        if any(not 1 <= len(text) <= LABEL_LIMIT for text in pair):
            raise InvalidInput(
                f"The label {pair[0][:40]!r} of a metric is too short or too long",
                "Names and values of labels have 1 to 256 characters.",
                "Shorten the label, or remove it if it is empty.",
            )


class Direction:
    """Whether lower or higher values of a metric are better."""

    LOWER = "lower"
    HIGHER = "higher"


_HIGHER = frozenset(
    {
        "acc",
        "accuracy",
        "auc",
        "auroc",
        "auprc",
        "f1",
        "f2",
        "fscore",
        "precision",
        "recall",
        "r2",
        "map",
        "ndcg",
        "bleu",
        "rouge",
        "iou",
        "miou",
        "dice",
        "reward",
        "return",
        "returns",
        "score",
        "throughput",
        "hit",
        "hits",
        "correct",
        "specificity",
        "sensitivity",
        "kappa",
        "mcc",
        "psnr",
        "ssim",
        "speed",
        "tpr",
        "tnr",
        "lift",
        "gini",
        "top1",
        "top5",
        "rsquared",
        "likelihood",
        "f1score",
    }
)
_LOWER = frozenset(
    {
        "loss",
        "err",
        "error",
        "errors",
        "rmse",
        "mse",
        "mae",
        "mape",
        "smape",
        "rmsle",
        "perplexity",
        "ppl",
        "nll",
        "entropy",
        "crossentropy",
        "divergence",
        "kl",
        "latency",
        "duration",
        "time",
        "seconds",
        "ms",
        "distance",
        "cost",
        "regret",
        "deviance",
        "wer",
        "cer",
        "fid",
        "memory",
        "bytes",
        "bic",
        "aic",
        "brier",
        "fpr",
        "fnr",
    }
)
#: prefixes that may precede a word without a separator, as in ``valloss``
_PHASE = re.compile(r"^(?:train|training|val|valid|validation|test|eval|dev)(?=[a-z])")
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")


def guess_direction(name: str) -> str | None:
    """Guess from a metric's name whether lower or higher values are better.

    Returns:
        ``lower``, ``higher``, or None if the name does not suggest a direction.
    """
    bare = name.split("{", 1)[0]
    words = {word.lower() for word in (*_WORD.findall(bare), *re.findall(r"[A-Za-z0-9]+", bare))}
    words |= {_PHASE.sub("", word) for word in words}
    if words & _LOWER:
        return Direction.LOWER
    return Direction.HIGHER if words & _HIGHER else None


@record
class MetricResource:
    """Everything that one execution logged (AI API, section 3).

    ``created_at`` and ``modified_at`` are the times of the first and of the last entry; both are
    None if the execution logged nothing.
    """

    execution_id: str
    metrics: Sequence[Metric] = ()
    tags: Sequence[Tag] = ()
    custom_info: Sequence[CustomInfo] = ()
    created_at: datetime | None = None
    modified_at: datetime | None = None


@record
class SeriesWindow:
    """A series, or a section of it, for drawing.

    ``steps``, ``times`` (microseconds since 1970) and ``values`` have equal lengths and are ordered
    by step or by time as requested. ``total`` and ``not_finite`` are numbers of points of the
    section. If ``exact`` is set, all points of the section are returned; otherwise a sample with
    the extremes of every part, the first and last point, and the gaps of values that are not
    finite.
    """

    series_id: int
    steps: Sequence[int]
    times: Sequence[int]
    values: Sequence[float]
    total: int
    not_finite: int
    exact: bool


class MetricSink(Protocol):
    """Reads and writes the metrics of one execution for a tracking endpoint.

    ``record`` is called from one thread, ``resource`` and ``delete`` from any thread. Each may
    raise a LaunchpadError.
    """

    def record(
        self, metrics: Sequence[Metric], tags: Sequence[Tag], custom_info: Sequence[CustomInfo]
    ) -> None:
        """Add to what the execution logged.

        The entries are committed when the call returns: they survive the end of any process. A
        power failure may lose the last ones, unless ``registry.durability`` is ``power``.
        """

    def resource(self) -> MetricResource:
        """Return everything that the execution logged."""

    def delete(self) -> None:
        """Delete everything that the execution logged."""
