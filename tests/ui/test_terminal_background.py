"""A light background of the terminal is detected, and answers are never typed keys."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.ui.palettes import BY_NAME
from launchpad_tui.ui.terminal_background import LIMIT, BackgroundRequest, ReportFilter, is_light
from launchpad_tui.ui.theme import find_look
from tests.ui.terminal_process import terminal_process

LIGHT = b"\x1b]11;rgb:fafa/fafa/f0f0\x1b\\"
DARK = b"\x1b]11;rgb:10/10/10\x07"
ATTRIBUTES = b"\x1b[?62;22c"
REQUEST = b"\x1b]11;?"
#: the background of the light theme as a sequence: #fbfbfa
LIGHT_THEME, DARK_THEME = b"48;2;251;251;250", b"48;2;20;23;28"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    return {
        "LAUNCHPAD_HOME": str(home.root),
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "COLORTERM": "truecolor",
        "NO_COLOR": "",
    }


@pytest.mark.parametrize(
    ("color", "light"),
    [
        ("rgb:ffff/ffff/ffff", True),
        ("rgb:0000/0000/0000", False),
        ("rgb:f/f/f", True),
        ("rgba:ff/ff/dd/80", True),
        ("#fdf6e3", True),
        ("rgb:0000/2b2b/3636", False),
        ("rgb:ffff/ffff", None),
        ("rgb:gg/00/00", None),
        ("", None),
    ],
)
def test_light_colors(color: str, light: bool | None) -> None:
    assert is_light(color) is light


def test_the_light_theme_is_chosen_only_without_a_setting() -> None:
    environ = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    assert find_look(light=True, environ=environ).palette.name == "light"
    assert find_look("contrast", light=True, environ=environ).palette.name == "contrast"
    plain = find_look(light=True, environ={**environ, "NO_COLOR": "1"})
    assert plain.palette is BY_NAME["plain"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_late_answers_are_removed_in_whatever_pieces_they_come(size: int) -> None:
    reports = ReportFilter(expected=True)
    data = f"ab{LIGHT.decode()}c{ATTRIBUTES.decode()}\x1b[A/"
    typed = ""
    for start in range(0, len(data), size):
        typed += reports.feed(data[start : start + size], start / 1000)
    assert typed == "abc\x1b[A/"
    assert not reports.expected


def test_keys_that_look_like_the_beginning_of_an_answer_are_typed_soon() -> None:
    reports = ReportFilter(expected=True)
    for key in ("\x1b", "\x1b]", "\x1b["):
        assert reports.feed(key, 1.0) == ""
        assert reports.tick(1.01) == ""
        assert reports.tick(1.2) == key
        assert reports.tick(2.0) == ""
    assert reports.feed("\x1b[A", 3.0) == "\x1b[A"
    # Nothing is held back once all answers have come.
    assert reports.feed(ATTRIBUTES.decode(), 4.0) == ""
    assert reports.feed("\x1b", 5.0) == "\x1b"


def shown(environ: dict[str, str], answer: bytes) -> bytes:
    with terminal_process([], environ) as terminal:
        terminal.wait_for(REQUEST)
        terminal.write(answer)
        terminal.wait_for(b"Run the demo")
        terminal.process.send_signal(signal.SIGTERM)
        terminal.wait()
        assert terminal.is_restored()
        output: bytes = terminal.output
        return output


def test_a_light_background_selects_the_light_theme(environ: dict[str, str]) -> None:
    output = shown(environ, LIGHT + ATTRIBUTES)
    assert LIGHT_THEME in output
    assert DARK_THEME not in output


def test_a_dark_background_or_none_selects_the_dark_theme(environ: dict[str, str]) -> None:
    for answer in (DARK + ATTRIBUTES, ATTRIBUTES):
        output = shown(environ, answer)
        assert DARK_THEME in output
        assert LIGHT_THEME not in output


def test_the_16_colors_suit_the_background(environ: dict[str, str]) -> None:
    environ |= {"TERM": "xterm", "COLORTERM": ""}
    blue, cyan = (b"\x1b[1;34m", b"\x1b[1;36m")
    for answer, shown_color, other in ((LIGHT, blue, cyan), (DARK, cyan, blue)):
        output = shown(environ, answer + ATTRIBUTES)
        assert shown_color in output
        assert other not in output


def test_the_theme_with_the_colors_of_the_terminal_suits_its_background(
    environ: dict[str, str],
) -> None:
    Path(environ["LAUNCHPAD_HOME"], "settings.toml").write_text('[ui]\ntheme = "sixteen"\n')
    output = shown(environ, LIGHT + ATTRIBUTES)
    assert b"\x1b[1;34m" in output
    assert b"\x1b[1;36m" not in output


def test_keys_typed_before_the_answer_are_not_lost(environ: dict[str, str]) -> None:
    with terminal_process([], environ) as terminal:
        terminal.wait_for(REQUEST)
        terminal.write(b"2" + LIGHT + ATTRIBUTES)
        terminal.wait_for(b"No datasets yet")
        assert LIGHT_THEME in terminal.output


def test_an_answer_after_the_time_limit_is_no_key(environ: dict[str, str]) -> None:
    with terminal_process([], environ) as terminal:
        terminal.wait_for(b"Run the demo")
        assert DARK_THEME in terminal.output
        terminal.write(LIGHT[:9])
        time.sleep(0.3)
        terminal.write(LIGHT[9:] + ATTRIBUTES)
        # The key after the answer is handled, and what was on the screen has not changed.
        terminal.write(b"2")
        terminal.wait_for(b"No datasets yet")
        assert b"Search in name" not in terminal.output
        assert b"rgb:" not in terminal.output
        assert LIGHT_THEME not in terminal.output


def test_nothing_is_asked_if_a_theme_is_set(environ: dict[str, str]) -> None:
    Path(environ["LAUNCHPAD_HOME"], "settings.toml").write_text('[ui]\ntheme = "contrast"\n')
    with terminal_process([], environ) as terminal:
        terminal.wait_for(b"Run the demo")
        assert REQUEST not in terminal.output


@pytest.mark.parametrize(
    "changed", [{"NO_COLOR": "1"}, {"TERM": "linux"}, {"TERM": "vt220", "COLORTERM": ""}]
)
def test_terminals_without_themes_are_not_asked(
    environ: dict[str, str], changed: dict[str, str]
) -> None:
    with terminal_process([], {**environ, **changed}) as terminal:
        terminal.wait_for(b"Run the demo")
        assert REQUEST not in terminal.output


def test_a_file_is_not_asked(tmp_path: Path) -> None:
    environ = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    path = tmp_path / "output"
    with path.open("w+b") as file:
        request = BackgroundRequest(environ, file.fileno(), file.fileno())
        request.send()
        assert request.result() is None
        request.restore()
    assert path.read_bytes() == b""
    assert LIMIT == 0.1
