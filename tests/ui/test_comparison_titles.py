"""The titles of the columns of a comparison tell models apart."""

from __future__ import annotations

from launchpad_tui.domain.comparison import Options, compare
from launchpad_tui.ui.palettes import BY_NAME
from launchpad_tui.ui.screens.compare.comparison_sheet import sheet_of
from launchpad_tui.ui.theme import UNICODE, Look
from tests.domain.test_comparison import subject

LOOK = Look(BY_NAME["dark"], UNICODE)


def titles(*names: str) -> tuple[str, list[str]]:
    """Return the text above the rows and the titles of the columns."""
    comparison = compare([subject(name, {}) for name in names], Options())
    found = sheet_of(comparison, {}, LOOK)
    return found.corner, [one.title.text for one in found.columns]


def test_titles_are_the_parameters_that_differ() -> None:
    start = "Train a classifier"
    assert titles(f"{start} rate=0.1 trees=200 seed=1", f"{start} rate=0.4 trees=200 seed=2") == (
        "Train a classifier…",
        ["rate=0.1 seed=1", "rate=0.4 seed=2"],
    )


def test_other_titles_lose_the_start_that_they_share() -> None:
    assert titles("rate too high", "rate too low") == ("rate too …", ["…high", "…low"])
    assert titles("balanced", "Train rate=0.1") == ("2 compared", ["balanced", "Train rate=0.1"])
