"""Secrets are masked in every form in which a server may repeat them."""

from __future__ import annotations

import pytest

from launchpad_tui.net.redaction import MASK, contains_secret, redact

SECRET = 'a b"c+d/é'


@pytest.mark.parametrize(
    "shown",
    [SECRET, "a%20b%22c%2Bd%2F%C3%A9", "a+b%22c%2Bd%2F%C3%A9", 'a b\\"c+d/\\u00e9'],
)
def test_every_form_is_masked(shown: str) -> None:
    assert redact(f"you sent <{shown}>", [SECRET]) == f"you sent <{MASK}>"
    assert contains_secret(f"you sent <{shown}>", [SECRET])


def test_folded_secrets_are_masked() -> None:
    assert redact("key: line one line two", ["line one\n  line two"]) == f"key: {MASK}"


def test_empty_and_very_short_secrets_are_not_searched_for() -> None:
    assert redact("a banana", ["", "a"]) == "a banana"
    assert not contains_secret("a banana", ["", "a"])
