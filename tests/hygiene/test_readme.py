"""README is short, has a screenshot, and marks the commands that install and test the product."""

from __future__ import annotations

import re

from launchpad_tui.domain.markdown import link_targets
from tests.hygiene.test_docs import ROOT

README = ROOT / "README.md"
MAXIMUM_LINES = 200


def test_the_readme_is_short() -> None:
    assert README.read_text(encoding="utf-8").count("\n") <= MAXIMUM_LINES


def test_the_readme_shows_a_screenshot() -> None:
    assert any(link.endswith(".svg") for link in link_targets(README.read_text(encoding="utf-8")))


def test_the_readme_has_both_marked_commands() -> None:
    text = README.read_text(encoding="utf-8")
    for name, word in (("main-command", "launchpad demo"), ("test-command", "pytest")):
        found = re.search(rf"^<!-- {name} -->\n```\n([^`\n]+)\n```$", text, re.MULTILINE)
        assert found is not None
        assert word in found[1]
