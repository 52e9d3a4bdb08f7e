"""Tests of the manual in the app: list of topics, reading and searching."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.services.manual import TOPICS, topics
from launchpad_tui.ui.screens.manual.manual import TopicScreen
from launchpad_tui.ui.widgets.markdown_view import MarkdownView
from tests.scenes.harness import press, running, screen_text, settled


async def test_help_leads_to_a_topic_and_escape_back(tmp_path: Path) -> None:
    async with running(Home.at(tmp_path)) as pilot:
        await press(pilot, "question_mark", "enter")
        await settled(pilot)
        text = screen_text(pilot)
        assert [topic.title for topic in topics() if topic.title not in text] == [], text
        await press(pilot, "down", "enter")
        assert isinstance(pilot.app.screen, TopicScreen)
        assert pilot.app.screen.topic_name == TOPICS[1]
        await press(pilot, "escape", "escape")
        assert pilot.app.screen.title_text() == "Models"


async def test_brackets_open_the_next_and_the_previous_topic(tmp_path: Path) -> None:
    async with running(Home.at(tmp_path)) as pilot:
        pilot.app.open("manual.topic", name=TOPICS[0])
        await settled(pilot)
        screen = pilot.app.screen
        assert screen.why_not_previous() == "This is the first topic"
        await press(pilot, "]")
        assert topics()[1].title in screen_text(pilot)
        await press(pilot, "[")
        assert topics()[0].title in screen_text(pilot)
        screen.topic_name = TOPICS[-1]
        assert screen.why_not_next() == "This is the last topic"


async def test_search_moves_from_match_to_match(tmp_path: Path) -> None:
    async with running(Home.at(tmp_path), size=(80, 24)) as pilot:
        pilot.app.open("manual.topic", name="stores")
        await settled(pilot)
        view = pilot.app.screen.query_one(MarkdownView)
        view.set_text("\n\n".join(f"paragraph {number}" for number in range(60)))
        assert view.why_not_next_match() == "Search for a text first"
        await press(pilot, "slash", *"GRAPH 5", "enter")
        assert "Match 1 of 11" in screen_text(pilot)
        assert "n next match" in screen_text(pilot).splitlines()[-1]
        assert ("graph 5", "current-match") in view.parts(10)
        assert ("graph 5", "match") in view.parts(100)
        await press(pilot, "n")
        assert "Match 2 of 11" in screen_text(pilot)
        assert "paragraph 50" in screen_text(pilot)
        await press(pilot, "N", "N")
        assert "No further match" in screen_text(pilot)
        await press(pilot, "slash", *"x", "enter")
        assert view.why_not_next_match() == "No line matches"


async def test_the_text_is_wrapped_to_the_width(tmp_path: Path) -> None:
    async with running(Home.at(tmp_path), size=(60, 24)) as pilot:
        pilot.app.open("manual.topic", name="stores")
        await settled(pilot)
        view = pilot.app.screen.query_one(MarkdownView)
        view.set_text("word " * 100)
        assert max(len("".join(text for text, _ in view.parts(n))) for n in range(5)) <= 59
        assert view.line_count() > 8
        await pilot.resize_terminal(120, 24)
        await settled(pilot)
        assert view.line_count() < 8


async def test_the_palette_finds_topics_of_the_manual(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    open_desk(home).close()
    async with running(home, size=(80, 24)) as pilot:
        await press(pilot, "colon", *"a slurm cluster")
        assert "manual slurm: Training on a Slurm cluster" in screen_text(pilot)
        await press(pilot, "enter")
        assert "Slurm clusters" in screen_text(pilot)


@pytest.mark.parametrize("width", [40, 80, 120])
async def test_summaries_of_topics_are_not_cut(tmp_path: Path, width: int) -> None:
    home = Home.at(tmp_path).ensure()
    open_desk(home).close()
    async with running(home, "manual", size=(width, 30)) as pilot:
        text = screen_text(pilot)
        assert "▸" not in text
        assert ("How launchpad is built" in text) == (width >= 60)
