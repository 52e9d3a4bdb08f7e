"""Pages in terminals of several sizes: nothing that identifies a value is cut or unexplained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from launchpad_tui.config.paths import Home
from tests.scenes.demo_home import demo, training
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import COMPLETED, MODEL, TRAIN


@pytest.fixture
def demo_home(tmp_path: Path) -> Home:
    """A home with the content of the demo's home."""
    home = Home.at(tmp_path / "home").ensure()
    demo(home)
    return home


async def test_the_comparison_names_rows_and_marks_at_40_columns(demo_home: Home) -> None:
    async with running(demo_home, size=(40, 24)) as pilot:
        await press(pilot, "ctrl+a", "c", "b")
        text = screen_text(pilot)
        for name in ("learning_rate ", "hidden_units ", "configuration ", "train accuracy ▲ "):
            assert name in text
        assert "↑ better  ↓ worse\n" in text


async def test_the_comparison_uses_the_width_and_tells_names_apart(demo_home: Home) -> None:
    async with running(demo_home, size=(120, 40)) as pilot:
        await press(pilot, "ctrl+a", "c")
        text = screen_text(pilot)
        titles = text.splitlines()[1]
        assert "no momentum" in titles
        assert "rate too low" in titles
        assert "rate too hi…" in titles
        # A matrix is named by its size, and not by its first brackets.
        assert text.count("10×10 matrix") == 6
        await press(pilot, "t")
        assert "train accuracy ▲" in screen_text(pilot).splitlines()[1]


async def test_the_values_of_metrics_are_aligned_at_their_decimal_points(demo_home: Home) -> None:
    async with running(demo_home, "models", size=(120, 40)) as pilot:
        await press(pilot, "end", "enter", "tab")
        lines = screen_text(pilot).splitlines()
        found = [line for line in lines if " at step " in line]
        assert len(found) == 4
        assert len({line.index(".") for line in found}) == 1
        assert len({line.index(" at step ") for line in found}) <= 2
        assert len({line.index(" to ") for line in found}) == 1
        assert len({line.index(" points") for line in found}) == 1


async def test_the_summary_of_metrics_gets_the_lines_that_it_needs(workshop_home: Home) -> None:
    async with running(workshop_home, size=(80, 28)) as pilot:
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        await press(pilot, "tab")
        text = screen_text(pilot)
        assert "0 to 51" in text
        assert "Points  1–" in text
        await pilot.resize_terminal(80, 20)
        await settled(pilot)
        text = screen_text(pilot)
        assert "confusion matrix" in text
        assert re.search(r"Points  1–4 of 80", text)


async def test_the_lines_are_shared_also_after_the_terminal_was_resized(demo_home: Home) -> None:
    async with running(demo_home, size=(80, 24)) as pilot:
        await press(pilot, "enter")
        await pilot.resize_terminal(200, 50)
        await press(pilot, "tab")
        text = screen_text(pilot)
        assert text.count(" at step ") == 4
        assert " 0 to 4" in text
        assert "Points  1–" in text


async def test_models_have_their_version_in_flow_lineage_and_inputs(workshop_home: Home) -> None:
    async with running(workshop_home, size=(120, 40)) as pilot:
        pilot.app.open("execution", item_id=COMPLETED)
        await settled(pilot)
        text = screen_text(pilot)
        assert "churn-model v1 · model" in text
        assert "✓ COMPLETED" in text.split("Status")[0]
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        await press(pilot, "shift+tab")
        text = screen_text(pilot)
        assert "│ churn-model v1 " in text
        assert "─ result set ─" in text
        # The status stays complete where the duration does not fit.
        assert text.count("─ ✓ COMPLETED ─") == 2


async def test_notes_of_a_narrow_form_are_below_their_editor(workshop_home: Home) -> None:
    async with running(workshop_home, size=(40, 20)) as pilot:
        pilot.app.open("execution.rerun", item_id=COMPLETED)
        await settled(pilot)
        lines = screen_text(pilot).splitlines()
        assert "  Step of each tree" in lines
        # The second line of the sentence above the form is indented as the first one.
        assert all(line.startswith((" ", "▌")) for line in lines if line)


async def test_an_executable_shows_settings_and_parameters_in_columns(workshop_home: Home) -> None:
    async with running(workshop_home, size=(120, 40)) as pilot:
        pilot.app.open("executable", item_id=TRAIN)
        await settled(pilot)
        lines = screen_text(pilot).splitlines()
        texts = ("Step of each tree", "How many trees there are", "The column to learn")
        places = {line.index(text) for line in lines for text in texts if text in line}
        assert len(places) == 1
        assert sum(line.endswith(" not set") for line in lines) >= 4


async def test_the_legend_is_as_wide_as_its_longest_name_with_a_gap(demo_home: Home) -> None:
    for width in (80, 120, 200):
        async with running(demo_home, size=(width, 40)) as pilot:
            await press(pilot, "ctrl+a", "m")
            lines = screen_text(pilot).splitlines()
            assert lines[1].startswith(" My Selection 6")
            (longest,) = [line for line in lines if "penalty too strong" in line]
            assert longest.startswith("▌◆ penalty too strong ")
            # The charts begin one or two cells behind the longest name.
            assert len("▌◆ penalty too strong") < lines[1].index("▌train accuracy") <= 23


async def test_values_under_the_cursor_are_those_of_the_nearest_points(demo_home: Home) -> None:
    async with running(demo_home, size=(120, 40)) as pilot:
        await press(pilot, "ctrl+a", "m", "down", "right", "enter")
        for _ in range(6):
            await press(pilot, "left")
            lines = screen_text(pilot).splitlines()[2:14:2]
            assert len(lines) == 6
            assert not [line for line in lines if line.rstrip().endswith(" -")]


async def test_a_running_execution_shows_its_metrics_above_a_narrow_log(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home").ensure()
    training(home)
    async with running(home, "executions", size=(80, 24)) as pilot:
        await press(pilot, "home", "enter")
        lines = screen_text(pilot).splitlines()
        (validation,) = [number for number, line in enumerate(lines) if " val loss " in line]
        assert "▁" in lines[validation]
        assert "★ 0.053035 @ 286" in lines[validation]
        assert "epoch  250" in "\n".join(lines[validation:])
        # With room for the curves beside the log, their legend has these values.
        await pilot.resize_terminal(120, 40)
        await settled(pilot)
        text = screen_text(pilot)
        assert "best 0.053035 at step 286" in text
        assert "★" not in text
