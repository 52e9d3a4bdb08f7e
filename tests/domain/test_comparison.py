"""Comparisons of models: rows, differences, order, and export as text."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from launchpad_tui.domain.comparison import ComparedItem, Options, Row, RowGroup, compare, extremes
from launchpad_tui.domain.comparison_text import as_csv, as_json, as_markdown
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.metric import ARTIFACT_LABEL, SeriesSummary, series_key
from launchpad_tui.records import replace

AT = datetime(2026, 1, 1, tzinfo=UTC)


def series(
    name: str, last: float, low: float | None = None, high: float | None = None, own: str = ""
) -> SeriesSummary:
    labels = ((ARTIFACT_LABEL, own),) if own else ()
    return SeriesSummary(
        id=1,
        execution_id="e",
        name=name,
        labels=labels,
        key=series_key(name, labels),
        artifact_name=own,
        count=3,
        not_finite=0,
        first=0.0,
        last=last,
        minimum=low,
        maximum=high,
        minimum_step=0,
        maximum_step=1,
        first_step=0,
        last_step=2,
        first_at=AT,
        last_at=AT,
    )


def subject(
    name: str, parameters: Mapping[str, str], *logged: SeriesSummary, tags: Mapping[str, str] = {}
) -> ComparedItem:
    from launchpad_tui.domain.execution import Execution, Status, TargetStatus

    configuration = Configuration(
        id=f"c-{name}",
        name=name,
        scenario_id="s",
        executable_id="x",
        created_at=AT,
        parameters=parameters,
        inputs={},
    )
    execution = Execution(
        id=f"e-{name}",
        configuration_id=configuration.id,
        configuration_name=name,
        scenario_id="s",
        executable_id="x",
        executable_version="1",
        status=Status.COMPLETED,
        target_status=TargetStatus.COMPLETED,
        status_message="",
        created_at=AT,
        modified_at=AT,
        submitted_at=AT,
        started_at=AT,
        completed_at=AT,
        status_details={},
    )
    return ComparedItem(None, execution, configuration, {}, logged, tags, {})


A = subject(
    "a",
    {"lr": "0.1", "mode": "fast"},
    series("loss", 0.5, 0.2, 0.9),
    series("accuracy", 0.8, 0.1, 0.9),
)
B = subject(
    "b",
    {"lr": "0.01", "mode": "fast"},
    series("loss", 0.25, 0.25, 0.9),
    series("accuracy", 0.9, 0.2, 0.9),
)
C = subject("c", {"lr": "1e-3", "extra": "x"}, series("loss", math.nan, 0.1, 0.2))


def rows(*subjects: ComparedItem, **options: object) -> dict[str, Row]:
    found = compare(subjects, Options(**options))  # type: ignore[arg-type]
    return {row.key: row for row in found.rows}


def test_only_differences_are_shown() -> None:
    shown = rows(A, B)
    assert "parameters/lr" in shown
    assert "parameters/mode" not in shown
    assert "parameters/mode" in rows(A, B, differing=False)
    # All rows of a single model are shown.
    assert "parameters/mode" in rows(A)
    assert rows(A, C)["parameters/extra"].values == (None, "x")


def test_best_and_worst_values_depend_on_the_direction() -> None:
    shown = rows(A, B, C)
    assert (shown["metrics/loss"].best, shown["metrics/loss"].worst) == ((1,), (0,))
    assert (shown["metrics/accuracy"].best, shown["metrics/accuracy"].worst) == ((1,), (0,))
    inverted = rows(A, B, C, directions={"loss": "higher"})
    assert inverted["metrics/loss"].best == (0,)
    assert extremes((1.0, 1.0), "lower") == ((), ())
    assert extremes((1.0, 2.0), None) == ((), ())
    assert extremes((1.0, 2.0, 1.0, math.inf), "lower") == ((0, 2), (1,))


def test_rows_show_the_selected_aggregate() -> None:
    assert rows(A, B, aggregate="best")["metrics/loss"].values == (0.2, 0.25)
    assert rows(A, B, aggregate="max", differing=False)["metrics/accuracy"].values == (0.9, 0.9)
    assert rows(A, B, aggregate="min")["metrics/accuracy"].values == (0.1, 0.2)


def test_nan_is_the_same_as_nan() -> None:
    one, other = (subject(name, {}, series("m", math.nan)) for name in "ab")
    assert "metrics/m" not in rows(one, other)


def test_metrics_of_a_model_are_listed_separately() -> None:
    one = subject("a", {}, series("loss", 1.0), series("loss", 2.0, own="m"))
    other = subject("b", {}, series("loss", 3.0))
    shown = rows(one, other)
    assert shown["metrics/loss"].values == (1.0, 3.0)
    assert shown["model metrics/loss"].values == (2.0, None)


def test_order_by_any_row() -> None:
    def order(key: str, descending: bool = False) -> str:
        return "".join(
            one.name for one in compare((A, B, C), Options(order=(key, descending))).subjects
        )

    assert order("parameters/lr") == "cba"
    assert order("parameters/lr", True) == "abc"
    # Items without a value, or with NaN, are last in both directions.
    assert order("metrics/loss") == "bac"
    assert order("metrics/loss", True) == "abc"
    assert order("metrics/accuracy", True) == "bac"
    assert order("parameters/mode") == "abc"
    assert order("parameters/unknown") == "abc"
    assert order("nonsense") == "abc"


def test_hidden_items_collapsed_groups_and_filtered_rows() -> None:
    found = compare((A, B, C), Options(hidden=frozenset({"e-b"})))
    assert [one.name for one in found.subjects] == ["a", "c"]
    folded = compare((A, B), Options(folded=frozenset({RowGroup.METRICS})))
    assert folded.counts[RowGroup.METRICS] == (2, 2)
    assert not any(row.group is RowGroup.METRICS for row in folded.rows)
    assert (
        RowGroup.METRICS
        not in compare((A, B), Options(left_out=frozenset({RowGroup.METRICS}))).counts
    )
    assert list(rows(A, B, text="METRIC acc")) == ["metrics/accuracy"]


def test_gains_follow_the_direction_of_the_metric() -> None:
    def gains(direction: str | None, *values: float | str | None) -> list[int]:
        row = Row(RowGroup.METRICS, "m", values, direction)
        return [row.gain(place, 0) for place in range(len(values))]

    assert gains("higher", 1.0, 2.0, 0.5, 1.0, None, math.nan) == [0, 1, -1, 0, 0, 0]
    assert gains("lower", 1.0, 2.0, 0.5, 1.0, None, math.inf) == [0, -1, 1, 0, 0, -1]
    assert gains(None, 1.0, 2.0) == [0, 0]


def test_differences_to_a_baseline() -> None:
    found = compare((A, B), Options(baseline="e-a"))
    loss = next(row for row in found.rows if row.name == "loss")
    assert found.baseline == 0
    assert loss.differences(0) == [0.0, -0.25]
    assert loss.change(1, 0) == "-0.25 -50.0%"
    assert loss.change(0, 0) == ""
    rate = next(row for row in found.rows if row.name == "lr")
    assert rate.change(1, 0) == "-0.09 -90.0%"
    assert next(row for row in rows(A, C).values() if row.name == "extra").change(1, 0) == ""
    zero = Row(RowGroup.METRICS, "m", (0.0, 1.0))
    assert zero.change(1, 0) == "+1"


def test_exported_text_is_safe_and_complete() -> None:
    hostile = subject("a|b\n\x1b[31m", {"lr": "0.1"}, series("loss", 0.5, 0.2, 0.9))
    found = compare((hostile, B), Options(baseline="e-b"))
    assert "\x1b" not in as_markdown(found) + as_csv(found)
    lines = as_markdown(found).splitlines()
    assert {line.replace("\\|", "").count("|") for line in lines} == {5}
    table = list(csv.reader(io.StringIO(as_csv(found))))
    assert {len(line) for line in table} == {4}
    assert ["metrics", "loss", "0.5", "0.25"] in table
    data = as_json(found)
    assert data["baseline"] == "e-b"
    assert next(row for row in data["rows"] if row["name"] == "loss")["differences"] == [0.25, 0.0]
    assert as_json(compare((C,)))["rows"][-1]["values"] == ["NaN"]


def test_equal_names_get_distinct_titles() -> None:
    assert compare((A, A)).titles() == ["a e-a", "a e-a"]
    assert compare((A, B)).titles() == ["a", "b"]


def test_code_and_environment_are_rows() -> None:
    one = replace(A, code={"commit": "aaa (main)", "Python": "3.11", "package numpy": "1.26"})
    other = replace(B, code={"commit": "bbb (main)", "Python": "3.11", "package numpy": "1.26"})
    unknown = replace(B, code={})

    def names(*subjects: ComparedItem, differing: bool = True) -> list[str]:
        found = compare(subjects, Options(differing=differing))
        return [row.name for row in found.rows if row.group is RowGroup.CODE]

    assert names(one, other) == ["commit"]
    # Hundreds of equal packages are not shown, also if all rows are.
    assert names(one, other, differing=False) == ["commit", "Python"]
    newer = replace(other, code={**other.code, "package numpy": "2.0", "file train.py": "1 B"})
    assert names(one, newer) == ["commit", "file train.py", "package numpy"]
    # Packages of an item about which nothing is known do not differ.
    assert names(one, other, unknown) == ["commit", "Python"]
    assert "code and environment,commit,aaa (main),bbb (main)" in as_csv(compare((one, other)))
    assert "| code and environment | commit |" in as_markdown(compare((one, other)))
