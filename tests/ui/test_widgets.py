"""Widgets on a screen of their own: log, lines, tree, tabs, form, details, table, header."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.execution import LogLine
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.actions import reachable_actions
from launchpad_tui.ui.routes import ROUTES
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.common.wizard import StepProgress
from launchpad_tui.ui.widgets.choice_line import ChoiceLine
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.details import Details, Item, heading
from launchpad_tui.ui.widgets.form import Form
from launchpad_tui.ui.widgets.lines import Lines
from launchpad_tui.ui.widgets.log_view import LogView
from launchpad_tui.ui.widgets.tabs import TAB_ACTIONS, TabbedKeys, TabStrip
from launchpad_tui.ui.widgets.tree import TreeLine, TreeView
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.seeds import T0, models


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path).ensure()


class Shown(TabbedKeys, LaunchpadScreen):
    """A screen that contains the given widgets."""

    ACTIONS = TAB_ACTIONS
    TITLE_TEXT = "Shown"

    def __init__(self, *widgets: Any) -> None:
        super().__init__()
        self.widgets = widgets

    def body(self) -> Any:
        yield from self.widgets


async def show(pilot: Any, *widgets: Any) -> None:
    pilot.app.push_screen(Shown(*widgets))
    await settled(pilot)
    widgets[0].focus()
    await settled(pilot)


class Memory:
    """A log in memory."""

    def __init__(self, count: int) -> None:
        self.lines = [f"line {number:05}" for number in range(count)]
        self.finished = False

    def count(self) -> int:
        return len(self.lines)

    def slice(self, start: int, stop: int) -> Sequence[LogLine]:
        return [
            LogLine(n, T0, "stdout", "", self.lines[n])
            for n in range(start, min(stop, len(self.lines)))
        ]

    def matching(self, text: str = "") -> Sequence[int]:
        return [number for number, line in enumerate(self.lines) if text in line]


async def test_a_log_follows_new_lines_until_it_is_scrolled(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        view, log = LogView(), Memory(50_000)
        await show(pilot, view)
        view.set_log(log)
        await settled(pilot)
        assert "line 49999" in screen_text(pilot)
        await press(pilot, "home")
        assert "line 00000" in screen_text(pilot)
        log.lines += ["more"]
        view.follow_up()
        await settled(pilot)
        assert "line 00000" in screen_text(pilot)
        await press(pilot, "f")
        assert "more" in screen_text(pilot)
        log.lines += ["and more"]
        view.follow_up()
        await settled(pilot)
        assert "and more" in screen_text(pilot)


async def test_moving_between_matches_skips_hidden_lines(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        view = LogView()
        await show(pilot, view)
        view.set_log(Memory(500))
        await settled(pilot)
        view.search("7")
        await settled(pilot)
        view.only([7, 8, 27, 300])
        await settled(pilot)
        await press(pilot, "n", "n")
        assert "Match 2 of 2" in screen_text(pilot)
        view.only([8, 300])
        await settled(pilot)
        await press(pilot, "n")
        assert "No visible line matches" in screen_text(pilot)


async def test_lines_scroll_sideways_to_the_end_of_the_longest_line(home: Home) -> None:
    async with running(home, size=(40, 12)) as pilot:
        lines = Lines()
        lines.set_lines([[("short", "text")], [("漢字" * 20 + "END", "text")]])
        await show(pilot, lines)
        assert "▸" in screen_text(pilot)
        assert "END" not in screen_text(pilot)
        await press(pilot, *["right"] * 9)
        text = screen_text(pilot)
        assert "END" in text
        assert "▸" not in text
        assert lines.left == 43
        await press(pilot, *["left"] * 9)
        assert "short" in screen_text(pilot)


class Tree(TreeView):
    """A tree of a root and two children."""

    def fill(self) -> None:
        folded = "root" in self.folded
        children = (
            ()
            if folded
            else (
                TreeLine("a", [("first", "text")], (False,), item_id="id-a"),
                TreeLine("b", [("second", "text")], (True,)),
            )
        )
        self.set_tree(
            [TreeLine("root", [("the root", "text")], children=2, folded=folded), *children]
        )

    def on_tree_view_fold_changed(self) -> None:
        self.fill()


async def test_a_tree_collapses_and_keeps_the_cursor_on_its_line(home: Home) -> None:
    async with running(home, size=(60, 16)) as pilot:
        tree = Tree()
        await show(pilot, tree)
        tree.fill()
        await press(pilot, "down", "down")
        assert tree.line is not None
        assert tree.line.key == "b"
        await press(pilot, "home", "left")
        assert "second" not in screen_text(pilot)
        await press(pilot, "space", "down", "y")
        assert "second" in screen_text(pilot)
        assert pilot.app.clipboard == "id-a"
        await press(pilot, "enter")
        assert "This line has no link to open" in screen_text(pilot)


async def test_tabs_wrap_around_and_move_the_focus(home: Home) -> None:
    async with running(home, size=(60, 16)) as pilot:
        strip = TabStrip([("one", "One"), ("two", "Two")])
        one, two = (
            Details([Item("n", "first tab")], id="one"),
            Details([Item("n", "second tab")], id="two"),
        )
        pilot.app.push_screen(Shown(strip, one, two))
        await settled(pilot)
        assert one.has_focus
        assert "second tab" not in screen_text(pilot)
        await press(pilot, "tab")
        assert two.has_focus
        assert "first tab" not in screen_text(pilot)
        await press(pilot, "tab")
        assert one.has_focus
        await press(pilot, "shift+tab")
        assert two.has_focus
        await pilot.click(TabStrip, offset=(1, 0))
        await settled(pilot)
        assert one.has_focus


async def test_a_tab_shown_before_the_first_paint_is_kept(home: Home) -> None:
    async with running(home, size=(60, 16)) as pilot:
        strip = TabStrip([("one", "One"), ("two", "Two")])
        pilot.app.push_screen(
            Shown(strip, Details(id="one"), Details([Item("n", "second tab")], id="two"))
        )
        while not strip.is_mounted:
            await pilot.pause()
        strip.show("two")
        await settled(pilot)
        assert "second tab" in screen_text(pilot)


FIELDS = (
    Field("kind", "Kind", FieldKind.CHOICE, True),
    Field("size", "Size", FieldKind.NUMBER, help="word " * 30),
    Field("secret", "Secret", FieldKind.SECRET),
    Field("sure", "Sure", FieldKind.FLAG),
)
KINDS = [
    Choice("a", "Apple", "a fruit"),
    Choice("b", "Bean", "no fruit"),
    Choice("c", "Crab", "", "It pinches"),
]


async def test_a_form_shows_notes_of_values_and_errors(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        form = Form(FIELDS, {"kind": "a"}, choices={"kind": KINDS})
        await show(pilot, form)
        form.focus_first()
        await settled(pilot)
        assert "a fruit" in screen_text(pilot)
        assert screen_text(pilot).count("word") == 30
        await press(pilot, "right")
        assert "no fruit" in screen_text(pilot)
        await press(pilot, "right")
        assert form.values()["kind"] == "a"
        await press(pilot, "down", *"1x", "down", *" pw ")
        assert not form.check()
        text = screen_text(pilot)
        assert "✗ Enter a number" in text
        assert " pw " not in text
        await settled(pilot)
        assert form.query(Input).first().has_focus
        await press(pilot, "backspace")
        assert "Enter a number" not in screen_text(pilot)
        assert form.values() == {"kind": "a", "size": "1", "secret": " pw ", "sure": "false"}
        assert form.dirty


async def test_disabled_choices_of_a_form_cannot_be_selected(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        form = Form(FIELDS[:1], choices={"kind": KINDS})
        await show(pilot, form)
        form.focus_first()
        await press(pilot, "enter", *"crab", "enter")
        assert "It pinches" in screen_text(pilot)
        await press(pilot, "escape", "space", *"bean", "enter")
        assert form.query_one(ChoiceLine).value == "b"


async def test_an_error_is_shown_at_its_field_if_the_form_has_it(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        form = Form(FIELDS)
        await show(pilot, form)
        long = "It is invalid for a reason that requires more than a single line of a terminal " * 2
        assert form.show_error(InvalidInput(long, field="size"))
        await settled(pilot)
        assert " ".join(screen_text(pilot).split()).count("single line of a terminal") == 2
        assert not form.show_error(InvalidInput("Not in this form", field="missing"))


async def test_long_names_in_details_are_wrapped(home: Home) -> None:
    name = "accuracy{phase=validation,fold=the third of five,seed=1234}"
    async with running(home, size=(80, 24)) as pilot:
        details = Details([heading("Metrics"), Item(name, "0.5"), Item("b", "1")])
        await show(pilot, details)
        text = "".join(line[2:27].rstrip() for line in screen_text(pilot).split("\n")[2:5])
        assert text.replace(" ", "") == name.replace(" ", "")
        await press(pilot, "y")
        assert "This line has no value to copy" in screen_text(pilot)
        await press(pilot, "down", "down", "y")
        assert pilot.app.clipboard == "0.5"


async def test_lines_painted_for_another_size_are_painted_again(workshop_home: Home) -> None:
    async with running(workshop_home, size=(80, 24)) as pilot:
        await press(pilot, "down", "enter", "tab")
        text = screen_text(pilot)
        assert text.count("No points") == 1
        await pilot.resize_terminal(120, 40)
        await settled(pilot)
        assert screen_text(pilot).count("No points") == 1


async def test_a_long_breadcrumb_is_shortened(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations", size=(50, 24)) as pilot:
        await press(pilot, "enter", "C")
        header = screen_text(pilot).split("\n")[0]
        assert header.rstrip().endswith("live")
        assert "… " in header
        assert "local/default" in header


async def test_a_breadcrumb_is_whole_if_there_is_room(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations", size=(200, 24)) as pilot:
        name = "a name of more than forty cells that tells configurations apart"
        await press(pilot, "enter")
        pilot.app.screen.title_text = lambda: name
        await press(pilot, "E")
        assert f"› {name} › Create a schedule" in screen_text(pilot).split("\n")[0]
        await pilot.resize_terminal(100, 24)
        await settled(pilot)
        header = screen_text(pilot).split("\n")[0]
        assert "› Create a schedule" in header
        assert name not in header


async def test_a_theme_is_saved(home: Home) -> None:
    async with running(home) as pilot:
        await press(pilot, "colon", *"theme light", "enter")
        assert "Theme light saved" in screen_text(pilot)
        assert pilot.app.theme == "launchpad-light"
        await press(pilot, "colon", *"theme light")
        assert "(current)" in screen_text(pilot)
    assert Settings.load(home).ui.theme == "light"


async def test_clearing_the_selection_stops_selecting_all(home: Home) -> None:
    open_desk(home).close()
    models(3000)(home)
    async with running(home) as pilot:
        screen: Any = pilot.app.screen
        table = screen.table
        read = pilot.app.read

        async def read_then_clear(*args: Any, **kwargs: Any) -> Any:
            found = await read(*args, **kwargs)
            if len(table.selection) >= 1000:
                table.clear_selection()
            return found

        pilot.app.read = read_then_clear
        await press(pilot, "ctrl+a")
        assert len(table.selection) == 0
        pilot.app.read = read
        await press(pilot, "ctrl+a")
        assert "3,000 selected" in screen_text(pilot)


async def test_a_selection_that_is_too_large_cannot_be_compared(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.ui.screens.common.list_screen.MAX_TOGETHER", 2)
    open_desk(home).close()
    models(3)(home)
    async with running(home) as pilot:
        for key in ("c", "m"):
            await press(pilot, "ctrl+a", key)
            assert "3 are selected: at most 2 can be shown together" in screen_text(pilot)
            await press(pilot, "escape")


#: pairs of actions with the same key that are intended: a choice forwards enter
LAYERED = {("choice.enter", "wizard.next")}


#: screens that are opened from others, with their arguments
NESTED: dict[str, dict[str, str]] = {
    "browse": {"store": "default"},
    "import": {"store": "default", "path": "incoming"},
    "preview": {"store": "default", "path": "incoming/notes.txt"},
    "transfers": {},
    "artifact.upload": {},
    "store.replace": {"item_id": "default"},
}


@pytest.mark.parametrize("top", [*(route.id for route in ROUTES if route.top), *NESTED])
async def test_a_key_has_one_meaning_on_a_screen(workshop_home: Home, top: str) -> None:
    async with running(workshop_home, "models" if top in NESTED else top) as pilot:
        if top in NESTED:
            pilot.app.open(top, **NESTED[top])
            await settled(pilot)
        for keys in ((), ("enter",), ("tab",), ("tab",), ("tab",)):
            await press(pilot, *keys)
            screen = pilot.app.screen
            meaning: dict[str, str] = {}
            if not isinstance(screen, LaunchpadScreen):
                continue
            for action, _ in reachable_actions(screen):
                for key in screen.launchpad.keymap.keys(action):
                    other = meaning.setdefault(key, action.id)
                    # The focused widget and its container may have the same action, such as down.
                    same = (
                        other.rpartition(".")[2] == action.id.rpartition(".")[2]
                        or (other, action.id) in LAYERED
                    )
                    assert same, f"{key} is {other} and {action.id}"


@pytest.mark.parametrize(
    ("at", "width", "shown"),
    [
        (0, 80, " ● Files ── ◌ Scenario ── ◌ Name ── ◌ Metrics ── ◌ Review"),
        (0, 45, " ● Files ── ◌ Scenario ── ◌ Name ── ◌ ── ◌"),
        (2, 45, " ✓ ── ✓ ── ● Name ── ◌ Metrics ── ◌ Review"),
        (4, 45, " ✓ ── ✓ ── ✓ Name ── ✓ Metrics ── ● Review"),
        (1, 20, " ✓ ── ● Scenario ── ◌ ── ◌ ── ◌"),
    ],
)
async def test_a_wizard_shows_the_titles_of_the_steps_that_fit(
    home: Home, at: int, width: int, shown: str
) -> None:
    async with running(home) as pilot:
        steps = StepProgress(("Files", "Scenario", "Name", "Metrics", "Review"))
        await pilot.app.screen.mount(steps)
        steps.at = at
        assert steps.paint_line(1, width).text.rstrip() == shown[:width].rstrip()


async def test_tabs_without_titles_are_separated_evenly(workshop_home: Home) -> None:
    async with running(workshop_home, "stores", size=(80, 24)) as pilot:
        head = screen_text(pilot).splitlines()[0]
        assert "3 Exec ●1  4  5  9 Object stores" in head


async def test_help_shows_the_whole_text_of_a_line(workshop_home: Home) -> None:
    async with running(workshop_home, "executions", size=(80, 24)) as pilot:
        await press(pilot, "question_mark", *"stop")
        text = " ".join(screen_text(pilot).replace("│", " ").split())
        assert (
            "Stop the selected executions (The execution is COMPLETED: only PENDING and RUNNING "
            in text
        )
        assert "esc cancel" in text


async def test_the_footer_shows_the_keys_of_an_input_that_has_the_focus(
    workshop_home: Home,
) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "slash", "m")
        assert screen_text(pilot).splitlines()[-1].startswith(" ↓ to the list  esc back  ")
        await press(pilot, "down")
        assert "to the list" not in screen_text(pilot)


async def test_a_narrow_terminal_shows_the_title_of_the_screen(workshop_home: Home) -> None:
    async with running(workshop_home, size=(40, 20)) as pilot:
        await press(pilot, "enter")
        header = screen_text(pilot).splitlines()[0]
        assert "› churn-model" in header
        assert "●1  live" in header
        await press(pilot, "tab")
        points = screen_text(pilot).split("Points")[1].splitlines()
        assert any("loss" in line and "0.02" in line for line in points)


async def test_the_process_flow_leaves_room_in_low_terminals(workshop_home: Home) -> None:
    async with running(workshop_home, "executions", size=(40, 20)) as pilot:
        await press(pilot, "end", "enter")
        assert "Input artifacts" not in screen_text(pilot)
        assert "Executable" not in screen_text(pilot).split("Status")[0]
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "Input artifacts" in screen_text(pilot)
