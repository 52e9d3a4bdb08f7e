"""Drawings as SVG and as terminal text, the canvas, and the labels of charts."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.charts.ansi import to_ansi
from launchpad_tui.charts.canvas import Canvas
from launchpad_tui.charts.catalog import KINDS, draw
from launchpad_tui.charts.legend import with_legend
from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing, Series, Span
from launchpad_tui.charts.palette import ANSI256, RGB
from launchpad_tui.charts.svg import to_svg
from launchpad_tui.charts.text import counted, fit, short_labels
from launchpad_tui.domain.text import cell_width, clip_left, pad, safe_text
from tests.charts.chart_data import HOSTILE_LABELS, table

SVG = "{http://www.w3.org/2000/svg}"
DRAWING = Drawing(
    (
        (Span("a<b & 漢", 9), Span("   "), Span("axis", None, "axis")),
        (Span("bold", None, "bold"), Span("faint", 1, "faint")),
        (Span("   "),),
    )
)


def test_svg_has_each_span_at_the_position_of_its_cells() -> None:
    root = ElementTree.fromstring(
        to_svg(DRAWING, RGB, "#101010", "#eeeeee", "#777777", "what & why")
    )
    assert root.findtext(f"{SVG}title") == "what & why"
    spans = [one for line in root.iter(f"{SVG}text") for one in line]
    assert [one.text for one in spans] == ["a<b & 漢", "axis", "bold", "faint"]
    assert spans[0].get("fill") == RGB[1]
    assert spans[1].get("fill") == "#777777"
    assert spans[2].get("font-weight") == "bold"
    assert spans[3].get("fill") == RGB[1]
    cell = float(spans[0].get("textLength") or 0) / 8
    assert float(spans[1].get("x") or 0) - float(spans[0].get("x") or 0) == pytest.approx(11 * cell)
    assert root.find(f"{SVG}rect") is not None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_exported_as_svg(kind: str) -> None:
    drawing = draw(ChartSpec(80, 20, "<title> & \x1b[31m"), ChartData((), table(8, "lr")), kind)
    root = ElementTree.fromstring(to_svg(drawing, RGB, "#000", "#fff", "#888"))
    assert len(list(root.iter(f"{SVG}text"))) <= 20


@given(st.text(), st.text())
def test_svg_of_any_text_is_valid_xml(text: str, title: str) -> None:
    ElementTree.fromstring(
        to_svg(Drawing(((Span(text),),)), RGB, "#000", "#fff", "#888", title).encode()
    )


def test_plain_text_has_no_escapes() -> None:
    assert to_ansi(DRAWING, "none") == DRAWING.text() + "\n"
    assert "\x1b" not in to_ansi(DRAWING, "none")


@pytest.mark.parametrize("colors", ["256", "16"])
def test_colors_are_reset_at_the_end_of_each_line(colors: str) -> None:
    text = to_ansi(DRAWING, colors)
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == DRAWING.text() + "\n" * (
        2 if not DRAWING.text().endswith("\n") else 1
    )
    for line in text.splitlines():
        codes = re.findall(r"\x1b\[([0-9;]*)m", line)
        assert not codes or codes[-1] == "0"
    assert (f"38;5;{ANSI256[1]}" in text) == (colors == "256")


@given(st.text(max_size=40), st.integers(0, 30))
def test_clip_is_exact(text: str, width: int) -> None:
    safe = safe_text(text)
    assert cell_width(pad(safe, width)) == width
    assert cell_width(clip_left(safe, width)) <= width
    assert fit(text, width, ascii_only=True).isascii()
    assert cell_width(fit(text, width)) <= width


def test_texts_are_cut_and_counted() -> None:
    assert pad("abcdef", 4) == "abc…"
    assert pad("漢字漢字", 4) == "漢… "
    assert clip_left("abcdef", 4) == "…def"
    assert counted(1, "value is", "values are") == "1 value is"
    assert counted(1200, "value is", "values are") == "1,200 values are"


def test_short_labels_stay_distinct() -> None:
    labels = [f"classifier-{number}" for number in range(12)]
    found = short_labels(labels, 6)
    assert len(set(found)) == 12
    assert all(cell_width(each) <= 6 for each in found)
    assert short_labels(["one", "two"], 6) == ["one", "two"]
    assert all(each.isascii() for each in short_labels(list(HOSTILE_LABELS), 6, ascii_only=True))


@given(
    st.lists(st.tuples(st.integers(-5, 25), st.integers(-2, 6), st.text(max_size=12)), max_size=20),
    st.integers(0, 20),
    st.integers(0, 5),
)
def test_a_canvas_keeps_its_size_for_any_text(
    writes: list[tuple[int, int, str]], width: int, height: int
) -> None:
    canvas = Canvas(ChartSpec(width, height))
    for column, row, text in writes:
        canvas.put(column, row, safe_text(text), 1)
    lines = canvas.drawing().lines
    assert len(lines) == height
    assert all(cell_width("".join(span.text for span in line)) == width for line in lines)


def test_half_a_wide_character_is_not_drawn() -> None:
    canvas = Canvas(ChartSpec(6, 1))
    canvas.put(0, 0, "漢字")
    canvas.put(1, 0, "x")
    assert canvas.drawing().text() == " x字"
    canvas.put(2, 0, "yz")
    assert canvas.drawing().text() == " xyz"


def test_svg_draws_braille_as_dots() -> None:
    drawing = Drawing(((Span("┤ ", style="axis"), Span("⣿⡀ ⢸", 0), Span(" x  y")),))
    root = ElementTree.fromstring(to_svg(drawing, RGB, "#000", "#fff", "#888"))
    (path,) = root.iter(f"{SVG}path")
    # The characters have 8, 1 and 4 dots.
    assert path.attrib["d"].count("M") == 13
    assert path.attrib["fill"] == RGB[0]
    texts = ["".join(span.itertext()) for span in root.iter(f"{SVG}tspan")]
    assert texts == ["┤", "x", "y"]
    places = [float(span.attrib["x"]) for span in root.iter(f"{SVG}tspan")]
    cell = (places[2] - places[1]) / 3
    assert places[1] - places[0] == pytest.approx(7 * cell)
    left = min(float(each.split()[0]) for each in path.attrib["d"].split("M")[1:])
    assert places[0] + 2 * cell < left < places[0] + 3 * cell


@pytest.mark.parametrize("colors", [8, 16, 256])
def test_colors_of_curves_differ_in_every_terminal(colors: int) -> None:
    drawing = Drawing((tuple(Span(str(slot), slot) for slot in range(8)),))
    codes = re.findall(r"\x1b\[([\d;]+)m\d", to_ansi(drawing, "256" if colors == 256 else "16"))
    assert len(codes) == 8
    if colors == 8:
        # A bright color (90 to 97) equals the normal one.
        codes = [str(int(code) - 60) if int(code) >= 90 else code for code in codes[:7]]
    assert len(set(codes)) == len(codes)


def test_axes_are_not_dimmed_in_16_colors() -> None:
    drawing = Drawing(((Span("1.0 ┤", None, "axis"), Span("⠤⠤", 4)),))
    assert to_ansi(drawing, "16") == "1.0 ┤\x1b[91m⠤⠤\x1b[0m\n"
    assert to_ansi(drawing, "256").startswith("\x1b[2m1.0 ┤")


def test_a_legend_has_the_best_value_and_its_step() -> None:
    best = Series("a", "a", [0.0, 1.0, 2.0], [3.0, 0.25, 2.0], 0, best=0.25, best_step=1)
    unknown = Series("b", "b", [0.0], [7.0], 1)
    drawing = with_legend(Drawing(()), ChartData((best, unknown)), "line", 60)
    first, second = drawing.text().splitlines()
    assert first.endswith("last 2, best 0.25 at step 1")
    assert second.endswith("last 7")
