"""Charts of values for which the expected drawing was calculated by hand."""

from __future__ import annotations

from typing import Any

from launchpad_tui.charts.bars import bar_range
from launchpad_tui.charts.catalog import draw
from launchpad_tui.charts.histogram import bin_count, bins_of, quartile
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable, Drawing
from launchpad_tui.charts.palette import marker
from tests.charts.chart_data import given, slots_at, table


def lines(
    table_: ChartTable, kind: str, width: int = 60, height: int = 12, **options: bool
) -> list[str]:
    return drawn(table_, kind, width, height, **options).text().split("\n")


def drawn(
    table_: ChartTable, kind: str, width: int = 60, height: int = 12, **options: Any
) -> Drawing:
    return draw(ChartSpec(width, height, **options), ChartData((), table_), kind)


def test_lengths_of_bars_are_proportional_to_values() -> None:
    rows = lines(given([1.0, 2.0, 4.0, 0.0]), "bar", height=5)
    long = [row.count("█") for row in rows[:4]]
    assert abs(long[2] - 2 * long[1]) <= 1
    assert abs(long[2] - 4 * long[0]) <= 3
    assert long[2] > 40
    assert [row.split()[-1] for row in rows[:4]] == ["1", "2", "4", "0"]
    assert long[3] == 0


def test_bars_are_colored_by_their_model() -> None:
    drawing = drawn(given([1.0, 2.0, 3.0]), "bar", height=3)
    assert [slots_at(drawing, row, 5) for row in range(3)] == [0, 1, 2]


def test_positive_and_negative_bars_start_at_the_same_cell() -> None:
    rows = lines(given([4.0, -4.0]), "bar", width=50, height=3, ascii=True)
    begins, ends = rows[0].index("#"), rows[2].rindex("#") + 1
    assert begins == ends
    assert rows[0].count("#") == rows[2].count("#")
    assert rows[2].index("-4") < rows[2].index("#")


def test_bars_far_from_zero_have_a_note() -> None:
    near = drawn(given([0.95, 0.96, 0.97]), "bar")
    assert [
        note
        for note in near.notes
        if note.startswith("The axis starts at 0.9") and "not at 0" in note
    ]
    assert not drawn(given([0.5, 0.96, 0.97]), "bar").notes
    assert bar_range([0.95, 0.97]).zero < 0.95
    assert bar_range([-0.95, -0.97]).zero > -0.95
    assert bar_range([5.0, 5.0]).zero == 0
    assert bar_range([-1.0, 3.0]).below == 0.25


def test_heights_of_columns_are_proportional_to_values() -> None:
    rows = lines(given([2.0, 4.0, 8.0]), "column", width=40, height=10)
    names = rows[9]
    at = [names.index(name) for name in ("m0", "m1", "m2")]
    high = [sum(row[column : column + 1] == "█" for row in rows[:8]) for column in at]
    assert high == [2, 4, 8]


def test_columns_have_a_resolution_of_an_eighth() -> None:
    rows = lines(given([8.0, 0.125, 0.5]), "column", width=40, height=10)
    at = [rows[9].index(name) for name in ("m0", "m1", "m2")]
    assert [rows[7][column] for column in at] == ["█", "▁", "▄"]


def test_negative_columns_are_below_the_axis() -> None:
    rows = lines(given([3.0, -3.0]), "column", width=30, height=8)
    rows = [row.ljust(30) for row in rows]
    zero = next(number for number, row in enumerate(rows) if "┼" in row)
    at = [rows[7].index(name) for name in ("m0", "m1")]
    assert [rows[zero - 1][at[0]], rows[zero + 1][at[0]]] == ["█", " "]
    assert [rows[zero - 1][at[1]], rows[zero + 1][at[1]]] == [" ", "█"]


def test_groups_are_means_in_numeric_order() -> None:
    data = given([1.0, 3.0, 10.0, 5.0], along="p", p=[10.0, 10.0, 9.0, 100.0])
    rows = lines(data, "bar", height=8)
    assert [row.split()[0] for row in (rows[1], rows[3], rows[5])] == ["9", "10", "100"]
    assert [row.split()[-1] for row in (rows[1], rows[3], rows[5])] == ["10", "2", "5"]
    assert "(n=2)" in rows[3]
    drawing = drawn(data, "bar", height=8)
    assert "Each bar is the mean of its n models" in drawing.notes
    assert [slots_at(drawing, row, 12) for row in (1, 3, 5)] == [2, None, 3]


def test_too_many_bars_show_the_best_and_a_note() -> None:
    data = given([float(value) for value in range(50)], directions={"m": "higher"})
    drawing = drawn(data, "bar", height=11)
    assert drawing.text().startswith("m49")
    assert "Showing the best 10 of 50 by m (not enough room for all)" in drawing.notes
    unknown = drawn(given([float(value) for value in range(50)]), "bar", height=11)
    assert unknown.text().startswith("m0")
    assert "Showing 10 of 50 (not enough room for all)" in unknown.notes


def test_scatter_draws_extremes_in_the_corners() -> None:
    data = given([0.0, 10.0], along="p", p=[0.0, 10.0])
    rows = lines(data, "scatter", width=60, height=12)
    assert [row for row in range(12) if "◆" in rows[row]] == [9]
    assert [row for row in range(12) if "✚" in rows[row]] == [0]
    assert rows[9].index("◆") < 8
    assert rows[0].index("✚") > 52


def test_scatter_is_logarithmic_over_two_decades() -> None:
    rows = lines(
        given([1.0, 1.0, 1.0], along="lr", lr=[1e-4, 1e-3, 1e-2]), "scatter", width=60, height=8
    )
    places = sorted(row.index(mark) for row in rows for mark in "◆✚►" if mark in row)
    assert abs((places[1] - places[0]) - (places[2] - places[1])) <= 1
    whole = drawn(given([1.0, 1.0, 1.0], along="lr", lr=[1e-4, 1e-3, 1e-2]), "scatter", 60, 8)
    assert "lr (log)" in whole.text() + " ".join(whole.notes)
    linear = drawn(given([1.0, 1.0], along="lr", lr=[1.0, 50.0]), "scatter", 60, 8)
    assert "(log)" not in linear.text() + " ".join(linear.notes)


def test_scatter_counts_hidden_models() -> None:
    data = given([1.0] * 40 + [2.0], along="p", p=[1.0] * 40 + [2.0])
    drawing = drawn(data, "scatter", 60, 12)
    shown = sum(span.slot is not None for line in drawing.lines for span in line)
    hidden = next(int(note.split()[0]) for note in drawing.notes if "behind others" in note)
    assert shown + hidden == 41


def test_scatter_sorts_texts() -> None:
    rows = lines(
        given([1.0, 2.0, 3.0], along="p", p=["b", "a", "c"]), "scatter", width=60, height=10
    )
    assert rows[-1].split()[:3] == ["a", "b", "c"]
    assert rows[-1].index("b") == next(row.index("◆") for row in rows if "◆" in row)


def test_heat_of_two_parameters() -> None:
    data = given(
        [1.0, 3.0, 8.0, 5.0], along="a\x1fb", a=[1.0, 1.0, 2.0, 2.0], b=["x", "x", "x", "y"]
    )
    drawing = drawn(data, "heat", 60, 8)
    rows = drawing.text().split("\n")
    assert rows[0].split() == ["a", "/", "b", "x", "y"]
    first = next(row for row in rows if row.startswith("1 "))
    second = next(row for row in rows if row.startswith("2 "))
    assert " 2 " in first
    assert "n=2" in "".join(rows[1:4])
    assert " 8 " in second
    assert " 5 " in second
    assert first.count("░") > 5
    assert "█" not in first
    assert second.count("█") > 5
    assert "Blank cells: no model has this combination" in drawing.notes
    assert rows[-1] == "m 2 ░░▒▒▓▓██ 8"


def test_heat_of_models_goes_from_worst_to_best() -> None:
    data = ChartTable(
        ("i", "j"),
        ("low", "high"),
        (0, 1),
        {},
        {"loss": (1.0, 2.0), "acc": (1.0, 2.0)},
        {"loss": "lower", "acc": "higher"},
    )
    rows = lines(data, "heat", 60, 5)
    assert "loss ↓" in rows[0]
    assert "acc ↑" in rows[0]
    half = rows[0].index("acc") - 4
    assert "█" in rows[1][:half]
    assert "░" in rows[1][half:]
    assert rows[-1] == "worst ░░▒▒▓▓██ best"


def test_quartiles_by_linear_interpolation() -> None:
    # In R, quantile(c(1, 2, 3, 4, 10), type = 7) is 1, 2, 3, 4, 10, and that of 1:4 is
    # 1.75, 2.5, 3.25 between the ends.
    assert [quartile([1.0, 2.0, 3.0, 4.0, 10.0], part) for part in (0, 0.25, 0.5, 0.75, 1)] == [
        1,
        2,
        3,
        4,
        10,
    ]
    assert [quartile([1.0, 2.0, 3.0, 4.0], part) for part in (0.25, 0.5, 0.75)] == [1.75, 2.5, 3.25]


def test_box_has_the_positions_of_the_quartiles() -> None:
    row = lines(given([0.0, 25.0, 50.0, 75.0, 100.0]), "box", width=102, height=6)[1]
    assert (row.index("├"), row.index("▒"), row.index("█"), row.rindex("▒"), row.index("┤")) == (
        1,
        26,
        51,
        76,
        101,
    )


def test_small_groups_are_points() -> None:
    data = given([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], along="p", p=["a", "a", "b", "b", "b", "b"])
    drawing = drawn(data, "box", 60, 10)
    rows = drawing.text().split("\n")
    first = next(row for row in rows if row.startswith("a"))
    second = next(row for row in rows if row.startswith("b"))
    assert "n=2" in first
    assert "◆" in first
    assert "✚" in first
    assert "├" not in first
    assert "├" in second
    assert "1 group has fewer than 4 models (shown as points)" in drawing.notes


def test_histogram_bins() -> None:
    assert bins_of([0.0, 1.0, 2.0, 3.0, 4.0], 2) == [2, 3]
    assert bins_of([7.0, 7.0], 1) == [2]
    assert bin_count([3.0] * 9, 40) == 1
    # By Freedman and Diaconis: 2 * 49.5 / 100 ** (1 / 3) = 21.33, 99 / 21.33 = 4.6.
    assert bin_count([float(value) for value in range(100)], 40) == 5
    # The interquartile range is 0, so by Sturges: log2(16) + 1.
    assert bin_count([0.0, *[5.0] * 14, 9.0], 40) == 5
    assert bin_count([float(value) for value in range(1000)], 7) == 7


def test_histogram_counts_every_value() -> None:
    drawing = drawn(given([float(value) for value in range(100)]), "histogram", 80, 12)
    counts = [
        int(span.text)
        for line in drawing.lines
        for span in line
        if span.style == "faint" and span.text.strip().isdigit()
    ]
    assert sum(counts) == 100
    assert "100 models in 5 bins" in drawing.notes


def test_parallel_labels_axes_and_keeps_colors() -> None:
    drawing = drawn(table(5), "parallel", 100, 16)
    last = drawing.text().split("\n")[-1]
    assert [
        name
        for name in ("lr (log)", "batch_size", "optimizer", "dropout", "accuracy")
        if name in last
    ] == [
        "lr (log)",
        "batch_size",
        "optimizer",
        "dropout",
        "accuracy",
    ]
    assert {span.slot for line in drawing.lines for span in line} >= {0, 1, 2, 3, 4}


def test_parallel_tells_models_apart_without_color() -> None:
    text = drawn(table(5), "parallel", 100, 16).text()
    assert all(text.count(marker(slot)) >= 2 for slot in range(5)), text


def test_parallel_of_many_colors_the_best() -> None:
    values = [float(value) for value in range(60)]
    data = given(values, directions={"m": "lower"}, p=[float(value % 7) for value in range(60)])
    drawing = drawn(data, "parallel", 60, 30)
    assert {span.slot for line in drawing.lines for span in line} - {None} <= set(range(10))
    assert "The 10 best of 60 are in color, the others faint" in drawing.notes


def test_parallel_omits_the_weakest_parameters() -> None:
    values = [float(value) for value in range(20)]
    noise = [float(value * 7 % 5) for value in range(20)]
    parameters: Any = {f"noise{number}": noise for number in range(5)} | {"strong": values}
    drawing = drawn(given(values, **parameters), "parallel", 40, 12)
    assert "strong" in drawing.text()
    assert [note for note in drawing.notes if note.startswith("Showing the 3 of 6 parameters")]


def test_importance_chart_marks_uncertain_correlations() -> None:
    few = drawn(given([1.0, 2.0, 3.0, 4.0], p=[1.0, 2.0, 3.0, 4.0]), "importance", 80, 6)
    assert "too few models (n = 4)" in few.text()
    assert "ρ" not in few.text()
    strong = drawn(
        given([float(v) for v in range(12)], p=[float(v) for v in range(12)]), "importance", 80, 6
    )
    assert "ρ +1.00" in strong.text()
    assert "could be chance" not in strong.text()
    flat = [1.0, 5.0, 2.0, 4.0, 3.0, 3.5]
    chance = drawn(given(flat, p=[float(v) for v in range(6)]), "importance", 80, 6)
    assert "could be chance" in chance.text()
    falling = drawn(
        given([float(-v) for v in range(12)], p=[float(v) for v in range(12)]), "importance", 80, 6
    )
    assert "ρ -1.00" in falling.text()


def test_columns_of_values_lose_their_counts_before_their_values() -> None:
    data = given([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], along="p", p=[1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    wide, narrow = drawn(data, "column", 60, 10), drawn(data, "column", 20, 10)
    assert "1 (n=2)" in wide.text()
    assert narrow.text().split("\n")[-1].split()[:3] == ["1", "2", "3"]
    assert "n is 2" in narrow.notes


def test_the_parameter_is_named_in_text_or_notes() -> None:
    for kind in ("bar", "column", "scatter", "box", "heat"):
        for width in (24, 40, 80):
            drawing = draw(ChartSpec(width, 14, "metric"), ChartData((), table(30, "lr")), kind)
            assert "lr" in drawing.text() + " ".join(drawing.notes), (kind, width)
