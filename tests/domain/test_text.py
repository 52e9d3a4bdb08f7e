from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.text import safe_lines, safe_text


def test_plain_text_is_itself() -> None:
    assert safe_text("churn model v1.2 [bold]") == "churn model v1.2 [bold]"


def test_controls_become_visible() -> None:
    assert safe_text("a\x1b[31mb\nc\td\x7f") == "a␛[31mb␊c␉d␡"
    assert safe_text("\x9b31m") == "\ufffd31m"


def test_direction_overrides_and_joiners_cannot_move_a_column() -> None:
    assert safe_text("a\u202eb\u2066c") == "a·b·c"
    assert safe_text("\U0001f468\u200d\U0001f469") == "\U0001f468\U0001f469"
    assert safe_text("\u2764\ufe0f") == "\u2764"


def test_long_text_is_cut_and_says_so() -> None:
    assert safe_text("x" * 5000, 10) == "x" * 9 + "…"


def test_stacks_of_marks_are_limited() -> None:
    shown = safe_text("e" + "\u0301" * 50)
    assert shown == "e" + "\u0301" * 3
    assert safe_text("\u0301a") == "a"


def test_lines_are_split_and_tabs_expanded() -> None:
    assert safe_lines("a\r\n\tb\x1b") == ["a", "    b␛"]


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = safe_text(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [
        char for char in shown if 0x202A <= ord(char) <= 0x202E or 0x2066 <= ord(char) <= 0x2069
    ]
    assert safe_text(shown) == shown
