"""The labels of all forms are readable in a terminal with 80 columns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import launchpad_tui
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Field
from launchpad_tui.domain.text import cell_width
from launchpad_tui.runtimes.catalog import KINDS as RUNTIMES
from launchpad_tui.runtimes.embedded.executables import EXECUTABLE_FIELDS
from launchpad_tui.stores.catalog import KINDS as STORES
from launchpad_tui.ui.widgets.form import (
    LABEL_WIDTH,
    LEAST_EDITOR_WIDTH,
    MAX_LABEL_WIDTH,
    WIDEST_EDITOR,
    Form,
    label_width,
)
from tests.scenes.harness import running, screen_text, settled
from tests.ui.route_walk import visits

PACKAGE = Path(launchpad_tui.__file__).parent
#: routes whose screens have a form
FORMS = [
    (route, arguments)
    for route, arguments in visits()
    if route.rpartition(".")[2] in {"add", "edit", "create", "replace", "rerun", "upload"}
]


def written_titles() -> Iterator[tuple[str, str]]:
    """Yield file and title of every field that the code declares."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Field":
                titles = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "title")]
                for title in titles:
                    if isinstance(title, ast.Constant):
                        yield path.name, str(title.value)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = [each.id for each in node.targets if isinstance(each, ast.Name)]
                if "NAME_TITLE" in names:
                    yield path.name, str(node.value.value)


def test_every_declared_label_fits() -> None:
    titles = list(written_titles())
    assert len(titles) > 60
    assert [each for each in titles if cell_width(each[1]) + 4 > MAX_LABEL_WIDTH] == []
    for fields in (
        *(kind.fields for kind in STORES.values()),
        *(kind.fields for kind in RUNTIMES.values()),
        EXECUTABLE_FIELDS,
    ):
        assert all(cell_width(each.title) + 4 <= MAX_LABEL_WIDTH for each in fields)


def test_labels_are_as_wide_as_the_longest_requires() -> None:
    assert label_width([Field("a", "Short")]) == LABEL_WIDTH
    assert label_width([Field("a", "Short"), Field("b", "x" * 25)]) == 29
    assert label_width([Field("b", "x" * 90)]) == MAX_LABEL_WIDTH
    assert label_width([]) == LABEL_WIDTH


@pytest.mark.parametrize(("route", "arguments"), FORMS, ids=[each[0] for each in FORMS])
async def test_labels_are_not_cut_at_80_columns(
    workshop_home: Home, route: str, arguments: dict[str, object]
) -> None:
    async with running(workshop_home, size=(80, 24)) as pilot:
        pilot.app.open(route, **arguments)
        await settled(pilot)
        text = screen_text(pilot)
        fields = [field for form in pilot.app.screen.query(Form) for field in form.fields]
        shown = [each.title for each in fields if each.title[:10] in text]
        assert not fields or shown
        assert [title for title in shown if title not in text] == []


@pytest.mark.parametrize("width", [40, 80])
async def test_notes_have_room_at_any_width(workshop_home: Home, width: int) -> None:
    async with running(workshop_home, size=(width, 30)) as pilot:
        pilot.app.open("connection.add")
        await settled(pilot)
        text = " ".join(line.strip() for line in screen_text(pilot).splitlines())
        assert "file to fill the settings" in " ".join(text.split())
        form = pilot.app.screen.query_one(Form)
        editor = next(iter(form.query("ChoiceLine")))
        assert editor.region.width >= LEAST_EDITOR_WIDTH
        lines = screen_text(pilot).splitlines()
        (label,) = [at for at, line in enumerate(lines) if line[1:].startswith("Type")]
        assert ("SAP AI Core" in lines[label]) == (width == 80)
        assert "SAP AI Core" in lines[label + (width == 40)]


async def test_editors_are_not_wider_than_what_is_typed_in_them(workshop_home: Home) -> None:
    async with running(workshop_home, size=(200, 50)) as pilot:
        pilot.app.open("connection.add")
        await settled(pilot)
        form = pilot.app.screen.query_one(Form)
        assert {editor.region.width for editor in form.query("ChoiceLine, TextInput")} == {
            WIDEST_EDITOR
        }
        # The arrows of a choice are at both ends of its field.
        line = next(each for each in screen_text(pilot).splitlines() if "◂ SAP AI Core" in each)
        assert line.index("▸") - line.index("◂") == WIDEST_EDITOR - 1
