"""The app around the screens: errors, commands, keys, help, wizards, themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Key

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.errors import InvalidInput, LaunchpadError, NotFound, Unreachable
from launchpad_tui.ui.keymap import Action, Keymap, key_table
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.common.wizard import Step, WizardScreen
from launchpad_tui.ui.sync_status import SyncStatus
from launchpad_tui.ui.theme import ASCII, find_look
from launchpad_tui.ui.widgets.details import Details, Item, heading
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import press, running, screen_text, settled


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path).ensure()


class Trouble(LaunchpadScreen):
    TITLE_TEXT = "Trouble"
    ACTIONS = (
        Action("trouble.fail", "a", "fail", "Fail."),
        Action("trouble.crash", "b", "crash", "Crash."),
        Action("trouble.never", "c", "never", "Cannot be done.", footer=1),
    )

    async def do_fail(self) -> None:
        raise NotFound("Model m not found", "The registry has no model m", "Select another model")

    def do_crash(self) -> None:
        raise ZeroDivisionError("by zero")

    def why_not_never(self) -> str:
        return "Nothing is selected"

    def do_never(self) -> None:
        raise AssertionError("it is disabled")


async def test_errors_never_end_the_app(home: Home) -> None:
    async with running(home) as pilot:
        pilot.app.push_screen(Trouble())
        await settled(pilot)
        assert "› Models › Trouble" in screen_text(pilot)
        await press(pilot, "a")
        text = screen_text(pilot)
        assert "Model m not found" in text
        assert "Select another model" in text
        await press(pilot, "y", "escape", "b")
        assert "An unexpected error occurred" in screen_text(pilot)
        assert "Traceback" not in screen_text(pilot)
        await press(pilot, "enter", "c")
        assert "Nothing is selected" in screen_text(pilot)
        await press(pilot, "escape")
        assert "Trouble" not in screen_text(pilot)
        assert pilot.app.clipboard.startswith("Model m not found\nThe registry has no model m")


async def test_a_retryable_error_is_in_the_header_until_a_read_succeeds(home: Home) -> None:
    async with running(home, size=(100, 24)) as pilot:
        app: Any = pilot.app
        app.show_error(Unreachable("The store does not answer"))
        await settled(pilot)
        assert "The store does not answer" in screen_text(pilot).split("\n")[0]
        await press(pilot, "r")
        assert "live" in screen_text(pilot).split("\n")[0]


async def test_commands_open_screens_and_quit(home: Home) -> None:
    async with running(home) as pilot:
        await press(pilot, "colon", *"ds", "enter")
        assert "No datasets yet" in screen_text(pilot)
        await press(pilot, "6")
        assert "No result sets yet" in screen_text(pilot)
        await press(pilot, "ctrl+p", *"other", "enter")
        assert "No other artifacts yet" in screen_text(pilot)
        await press(pilot, "escape")
        assert "This is the first screen" in screen_text(pilot)
        await press(pilot, "colon", "q", "enter")
        assert not pilot.app.is_running or pilot.app._exit


async def test_an_error_while_opening_a_screen_is_shown(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(home) as pilot:
        app: Any = pilot.app
        app.open("artifact", wrong=1)
        await settled(pilot)
        assert "unexpected error" in screen_text(pilot)


async def test_help_lists_actions_and_performs_them(home: Home) -> None:
    async with running(home) as pilot:
        await press(pilot, "question_mark", *"datasets", "enter")
        assert "No datasets yet" in screen_text(pilot)


async def test_settings_rebind_keys(home: Home) -> None:
    Settings.save(home, {"keys.app.help": "f5"})
    async with running(home) as pilot:
        await press(pilot, "question_mark")
        assert "Type to filter" not in screen_text(pilot)
        await press(pilot, "f5")
        assert "Type to filter" in screen_text(pilot)


def test_problems_of_rebound_keys() -> None:
    keymap = Keymap({"a.one": "x", "a.gone": "z"})
    problems = keymap.problems(
        [("here", [Action("a.one", "o", "one"), Action("a.two", "x", "two")])]
    )
    assert problems == ["unknown action a.gone", "x is bound to both a.one and a.two in here"]
    keymap = Keymap({"a.one": "ctlr+n ctrl+n shift+f5 slash / + ctrl+slash ä enterr"})
    assert keymap.problems([("here", [Action("a.one", "o", "one")])]) == [
        "a.one is bound to ctlr+n, which is not the name of a key",
        "a.one is bound to enterr, which is not the name of a key",
    ]
    assert keymap.keys(Action("b", "down j /", "b")) == ("down", "j", "/")
    assert "| Lists | `↓` `j` | Down. | `a.down` |" in key_table(
        [("Lists", [Action("a.down", "down j", "d", "Down.")])]
    )


class Wizard(WizardScreen):
    done: tuple[dict[str, str], ...] = ()

    def steps(self) -> list[Step]:
        return [
            Step(
                "one",
                "One",
                "First.",
                (Field("name", "Name", required=True), Field("n", "N", FieldKind.NUMBER)),
            ),
            Step(
                "two",
                "Two",
                "",
                (Field("kind", "Kind", FieldKind.CHOICE, True, "a", choices=("a", "b")),),
            ),
        ]

    async def check(self, step: Step) -> str:
        if self.values["name"] == "bad":
            raise InvalidInput("That name is taken", field="name")
        return ""

    async def finish(self) -> None:
        type(self).done = (dict(self.values),)


async def test_a_wizard_checks_and_reviews_its_steps(home: Home) -> None:
    async with running(home) as pilot:
        pilot.app.push_screen(Wizard())
        await settled(pilot)
        await press(pilot, "enter", "enter")
        assert "This field is required" in screen_text(pilot)
        await press(pilot, *"bad", "enter", "enter")
        assert "That name is taken" in screen_text(pilot)
        await press(pilot, *"ly", "enter", "x", "enter")
        assert "Enter a number" in screen_text(pilot)
        await press(pilot, "backspace", "7", "enter")
        assert "Kind" in screen_text(pilot)
        await press(pilot, "right", "enter")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "badly" in text
        await press(pilot, "escape")
        assert pilot.app.screen.query_one(Form).values() == {"kind": "b"}
        await press(pilot, "enter", "enter")
        assert Wizard.done == ({"name": "badly", "n": "7", "kind": "b"},)
        assert "Wizard" not in type(pilot.app.screen).__name__


async def test_a_wizard_asks_before_it_discards_input(home: Home) -> None:
    async with running(home) as pilot:
        pilot.app.push_screen(Wizard())
        await settled(pilot)
        await press(pilot, "a", "escape")
        assert "Leave without saving?" in screen_text(pilot)
        await press(pilot, "n")
        assert pilot.app.screen.query_one(Form).values()["name"] == "a"
        await press(pilot, "escape", "y")
        assert not isinstance(pilot.app.screen, Wizard)


class Facts(LaunchpadScreen):
    def body(self) -> Any:
        yield Details(
            [heading("Overview"), Item("Name", "long " * 60), Item("ID", "abc-1")], id="facts"
        )


async def test_details_wrap_and_copy(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        pilot.app.push_screen(Facts())
        await settled(pilot)
        await press(pilot, "end", "y")
        assert pilot.app.clipboard == "abc-1"
        assert "Copied ID" in screen_text(pilot)


async def test_clicks_on_text_cause_no_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from launchpad_tui.ui.app import LaunchpadApp

    errors: list[Exception] = []
    monkeypatch.setattr(LaunchpadApp, "unexpected_error", lambda _app, error: errors.append(error))
    async with running(home) as pilot:
        await press(pilot, "question_mark")
        for row in range(3, 22, 6):
            await pilot.click(offset=(40, row), times=2)
        await settled(pilot)
    assert errors == []


async def test_a_desk_that_cannot_be_opened_ends_the_app(tmp_path: Path) -> None:
    from launchpad_tui.services.lanes import Lane
    from launchpad_tui.ui.app import LaunchpadApp

    def fail() -> Any:
        raise LaunchpadError("The registry is damaged", "at page 3")

    lane = Lane("registry")
    app = LaunchpadApp(lane.submit(fail), lane)
    async with app.run_test() as pilot:
        await pilot.pause(0.3)
    assert app.return_code == 2


def test_the_terminal_determines_palette_and_glyphs() -> None:
    utf = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
    assert find_look(environ=utf).palette.name == "dark"
    assert find_look("light", environ=utf).palette.name == "light"
    assert find_look(environ=utf | {"NO_COLOR": "1"}).palette.plain
    assert find_look(environ=utf | {"TERM": "linux"}).palette.name == "sixteen"
    assert find_look(environ={"LC_ALL": "C", "TERM": "xterm"}).glyphs is ASCII
    assert all(
        len(v) == len(v.encode())
        for k, v in vars(type(ASCII)).items()
        if isinstance(v, str) and k[0] != "_"
    )


async def test_disabled_reasons_of_a_local_runtime_come_from_its_capabilities(home: Home) -> None:
    async with running(home) as pilot:
        app: Any = pilot.app
        await app.sync_status.update()
        expected = app.desk.connections.capabilities("local").reasons["object_stores"]
        assert app.sync_status.missing_reason("object_stores") == expected
        assert app.sync_status.missing_reason("store_outputs") == ""


async def test_a_message_ends_with_its_screen(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        app = pilot.app
        await press(pilot, "enter")
        app.say("Three files were found")
        await press(pilot, "escape")
        assert app.message[0] == ""
        app.say("Three files were found")
        await press(pilot, "2")
        assert app.message[0] == ""


async def test_a_message_stays_below_a_dialog(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        pilot.app.say("Three files were found")
        await press(pilot, "question_mark", "escape")
        assert pilot.app.message[0] == "Three files were found"


async def test_a_message_of_the_key_that_leads_to_a_screen_is_shown_there(
    workshop_home: Home,
) -> None:
    async with running(workshop_home) as pilot:
        app = pilot.app
        await press(pilot, "enter", "down")
        app.say("The model was deleted", "good")
        app.pop_screen()
        await settled(pilot)
        assert app.message[0] == "The model was deleted"
        await press(pilot, "2")
        assert app.message[0] == ""


async def test_q_goes_back_and_quits_on_the_first_screen(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "enter")
        assert len(pilot.app.screen_stack) == 2
        await press(pilot, "q")
        assert len(pilot.app.screen_stack) == 1
        await press(pilot, "enter", "q")
        assert len(pilot.app.screen_stack) == 1
        assert pilot.app.is_running
        await pilot.press("q")
        await pilot.pause()
        assert not pilot.app.is_running


async def test_ctrl_c_cancels_dialogs_and_inputs_and_quits_elsewhere(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a", "ctrl+c")
        assert len(pilot.app.screen_stack) == 1
        await press(pilot, "a", "ctrl+n", *"typed", "ctrl+c")
        assert "Leave without saving?" in screen_text(pilot)
        await press(pilot, "ctrl+c")
        assert "typed" in screen_text(pilot)
        await press(pilot, "ctrl+c", "y", "slash", *"abc", "ctrl+c")
        assert not pilot.app.screen.query("#search")
        assert pilot.app.is_running
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert not pilot.app.is_running


async def test_a_key_without_a_meaning_is_reported_once(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "%")
        assert "% does nothing here; ? shows the keys" in screen_text(pilot)
        pilot.app.say("")
        await press(pilot, "%")
        assert "does nothing here" not in screen_text(pilot)
        await press(pilot, "enter", "alt+f3")
        assert "alt+f3 does nothing here" in screen_text(pilot)
        await press(pilot, "space")
        assert " space does nothing here" in screen_text(pilot)


async def test_an_action_of_the_app_runs_once(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        opened: list[str] = []
        pilot.app.do_manual = lambda: opened.append("manual")
        pilot.app.keymap = Keymap({"app.manual": "f12"})
        pilot.app.bind_actions()
        await press(pilot, "f12")
        assert opened == ["manual"]


async def test_alt_with_a_key_is_an_escape_and_the_key(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "enter")
        # What Textual reads when a terminal sends an escape and then j within 25 ms.
        pilot.app.post_message(Key("alt+3", "3"))
        await settled(pilot)
        assert pilot.app.trail() == ["Executions"]


async def test_the_other_tasks_start_once_the_rows_are_shown(
    workshop_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    async def follow(status: SyncStatus) -> None:
        app: Any = status._app
        shown.append("\n".join(strip.text for strip in app.screen._compositor.render_strips()))

    monkeypatch.setattr(SyncStatus, "follow", follow)
    async with running(workshop_home):
        assert "churn-model v1" in shown[0]


async def test_the_other_tasks_start_although_the_first_screen_cannot_load(
    workshop_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[SyncStatus] = []

    async def follow(status: SyncStatus) -> None:
        started.append(status)

    def listing(*_: Any) -> None:
        raise LaunchpadError("Cannot read the models", "the disk failed")

    monkeypatch.setattr(SyncStatus, "follow", follow)
    monkeypatch.setattr("launchpad_tui.services.artifacts.ArtifactService.listing", listing)
    monkeypatch.setattr("launchpad_tui.ui.app._FIRST_SECONDS", 3600)
    async with running(workshop_home):
        assert started
